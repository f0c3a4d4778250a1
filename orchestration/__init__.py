"""Ledgergate. A room a purpose, from the ground up: ``base``, ``ledgers``, ``rules``, ``documents``, ``drafting``,
``localisation``, ``entries``, ``warehouse``, ``publication``, ``synthetic``, ``reporting``, ``explanation``,
``alerting``, ``pipeline``, ``cli``. Each says in its own docstring what belongs there; a room imports from below only
(``tests/unit/test_layers.py``).
"""
