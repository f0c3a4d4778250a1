"""Tables with subtotals, of-which rows or no total at all, as offices keep them, judged by the models."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import Year, read_paths
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from tests.dbt.test_rules import RENAMED, T1, T2
from tests.variants import broken, judge

CASES = ROOT / "tests" / "unit" / "ledgers" / "cases"
Rows = list[dict[str, Any]]


def reconciled(folder: Path, *years: Year) -> list[Rows]:
    """The reconciliation rows of each year, all judged by one build."""
    tables = []
    for i, year in enumerate(years):
        rules = read_rules(ROOT / "expectations" / "rules")
        moved = [dataclasses.replace(cell, fiscal_year=2024 + 10 * i) for cell in year.cells]
        (ledger,) = year.ledgers.values()
        year = Year(
            2024 + 10 * i, year.sources, {ledger.contract.ledger: dataclasses.replace(ledger, cells=tuple(moved))}
        )
        tables.append(raw_tables(year, compile_rules(rules, year.contracts, year.year, cells=year.cells), []))
    build = Build(2024, folder)
    land(build.warehouse, *tables)
    compiled.build(build.warehouse, ["reconciliation"], tests=False)
    found = build.rows("from reconciliation")
    return [[row for row in found if row["fiscal_year"] == 2024 + 10 * i] for i in range(len(years))]


def case(name: str, **printed: str) -> Year:
    """A case; ``printed``: row key and measure, joined by two underscores -> another value, in 万元."""
    year = read_paths([CASES / name], 2024, read_contracts(ROOT / "raw" / "contracts"))
    (ledger,) = year.ledgers.values()
    cells = [
        dataclasses.replace(cell, value=Decimal(printed[place]) * 10**6)
        if (place := f"{cell.row_key}__{cell.measure}") in printed
        else cell
        for cell in ledger.cells
    ]
    return dataclasses.replace(year, ledgers={ledger.contract.ledger: dataclasses.replace(ledger, cells=tuple(cells))})


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Rows]:
    return reconciled(
        tmp_path_factory.mktemp("kinds"),
        case("subtotal-row"),
        case("subtotal-row", subtotal_1__carryover="1.3", subtotal_1__total_budget="297.05"),
        case("of-which-row"),
        case("of-which-row", **{"丙学校·其中：丙学校附属园__final_expenditure": "53"}),
        case("missing-total"),
    )


def test_a_table_with_a_right_subtotal_holds(judged: list[Rows]) -> None:
    assert broken(judged[0]) == set()
    assert {row["instance"] for row in judged[0] if row["rule_id"] == "subtotal_rows"} == {
        f"{T1}/subtotal_1/{measure}"
        for measure in ("carryover", "initial_budget", "adjustment", "total_budget", "final_expenditure", "balance")
    }


def test_a_wrong_subtotal_is_told_with_its_rows(judged: list[Rows]) -> None:
    rows = [row for row in judged[1] if row["rule_id"] == "subtotal_rows" and row["status"] == "inconsistent"]
    assert [row["statement"] for row in sorted(rows, key=lambda row: row["instance"])] == [
        "表1 小计（第1个）：上年结转 1.30 万元，所含各行上年结转之和 1.20 万元，相差 0.10 万元，"
        "四舍五入只能解释 0.015 万元",
        "表1 小计（第1个）：全年预算 297.05 万元，所含各行全年预算之和 296.95 万元，相差 0.10 万元，"
        "四舍五入只能解释 0.015 万元",
    ]


def test_an_of_which_row_enters_no_total_and_is_at_most_its_row(judged: list[Rows]) -> None:
    assert broken(judged[2]) == set()
    assert "of_which_within_row" not in broken(judged[2], "warning")
    assert "of_which_within_row" in broken(judged[3], "warning")


def test_a_total_that_is_not_there_is_told_with_ledger_and_row(judged: list[Rows]) -> None:
    missing = [row["statement"] for row in judged[4] if row["status"] == "missing" and row["severity"] == "error"]
    assert "表1 合计：缺上年结转" in missing
    assert len(missing) == 6


def test_two_names_of_one_unit_are_told_row_by_row(tmp_path: Path) -> None:
    rows = [row for row in judge(tmp_path, [RENAMED])[0] if row["rule_id"] == "units_in_both_tables"]
    assert sorted(row["statement"] for row in rows if row["status"] == "missing") == [
        "表1 省武装学校：缺表1的同名行",
        "表1 第7行 湖南省人民武装学校：缺表2的同名行",
    ]
    assert {row["statement"].split("：")[1] for row in rows if row["status"] == "consistent"} == {"两表都列有此行"}
    assert {row["left_value"] for row in rows} == {None}, T2
