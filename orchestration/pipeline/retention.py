"""What is kept of the records of runs: the newest of each year and job; the others are forgotten, whoever started them.

A run's record is 1.5 MB and 0.9 MB in the index, whatever became of it, and Dagster keeps all for ever. Versions are no
records: none is ever deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

#: Runs of a year and job whose records are kept. More than a sensor looks back at.
KEPT_RUNS = 20


def forget_old_runs(
    instance: dg.DagsterInstance, tags: Mapping[str, str], job: str, home: Path, kept: int = KEPT_RUNS
) -> int:
    """Forget all but the newest runs of a job with these tags; gives their number. ``home``: Dagster's folder, from
    which the files go that its records in SQLite leave behind. A run that has not ended stays.
    """
    filters = dg.RunsFilter(job_name=job, tags=tags)
    old = [record.dagster_run for record in instance.get_run_records(filters)[kept:]]
    ended = [run.run_id for run in old if run.is_finished]
    for run_id in ended:
        instance.delete_run(run_id)
        for path in (home / "history" / "runs").glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)
        # What can't be deleted is left: the year is published by now, and old logs are no reason to fail the run.
        shutil.rmtree(home / "storage" / run_id, ignore_errors=True)
    return len(ended)
