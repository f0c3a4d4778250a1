"""The outbox's tables, and the questions and changes that ``outbox`` and ``digest`` share. Each function works within a
transaction of its caller.
"""

from __future__ import annotations

import sqlite3
import uuid
from datetime import UTC, datetime

from orchestration.alerting.messages import Kind, Severity

#: ``bundled``: found out in a run of several departments: who looks after all of them hears of it by the digest.
_SCHEMA = """
create table if not exists incident (
    id integer primary key, year integer not null, department text not null default '', topic text not null,
    fingerprint text not null, facts text not null, opened_at text not null, told_at text not null, resolved_at text,
    bundled integer not null default 0);
create unique index if not exists one_open_of_department on incident (year, department, topic)
    where resolved_at is null;
create table if not exists alert (
    number integer primary key, id text not null unique, incident integer not null references incident (id),
    year integer not null, department text not null default '', kind text not null, severity text not null,
    facts text not null, run_url text not null,
    created_at text not null, planned_at text, bundled integer not null default 0);
create table if not exists delivery (
    alert text not null references alert (id), channel text not null, state text not null, attempts integer not null,
    next_at text not null, tried_at text, sent_at text, error text not null, in_doubt integer not null,
    primary key (alert, channel));
create table if not exists heard (run_id text primary key, at text not null);
"""


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def set_up(db: sqlite3.Connection) -> None:
    """The tables; those of an older outbox get the columns that came since. What was open before there were departments
    is nobody's to resolve, and so it ends: a department's next run opens its own.
    """
    for table in ("incident", "alert"):
        if _lacks(db, table, "department"):
            db.execute(f"alter table {table} add column department text not null default ''")
            if table == "incident":
                db.execute("update incident set resolved_at = told_at where resolved_at is null")
                db.execute("drop index if exists one_open_incident")
        if _lacks(db, table, "bundled"):
            db.execute(f"alter table {table} add column bundled integer not null default 0")
    for statement in _SCHEMA.split(";\n"):
        db.execute(statement)


def is_old(db: sqlite3.Connection) -> bool:
    """Whether the tables lack what came since they were made."""
    return _lacks(db, "alert", "department") or _lacks(db, "alert", "bundled")


def _lacks(db: sqlite3.Connection, table: str, column: str) -> bool:
    columns = {row["name"] for row in db.execute(f"pragma table_info({table})")}
    return bool(columns) and column not in columns


def open_incident(db: sqlite3.Connection, year: int, department: str, topic: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "select * from incident where year = ? and department = ? and topic = ? and resolved_at is null",
        (year, department, topic),
    ).fetchone()
    return row


def put_incident(
    db: sqlite3.Connection, whose: tuple[int, str], topic: str, fingerprint: str, facts: str, now: str, bundled: bool
) -> int:
    """Open the incident of a year, or bring the open one up to date. Returns its number."""
    known = open_incident(db, *whose, topic)
    if known:
        db.execute(
            "update incident set fingerprint = ?, facts = ?, told_at = ?, bundled = ? where id = ?",
            (fingerprint, facts, now, bundled, known["id"]),
        )
        return int(known["id"])
    added = db.execute(
        "insert into incident (year, department, topic, fingerprint, facts, opened_at, told_at, bundled) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (*whose, topic, fingerprint, facts, now, now, bundled),
    )
    assert added.lastrowid is not None
    return added.lastrowid


def add_alert(db: sqlite3.Connection, incident: int, whose: tuple[int, str], kind: Kind, severity: Severity, facts: str,
              run_url: str, now: str, bundled: bool = False) -> str:  # fmt: skip
    """Something to tell of an incident. Returns its id."""
    name = uuid.uuid4().hex[:12]
    db.execute(
        "insert into alert (id, incident, year, department, kind, severity, facts, run_url, created_at, bundled) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (name, incident, *whose, kind, severity, facts, run_url, now, bundled),
    )
    return name
