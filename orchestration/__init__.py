"""Ledgergate. A room a purpose; what each may import is listed in ``tests/unit/test_layers.py``."""
