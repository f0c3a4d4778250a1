"""The assets, a module for each step of the way from ledgers to publication.

What does not belong here: the step's work, which another room does; jobs and sensors (``pipeline``).
"""

#: Who looks after what is not an office's own: as the groups of dbt_project/models/_raw.yml call it.
DATA_TEAM = "team:data team"
