"""The outbox: told once, told in order, told to those who heard before, and never forgotten."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.alerting.channels import Channel, NotDeliveredError
from orchestration.alerting.channels.post import _seconds
from orchestration.alerting.delivery import deliver
from orchestration.alerting.messages import Alert, Listener, policy
from orchestration.alerting.outbox import Event, Outbox


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2025, 4, 18, 1, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, **time: float) -> None:
        self.moment += timedelta(**time)


class Ear(Channel):
    """A channel in memory. ``deaf``: refuses so many times first."""

    heard: list[Alert]
    deaf: int

    def _send(self, alert: Alert) -> None:
        if self.deaf:
            object.__setattr__(self, "deaf", self.deaf - 1)
            raise NotDeliveredError("聋了", in_doubt=self.name.endswith("?"))
        self.heard.append(alert)

    @property
    def kinds(self) -> list[str]:
        return [alert.kind for alert in self.heard]


def ear(name: str, severity: Any = "error", deaf: int = 0, of: str = "") -> Ear:
    """``of``: the departments that it hears of, letter by letter."""
    made = Ear(name, severity, departments=frozenset(of))
    object.__setattr__(made, "heard", [])
    object.__setattr__(made, "deaf", deaf)
    return made


def failure(fingerprint: str = "a", year: int = 2024, run: str = "", bundled: bool = False) -> Event:
    return Event(year, "year", "blocked", "error", fingerprint, {"headline": f"失败 {fingerprint}", "findings": []},
                 run_id=run, bundled=bundled)  # fmt: skip


def notice(fingerprint: str = "n") -> Event:
    return Event(2024, "notice", "notice", "warning", fingerprint, {"headline": "提示", "findings": []})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Outbox:
    return Outbox(tmp_path / "outbox.sqlite", clock)


def test_the_same_failure_is_told_once(outbox: Outbox) -> None:
    a = ear("a")
    assert outbox.record(failure()) is not None
    assert outbox.record(failure()) is None
    for _ in range(3):
        deliver(outbox, {"a": a})
    assert outbox.record(failure()) is None
    deliver(outbox, {"a": a})
    assert a.kinds == ["blocked"]


def test_another_failure_of_the_same_year_is_told_and_so_is_going_back_to_the_first(outbox: Outbox) -> None:
    a = ear("a")
    for mark in ("a", "b", "a"):
        outbox.record(failure(mark))
        deliver(outbox, {"a": a})
    assert [alert.facts["headline"] for alert in a.heard] == ["失败 a", "失败 b", "失败 a"]


def test_two_years_fail_apart(outbox: Outbox) -> None:
    a = ear("a")
    outbox.record(failure(year=2024))
    outbox.record(failure(year=2025))
    deliver(outbox, {"a": a})
    outbox.resolve(2024, "year", {"version": "v"})
    deliver(outbox, {"a": a})
    assert [(alert.year, alert.kind) for alert in a.heard] == [(2024, "blocked"), (2025, "blocked"), (2024, "resolved")]


def test_resolved_goes_only_to_those_who_heard_of_the_failure(outbox: Outbox) -> None:
    told, deaf, doubtful = ear("told"), ear("deaf", deaf=99), ear("doubtful?", deaf=1)
    outbox.record(failure())
    deliver(outbox, {"told": told, "deaf": deaf, "doubtful?": doubtful})
    outbox.resolve(2024, "year", {"version": "v"})
    late = ear("late")
    deliver(outbox, {"told": told, "deaf": deaf, "doubtful?": doubtful, "late": late})
    assert (told.kinds, deaf.kinds, late.kinds) == (["blocked", "resolved"], [], [])
    assert doubtful.kinds == ["resolved"]  # it may have heard: its answer was lost, not the alert
    assert outbox.deliveries() == []


def test_a_year_that_never_failed_has_nothing_to_resolve(outbox: Outbox) -> None:
    assert not outbox.resolve(2024, "year", {"version": "v"})
    assert outbox.unplanned() == []


def test_after_resolving_the_same_failure_is_news_again(outbox: Outbox) -> None:
    a = ear("a")
    for _ in range(2):
        outbox.record(failure())
        deliver(outbox, {"a": a})
        outbox.resolve(2024, "year", {"version": "v"})
        deliver(outbox, {"a": a})
    assert a.kinds == ["blocked", "resolved"] * 2


def test_a_reminder_comes_after_the_stated_time_and_again_but_not_once_resolved(outbox: Outbox, clock: Clock) -> None:
    a = ear("a")
    outbox.record(failure())
    deliver(outbox, {"a": a})
    clock.pass_(hours=policy().remind_hours, seconds=-1)
    deliver(outbox, {"a": a})
    assert a.kinds == ["blocked"]
    clock.pass_(seconds=1)
    for _ in range(2):
        deliver(outbox, {"a": a})
    clock.pass_(hours=policy().remind_hours)
    deliver(outbox, {"a": a})
    assert a.kinds == ["blocked", "reminder", "reminder"]
    outbox.resolve(2024, "year", {"version": "v"})
    clock.pass_(days=30)
    deliver(outbox, {"a": a})
    assert a.kinds == ["blocked", "reminder", "reminder", "resolved"]


def test_each_channel_has_its_own_least_severity(outbox: Outbox) -> None:
    all_, errors = ear("all", "warning"), ear("errors", "error")
    outbox.record(notice())
    outbox.record(failure())
    deliver(outbox, {"all": all_, "errors": errors})
    assert (all_.kinds, errors.kinds) == (["notice", "blocked"], ["blocked"])


def test_notices_are_told_once_for_what_they_say_and_never_remind(outbox: Outbox, clock: Clock) -> None:
    a = ear("a", "warning")
    for mark in ("n", "n", "m"):
        outbox.record(notice(mark))
        deliver(outbox, {"a": a})
    clock.pass_(days=30)
    deliver(outbox, {"a": a})
    outbox.resolve(2024, "notice", {})
    deliver(outbox, {"a": a})
    assert a.kinds == ["notice", "notice"]


def test_what_is_refused_is_tried_again_later_and_later_then_stays_visible(outbox: Outbox, clock: Clock) -> None:
    a, b = ear("a", deaf=99), ear("b")
    outbox.record(failure())
    for wait in policy().retry_seconds:
        deliver(outbox, {"a": a, "b": b})
        clock.pass_(seconds=wait - 1)
        assert not outbox.due()
        clock.pass_(seconds=1)
        assert outbox.due()
    deliver(outbox, {"a": a, "b": b})
    (left,) = outbox.deliveries()
    tries = len(policy().retry_seconds) + 1
    assert (left.state, left.channel, left.attempts, left.error) == ("gave_up", "a", tries, "聋了")
    assert b.kinds == ["blocked"]  # one that is deaf keeps nobody else from hearing
    object.__setattr__(a, "deaf", 0)
    clock.pass_(hours=1)
    deliver(outbox, {"a": a, "b": b})
    assert a.kinds == []  # given up: only somebody can order it
    assert outbox.retry() == 1
    deliver(outbox, {"a": a, "b": b})
    assert (a.kinds, b.kinds, outbox.deliveries()) == (["blocked"], ["blocked"], [])


@pytest.mark.parametrize(
    "raised", [UnicodeError("label too long"), ValueError("https://robot?token=secret"), RecursionError(), KeyError(1)]
)
def test_whatever_a_channel_raises_is_its_refusal_with_pauses_and_an_end(
    outbox: Outbox, clock: Clock, raised: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Channel):
        tries = 0

        def _send(self, alert: Alert) -> None:
            type(self).tries += 1
            raise raised

    to = {"broken": Broken("broken", "error"), "a": ear("a")}
    outbox.record(failure())
    for pause in (*policy().retry_seconds, 0, 0):
        deliver(outbox, to)
        clock.pass_(seconds=pause)
    assert to["a"].kinds == ["blocked"]  # type: ignore[attr-defined]
    assert Broken.tries == len(policy().retry_seconds) + 1
    (lost,) = [each for each in outbox.deliveries() if each.channel == "broken"]
    assert lost.state == "gave_up" and type(raised).__name__ in lost.error
    assert "secret" not in lost.error + caplog.text


def test_a_pause_of_five_thousand_digits_is_an_hour() -> None:
    assert [_seconds(text) for text in ("9" * 5000, "30", None, "Thu", "³")] == [3600, 30, 0, 0, 0]


def test_a_receiver_that_asks_for_time_gets_it(outbox: Outbox, clock: Clock) -> None:
    class Busy(Ear):
        def _send(self, alert: Alert) -> None:
            raise NotDeliveredError("太勤", wait_seconds=600)

    outbox.record(failure())
    deliver(outbox, {"a": Busy("a")})
    clock.pass_(seconds=599)
    assert outbox.due() == []
    clock.pass_(seconds=1)
    assert len(outbox.due()) == 1


def test_dismissed_is_done_with(outbox: Outbox, clock: Clock) -> None:
    a = ear("a", deaf=1)
    name = outbox.record(failure())
    deliver(outbox, {"a": a})
    assert name and outbox.dismiss("another") == 0 and outbox.dismiss(name) == 1
    clock.pass_(hours=1)
    deliver(outbox, {"a": a})
    assert a.kinds == [] and outbox.deliveries() == []
    assert [each.state for each in outbox.deliveries(everything=True)] == ["dismissed"]


def test_a_newer_failure_takes_the_place_of_one_that_did_not_arrive(outbox: Outbox, clock: Clock) -> None:
    a = ear("a", deaf=1)
    outbox.record(failure("a"))
    deliver(outbox, {"a": a})
    outbox.record(failure("b"))
    clock.pass_(minutes=1)
    deliver(outbox, {"a": a})
    assert [alert.facts["headline"] for alert in a.heard] == ["失败 b"]


def test_a_channel_that_never_answers_is_given_up_however_often_the_news_changes(outbox: Outbox, clock: Clock) -> None:
    a = ear("a", deaf=999)
    for number in range(len(policy().retry_seconds) + 1):
        outbox.record(failure(str(number)))
        deliver(outbox, {"a": a})
        clock.pass_(minutes=1)
    assert [each.state for each in outbox.deliveries()] == ["gave_up"]


def test_what_was_recorded_without_channels_is_told_by_whoever_has_some(outbox: Outbox) -> None:
    outbox.record(failure())
    deliver(outbox, {})
    assert len(outbox.unplanned()) == 1
    a = ear("a")
    deliver(outbox, {"a": a})
    assert a.kinds == ["blocked"] and outbox.unplanned() == []


def test_a_sender_that_died_after_asking_asks_again_with_the_same_id(outbox: Outbox) -> None:
    a = ear("a")
    name = outbox.record(failure())
    with outbox.sole_sender():
        outbox.prepare({"a": Listener()})
        (delivery,) = outbox.due()
        outbox.sending(delivery)  # and here it dies
    deliver(outbox, {"a": a})
    assert [alert.id for alert in a.heard] == [name]


def test_many_processes_record_and_send_at_once_and_each_alert_arrives_once(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    a = ear("a")
    lock = threading.Lock()

    def work(number: int) -> None:
        own = Outbox(path)  # as another process would open it
        own.record(failure(f"{number % 5}", year=2024 + number % 5))
        with lock if number % 2 else threading.Lock():
            deliver(own, {"a": a})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    deliver(Outbox(path), {"a": a})
    assert sorted(alert.year for alert in a.heard) == [2024, 2025, 2026, 2027, 2028]


def test_a_run_that_was_dealt_with_is_known(outbox: Outbox) -> None:
    outbox.record(failure(run="r1"))
    outbox.record(failure(run="r2"))
    outbox.acknowledge("r3")
    outbox.resolve(2025, "year", {}, run_id="r4")
    assert [outbox.is_acknowledged(run) for run in ("r1", "r2", "r3", "r4", "r5")] == [True] * 4 + [False]


def test_departments_fail_and_are_resolved_apart(tmp_path: Path, clock: Clock) -> None:
    one, other = (Outbox(tmp_path / "outbox.sqlite", clock, department=code) for code in ("民政厅", "rst"))
    assert one.record(failure()) and other.record(failure()), "the same failure of two is two"
    assert one.resolve(2024, "year", {}) and other.is_open(2024, "year")
    assert [(alert.department, alert.kind) for alert in one.unplanned()] == [
        ("民政厅", "blocked"), ("rst", "blocked"), ("民政厅", "resolved"),
    ]  # fmt: skip


class Province:
    """Departments a, b and c, of which a has people of its own, and the province's office."""

    def __init__(self, path: Path, clock: Clock):
        self.of = {code: Outbox(path, clock, department=code) for code in "abc"}
        self.outbox = Outbox(path, clock)
        self.own, self.office = ear("own", of="a"), ear("office")

    def run(self, *fail: str, mark: str = "x") -> None:
        """A run of all, in which these fail."""
        for code, outbox in self.of.items():
            if code in fail:
                outbox.record(failure(f"{mark}{code}", bundled=True))
            else:
                outbox.resolve(2024, "year", {"version": "v"}, bundled=True)
        self.outbox.record_digest(2024, f"失败 {len(fail)}", {"page": ""})
        self.deliver()

    def deliver(self) -> None:
        deliver(self.outbox, {"own": self.own, "office": self.office})

    @property
    def digests(self) -> list[tuple[list[str], list[str]]]:
        """What the office heard in one: who is not published, and who is again."""
        return [
            ([item["department"] for item in alert.facts["findings"]], alert.facts.get("recovered", []))
            for alert in self.office.heard
            if not alert.department
        ]


@pytest.fixture
def province(tmp_path: Path, clock: Clock) -> Province:
    return Province(tmp_path / "outbox.sqlite", clock)


def test_a_run_of_several_is_told_to_the_office_once_and_to_each_department_its_own(province: Province) -> None:
    for _ in range(2):
        province.run("a", "b")
    assert province.own.kinds == ["blocked"] and province.own.heard[0].department == "a"
    assert province.office.kinds == ["digest"] and province.digests == [(["a", "b"], [])]
    province.run("b", "c")
    province.run()
    province.run()
    assert province.own.kinds == ["blocked", "resolved"]
    assert province.digests[1:] == [(["b", "c"], ["a"]), ([], ["b", "c"])]
    assert province.outbox.deliveries() == []


def test_what_one_department_does_by_itself_is_told_to_all_who_heard_of_it(province: Province) -> None:
    province.run("a", "b")
    province.of["a"].resolve(2024, "year", {"version": "v"})
    province.deliver()
    assert province.own.kinds == ["blocked", "resolved"] and province.office.kinds == ["digest", "resolved"]
    province.run("b")
    assert province.digests[1:] == [(["b"], [])], "told by itself, it has not recovered again"
    province.of["a"].record(failure("y"))
    province.deliver()
    assert province.office.kinds[3:] == ["blocked"]
    province.run("b", "c")
    assert province.digests[2:] == [(["b", "c"], ["a"])] and province.own.kinds[2:] == ["blocked", "resolved"]


def test_the_office_is_reminded_of_all_that_is_still_open_at_once(province: Province, clock: Clock) -> None:
    province.run("a", "b")
    province.of["a"].resolve(2024, "year", {})
    for _ in range(2):
        clock.pass_(hours=policy().remind_hours)
        province.deliver()
    assert province.office.kinds == ["digest", "resolved", "reminder", "reminder"]
    assert province.digests[1:] == [(["b"], []), (["b"], [])] and province.own.kinds == ["blocked", "resolved"]


def test_a_run_that_died_without_its_digest_is_told_in_a_reminder(province: Province, clock: Clock) -> None:
    province.of["b"].record(failure(bundled=True))
    province.deliver()
    assert province.office.kinds == []
    clock.pass_(hours=policy().remind_hours)
    province.deliver()
    assert province.office.kinds == ["reminder"] and province.digests == [(["b"], [])]


def test_a_run_in_which_all_pass_is_told_to_those_who_hear_of_everything(province: Province, clock: Clock) -> None:
    everything = ear("everything", "warning")
    province.run()
    deliver(province.outbox, {"office": province.office, "everything": everything})
    assert province.office.kinds == [] and everything.kinds == []  # it was planned before anybody wanted it
    late = Province(province.outbox.path.with_name("other.sqlite"), clock)
    late.office = ear("office", "warning")
    late.run()
    late.run()
    assert late.office.kinds == ["digest"] and late.digests == [([], [])]


def test_an_outbox_of_before_there_were_departments_is_read_and_reminds_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "create table incident (id integer primary key, year integer, topic text, fingerprint text, facts text, "
            "opened_at text, told_at text, resolved_at text)"
        )
        db.execute(
            "create table alert (number integer primary key, id text, incident integer, year integer, kind text, "
            "severity text, facts text, run_url text, created_at text, planned_at text)"
        )
        at = "2025-04-01T00:00:00Z"
        db.execute("insert into incident values (1, 2024, 'year', 'f', '{}', ?, ?, null)", [at, at])
        db.execute("insert into alert values (1, 'a', 1, 2024, 'blocked', 'error', '{}', '', ?, null)", [at])
    old = Outbox(path)
    (alert,) = old.unplanned()  # before anything is written
    assert (alert.id, alert.department) == ("a", "")
    assert not old.is_open(2024, "year"), "nobody could resolve it, and it would be told again for ever"
    assert Outbox(path, department="rst").record(failure("f"))
