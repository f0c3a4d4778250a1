"""What sensors ask Dagster to run, and what they know of the runs that were asked for before: whose years a run is of,
and under which key the next try goes. What does not belong here: when to look, and at what (``sensors``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

import dagster as dg
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from orchestration.pipeline.jobs import RUN_DEPARTMENTS, RUN_YEAR, YEAR_TAG, config_of, members_of
from orchestration.pipeline.partitions import of_partition, partition_of
from orchestration.publication.watch import Whose, next_try

PARTITION = "dagster/partition"
#: What a run was asked for: the inputs that it is to settle, the version whose report it is to make, or what the
#: province is to show.
INPUTS, VERSION, MADE_FROM = "ledgergate/inputs", "ledgergate/version", "ledgergate/made-from"
#: Which sensor asked for a run; how the key of a first try ends.
BY, _FIRST = "ledgergate/by", "-first"
#: Tries of one thing that are looked back at: by then the pause between two has long been the longest.
_MOST_TRIES = 10


def whose_of(run: DagsterRun) -> list[Whose]:
    """The department's year, or the departments' years, that a run is of."""
    if run.job_name == RUN_DEPARTMENTS:
        members = members_of(run)
        return [(members.year, department) for department in members.departments]
    whose = of_partition(run.tags.get(PARTITION, ""))
    return [whose] if whose else []


def moment_of(record: RunRecord) -> datetime:
    moment = record.update_timestamp
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def next_key(instance: DagsterInstance, tags: Mapping[str, str]) -> str | None:
    """The run key of the next try at something whose result is not there; None while one is under way, or where it is
    too early for another after those that failed.

    Dagster drops a request whose key any run has had. So the key names the newest try: the same look taken twice asks
    once, and whatever is asked for again is asked for under a key of its own.
    """
    tries = instance.get_run_records(RunsFilter(tags=dict(tags)), limit=_MOST_TRIES)
    subject = "-".join(tags.values())
    if not tries:
        return f"{subject}{_FIRST}"
    if not tries[0].dagster_run.is_finished:
        return None
    failed = list(takewhile(lambda each: each.dagster_run.status is not DagsterRunStatus.SUCCESS, tries))
    if failed and datetime.now(UTC) < next_try(moment_of(tries[0]), len(failed)):
        return None
    return f"{subject}-{tries[0].dagster_run.run_id}"


@dataclass(frozen=True)
class Together:
    """The newest run of several departments that had one of them, and the inputs that it was asked to settle."""

    run: DagsterRun
    inputs: str


def newest_together(instance: DagsterInstance, years: Collection[int]) -> dict[Whose, Together]:
    """By department's year, the newest run of several departments that the sensor started for it."""
    found: dict[Whose, Together] = {}
    for year in years:
        filters = RunsFilter(job_name=RUN_DEPARTMENTS, tags={YEAR_TAG: str(year), BY: "watch_ledgers"})
        for run in instance.get_runs(filters, limit=_MOST_TRIES):
            for code, fingerprint in members_of(run).inputs.items():
                found.setdefault((year, code), Together(run, fingerprint))
    return found


def was_tried(key: str | None) -> bool:
    return key is not None and not key.endswith(_FIRST)


def is_same(tried: Together | None, inputs: str) -> bool:
    return tried is not None and tried.inputs == inputs[:16]


def requests_of(
    found: Sequence[Whose], alone: Collection[Whose], now: Mapping[Whose, str], keys: Mapping[Whose, str | None],
    together: Mapping[Whose, Together],
) -> Iterator[dg.RunRequest]:  # fmt: skip
    """One run for the departments of a year that may run together, where there are several; one each for the others."""
    for year in sorted({year for year, _ in found}):
        some = [each for each in found if each[0] == year and each not in alone]
        if len(some) > 1:
            inputs = {code: now[year, code][:16] for _, code in some}
            before = sorted({tried.run.run_id for each in some if (tried := together.get(each))})
            subject = hashlib.sha256(json.dumps([inputs, before]).encode()).hexdigest()[:16]
            yield dg.RunRequest(
                run_key=f"{year}-{subject}",
                job_name=RUN_DEPARTMENTS,
                run_config=config_of(year, [*inputs], inputs),
                tags={BY: "watch_ledgers", YEAR_TAG: str(year)},
            )
        for whose in found:
            if whose[0] == year and (len(some) < 2 or whose not in some):
                yield dg.RunRequest(
                    run_key=keys[whose],
                    job_name=RUN_YEAR,
                    partition_key=partition_of(*whose),
                    tags={BY: "watch_ledgers", INPUTS: now[whose][:16]},
                )
