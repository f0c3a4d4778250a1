"""The outbox: what is to be told, to whom, and whether the receiver said yes. One SQLite file, safe for several
processes at once and whole after a kill at any step.

An *incident* is a year that is not as it should be, from the first failure until the year passes. An *alert* is one
thing to tell about it. A *delivery* is one alert for one channel. Whoever finds something out only records it; the
deliveries are planned and made by one sender at a time (``sole_sender``), so the order of what a channel hears is the
order in which it happened. Sending itself belongs in ``delivery``, words in ``messages``.

Times are UTC in ISO 8601. Channels appear by their public names; no address, token or password is written here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from orchestration.alerting import digest
from orchestration.alerting.messages import Alert, Kind, Listener, Policy, Severity, policy
from orchestration.alerting.outbox_tables import add_alert, is_old, open_incident, put_incident, set_up, stamp
from orchestration.base.clock import shown_stamp
from orchestration.base.files import locked

#: ``year``: the year can't be published; ``notice``: warnings about it; ``due``: its ledgers are not there in time;
#: ``digest``: how the year is in all departments.
Topic = Literal["year", "notice", "due", "digest"]
State = Literal["waiting", "sending", "sent", "gave_up", "superseded", "dismissed"]
UNDELIVERED: tuple[State, ...] = ("waiting", "sending", "gave_up")


@dataclass(frozen=True)
class Event:
    """What somebody found out about a year. Two events with one fingerprint are the same failure. ``bundled``: in a run
    of several departments, whose digest tells those of it who look after all of them.
    """

    year: int
    topic: Topic
    kind: Kind
    severity: Severity
    fingerprint: str
    facts: dict[str, Any]
    run_url: str = ""
    run_id: str = ""
    bundled: bool = False


@dataclass(frozen=True)
class Delivery:
    """One alert for one channel."""

    alert: Alert
    channel: str
    state: State
    attempts: int
    next_at: str
    error: str
    in_doubt: bool  # the receiver may have it, though it never said so
    sent_at: str | None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Outbox:
    """The outbox of one installation. ``now`` is the clock; ``department``: whose years are recorded and asked for."""

    def __init__(
        self, path: Path, now: Callable[[], datetime] = _utc_now, rules: Policy | None = None, department: str = ""
    ):
        self.path = path
        self.department = department
        self.now = now
        self.policy = rules or policy()

    # what happened

    def record(self, event: Event) -> str | None:
        """Write down a failure, unless the same one is already known. Returns the new alert's id."""
        with self._writing() as db:
            if event.kind == "crashed" and self._is_acknowledged(db, event.run_id):
                return None  # the run said so itself, or somebody else saw it end
            self._acknowledge(db, event.run_id)
            whose = (event.year, self.department)
            open_one = open_incident(db, *whose, event.topic)
            if open_one and open_one["fingerprint"] == event.fingerprint:
                if event.bundled:
                    db.execute("update incident set bundled = 1 where id = ?", (open_one["id"],))
                return None
            facts, now = json.dumps(event.facts, ensure_ascii=False), stamp(self.now())
            incident = put_incident(db, whose, event.topic, event.fingerprint, facts, now, event.bundled)
            return add_alert(db, incident, whose, event.kind, event.severity, facts, event.run_url, now, event.bundled)

    def record_digest(self, year: int, headline: str, facts: dict[str, Any], run_url: str = "") -> str | None:
        """Write down what a run of several departments came to, unless it is what is known. Returns the alert's id."""
        with self._writing() as db:
            return digest.record_digest(db, year, headline, facts, run_url, stamp(self.now()))

    def resolve(self, year: int, topic: Topic, facts: Mapping[str, Any], run_url: str = "", run_id: str = "",
                bundled: bool = False) -> bool:  # fmt: skip
        """The year is as it should be again. Returns whether an incident was open; those who heard of it will hear."""
        with self._writing() as db:
            self._acknowledge(db, run_id)
            incident = open_incident(db, year, self.department, topic)
            if incident is None:
                return False
            db.execute("update incident set resolved_at = ? where id = ?", (stamp(self.now()), incident["id"]))
            if topic != "notice":
                before = json.loads(incident["facts"])
                told = {"headline": before["headline"], "since": shown_stamp(incident["opened_at"]), **facts}
                text = json.dumps(told, ensure_ascii=False)
                whose = (year, self.department)
                add_alert(db, incident["id"], whose, "resolved", "error", text, run_url, stamp(self.now()), bundled)
            return True

    def acknowledge(self, run_id: str) -> None:
        """Remember that a run's end has been dealt with, though there is nothing new to tell."""
        with self._writing() as db:
            self._acknowledge(db, run_id)

    def is_acknowledged(self, run_id: str) -> bool:
        with self._reading() as db:
            return self._is_acknowledged(db, run_id)

    def is_open(self, year: int, topic: Topic) -> bool:
        with self._reading() as db:
            return open_incident(db, year, self.department, topic) is not None

    # what is to be sent

    @contextmanager
    def sole_sender(self, wait: bool = True) -> Iterator[bool]:
        """Hold the right to send; the kernel takes it back from a sender that dies. Yields whether it was got."""
        with locked(self.path.with_suffix(".lock"), wait) as got:
            yield got

    def prepare(self, channels: Mapping[str, Listener]) -> None:
        """Plan what is not planned yet, remind of what is still open, take back what a dead sender left.

        ``channels``: public name -> what it is to hear. Only for the sole sender.
        """
        with self._writing() as db:
            # Nobody else sends, so who wrote "sending" died between that and the answer: it may have arrived.
            db.execute("update delivery set state = 'waiting', in_doubt = 1 where state = 'sending'")
            self._remind(db)
            if channels:
                for alert in db.execute("select * from alert where planned_at is null order by number").fetchall():
                    self._plan(db, alert, channels)

    def due(self) -> list[Delivery]:
        """Deliveries whose time has come, in the order in which things happened."""
        now = stamp(self.now())
        return [each for each in self._deliveries(("waiting",)) if each.next_at <= now]

    def sending(self, delivery: Delivery) -> None:
        """To be written before anything is sent: after a crash it says that the receiver may have it."""
        self._mark(delivery, "sending", attempts=delivery.attempts + 1, tried_at=stamp(self.now()))

    def sent(self, delivery: Delivery) -> None:
        """The receiver said yes."""
        self._mark(delivery, "sent", sent_at=stamp(self.now()), error="", in_doubt=0)

    def refused(self, delivery: Delivery, reason: str, wait_seconds: int = 0, in_doubt: bool = False) -> None:
        """The receiver did not say yes. ``wait_seconds``: what it asked for; ``in_doubt``: it may have it anyway."""
        tries = self.policy.retry_seconds
        last = delivery.attempts + 1 > len(tries)
        wait = 0 if last else max(tries[delivery.attempts], wait_seconds)
        doubt = {"in_doubt": 1} if in_doubt else {}
        next_at = stamp(self.now() + timedelta(seconds=wait))
        self._mark(delivery, "gave_up" if last else "waiting", error=reason, next_at=next_at, **doubt)

    # what people see

    def deliveries(self, everything: bool = False) -> list[Delivery]:
        """What has not arrived; with ``everything`` all that was ever planned."""
        return self._deliveries(None if everything else UNDELIVERED)

    def unplanned(self) -> list[Alert]:
        """Alerts that no process with channels has seen yet."""
        with self._reading() as db:
            return [_alert(row) for row in db.execute("select * from alert where planned_at is null order by number")]

    def retry(self, alert: str = "") -> int:
        """Try undelivered alerts again at once, with all attempts anew. Returns how many deliveries."""
        return self._change(alert, "state = 'waiting', attempts = 0, next_at = ?", (stamp(self.now()),))

    def dismiss(self, alert: str = "") -> int:
        """Give undelivered alerts up for good: somebody knows. Returns how many deliveries."""
        with self._writing() as db:
            db.execute(
                "update alert set planned_at = ? where planned_at is null and (? = '' or id = ?)",
                (stamp(self.now()), alert, alert),
            )
        return self._change(alert, "state = 'dismissed'", ())

    # inside

    def _change(self, alert: str, change: str, values: tuple[str, ...]) -> int:
        with self._writing() as db:
            return db.execute(
                f"update delivery set {change} where state in ('waiting', 'gave_up') and (? = '' or alert = ?)",
                (*values, alert, alert),
            ).rowcount

    def _acknowledge(self, db: sqlite3.Connection, run_id: str) -> None:
        if run_id:
            db.execute("insert or ignore into heard values (?, ?)", (self._own(run_id), stamp(self.now())))

    def _is_acknowledged(self, db: sqlite3.Connection, run_id: str) -> bool:
        known = (run_id, self._own(run_id))
        return db.execute("select 1 from heard where run_id in (?, ?)", known).fetchone() is not None

    def _own(self, run_id: str) -> str:
        """A run as this department's: several may be in it, and each tells its own end."""
        return f"{run_id}/{self.department}" if self.department else run_id

    def _remind(self, db: sqlite3.Connection) -> None:
        """An open incident of which nothing was told for the stated time is told again."""
        now = self.now()
        digest.remind_of_all(db, stamp(now), stamp(now - timedelta(hours=self.policy.remind_hours)))
        waits = {"year": timedelta(hours=self.policy.remind_hours), "due": timedelta(days=self.policy.due.remind_days)}
        for topic, wait in waits.items():
            rows = db.execute(
                "select * from incident where resolved_at is null and topic = ? and told_at <= ?",
                (topic, stamp(now - wait)),
            ).fetchall()
            for row in rows:
                (last,) = db.execute(
                    "select * from alert where incident = ? order by number desc limit 1", (row["id"],)
                ).fetchall()
                facts = {**json.loads(row["facts"]), "since": shown_stamp(row["opened_at"])}
                text = json.dumps(facts, ensure_ascii=False)
                whose = (row["year"], row["department"])
                add_alert(db, row["id"], whose, "reminder", last["severity"], text, last["run_url"], stamp(now),
                          bool(row["bundled"]))  # fmt: skip
                db.execute("update incident set told_at = ? where id = ?", (stamp(now), row["id"]))

    def _plan(self, db: sqlite3.Connection, alert: sqlite3.Row, channels: Mapping[str, Listener]) -> None:
        """Decide who hears of an alert. What it overtakes is not sent any more: the newer one says how things stand."""
        (incident,) = db.execute("select * from incident where id = ?", (alert["incident"],)).fetchall()
        newer = db.execute(
            "select 1 from alert where incident = ? and number > ? and (severity = 'error' or severity = ?)",
            (incident["id"], alert["number"], alert["severity"]),
        ).fetchone()
        is_over, is_bundled = alert["kind"] == "resolved", bool(alert["bundled"])
        if is_over:
            names = self._to_hear_the_end(db, incident, is_bundled, channels)
        elif newer:
            names = set()
        else:
            names = {name for name, wants in channels.items() if wants.hears(_alert(alert), is_bundled)}
        now = stamp(self.now())
        # A resolved year overtakes its failure everywhere, also where only the failure was to be told; what a digest
        # tells overtakes what was to be told alone.
        tried = self._supersede(db, incident["id"], None if is_over or is_bundled else names)
        # Attempts are carried over, so that a channel which never answers is given up however often the news changes.
        db.executemany(
            "insert or ignore into delivery values (?, ?, 'waiting', ?, ?, null, null, '', 0)",
            [(alert["id"], name, tried.get(name, 0), now) for name in sorted(names)],
        )
        db.execute("update alert set planned_at = ? where id = ?", (now, alert["id"]))

    def _to_hear_the_end(
        self, db: sqlite3.Connection, incident: sqlite3.Row, is_bundled: bool, channels: Mapping[str, Listener]
    ) -> set[str]:
        """Who heard of an incident hears that it is over: by the digest, or alone, whichever way that was found out."""
        names = self._told(db, incident["id"])
        if is_bundled:
            return {name for name in names if name not in channels or channels[name].departments}
        summed = open_incident(db, incident["year"], "", "digest") if incident["bundled"] else None
        return names | (self._told(db, summed["id"]) if summed else set())

    def _told(self, db: sqlite3.Connection, incident: int) -> set[str]:
        """Channels that have, or may have, heard of an incident."""
        rows = db.execute(
            "select distinct channel from delivery inner join alert on delivery.alert = alert.id "
            "where incident = ? and (state = 'sent' or in_doubt = 1)",
            (incident,),
        )
        return {row["channel"] for row in rows}

    def _supersede(self, db: sqlite3.Connection, incident: int, channels: Collection[str] | None) -> dict[str, int]:
        """Take back what waits of an incident, for these channels or for all. Returns the attempts made so far."""
        rows = db.execute(
            "select delivery.alert, channel, attempts from delivery inner join alert on delivery.alert = alert.id "
            "where incident = ? and state = 'waiting'",
            (incident,),
        ).fetchall()
        overtaken = [row for row in rows if channels is None or row["channel"] in channels]
        db.executemany(
            "update delivery set state = 'superseded' where alert = ? and channel = ?",
            [(row["alert"], row["channel"]) for row in overtaken],
        )
        return {row["channel"]: row["attempts"] for row in overtaken}

    def _mark(self, delivery: Delivery, state: State, **changes: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in ("state", *changes))
        with self._writing() as db:
            db.execute(
                f"update delivery set {columns} where alert = ? and channel = ?",
                (state, *changes.values(), delivery.alert.id, delivery.channel),
            )

    def _deliveries(self, states: Sequence[State] | None) -> list[Delivery]:
        chosen = "true" if states is None else f"state in ({', '.join('?' * len(states))})"
        with self._reading() as db:
            rows = db.execute(
                "select alert.*, channel, state, attempts, next_at, error, in_doubt, sent_at from delivery "
                f"inner join alert on delivery.alert = alert.id where {chosen} order by number, channel",
                states or (),
            ).fetchall()
        return [
            Delivery(_alert(row), row["channel"], row["state"], row["attempts"], row["next_at"], row["error"],
                     bool(row["in_doubt"]), row["sent_at"])
            for row in rows
        ]  # fmt: skip

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that is on the disk when it ends."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("pragma synchronous = extra")
            db.execute("begin immediate")
            try:
                set_up(db)
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            with self._writing():
                pass  # an empty outbox
        with closing(sqlite3.connect(self.path, timeout=60)) as db:
            db.row_factory = sqlite3.Row
            if is_old(db):
                with self._writing():
                    pass
            yield db


def _alert(row: sqlite3.Row) -> Alert:
    return Alert(
        id=row["id"], year=row["year"], kind=row["kind"], severity=row["severity"], facts=json.loads(row["facts"]),
        created_at=row["created_at"], run_url=row["run_url"], department=row["department"],
    )  # fmt: skip
