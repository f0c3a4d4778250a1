"""Whether a year may be published, and how: gates, immutable versions, the switch, backup, watching the ledgers.

What does not belong here: the expectations themselves (``expectations``), Dagster (``pipeline``).
"""
