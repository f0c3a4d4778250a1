"""What must hold: rules as data (``rules``), and the gates that look at a build (``suites``, ``gate``).

What does not belong here: reading, building, publishing. Of ``orchestration`` only ``base`` is known.
"""
