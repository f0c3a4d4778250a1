"""Runs a year, or checks a folder, for the command. The Dagster job does the work; this reads how it ended."""

from __future__ import annotations

import functools
import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.gate import judge
from orchestration.ledgers.cell import InputError, Problem
from orchestration.ledgers.contract import read_contract, read_contracts
from orchestration.ledgers.corrections import read_corrections
from orchestration.ledgers.reader import read_paths
from orchestration.reconciliation.rules import compile_rules, read_rules
from orchestration.resources import SILENT, Watcher, Workspace
from orchestration.settings import Settings
from orchestration.warehouse import models
from orchestration.warehouse.build import Build, Inputs, land_inputs
from orchestration.warehouse.versions import Version, versions

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class Outcome:
    """How a year's run ended."""

    build: Build
    version: Version | None = None
    is_new: bool = False
    problems: list[Problem] = field(default_factory=list)  # of the input
    failed: list[str] = field(default_factory=list)  # titles of what kept the year from being published


@dataclass(frozen=True)
class Checked:
    """What ``check`` found."""

    build: Build
    broken: int  # error-severity rule instances that do not hold
    skipped: dict[str, list[str]]


def run_year(settings: Settings, year: int, *, as_published: bool = False, watcher: Watcher | None = None) -> Outcome:
    """Run the year's job in this process. Anything but bad input and failed gates is raised."""
    judge()  # starts on the other core while this one gets ready
    import dagster as dg

    from orchestration.instance import dagster_instance
    from orchestration.jobs import CHECK_YEAR, RUN_YEAR

    logging.getLogger("dagster").setLevel(logging.ERROR)
    workspace = Workspace(settings, as_published, watcher or SILENT)
    build = workspace.build(year)
    before = {version.name for version in versions(settings, year)}
    try:
        job = _job(workspace, CHECK_YEAR if as_published else RUN_YEAR)
    except InputError as error:
        return Outcome(build, problems=error.problems)
    instance = dg.DagsterInstance.ephemeral() if as_published else dagster_instance(settings)
    with instance, warnings.catch_warnings():
        try:
            job.execute_in_process(
                partition_key=str(year),
                instance=instance,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except dg.Failure as failure:
            if isinstance(failure.__cause__, InputError):
                return Outcome(build, problems=failure.__cause__.problems)
            return Outcome(build, failed=[failure.description or "数据结构检查"])
        except dg.DagsterError:
            if failed := _failed_gates(build):  # a blocking check ends the run
                return Outcome(build, failed=failed)
            raise
    current = next((version for version in versions(settings, year) if version.current), None)
    if as_published:
        return Outcome(build)
    return Outcome(build, current, current is not None and current.name not in before)


@functools.lru_cache(maxsize=4)
def _job(workspace: Workspace, name: str) -> dg.JobDefinition:
    """The job over one workspace; assembled once for all the years that a process runs."""
    from orchestration.definitions import build_definitions

    return build_definitions({"workspace": workspace}).resolve_job_def(name)


def check_paths(
    settings: Settings,
    paths: Sequence[Path],
    folder: Path,
    *,
    contract: Path | None = None,
    year: int | None = None,
    as_published: bool = False,
    watcher: Watcher | None = None,
) -> Checked:
    """Reconcile whatever ledgers stand under ``paths``, in a build of its own. Raises ``InputError``."""
    watcher = watcher or SILENT
    watcher.step("读入账表", len(paths))
    contracts = read_contracts(settings.contracts)
    forced = read_contract(contract) if contract else None
    rules = read_rules(settings.rules)
    ledgers = read_paths(paths, year, contracts, forced)
    rulebook = compile_rules(rules, ledgers.contracts, ledgers.year, str(settings.rules))
    notes = [path / "corrections.csv" for path in paths if path.is_dir() and not as_published]
    corrections = [correction for note in notes for correction in read_corrections(note, ledgers)]
    build = Build(ledgers.year, folder)
    land_inputs(build, Inputs(ledgers, rulebook, corrections))
    select = "+reconciliation correction cell score_summary"
    watcher.step("核对", 0)
    models.build(build.warehouse, select, on_node=lambda node: watcher.advance(node.name))
    (broken,) = build.rows(
        "select count(*) as n from reconciliation where severity = 'error' and status in ('inconsistent', 'missing')"
    )
    return Checked(build, broken["n"], rulebook.skipped)


def _failed_gates(build: Build) -> list[str]:
    """Titles of the gates that stop publication; none where the gates did not run."""
    if not build.gates.is_file():
        return []
    report = json.loads(build.gates.read_text(encoding="utf-8"))
    return [
        gate["title"] if gate["status"] == "failed" else f"{gate['title']}（检查本身出错：{gate['crash']}）"
        for gate in report["gates"]
        if gate["severity"] == "error" and gate["status"] != "passed"
    ]
