"""What assets are handed: the installation, and who watches the run; and the instance that records runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import dagster as dg

from orchestration.alerting.events import Run
from orchestration.base.departments import all_department_years
from orchestration.base.files import locked
from orchestration.base.settings import Settings
from orchestration.base.watcher import SILENT, Watcher
from orchestration.pipeline.partitions import make_known, of_partition
from orchestration.pipeline.records import write_cheaply
from orchestration.pipeline.retention import forget_old_runs
from orchestration.publication.watch import Settled, settle
from orchestration.warehouse.build import Build, open_build

#: Nothing phones home, no dialog covers the page, and a killed run is noticed within seconds. A backfill of many
#: departments starts a few at a time: ten processes that start at once on two processors are none within a minute.
DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_monitoring: {enabled: true, poll_interval_seconds: 5, start_timeout_seconds: 300}
concurrency:
  runs:
    max_concurrent_runs: 4
    tag_concurrency_limits:
      - {key: dagster/partition, value: {applyLimitPerUniqueValue: true}, limit: 1}
"""


@dataclass(frozen=True)
class Workspace:
    """One installation, and how a year is to be run in it."""

    settings: Settings = field(default_factory=Settings.from_environment)
    as_published: bool = False  # ignore corrections, build beside the year
    watcher: Watcher = SILENT
    bundled: bool = False  # the run is one of several departments, whose digest tells of it too

    def at(self, partition: str) -> tuple[Workspace, int]:
        """The installation as that of a partition's department, and the partition's year."""
        found = of_partition(partition)
        if found is None:
            raise ValueError(f"no partition of a department's year: {partition}")
        return replace(self, settings=self.settings.of(found[1])), found[0]

    def build(self, year: int) -> Build:
        return open_build(self.settings, year, self.as_published)

    def settle(self, year: int, inputs: str, result: str, version: str = "") -> None:
        """Write down what a run has come to on these inputs. What is only looked at settles nothing."""
        if inputs and not self.as_published:
            settle(self.settings, year, Settled(inputs, result, version))

    def run(self, year: int, run_id: str) -> Run:
        """The run that something is told of."""
        return Run(self.settings, year, run_id, self.bundled)


def one_run_of_a_year(workspace: Workspace) -> dg.ResourceDefinition:
    """The workspace as a resource that admits one run of a department's year at a time, whether the command, the UI or
    a sensor started it: a second one waits, then finds what the first has done. The lock goes with the process that
    holds it.
    """

    def open_workspace(context: dg.InitResourceContext) -> Iterator[Workspace]:
        partition = context.run.tags.get("dagster/partition", "") if context.run else ""
        if of_partition(partition) is None:
            yield workspace
            return
        own, year = workspace.at(partition)
        lock = run_lock(own.build(year))
        with locked(lock, on_wait=lambda: workspace.watcher.step(f"等候 {year} 年度的另一次运行", 0)):
            yield workspace
            if context.run and context.instance and not context.instance.is_ephemeral:
                home = workspace.settings.dagster_home
                forget_old_runs(context.instance, {"dagster/partition": partition}, context.run.job_name, home)

    return dg.ResourceDefinition(open_workspace)


def is_running(settings: Settings, year: int) -> bool:
    """Whether some process runs the year right now."""
    with locked(run_lock(open_build(settings, year)), wait=False) as free:
        return not free


def is_running_together(settings: Settings, year: int) -> bool:
    """Whether some process runs several departments of the year, or sweeps up after it."""
    with locked(together_lock(settings, year), wait=False) as free:
        return not free


def together_lock(settings: Settings, year: int) -> Path:
    """Held by the one run of several departments of a year."""
    return settings.together(year) / ".lock"


def run_lock(build: Build) -> Path:
    """Held by the one run of a department's year."""
    return build.folder.parent / f".{build.folder.name}.lock"


def dagster_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance that the UI looks at too, set up on first use."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    write_cheaply()
    with locked(home / ".setup.lock"):  # two first runs at once would both create the storage's tables
        instance = dg.DagsterInstance.get()
        instance.get_run_records(limit=1)
        instance.event_log_storage.all_asset_keys()
        own = {settings.department} - {""}
        make_known(instance, own | {department for _, department in all_department_years(settings.raw)})
        return instance
