"""What every room stands on: settings, paths and addresses, problems of the input, words, progress.

What does not belong here: anything that knows a ledger, a rule, Dagster, DuckDB's tables or dbt.
"""
