"""The digest: what a run of several departments is for whoever looks after all of them, in one message.

It stands for how a year is: what its departments' own alerts have left open, each with its first suspect cell, and who
has recovered since the last one. So what a department settles by itself is gone from the next digest or reminder
without further ado. Each function works within a transaction of the outbox.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from orchestration.alerting.messages import Severity
from orchestration.alerting.outbox_tables import add_alert, open_incident, put_incident
from orchestration.base.clock import shown_stamp

TOPIC = "digest"
_OPEN = """
    select incident.*, (
        select kind from alert where incident = incident.id and kind <> 'reminder' order by number desc limit 1
    ) as kind
    from incident
    where year = ? and bundled = 1 and resolved_at is null and topic in ('year', 'due', 'notice')
    order by topic = 'due', kind, department
"""
_RECOVERED = """
    select distinct department from alert
    where
        year = ? and bundled = 1 and kind = 'resolved'
        and number > coalesce((select max(number) from alert where year = ? and kind = 'digest'), 0)
    order by department
"""


def record_digest(
    db: sqlite3.Connection, year: int, headline: str, facts: dict[str, Any], run_url: str, now: str
) -> str | None:
    """Write down the digest of a run, unless it says what the last one said. Returns its alert's id."""
    rows = db.execute(_OPEN, (year,)).fetchall()
    failures = [row for row in rows if row["topic"] != "notice"]
    recovered = [row["department"] for row in db.execute(_RECOVERED, (year, year))]
    mark = _fingerprint(failures or rows)
    known = open_incident(db, year, "", TOPIC)
    if known and known["fingerprint"] == mark and not recovered:
        return None
    told = {
        "headline": headline, "findings": [_item(row) for row in failures], "recovered": recovered,
        "noticed": len(rows) - len(failures), **facts,
    }  # fmt: skip
    severity: Severity = "error" if failures or recovered else "warning"
    text = json.dumps(told, ensure_ascii=False)
    incident = put_incident(db, (year, ""), TOPIC, mark, text, now, False)
    return add_alert(db, incident, (year, ""), "digest", severity, text, run_url, now)


def remind_of_all(db: sqlite3.Connection, now: str, before: str) -> None:
    """What several departments have open, and nothing was told of since ``before``, is told again: also where the run
    that found it out died without a digest.
    """
    years = db.execute(
        "select distinct year from incident "
        "where bundled = 1 and resolved_at is null and topic in ('year', 'due') and told_at <= ?",
        (before,),
    )
    for (year,) in years.fetchall():
        known = open_incident(db, year, "", TOPIC)
        if known and known["told_at"] > before:
            continue
        failures = [row for row in db.execute(_OPEN, (year,)).fetchall() if row["topic"] != "notice"]
        since = min(row["opened_at"] for row in failures)
        facts = {
            "headline": f"{len({row['department'] for row in failures})} 个部门",
            "findings": [_item(row) for row in failures], "since": shown_stamp(since),
        }  # fmt: skip
        text = json.dumps(facts, ensure_ascii=False)
        incident = put_incident(db, (year, ""), TOPIC, _fingerprint(failures), text, now, False)
        add_alert(db, incident, (year, ""), "reminder", "error", text, "", now)


def _item(row: sqlite3.Row) -> dict[str, Any]:
    """A department's failure in one line, and the first cell to look at."""
    facts = json.loads(row["facts"])
    found = facts["findings"]
    first = next((item for item in found if item["type"] == "suspect"), found[0] if found else None)
    return {
        "type": "department", "department": row["department"], "kind": row["kind"], "headline": facts["headline"],
        "first": first,
    }  # fmt: skip


def _fingerprint(rows: Sequence[sqlite3.Row]) -> str:
    said = [(row["department"], row["topic"], row["fingerprint"]) for row in rows]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
