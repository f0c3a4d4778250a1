"""Runs a year's job in this process, for the command, and says how it ended."""

from __future__ import annotations

import functools
import logging
import uuid
from dataclasses import replace

import dagster as dg

from orchestration.alerting import events
from orchestration.alerting.events import Run
from orchestration.base.locks import LockedError
from orchestration.base.problems import InputError, Problem, all_behind
from orchestration.base.settings import Settings
from orchestration.base.watcher import SILENT, Watcher
from orchestration.pipeline.definitions import build_definitions
from orchestration.pipeline.jobs import CHECK_YEAR, RUN_YEAR
from orchestration.pipeline.outcome import Outcome, reason
from orchestration.pipeline.partitions import YEARS, make_known, partition_of
from orchestration.pipeline.records import kept_open
from orchestration.pipeline.resources import Workspace, dagster_instance
from orchestration.publication.gates import stopping
from orchestration.publication.versions import versions
from orchestration.warehouse.build import Build, open_build
from orchestration.warehouse.engines import engine_of


def run_year(
    settings: Settings,
    year: int,
    *,
    as_published: bool = False,
    watcher: Watcher | None = None,
    bundled: bool = False,
) -> Outcome:
    """Run the job of the department's year in this process. Anything but bad input and failed gates is raised.
    ``bundled``: whoever calls closes the run of several departments with their digest.
    """
    logging.getLogger("dagster").setLevel(logging.ERROR)
    known = YEARS.get_partition_keys()
    if str(year) not in known:
        folder = str(settings.ledgers(year))
        return Outcome(
            open_build(settings, year), problems=[Problem(folder, "", "", str(year), f"{known[0]} 至 {known[-1]} 年")]
        )
    workspace = Workspace(settings, as_published, watcher or SILENT, bundled)
    build = workspace.build(year)
    try:
        engine_of(settings)
    except InputError as error:
        return Outcome(build, problems=error.problems)  # nobody's ledger is at fault: nobody is alerted
    before = {version.name for version in versions(settings, year)}
    run = workspace.run(year, str(uuid.uuid4()))
    try:
        of_all = replace(workspace, settings=settings.of(""))  # assembled once: the partition says whose year it is
        job = _job(of_all, CHECK_YEAR if as_published else RUN_YEAR)
    except InputError as error:
        if not as_published:
            events.bad_input(run, error.problems)
        return Outcome(build, problems=error.problems)
    if stopped := _execute(job, workspace, build, run):
        return stopped
    current = next((version for version in versions(settings, year) if version.current), None)
    if as_published:
        return Outcome(build)
    return Outcome(build, current, current is not None and current.name not in before)


def _execute(job: dg.JobDefinition, workspace: Workspace, build: Build, run: Run) -> Outcome | None:
    """The job's run, recorded as ``run``; how it ended where bad input or a gate stopped it."""
    instance = dg.DagsterInstance.ephemeral() if workspace.as_published else dagster_instance(workspace.settings)
    with kept_open(), instance:
        make_known(instance, [build.department])
        try:
            job.execute_in_process(
                run_id=run.run_id,
                partition_key=partition_of(run.year, build.department),
                instance=instance,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except KeyboardInterrupt:
            run.outbox.acknowledge(run.run_id)  # whoever stopped it knows
            raise
        except Exception as error:
            if stopped := _stopped(error, build):
                return stopped
            if not workspace.as_published:
                events.crashed(run, f"{type(error).__name__}: {error}")
            raise
    return None


def _stopped(error: Exception, build: Build) -> Outcome | None:
    """How a run ended that was stopped on purpose; None where it crashed."""
    if isinstance(error, dg.Failure):
        if isinstance(error.__cause__, InputError):
            return Outcome(build, problems=error.__cause__.problems)
        return Outcome(build, failed=[error.description or "数据结构检查"])
    if held := next((each for each in all_behind(error) if isinstance(each, LockedError)), None):
        return Outcome(build, problems=held.problems)
    if isinstance(error, dg.DagsterError) and (gates := stopping(build)):
        # A blocking check ends the run.
        return Outcome(build, failed=[reason(gate["title"], gate["crash"]) for gate in gates])
    return None


@functools.lru_cache(maxsize=4)
def _job(workspace: Workspace, name: str) -> dg.JobDefinition:
    """The job over one workspace; assembled once for all the years that a process runs."""
    return build_definitions({"workspace": workspace}).resolve_job_def(name)
