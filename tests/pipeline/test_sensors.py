"""Sensors over a Dagster instance of the test's own: what was missed is told, nothing is told twice, all of it survives
a restart (a new context with the old cursor).
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.alerting import events
from orchestration.alerting.channels import channels
from orchestration.alerting.delivery import deliver
from orchestration.alerting.events import Run
from orchestration.alerting.messages import Listener, policy
from orchestration.alerting.outbox import Outbox
from orchestration.base.settings import Settings
from orchestration.pipeline import sensors
from orchestration.pipeline.definitions import build_definitions
from orchestration.pipeline.jobs import RUN_DEPARTMENTS, RUN_YEAR, STEP
from orchestration.pipeline.partitions import of_partition, partition_of
from orchestration.pipeline.resources import Workspace
from orchestration.pipeline.retention import forget_old_runs
from orchestration.publication.province.policy import POLICY_FILE
from orchestration.publication.watch import Settled, scan_inputs, settle
from orchestration.reporting.province.make import make_province
from orchestration.reporting.report import report_folder
from tests.conftest import Published, edit
from tests.province_home import Home
from tests.receivers import Answer, Robots, robots


@pytest.fixture
def robot() -> Iterator[Robots]:
    with robots() as found:
        yield found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp() as found:
        yield found


def run_of(year: int, instance: dg.DagsterInstance, fails: bool = True, tags: Mapping[str, str] | None = None) -> str:
    """A run that ends without a word about the data."""

    @dg.op
    def work() -> None:
        if fails:
            raise MemoryError("out of memory")

    @dg.job
    def some() -> None:
        work()

    done = some.execute_in_process(
        instance=instance, raise_on_error=False,
        tags={"dagster/partition": partition_of(year, "hunan_hrss"), **(tags or {})},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )  # fmt: skip
    return done.run_id


@dg.job(name=RUN_YEAR)
def one_department() -> None:
    """Stands for the job that a sensor names."""


@dg.op(name=STEP, config_schema={"year": int, "departments": [str], "inputs": dg.Map(str, str)})
def ends(context) -> None:  # type: ignore[no-untyped-def]  # Dagster reads no annotation that is a string
    if context.has_tag("fails"):
        raise MemoryError("out of memory")


@dg.job(name=RUN_DEPARTMENTS)
def several_departments() -> None:
    ends()


def watch_ledgers(settings: Settings) -> dg.SensorDefinition:
    return sensors.watch_ledgers(settings, [one_department, several_departments])


def tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_a_run_that_died_without_a_word_is_told_once(settings: Settings, instance: dg.DagsterInstance) -> None:
    run_id = run_of(2024, instance)
    watch = sensors.watch_runs(settings)
    cursor = tick(watch, instance).cursor
    for again in (None, cursor):
        tick(watch, instance, again)
    (alert,) = Outbox(settings.outbox).unplanned()
    assert (alert.kind, alert.year) == ("crashed", 2024) and run_id in alert.run_url
    assert alert.facts["headline"] == "MemoryError: out of memory"


def test_a_run_that_said_so_itself_is_not_told_again(settings: Settings, instance: dg.DagsterInstance) -> None:
    run_id = run_of(2024, instance)
    events.bad_input(Run(settings, 2024, run_id), [])
    tick(sensors.watch_runs(settings), instance)
    assert [alert.kind for alert in Outbox(settings.outbox).unplanned()] == ["bad_input"]


def test_a_failure_that_a_later_run_has_overtaken_is_no_news(settings: Settings, instance: dg.DagsterInstance) -> None:
    run_of(2024, instance)
    run_of(2024, instance, fails=False)
    tick(sensors.watch_runs(settings), instance)
    assert Outbox(settings.outbox).unplanned() == []


def test_what_could_not_be_recorded_is_recorded_by_the_next_look(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_of(2024, instance)
    watch = sensors.watch_runs(settings)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(events, "crashed", full)
    with pytest.raises(OSError, match="disk full"):
        tick(watch, instance)  # Dagster keeps the old cursor of a look that failed
    monkeypatch.undo()
    tick(watch, instance)
    assert [alert.kind for alert in Outbox(settings.outbox).unplanned()] == ["crashed"]


def test_a_killed_run_of_the_command_is_found_dead_and_told(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(sensors, "_QUIET", timedelta(0))
    run_id = run_of(2024, instance, fails=False)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    dead = instance.add_run(
        run._replace(run_id="00000000-0000-0000-0000-000000000001", status=dg.DagsterRunStatus.STARTED)
    )
    lock = settings.build(2024).parent / ".hunan_hrss.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    watch = sensors.watch_runs(settings)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # it lives
        tick(watch, instance)
        assert Outbox(settings.outbox).unplanned() == []
    tick(watch, instance)
    (alert,) = Outbox(settings.outbox).unplanned()
    assert alert.kind == "crashed" and "进程已不在" in alert.facts["headline"]
    again = instance.get_run_by_id(dead.run_id)
    assert again is not None and again.status is dg.DagsterRunStatus.FAILURE


def test_alerts_are_sent_and_the_check_turns_red_and_green_again(
    settings: Settings, instance: dg.DagsterInstance, robot: Robots, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(settings, alert_urls=robot.url("dingtalk"))
    send = sensors.send_alerts(settings)
    quiet = tick(send, instance)
    assert quiet.asset_events == []
    events.crashed(Run(settings, 2024, "r1"), "磁盘已满")
    assert tick(send, instance, quiet.cursor).asset_events == []
    assert len(robot.taken) == 1

    events.crashed(Run(settings, 2025, "r2"), "磁盘已满")
    robot.answers = [Answer(status=500)] * 99
    clock = datetime.now(UTC)
    outbox = Outbox(settings.outbox, lambda: clock)
    for _ in range(len(policy().retry_seconds) + 1):
        deliver(outbox, channels(settings.alert_urls))
        clock = max(clock, *(datetime.fromisoformat(each.next_at) for each in outbox.deliveries()))
    red = tick(send, instance, quiet.cursor)
    (evaluation,) = red.asset_events
    assert isinstance(evaluation, dg.AssetCheckEvaluation)
    assert not evaluation.passed and "HTTP 500" in str(evaluation.metadata["undelivered"].value)
    assert "tok3n" not in str(evaluation)
    assert tick(send, instance, red.cursor).asset_events == []  # once said, it stands
    robot.answers = []
    outbox.retry()
    deliver(outbox, channels(settings.alert_urls))
    (green,) = tick(send, instance, red.cursor).asset_events
    assert isinstance(green, dg.AssetCheckEvaluation) and green.passed


def test_addresses_that_cannot_be_used_turn_the_check_red(settings: Settings, instance: dg.DagsterInstance) -> None:
    settings = replace(settings, alert_urls="dingtalk://tok3nsecret")
    (evaluation,) = tick(sensors.send_alerts(settings), instance).asset_events
    assert isinstance(evaluation, dg.AssetCheckEvaluation)
    assert not evaluation.passed and "第 1 个地址" in str(evaluation.description)
    assert "tok3nsecret" not in str(evaluation)


def test_the_check_can_be_run_by_hand(settings: Settings) -> None:
    definitions = build_definitions({"workspace": Workspace(settings)})
    check = next(iter(definitions.asset_checks or []))
    assert isinstance(check, dg.AssetChecksDefinition)
    result = check(Workspace(settings))
    assert isinstance(result, dg.AssetCheckResult) and result.passed


@pytest.mark.parametrize(("day", "told"), [("2025-03-01T09:00+08:00", True), ("2026-03-01T09:00+08:00", False)])
def test_a_year_that_is_due_is_asked_for(
    day: datetime, told: bool, settings: Settings, instance: dg.DagsterInstance
) -> None:
    (settings.ledgers(2024) / "insured.csv").unlink()
    remind = sensors.year_is_due(settings)
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=datetime.fromisoformat(day))
    for _ in range(2):
        remind(context)
    found = [alert for alert in Outbox(settings.outbox).unplanned() if alert.kind == "due"]
    assert len(found) == 1
    missing = [item["statement"] for item in found[0].facts["findings"]]
    assert (len(missing) == 1 and "insured" in missing[0]) is told  # of 2025 there is nothing at all
    assert found[0].year == int(day[:4]) - 1


def test_a_year_whose_ledgers_are_there_is_not_asked_for(settings: Settings, instance: dg.DagsterInstance) -> None:
    context = dg.build_schedule_context(
        instance=instance, scheduled_execution_time=datetime.fromisoformat("2025-03-01T09:00+08:00")
    )
    result = sensors.year_is_due(settings)(context)
    assert isinstance(result, dg.SkipReason) and "到齐" in str(result.skip_message)
    assert Outbox(settings.outbox).unplanned() == []


def test_what_several_departments_have_not_brought_is_one_digest_and_names_their_own_offices(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    year = settings.raw / "2024"
    shutil.copytree(year / "hunan_hrss", year / "示例")
    edit(
        year / "示例" / "sources.yml",
        "year: 2024\n",
        "year: 2024\non_duty: 示例财务处\nrequired: [insured, indicator]\n",
    )
    for code in ("hunan_hrss", "示例"):
        (year / code / "insured.csv").unlink()
    day = datetime.fromisoformat("2025-03-01T09:00+08:00")
    sensors.year_is_due(settings)(dg.build_schedule_context(instance=instance, scheduled_execution_time=day))
    *own, digest = Outbox(settings.outbox).unplanned()
    assert [(alert.department, [item["duty"] for item in alert.facts["findings"]]) for alert in own] == [
        ("hunan_hrss", ["统计信息中心"]), ("示例", ["示例财务处"]),
    ]  # fmt: skip
    assert digest.kind == "digest" and digest.facts["headline"] == "2 个部门：账未到齐 2"
    outbox = Outbox(settings.outbox)
    outbox.prepare({"office": Listener(), "own": Listener(departments=frozenset({"示例"}))})
    assert [(each.channel, each.alert.kind) for each in outbox.due()] == [("own", "due"), ("office", "digest")]


def asked_for(instance: dg.DagsterInstance, request: dg.RunRequest, fails: bool = False) -> None:
    """The run that a request starts."""
    whose = of_partition(str(request.partition_key))
    assert whose is not None
    run_of(whose[0], instance, fails, request.tags)


def test_a_changed_ledger_asks_for_its_year_until_there_is_a_result(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watch_ledgers(settings)
    first = tick(watch, instance)
    assert not first.run_requests
    (request,) = tick(watch, instance, first.cursor).run_requests or []
    assert request.partition_key == "hunan_hrss|2024"
    (same,) = tick(watch, instance, first.cursor).run_requests or []
    assert same.run_key == request.run_key  # the daemon died before it could start the run
    asked_for(instance, request, fails=True)
    assert not tick(watch, instance, first.cursor).run_requests  # too early
    monkeypatch.setattr("orchestration.publication.watch._PAUSE", timedelta(0))
    (again,) = tick(watch, instance, first.cursor).run_requests or []
    assert again.run_key != request.run_key  # Dagster drops what bears a key that it has seen
    asked_for(instance, again)
    settle(settings, 2024, Settled(scan_inputs(settings, [2024])[2024], "refused"))
    for cursor in (None, first.cursor):
        assert not tick(watch, instance, cursor).run_requests


def of_several(instance: dg.DagsterInstance, request: dg.RunRequest, fails: bool = False) -> str:
    """The run of several departments that a request starts; it leaves all of them without a result."""
    done = several_departments.execute_in_process(
        instance=instance, raise_on_error=False, run_config=dict(request.run_config),
        tags={**request.tags, **({"fails": "yes"} if fails else {})},
    )  # fmt: skip
    return done.run_id


def test_departments_that_are_due_at_once_are_one_run_and_what_it_leaves_is_run_alone(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    year = settings.raw / "2024"
    for code in ("示例甲", "示例乙"):
        shutil.copytree(year / "hunan_hrss", year / code)
    watch = watch_ledgers(settings)
    cursor = tick(watch, instance).cursor
    (request,) = tick(watch, instance, cursor).run_requests or []
    assert (request.job_name, request.partition_key) == (RUN_DEPARTMENTS, None)
    found = request.run_config["ops"][STEP]["config"]
    assert (found["year"], found["departments"]) == (2024, ["hunan_hrss", "示例乙", "示例甲"])
    (same,) = tick(watch, instance, cursor).run_requests or []
    assert same.run_key == request.run_key, "the same look taken twice asks once"
    of_several(instance, request)
    settle(settings, 2024, Settled(scan_inputs(settings, [2024])[2024], "blocked"))
    alone = tick(watch, instance, cursor).run_requests or []
    assert [(each.job_name, each.partition_key) for each in alone] == [
        (RUN_YEAR, "示例乙|2024"), (RUN_YEAR, "示例甲|2024"),
    ]  # fmt: skip
    for code in ("示例甲", "示例乙"):  # new inputs, a new try in common
        edit(year / code / "insured.csv", "5458.08万人", "5458.09万人")
    cursor = tick(watch, instance).cursor
    (again,) = tick(watch, instance, cursor).run_requests or []
    assert again.job_name == RUN_DEPARTMENTS and again.run_key != request.run_key
    assert again.run_config["ops"][STEP]["config"]["departments"] == ["示例乙", "示例甲"]


def test_a_run_of_several_that_died_is_told_to_each_without_a_result_and_in_one_digest(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    shutil.copytree(settings.raw / "2024" / "hunan_hrss", settings.raw / "2024" / "示例甲")
    shutil.copytree(settings.raw / "2024" / "hunan_hrss", settings.raw / "2024" / "示例乙")
    watch = watch_ledgers(settings)
    (request,) = tick(watch, instance, tick(watch, instance).cursor).run_requests or []
    of_several(instance, request, fails=True)
    settle(settings, 2024, Settled(scan_inputs(settings, [2024])[2024], "blocked"))
    cursor = tick(sensors.watch_runs(settings), instance).cursor
    tick(sensors.watch_runs(settings), instance, cursor)
    told = [(alert.department, alert.kind) for alert in Outbox(settings.outbox).unplanned()]
    assert told == [("示例乙", "crashed"), ("示例甲", "crashed"), ("", "digest")]


def test_ledgers_that_come_back_after_a_lost_cursor_are_run_again(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    watch = watch_ledgers(settings)
    keys = []
    ledger = settings.ledgers(2024) / "insured.csv"
    for content in (ledger.read_bytes(), b"other", ledger.read_bytes()):
        ledger.write_bytes(content)
        cursor = tick(watch, instance).cursor  # nothing is remembered
        (request,) = tick(watch, instance, cursor).run_requests or []
        asked_for(instance, request)
        settle(settings, 2024, Settled(scan_inputs(settings, [2024])[2024], "blocked"))
        keys.append(request.run_key)
    assert len(set(keys)) == 3


def test_a_missing_report_is_asked_for_until_it_is_there(
    published: Published, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = published.settings
    assert published.outcome.version is not None
    version = published.outcome.version.name
    folder = report_folder(settings, 2024, version)
    shutil.rmtree(folder, ignore_errors=True)
    follow = sensors.make_reports(settings)
    (request,) = tick(follow, instance).run_requests or ()
    assert request.partition_key == "hunan_hrss|2024"
    asked_for(instance, request, fails=True)
    assert tick(follow, instance).run_requests == []
    monkeypatch.setattr("orchestration.publication.watch._PAUSE", timedelta(0))
    (again,) = tick(follow, instance).run_requests or ()
    assert again.run_key != request.run_key
    folder.mkdir(parents=True)
    for name in ("report.docx", "annexes.xlsx", "report-internal.docx", "annexes-internal.xlsx"):
        (folder / name).write_bytes(b"made")
    assert len(tick(follow, instance).run_requests or ()) == 1  # the page is missing
    (folder / "report.html").write_bytes(b"made")
    whole = tick(follow, instance)
    assert whole.run_requests == []
    # Made without a run: materialised all the same, once, with the page one click away.
    told = {event.asset_key.to_user_string(): event for event in whole.asset_events}
    assert told.keys() == {"report/document", "report/annexes", "report/page"}
    assert all(
        (event.partition, event.metadata["version"].value) == ("hunan_hrss|2024", version) for event in told.values()
    )
    assert told["report/page"].metadata["page"].value == f"{settings.ui_url}/pages/2024/hunan_hrss/report"
    assert tick(follow, instance, whole.cursor).asset_events == []
    for event in whole.asset_events:
        instance.report_runless_asset_event(event)
    assert tick(follow, instance).asset_events == []  # whatever becomes of the cursor
    shutil.rmtree(folder)


def test_a_year_that_the_command_has_run_is_settled(published: Published, instance: dg.DagsterInstance) -> None:
    watch = watch_ledgers(published.settings)
    cursor = tick(watch, instance).cursor
    assert not tick(watch, instance, cursor).run_requests


def test_where_nothing_is_published_no_report_is_asked_for(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert tick(sensors.make_reports(settings), instance).run_requests == []


def test_the_province_is_made_anew_when_something_else_became_of_a_department(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.at(tmp_path)
    follow = sensors.make_provinces(home.settings)
    home.folder("甲")
    home.folder("乙")
    assert tick(follow, instance).run_requests == []  # nothing has run
    home.publish("甲")
    (request,) = tick(follow, instance).run_requests or ()
    assert request.partition_key == "2024" and request.run_key
    make_province(home.settings, 2024)
    assert tick(follow, instance).run_requests == []
    home.hold_back("乙")
    (again,) = tick(follow, instance).run_requests or ()
    assert again.run_key != request.run_key
    run_of(2024, instance, tags=again.tags | {"dagster/partition": "2024"})  # and it broke
    assert tick(follow, instance).run_requests == []  # for a while
    monkeypatch.setattr("orchestration.publication.watch._PAUSE", timedelta(0))
    assert len(tick(follow, instance).run_requests or ()) == 1
    make_province(home.settings, 2024)
    assert tick(follow, instance).run_requests == []
    other = tmp_path / "province.yml"
    other.write_text(POLICY_FILE.read_text(encoding="utf-8") + "# 改过\n", encoding="utf-8")
    monkeypatch.setattr("orchestration.publication.province.states.POLICY_FILE", other)
    assert len(tick(follow, instance).run_requests or ()) == 1


def test_one_department_has_no_province(published: Published, instance: dg.DagsterInstance) -> None:
    assert tick(sensors.make_provinces(published.settings), instance).run_requests == []


def test_of_the_runs_of_a_year_the_newest_are_remembered(instance: dg.DagsterInstance) -> None:
    """50 runs were 120 MB, 500 would be 1.2 GB."""
    home = Path(instance.root_directory)
    runs = [run_of(2024, instance) for _ in range(5)]
    other = run_of(2025, instance)
    job = instance.get_run_by_id(other).job_name  # type: ignore[union-attr]
    (home / "storage" / runs[0] / "compute_logs").mkdir(parents=True, exist_ok=True)
    assert forget_old_runs(instance, {"dagster/partition": partition_of(2024, "hunan_hrss")}, job, home, kept=2) == 3
    left = {record.dagster_run.run_id for record in instance.get_run_records()}
    assert left == {*runs[3:], other}
    files = {path.name for path in (home / "history" / "runs").glob("*.db")}
    assert not any(f"{run}.db" in files for run in runs[:3]) and all(f"{run}.db" in files for run in runs[3:])
    assert not (home / "storage" / runs[0]).exists()
    assert forget_old_runs(instance, {"dagster/partition": partition_of(2024, "hunan_hrss")}, job, home, kept=2) == 0
