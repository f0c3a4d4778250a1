"""Departments of a year built in common: each read by itself, all landed, modelled and localised in one go, each with
its share as its build from then on (``shares``).

What does not belong here: gates and publication, and how Dagster hears of it (``pipeline``).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.base.settings import Settings
from orchestration.base.sql import sql_text
from orchestration.localisation.findings import Findings
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, Inputs, share_build, tables_of
from orchestration.warehouse.landing import land
from orchestration.warehouse.ledger_tables import write_ledger_tables
from orchestration.warehouse.models import ModelsFailedError
from orchestration.warehouse.suspects import write_suspects_of_all

#: Departments of one build in common: what it costs to start is then nothing to each, and what is held in memory small.
MOST = 100


@dataclass(frozen=True)
class Member:
    """A department's year that has been read."""

    build: Build
    inputs: Inputs
    fingerprint: str
    files: Mapping[str, str]

    @property
    def ledgers(self) -> list[str]:
        return sorted(self.inputs.year.ledgers)


@dataclass(frozen=True)
class Common:
    """A build in common. ``tables`` holds the rows of all; ``members`` and ``findings`` are by department."""

    tables: Build
    members: Mapping[str, Member]
    findings: Mapping[str, Findings]


def can_share(members: Mapping[str, Member]) -> list[str]:
    """The departments that can be built in common: without single entries, which may be large, and with ledgers of the
    same columns.
    """
    columns: dict[str, object] = {}
    found = []
    for department, member in members.items():
        contracts = {name: ledger.contract for name, ledger in member.inputs.year.ledgers.items()}
        own = {name: (each.keys, each.texts, each.measures) for name, each in contracts.items()}
        if not member.inputs.entries and all(columns.get(name, each) == each for name, each in own.items()):
            columns |= own
            found.append(department)
    return found


def build_in_common(
    settings: Settings, year: int, members: Mapping[str, Member], on_node: Callable[[str], None]
) -> Common:
    """Build these departments' year in a new file, and give each its share of it. Raises ``ModelsFailedError`` where a
    model can't be built, or a structure test does not hold: then nothing has changed.
    """
    tables = Build(year, settings.together(year) / secrets.token_hex(8))
    land(tables.warehouse, *(tables_of(member.build, member.inputs) for member in members.values()))
    nodes = compiled.build(tables.warehouse, on_node=on_node)
    if broken := [f"{node.name}（{node.failures} 行）" for node in nodes if node.status == "fail"]:
        raise ModelsFailedError("、".join(broken))
    findings = write_suspects_of_all(tables)
    write_ledger_tables(tables)
    for member in members.values():
        share_build(member.build, tables, member.inputs, member.fingerprint, member.files)
    return Common(tables, members, findings)


def rows_by_department(tables: Build, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many rows each table has of each department; by table. Tables of nobody (dbt's seeds) are not there."""
    mine = tables.rows("select table_name as name from duckdb_columns() where column_name = 'department'")
    known = {row["name"] for row in mine}
    found: dict[str, dict[str, int]] = {name: {} for name in names if name in known}
    asked = " union all ".join(f"select {sql_text(name)} as name, department from {name}" for name in found)
    for row in tables.rows(f"select name, department, count(*) as n from ({asked}) group by all"):
        found[row["name"]][row["department"]] = row["n"]
    return found


def scores(tables: Build) -> dict[str, str]:
    """Each department's score and grade in a few words; those that have indicators."""
    found = tables.rows("""
        select department, score, grade from score_summary
        where section = 'total' and department in (select department from cell where ledger = 'indicator')
    """)
    return {row["department"]: score_text(row["score"], row["grade"]) for row in found}


def score_text(score: object, grade: str | None) -> str:
    """96.48 分 优"""
    return f"{score} 分 {grade or ''}".rstrip()
