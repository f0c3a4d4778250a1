"""The ``ledgergate`` command: thin. It runs the same jobs as the Dagster UI and prints what they found.

What does not belong here: work that a job or another room could do.
"""
