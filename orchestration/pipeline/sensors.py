"""What happens by itself: years that run when their ledgers change, their reports, alerts that are sent, runs that
died, years that are due. Each sensor only connects Dagster with what decides: ``publication.watch`` and ``alerting``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from orchestration.alerting import events
from orchestration.alerting.channels import ChannelError, channels
from orchestration.alerting.delivery import deliver
from orchestration.alerting.events import Run
from orchestration.alerting.messages import policy
from orchestration.alerting.outbox import Outbox
from orchestration.base.clock import place_zone
from orchestration.base.departments import all_department_years, expected_departments
from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.pipeline.assets.alerts import ALERTS, ARRIVED, arrival
from orchestration.pipeline.assets.reports import REPORT, made_elsewhere
from orchestration.pipeline.jobs import PROVINCE_YEAR, REPORT_YEAR, RUN_DEPARTMENTS, RUN_YEAR, Job, members_of
from orchestration.pipeline.partitions import make_known, of_partition, partition_of
from orchestration.pipeline.resources import is_running, is_running_together
from orchestration.pipeline.run_requests import (
    BY,
    INPUTS,
    MADE_FROM,
    PARTITION,
    VERSION,
    Together,
    is_same,
    moment_of,
    newest_together,
    next_key,
    requests_of,
    was_tried,
    whose_of,
)
from orchestration.publication.province.states import made_from
from orchestration.publication.watch import Whose, is_settled, plan_runs, scan_all
from orchestration.reporting.province.make import is_province_made
from orchestration.reporting.report import is_made, report_folder
from orchestration.warehouse.current import read_current

#: The sensor daemon looks every five seconds at most.
_SECONDS = 5
_WAITING = [DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING]
#: How far back the first look for failed runs goes, and how far each further one looks again: records of runs that
#: ended at the same time may become visible one after the other. What is already known is not told again.
_FIRST_LOOK, _OVERLAP = timedelta(days=1), timedelta(minutes=2)

#: How old a run without a process must be before it is taken for dead.
_QUIET = timedelta(minutes=1)


def all_sensors(settings: Settings, jobs: Sequence[Job]) -> list[dg.SensorDefinition]:
    """``jobs``: of one department's year and of several departments', which ``watch_ledgers`` starts."""
    return [
        watch_ledgers(settings, jobs), make_reports(settings), make_provinces(settings), watch_runs(settings),
        send_alerts(settings),
    ]  # fmt: skip


def all_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    return [year_is_due(settings)]


def watch_ledgers(settings: Settings, jobs: Sequence[Job]) -> dg.SensorDefinition:
    @dg.sensor(
        name="watch_ledgers",
        jobs=jobs,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="账表有变（按内容），就运行那个年度；几个部门的同一年度一起运行；上一年度重新发布，下一年度跟着运行。"
        "还在写的文件不动。运行出错而没有结果的，隔一阵再运行。",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = scan_all(settings, all_department_years(settings.raw))
        make_known(context.instance, {department for _, department in now})
        together = newest_together(context.instance, {year for year, _ in now})
        settled = {each for each, inputs in now.items() if is_settled(settings.of(each[1]), each[0], inputs)}
        keys = _next_keys(context.instance, {whose: now[whose] for whose in now.keys() - settled})
        later = {whose for whose, key in keys.items() if key is None}
        found = plan_runs(_seen(context.cursor), now, settled, _busy(settings, context.instance, now, together), later)
        # What was tried on these inputs and has no result is tried alone: by itself, or with others that it held up.
        alone = [each for each in found if was_tried(keys[each]) or is_same(together.get(each), now[each])]
        return dg.SensorResult(
            run_requests=list(requests_of(found, alone, now, keys, together)),
            skip_reason=None if found else f"没有变化；稍后再试：{sorted(later)}" if later else "没有变化",
            cursor=json.dumps({partition_of(*whose): inputs for whose, inputs in now.items()}),
        )

    return watch


def _next_keys(instance: DagsterInstance, unsettled: Mapping[Whose, str]) -> dict[Whose, str | None]:
    """By department's year, the key of its next try by itself."""
    return {
        whose: next_key(instance, {INPUTS: inputs[:16], PARTITION: partition_of(*whose)})
        for whose, inputs in sorted(unsettled.items())
    }


def _busy(
    settings: Settings, instance: DagsterInstance, whose: Iterable[Whose], together: Mapping[Whose, Together]
) -> set[Whose]:
    """Years that are run, or about to be, alone or with others."""
    running = {each for each in whose if is_running(settings.of(each[1]), each[0])}
    return running | _about_to_run(instance) | {each for each, tried in together.items() if not tried.run.is_finished}


def _seen(cursor: str | None) -> dict[Whose, str]:
    """What the look before saw. Nothing else is kept in a cursor: one that is reset costs a look."""
    content = json.loads(cursor) if cursor else {}
    return {whose: inputs for partition, inputs in content.items() if (whose := of_partition(partition))}


def make_reports(settings: Settings) -> dg.SensorDefinition:
    """Looks for what is there, not for events: two years published at once, or while nobody looked, are both seen."""

    @dg.sensor(
        name="make_reports",
        job_name=REPORT_YEAR,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="现行版本的报告不齐，就生成；没有生成成的，隔一阵再生成。",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        current = {(*whose, version) for whose, version in read_current(settings).versions.items()}
        made = {each for each in current if is_made(report_folder(settings.of(each[1]), each[0], each[2]))}
        seen = set(context.cursor.split()) if context.cursor else set()
        keys = {
            each: next_key(context.instance, {VERSION: each[2], PARTITION: partition_of(*each[:2])})
            for each in sorted(current - made)
        }
        make_known(context.instance, {department for _, department, _ in current})
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=key,
                    partition_key=partition_of(year, department),
                    tags={BY: "make_reports", VERSION: version},
                )
                for (year, department, version), key in keys.items()
                if key
            ],
            asset_events=list(_unrecorded(settings, context.instance, made, seen)),
            skip_reason=None if any(keys.values()) else "稍后再试" if keys else "各年度的报告都已生成",
            cursor=" ".join(sorted(f"{year}/{department}/{version}" for year, department, version in made)),
        )

    return follow


def make_provinces(settings: Settings) -> dg.SensorDefinition:
    """A year of several departments whose page shows something else than what became of them, and none is running."""

    @dg.sensor(
        name="make_provinces",
        job_name=PROVINCE_YEAR,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="几个部门的同一年度都运行完了，而汇总页不是现在的样子，就重新生成。",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        runs = context.instance.get_runs(RunsFilter(statuses=[*_WAITING, DagsterRunStatus.STARTED]))
        busy = {year for run in runs if run.job_name != REPORT_YEAR for year, _ in whose_of(run)}
        years = {year for year, _ in [*read_current(settings).versions, *all_department_years(settings.raw)]}
        marks = {year: made_from(settings, year) for year in sorted(years - busy)}
        keys = {
            year: next_key(context.instance, {MADE_FROM: mark, PARTITION: str(year)})
            for year, mark in marks.items()
            if mark and not is_province_made(settings, year, mark)
        }
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=key, partition_key=str(year), tags={BY: "make_provinces", MADE_FROM: marks[year]})
                for year, key in keys.items()
                if key
            ],
            skip_reason=None if any(keys.values()) else "稍后再试" if keys else "各年度的汇总都是现在的样子",
        )

    return follow


def _unrecorded(
    settings: Settings, instance: DagsterInstance, made: Iterable[tuple[int, str, str]], seen: Collection[str]
) -> Iterator[dg.AssetMaterialization]:
    """The reports that are there and that the records do not know; ``seen``: versions looked up before."""
    for year, department, version in sorted(made):
        name = f"{year}/{department}/{version}"
        if name not in seen and not _is_recorded(instance, partition_of(year, department), version):
            yield from made_elsewhere(settings.of(department), year, version)


def _is_recorded(instance: DagsterInstance, partition: str, version: str) -> bool:
    """Whether the newest report of a year that the records know is this version's, whoever made it."""
    filters = dg.AssetRecordsFilter(asset_key=next(iter(REPORT)), asset_partitions=[partition])
    records = instance.fetch_materializations(filters, limit=1).records
    newest = records[0].asset_materialization if records else None
    return newest is not None and newest.metadata["version"].value == version


def _about_to_run(instance: DagsterInstance) -> set[Whose]:
    """Years whose run waits for its turn. One that has waited for an hour will not come."""
    recent = datetime.now(UTC) - timedelta(hours=1)
    runs = instance.get_runs(RunsFilter(statuses=_WAITING, created_after=recent))
    return {whose for run in runs for whose in whose_of(run)}


def watch_runs(settings: Settings) -> dg.SensorDefinition:
    """Not Dagster's own failure sensor: that one moves on even when telling failed, and starts at the newest run."""

    @dg.sensor(
        name="watch_runs",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="运行出错、被杀而自己没有说出来的，记入告警；界面、命令行、自动运行的都看。",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        _bury_dead_runs(settings, context.instance)
        since = datetime.fromisoformat(context.cursor) if context.cursor else datetime.now(UTC) - _FIRST_LOOK
        records = context.instance.get_run_records(
            RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=since - _OVERLAP),
            order_by="update_timestamp",
            ascending=True,
        )
        told = [name for record in records if (name := _tell_of_failure(settings, context.instance, record))]
        latest = max((moment_of(record) for record in records), default=since)
        return dg.SensorResult(skip_reason=f"新记入 {len(told)} 条", cursor=max(latest, since).isoformat())

    return watch


def _bury_dead_runs(settings: Settings, instance: DagsterInstance) -> None:
    """A run of the command that was killed stays "started" for ever: Dagster watches only what it launched itself. But
    a living one holds its year's lock, but for a moment at its beginning and its end.
    """
    old = datetime.now(UTC) - _QUIET
    for record in instance.get_run_records(RunsFilter(statuses=[DagsterRunStatus.STARTED], created_before=old)):
        run = record.dagster_run
        if run.remote_job_origin is None and whose_of(run) and not _lives(settings, run):
            time.sleep(2)
            again = instance.get_run_by_id(run.run_id)
            if again and again.status is DagsterRunStatus.STARTED and not _lives(settings, run):
                instance.report_run_failed(again, "进程已不在：被杀，或机器重启")


def _lives(settings: Settings, run: DagsterRun) -> bool:
    """Whether some process holds what a run of these departments' years holds, or waits for."""
    if run.job_name == RUN_DEPARTMENTS and is_running_together(settings, members_of(run).year):
        return True
    return any(is_running(settings.of(department), year) for year, department in whose_of(run))


def _tell_of_failure(settings: Settings, instance: DagsterInstance, record: RunRecord) -> str | None:
    """Record a failed run that said nothing itself. One that a later run has overtaken is no news."""
    failed = record.dagster_run
    if failed.job_name == RUN_DEPARTMENTS:
        return _tell_of_departments(settings, instance, failed)
    if not (whose := whose_of(failed)):
        return None
    ((year, department),) = whose
    run = Run(settings.of(department), year, failed.run_id)
    if run.outbox.is_acknowledged(failed.run_id):
        return None
    (newest,) = instance.get_runs(
        RunsFilter(
            tags={PARTITION: partition_of(year, department)},
            statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE],
        ),
        limit=1,
    )
    if newest.run_id != failed.run_id:
        run.outbox.acknowledge(failed.run_id)
        return None
    return events.crashed(run, _why(instance, failed.run_id))


def _tell_of_departments(settings: Settings, instance: DagsterInstance, failed: DagsterRun) -> str | None:
    """The same of a run of several departments: each hears of it whose year has no result yet; the digest closes."""
    outbox = Outbox(settings.outbox)
    if outbox.is_acknowledged(failed.run_id):
        return None
    now, why = scan_all(settings, whose_of(failed)), _why(instance, failed.run_id)
    untold = [each for each, inputs in now.items() if not is_settled(settings.of(each[1]), each[0], inputs)]
    for year, department in untold:
        events.crashed(Run(settings.of(department), year, failed.run_id, bundled=True), why)
    told = events.digest(settings, members_of(failed).year, {"crashed": len(untold)}, failed.run_id) if untold else None
    outbox.acknowledge(failed.run_id)
    return told


def _why(instance: DagsterInstance, run_id: str) -> str:
    """The first line of what ended a run: the step's own error, or what Dagster says of the process."""
    for kind in (DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE):
        for entry in instance.all_logs(run_id, of_type=kind):
            event = entry.get_dagster_event()
            error = event.step_failure_data.error if kind is DagsterEventType.STEP_FAILURE else None
            while error is not None and error.cause is not None:
                error = error.cause
            text = error.message if error else event.message or ""
            if text.strip():
                return text.strip()
    return ""


def send_alerts(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="send_alerts",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="把告警送到各渠道，没收下的隔一阵再送，久未解决的再提醒；有送不到的，资产 alerts 的检查变红。",
    )
    def send(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            to = channels(settings.alert_urls)
        except ChannelError:
            to = {}  # the check says so
        report = deliver(Outbox(settings.outbox), to, wait=False) if to else None
        told = f"送达 {report.sent}，未收下 {report.refused}" if report else "没有可用的渠道"
        found = arrival(settings)
        news = list(_evaluations(settings, context.cursor)) if found.mark != context.cursor else []
        return dg.SensorResult(skip_reason=told, asset_events=news, cursor=found.mark)

    return send


def _evaluations(settings: Settings, before: str | None) -> Iterator[dg.AssetCheckEvaluation]:
    """The check's new state, reported without a run: whoever looks at the page sees it within seconds."""
    found = arrival(settings)
    if before is None and found.passed:
        return
    yield dg.AssetCheckEvaluation(
        asset_key=ALERTS, check_name=ARRIVED, passed=found.passed, description=found.text,
        metadata={name: dg.MetadataValue.md(text) for name, text in found.metadata.items()},
    )  # fmt: skip


def _due(settings: Settings, year: int, today: date, *, bundled: bool) -> str | None:
    """What is missing of a department's year. One whose contracts can't be read keeps nobody else from being told."""
    try:
        return events.ledgers_due(settings, year, today, bundled=bundled)
    except InputError as error:
        return f"契约读不了：{error.problems[0].file}"


def year_is_due(settings: Settings) -> dg.ScheduleDefinition:
    due = policy().due

    @dg.schedule(
        name="year_is_due",
        job_name=RUN_YEAR,
        cron_schedule=f"0 9 {due.day} {due.month} *",
        execution_timezone=place_zone().key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="上一年度的账该到齐了：还缺的催交，到齐为止隔几天再催。不启动运行；账到了自会运行。",
    )
    def remind(context: dg.ScheduleEvaluationContext) -> dg.SkipReason:
        today = context.scheduled_execution_time.date()
        year = today.year - 1
        published = {department for (of, department), _ in read_current(settings).versions.items() if of == year}
        expected = sorted(expected_departments(settings.raw, year) - published)
        missing = {
            department: found
            for department in expected
            if (found := _due(settings.of(department), year, today, bundled=len(expected) > 1))
        }
        if len(expected) > 1 and missing:
            events.digest(settings, year, {"due": len(missing)})
        listed = "；".join(f"{department}{found}" for department, found in missing.items())
        return dg.SkipReason(f"{year} 年度{listed}，已记入告警" if missing else f"{year} 年度的账已到齐")

    return remind
