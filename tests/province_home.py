"""An installation with the published tables that a province is built from, of a few invented departments and figures:
in milliseconds, where running them would take a minute. What becomes of real runs is in tests/pipeline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.settings import ROOT, Settings
from orchestration.publication.province.build import EMPTY
from orchestration.publication.watch import Settled, settle
from orchestration.warehouse.current import Current, read_current, write_current

Rows = Sequence[Mapping[str, Any]]
RULES = """
- id: budget_composition
  title: 全年预算＝上年结转＋年初预算＋本年调整
  same_digits: true
  check: department_summary/{row}/total_budget = department_summary/{row}/carryover
"""


@dataclass(frozen=True)
class Home:
    """The installation of a test."""

    settings: Settings

    @classmethod
    def at(cls, folder: Path) -> Home:
        rules = folder / "rules"
        rules.mkdir()
        (rules / "budget.yml").write_text(RULES, encoding="utf-8")
        return cls(Settings(home=folder / "home", raw=folder / "raw", rules=rules))

    def publish(
        self, department: str, year: int = 2024, *, budget: int = 1000, spent: int = 800, carryover: int = 0,
        score: str = "95.00", funds: Rows = (), rules: Rows = (), three_public: tuple[int, int | None] = (10, None),
        name_of: str = "", cells: Rows = (), superior: str = "", indicators: Rows = (),
    ) -> None:  # fmt: skip
        """A version of a department's year; money in yuan."""
        own = self.settings.of(department)
        name = f"{year + 1}0401T000000Z-{department}"
        whole = {
            "expenditure_kind": "total", "carryover": carryover, "initial_budget": budget - carryover, "adjustment": 0,
            "total_budget": budget, "final_expenditure": spent,
        }  # fmt: skip
        actual, prior = three_public
        tables: dict[str, Rows] = {
            "department_summary": [whole],
            "score_summary": [{"section": "total", "score": score, "grade": "优"}],
            "operating_cost": [{"item": "three_public", "actual": actual, "prior_actual": prior}],
            "cell": cells,
            "indicator_score": indicators,
            "fund_balance": funds,
            "ledger_source": [{"department_name": name_of or f"{department}局"}],
            "reconciliation": rules,
            "rule_summary": [
                {"rule_id": rule["rule_id"], "severity": rule["severity"], "broken": 1}
                for rule in rules
                if rule["status"] == "inconsistent"
            ],
        }
        folder = own.versions(year) / name
        folder.mkdir(parents=True)
        with duckdb.connect() as connection:
            for table, rows in tables.items():
                _write(connection, folder / f"{table}.parquet", EMPTY[table], year, department, rows)
        (folder / "manifest.json").write_text("{}", encoding="utf-8")
        self.folder(department, year, superior)
        settle(own, year, Settled("inputs", "published", name))
        current = read_current(self.settings)
        write_current(self.settings, Current({**current.versions, (year, department): name}, ""))

    def hold_back(self, department: str, year: int = 2024) -> None:
        """A run that a gate stopped: two broken rules, one suspect cell."""
        build = self.settings.of(department).build(year)
        build.mkdir(parents=True)
        broken = [{**rule("budget_composition", str(n), "inconsistent"), "title": "合计"} for n in (1, 2)]
        with duckdb.connect(str(build / "warehouse.duckdb")) as connection:
            _create(connection, "reconciliation", EMPTY["reconciliation"], year, department, broken)
            columns = dict.fromkeys(("address", "file", "sheet", "cell"), "varchar")
            known = {"fiscal_year": "integer", "department": "varchar"}
            place = {"address": f"{year}/{department}/表/1/栏", "file": f"raw/{year}/{department}/表.csv", "cell": "E3"}
            _create(connection, "cell", {**known, **columns}, year, department, [place])
            suspect = {"address": place["address"], "statement": "表 第1行 列示为 2.00，应为 1.00", "rank": 1}
            told = {
                "address": "varchar",
                "statement": "varchar",
                "rank": "integer",
                "fault": "integer",
                "answer": "integer",
            }
            _create(
                connection, "suspect_cell", {**known, **told}, year, department, [{**suspect, "fault": 1, "answer": 1}]
            )
        gates = [{"title": "规则都成立", "severity": "error", "status": "failed"}]
        (build / "gates.json").write_text(json.dumps({"gates": gates}), encoding="utf-8")
        (build / "gates.html").write_text("", encoding="utf-8")
        self.folder(department, year)
        settle(self.settings.of(department), year, Settled("inputs", "blocked"))

    def refuse(self, department: str, year: int = 2024) -> None:
        """A run that could not read its input: ``sources.yml`` names a file that is not there."""
        folder = self.folder(department, year)
        (self.settings.raw / "contracts").symlink_to(ROOT / "raw" / "contracts")
        text = "year: 2024\ndepartment: 读不了的部门\nfiles: [{file: 没有.csv, ledger: insured}]\n"
        (folder / "sources.yml").write_text(text, encoding="utf-8")
        settle(self.settings.of(department), year, Settled("inputs", "refused"))

    def folder(self, department: str, year: int = 2024, superior: str = "") -> Path:
        """A department's ledgers, of which there is only what their sources say."""
        folder = self.settings.of(department).ledgers(year)
        folder.mkdir(parents=True, exist_ok=True)
        above = f"superior: {superior}\n" if superior else ""
        (folder / "sources.yml").write_text(f"department: {department}局\n{above}", encoding="utf-8")
        return folder


def rule(rule_id: str, instance: str, status: str, severity: str = "error", difference: int = 1) -> dict[str, Any]:
    """One judged instance of a rule."""
    return {
        "rule_id": rule_id, "instance": instance, "title": f"规则 {rule_id}", "severity": severity, "status": status,
        "difference": difference, "statement": f"{rule_id} {instance} {status}",
    }  # fmt: skip


def cell(ledger: str, key: str, measure: str, yuan: int | None, **more: Any) -> dict[str, Any]:
    """A printed amount in 万元 with two places, so that it is right to 50 yuan."""
    return {
        "address": f"{ledger}/{key}/{measure}", "ledger": ledger, "ledger_label": ledger, "row_key": key,
        "row_label": key, "measure": measure, "header": measure, "unit": "yuan", "printed_unit": "万元",
        "value": yuan, "half_width": 50, "file": "a.csv", "sheet": "", "cell": "B2", **more,
    }  # fmt: skip


def _create(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    year: int,
    department: str,
    rows: Rows,
) -> None:
    said = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create or replace table {table} ({said})")
    for row in rows:
        values = [_value({"fiscal_year": year, "department": department, **row}.get(name)) for name in columns]
        connection.execute(f"insert into {table} values ({', '.join('?' * len(values))})", values)


def _write(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Mapping[str, str],
    year: int,
    department: str,
    rows: Rows,
) -> None:
    _create(connection, "held", columns, year, department, rows)
    connection.execute(f"copy held to '{path}' (format parquet)")


def _value(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value
