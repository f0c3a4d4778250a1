"""A year's build: landing what was read, running the models, looking into the result.

What does not belong here: versions and what readers see (``publication``), Dagster (``pipeline``).
"""
