"""All that imports dagster: assets, jobs, sensors, resources, the UI.

What does not belong here: work. An asset calls another room and says what it saw.
"""
