"""From ``expectations/rules/*.yml`` to the rows by which the models find a rule's cells.

What does not belong here: whether a rule holds. There is one judge, the dbt models under ``reconciliation/``.
"""
