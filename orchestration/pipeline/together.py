"""Many departments' years in one run: each step is done once for all of them, each is published or held back by itself.

A department whose year can't be built in common, or in whose company something broke, is left to a run of its own,
which says what is wrong. In Dagster this is one run; what it materialised and checked is each department's year's.
"""

import functools
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from expectations.gate import GateResult, gate_executor, run_suites_of_all
from expectations.suites.year import SUITES
from orchestration.alerting import events
from orchestration.base.files import locked
from orchestration.base.locks import LockedError
from orchestration.base.obstacles import no_access, no_room
from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.base.watcher import SILENT, Watcher
from orchestration.pipeline.assets.gates import GATES, check_result
from orchestration.pipeline.assets.ledgers import LANDED, ledger_key
from orchestration.pipeline.assets.publication import PUBLISHED
from orchestration.pipeline.jobs import ABOUT_DEPARTMENTS, RUN_DEPARTMENTS, STEP, YEAR_TAG, config_of
from orchestration.pipeline.outcome import Outcome, reason
from orchestration.pipeline.partitions import YEARS, make_known, partition_of
from orchestration.pipeline.records import kept_open, latest_materializations, record_checks, record_materializations
from orchestration.pipeline.resources import Workspace, dagster_instance, run_lock, together_lock
from orchestration.pipeline.retention import forget_old_runs
from orchestration.publication.gates import failed, write_results
from orchestration.publication.release import manifest_facts
from orchestration.publication.versions import Ready, Version, publish_all
from orchestration.publication.watch import input_files, scan_inputs
from orchestration.warehouse import compiled
from orchestration.warehouse.build import content_hashes, read_inputs
from orchestration.warehouse.engine import DUCKDB
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.ledger_tables import published_with, table_of
from orchestration.warehouse.models import ModelsFailedError
from orchestration.warehouse.shares import sweep_shared
from orchestration.warehouse.suspects import SCHEMAS
from orchestration.warehouse.together import (
    MOST,
    Common,
    Member,
    build_in_common,
    can_share,
    rows_by_department,
    scores,
)

_LOG = logging.getLogger(__name__)


def run_together(
    settings: Settings, year: int, departments: Sequence[str], *, as_published: bool = False, watcher: Watcher = SILENT
) -> dict[str, Outcome]:
    """Run these departments' year in this process. Those that want a run of their own are not in the answer."""
    logging.getLogger("dagster").setLevel(logging.ERROR)
    if str(year) not in YEARS.get_partition_keys() or not _builds_in_common(settings):
        return {}
    workspace = Workspace(settings.of(""), as_published, watcher, bundled=True)
    ended: dict[str, Outcome] = {}
    run_id = str(uuid.uuid4())
    instance = dg.DagsterInstance.ephemeral() if as_published else dagster_instance(settings)
    with kept_open(), instance:
        try:
            quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            departments_job(workspace, ended).execute_in_process(
                run_id=run_id,
                instance=instance,
                tags={YEAR_TAG: str(year)},
                run_config={**config_of(year, departments), **quiet},
            )
        except BaseException as error:
            if not as_published:
                _tell_that_it_broke(workspace, year, run_id, sorted({*departments} - {*ended}), error)
            raise
        forget_old_runs(instance, {YEAR_TAG: str(year)}, RUN_DEPARTMENTS, settings.dagster_home)
    return ended


def _tell_that_it_broke(
    workspace: Workspace, year: int, run_id: str, departments: Sequence[str], error: BaseException
) -> None:
    """Tell each department that has come to no end; not who stopped the run, and knows."""
    run = workspace.run(year, run_id)
    for department in departments if isinstance(error, Exception) else ():
        events.crashed(replace(run, settings=run.settings.of(department)), f"{type(error).__name__}: {error}")
    run.outbox.acknowledge(run_id)


def _builds_in_common(settings: Settings) -> bool:
    """Another engine builds one department's year at a time."""
    try:
        return engine_of(settings).name == DUCKDB.name
    except InputError:
        return False  # a run of its own says what is wrong with the setting


def departments_job(workspace: Workspace, ended: dict[str, Outcome] | None = None) -> dg.JobDefinition:
    """The job of one step. ``ended`` is filled with how each department's year ended."""

    @dg.op(
        name=STEP,
        config_schema={
            "year": int,
            "departments": dg.Array(str),
            "inputs": dg.Field(dict, default_value={}),
        },
        description=ABOUT_DEPARTMENTS,
    )
    def work(context: dg.OpExecutionContext) -> None:
        year, departments = context.op_config["year"], context.op_config["departments"]
        make_known(context.instance, departments)
        run = _Run(replace(workspace, bundled=True), year, context, {} if ended is None else ended)
        run.all(departments)
        if ended is None:  # nobody waits for the outcomes: what they come to is told here
            endings = Counter(run.ended[each].ending if each in run.ended else "apart" for each in departments)
            events.digest(workspace.settings, year, endings, context.run_id)
            tags, home = {YEAR_TAG: str(year)}, workspace.settings.dagster_home
            forget_old_runs(context.instance, tags, RUN_DEPARTMENTS, home)

    @dg.job(name=RUN_DEPARTMENTS, description=ABOUT_DEPARTMENTS, executor_def=dg.in_process_executor)
    def job() -> None:
        work()

    return job


@dataclass(frozen=True)
class _Run:
    """One run of a year of many departments."""

    workspace: Workspace
    year: int
    context: dg.OpExecutionContext
    ended: dict[str, Outcome]  # filled with those that did not want a run of their own

    def all(self, departments: Sequence[str]) -> None:
        settings = self.workspace.settings
        gate_executor()  # gets ready on the other core meanwhile
        with ExitStack() as held:
            waits = functools.partial(self.workspace.watcher.step, f"等候 {self.year} 年度的另一次运行", 0)
            held.enter_context(locked(together_lock(settings, self.year), on_wait=waits))
            sweep_shared(settings, self.year)
            # Whose year another process runs is left to a run of its own, which waits.
            free = [each for each in departments if held.enter_context(locked(self._lock(each), wait=False))]
            for some in _batches(free, MOST):
                self._some(some)
            sweep_shared(settings, self.year)

    def _lock(self, department: str) -> Path:
        return run_lock(self._of(department).build(self.year))

    def _of(self, department: str) -> Workspace:
        return replace(self.workspace, settings=self.workspace.settings.of(department))

    def _some(self, departments: Sequence[str]) -> None:
        """Read these, and go on with all that can be read and built in common."""
        members = self._read(departments)
        self._go_on({department: members[department] for department in can_share(members)})

    def _read(self, departments: Sequence[str]) -> dict[str, Member]:
        members: dict[str, Member] = {}
        self.workspace.watcher.step("读入账表", len(departments))
        for department in departments:
            own = self._of(department)
            fingerprint = scan_inputs(own.settings, [self.year]).get(self.year, "")
            files = input_files(own.settings, self.year)
            try:
                inputs = read_inputs(own.settings, self.year, own.as_published)
            except LockedError:
                pass  # a run of its own waits, or says who holds what
            except InputError as error:
                own.settle(self.year, fingerprint, "refused")
                if not own.as_published:
                    events.bad_input(own.run(self.year, self.context.run_id), error.problems)
                self.ended[department] = Outcome(own.build(self.year), problems=error.problems)
            except Exception as error:
                self._leave(department, error)
            else:
                members[department] = Member(own.build(self.year), inputs, fingerprint, files)
            self.workspace.watcher.advance(department)
        return members

    def _go_on(self, members: Mapping[str, Member]) -> None:
        """Build, judge and publish. Where something breaks, halves are tried, until it is known with whom: that one
        runs by itself, and says what it is.
        """
        if len(members) < 2:
            return
        try:
            self._finish(members)
        except Exception as error:
            names = list(members)
            self._leave("、".join(names), error)
            for half in (names[: len(names) // 2], names[len(names) // 2 :]):
                self._go_on({name: members[name] for name in half})

    def _leave(self, whose: str, error: Exception) -> None:
        """Say that something else is tried, and why; no use where it would be the same with fewer."""
        if no_room(error) or no_access(error):
            raise error
        expected = isinstance(error, ModelsFailedError)  # what is wrong with a year is said by its own run
        _LOG.warning("%d: %s, done apart: %s", self.year, error, whose, exc_info=None if expected else error)

    def _finish(self, members: Mapping[str, Member]) -> None:
        watcher = self.workspace.watcher
        watcher.step("一起构建", len(compiled.project()))
        common = build_in_common(self.workspace.settings, self.year, members, watcher.advance)
        watcher.step("过关卡", len(SUITES) * len(members))
        with common.tables.opened():
            results = run_suites_of_all(common.tables, SUITES, lambda result: watcher.advance(result.title))
            published = {name: published_with(member.inputs.year.ledgers) for name, member in members.items()}
            contents = content_hashes(common.tables, published)
        for department, seen in results.items():
            write_results(members[department].build, contents[department], seen)
        self._record(common, results)
        held = {department: stopping for department, seen in results.items() if (stopping := failed(seen))}
        self._tell(members, results, held)
        versions = {} if self.workspace.as_published else self._publish(common, held, published, contents)
        total = scores(common.tables)
        for department, member in members.items():
            version, is_new = versions.get(department, (None, False))
            titles = [reason(gate.title, gate.crash) for gate in held.get(department, ())]
            self.ended[department] = Outcome(
                member.build, version, is_new, failed=titles, score=total.get(department, "")
            )

    def _tell(
        self,
        members: Mapping[str, Member],
        results: Mapping[str, list[GateResult]],
        held: Mapping[str, list[GateResult]],
    ) -> None:
        """Settle the years that are held back, and tell of gates that failed and of notices."""
        for department, member in members.items():
            own = self._of(department)
            stopping = held.get(department, [])
            if stopping and all(gate.status != "crashed" for gate in stopping):  # a check that broke has not judged
                own.settle(self.year, member.fingerprint, "blocked")
            if not own.as_published:
                events.gates_judged(own.run(self.year, self.context.run_id), member.build, results[department])

    def _publish(
        self,
        common: Common,
        held: Mapping[str, list[GateResult]],
        tables: Mapping[str, list[str]],
        contents: Mapping[str, str],
    ) -> dict[str, tuple[Version, bool]]:
        passed = {department: each for department, each in common.members.items() if department not in held}
        if not passed:
            return {}
        self.workspace.watcher.step("发布", len(passed))
        with common.tables.opened():
            facts = manifest_facts(common.tables, {name: member.build for name, member in common.members.items()})
            ready = {
                name: Ready(member.build, tables[name], contents[name], facts[name]) for name, member in passed.items()
            }
            versions = publish_all(self.workspace.settings, self.year, ready, common.tables.warehouse)
        said = []
        for department, (version, is_new) in versions.items():
            own = self._of(department)
            own.settle(self.year, passed[department].fingerprint, "published", version.name)
            events.published(own.run(self.year, self.context.run_id), version.name)
            about = {"version": version.name, "new": is_new, "folder": dg.MetadataValue.path(str(version.folder))}
            said.append(self._materialization(PUBLISHED, department, about))
            self.workspace.watcher.advance(version.name)
        record_materializations(self.context.instance, self.context.run, STEP, said)
        return versions

    def _record(self, common: Common, results: Mapping[str, list[GateResult]]) -> None:
        """What was materialised of each department's year, and what the gates saw."""
        record_materializations(self.context.instance, self.context.run, STEP, self._materializations(common))
        judged = latest_materializations(self.context.instance, GATES, map(self._partition, results))
        seen = (
            self._evaluation(self._partition(department), result, judged)
            for department, own in results.items()
            for result in own
        )
        record_checks(self.context.instance, self.context.run, STEP, seen)

    def _materializations(self, common: Common) -> Iterator[dg.AssetMaterialization]:
        for department, member in common.members.items():
            for name, ledger in member.inputs.year.ledgers.items():
                about = {"dagster/row_count": len(ledger.cells), "file": ledger.source.file, "sha256": ledger.sha256}
                yield self._materialization(ledger_key(name), department, about)
            for key in dict.fromkeys(LANDED.values()):
                yield self._materialization(key, department, {})
            page = dg.MetadataValue.url(self._of(department).settings.page_url(self.year, "gates"))
            yield self._materialization(GATES, department, {"page": page})
        ledgers = {name for member in common.members.values() for name in member.ledgers}
        built = [node.name for node in compiled.project() if node.kind in ("model", "seed")]
        names = [*built, *SCHEMAS, *map(table_of, sorted(ledgers))]
        rows = rows_by_department(common.tables, names)
        for name in names:
            for department, member in common.members.items():
                if name in built or name in SCHEMAS or name in map(table_of, member.ledgers):
                    count = {"dagster/row_count": rows[name].get(department, 0)} if name in rows else {}
                    yield self._materialization(dg.AssetKey([name]), department, count)

    def _materialization(self, key: dg.AssetKey, department: str, about: Mapping[str, Any]) -> dg.AssetMaterialization:
        return dg.AssetMaterialization(key, metadata=dict(about), partition=self._partition(department))

    def _partition(self, department: str) -> str:
        return partition_of(self.year, department)

    def _evaluation(self, partition: str, result: GateResult, judged: Mapping[str, int]) -> dg.AssetCheckEvaluation:
        """``judged``: the materialisation that each partition's results are of; without, they count as none."""
        found = check_result(result)
        return dg.AssetCheckEvaluation(
            asset_key=GATES,
            check_name=result.name,
            passed=found.passed,
            metadata=found.metadata,
            severity=found.severity,
            description=found.description,
            target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
                storage_id=judged[partition], run_id=self.context.run_id, timestamp=time.time()
            ),
            partition=partition,
        )


def _batches(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """As many as each other, so that none is of one department."""
    count = -(-len(names) // most)
    for n in range(count):
        yield names[n * len(names) // count : (n + 1) * len(names) // count]
