"""A year's build: landing what was read, running the models, looking into the result.

What does not belong here: making versions and switching readers to them (``publication``; ``current`` only tells which
is current, since a build reads the year before), Dagster (``pipeline``).
"""
