"""What a rule can say beside sums of named rows: children of groups, filters, leaves, quoted names, 0 / 0."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Ledger, Year
from orchestration.ledgers.sources import Source, Sources
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.table import read_table
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables

CONTRACT = """
ledger: budget
title: 支出表
short: 支出
unit: 万元
hierarchy: {key: code, prefixes: [3, 5]}
keys: [{name: code, header: 编码}]
texts: [{name: kind, header: 性质}, {name: item, header: 名称}]
measures:
  - {name: planned, header: 预算数}
  - {name: paid, header: 决算数}
  - {name: rate, header: 完成率, kind: ratio, blank: not_printed}
label: "{code} {item}"
"""
ROWS = [
    ["编码", "性质", "名称", "预算数", "决算数", "完成率"],
    ["208", "", "社保", "9.00", "8.00", "88.89%"],
    ["20801", "项目支出（本级）", "管理", "5.00", "4.00", "80.00%"],
    ["20802", "基本支出", "养老", "4.00", "4.00", "100.00%"],
    ["210", "", "卫生", "0.00", "0.00", "100%"],
    ["21001", "项目支出(本级)", "医院", "0.00", "0.00", ""],
    ["小计 (含上年)", "", "", "9.00", "8.00", "88.89%"],
    ["合计", "", "", "9.00", "8.00", "88.89%"],
]
RULES = """
- {id: groups, title: 级次, check: "budget/{code}/planned = children(budget/{code}/planned)"}
- {id: leaves, title: 合计, for: {m: [planned, paid]}, check: "budget/total/{m} = sum(budget/*/{m})"}
- {id: rates, title: 完成率, check: "budget/{code}/rate = budget/{code}/paid / budget/{code}/planned",
   hint: {而级次相符: [groups]}}
- {id: picked, title: 项目支出, check: "budget/20801/planned = sum(budget/*/planned where 性质 = 项目支出（本级）)"}
- {id: spent, title: 有预算才有支出, check: "budget/{code}/paid > 0 where planned <> 0"}
- {id: quoted, title: 引号, check: 'budget/"小计 (含上年)"/paid = budget/total/paid'}
"""


def year(rows: list[list[str]], number: int) -> tuple[Year, list[Rule]]:
    contract = Contract.model_validate(yaml.safe_load(CONTRACT) | {"row_kinds": {"小计 (含上年)": "memo"}})
    rules = [Rule.model_validate(rule) for rule in yaml.safe_load(RULES)]
    table = read_table(Grid("账.csv", "", rows), contract.model_copy(update={"hierarchy": contract.hierarchy}), number)
    ledger = Ledger(contract, Source(file="账.csv", ledger="budget"), "", tuple(table.cells))
    return Year(number, Sources(year=number), {"budget": ledger}), rules


def edited(**texts: str) -> list[list[str]]:
    """The rows with other texts in some cells, by A1 name."""
    rows = [list(row) for row in ROWS]
    for place, text in texts.items():
        rows[int(place[1:]) - 1][ord(place[0]) - ord("A")] = text
    return rows


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
    """Each variant's reconciliation, by rule and instance: as it is, and with one slip each."""
    variants = {
        "clean": edited(), "group": edited(D2="9.10"), "leaf": edited(E3="4.10"), "zero": edited(E5="1.00"),
        "kind": edited(B4="项目支出（本级）"), "unspent": edited(E4="-"), "apart": edited(D2="9.10", E5="1.00"),
        "memo": edited(E7="7.00"),
    }  # fmt: skip
    tables = []
    for n, rows in enumerate(variants.values()):
        read, rules = year(rows, 2024 + 10 * n)
        tables.append(raw_tables(read, compile_rules(rules, read.contracts, read.year, cells=read.cells), []))
    build = Build(2024, tmp_path_factory.mktemp("terms"))
    land(build.warehouse, *tables)
    compiled.build(build.warehouse, ["reconciliation"], tests=False)
    found = build.rows("from reconciliation")
    return {
        name: {(r["rule_id"], r["instance"]): r for r in found if r["fiscal_year"] == 2024 + 10 * n}
        for n, name in enumerate(variants)
    }


def broken(rows: dict[tuple[str, str], dict[str, Any]]) -> set[tuple[str, str]]:
    return {name for name, row in rows.items() if row["status"] in ("inconsistent", "missing")}


def test_what_holds_raises_nothing(judged: dict[str, dict[tuple[str, str], dict[str, Any]]]) -> None:
    rows = judged["clean"]
    assert broken(rows) == set()
    assert {name: row["status"] for name, row in rows.items() if name[0] != "rates"} == dict.fromkeys(
        [
            ("groups", "208"), ("groups", "210"), ("leaves", "planned"), ("leaves", "paid"), ("picked", "all"),
            ("spent", "208"), ("spent", "20801"), ("spent", "20802"), ("spent", "total"),
            ("spent", "小计(含上年)"), ("quoted", "all"),
        ],
        "consistent",
    )  # fmt: skip


def test_nothing_of_nothing_is_undefined_whatever_is_printed(
    judged: dict[str, dict[tuple[str, str], dict[str, Any]]],
) -> None:
    rows = judged["clean"]
    assert rows["rates", "210"]["status"] == rows["rates", "21001"]["status"] == "undefined"
    assert rows["rates", "210"]["statement"] == (
        "支出 210 卫生：决算数÷预算数，分子、分母都为零，比率没有意义（完成率 列示为 100.00%）"
    )
    assert rows["rates", "21001"]["statement"] == "支出 21001：决算数÷预算数，分子、分母都为零，比率没有意义"


def test_something_of_nothing_is_not_undefined(judged: dict[str, dict[tuple[str, str], dict[str, Any]]]) -> None:
    assert judged["zero"]["rates", "210"]["status"] == "inconsistent"


@pytest.mark.parametrize(
    ("variant", "found"),
    [
        ("group", {("groups", "208")}),
        ("leaf", {("leaves", "paid"), ("rates", "20801")}),
        ("kind", {("picked", "all")}),
        ("unspent", {("spent", "20802"), ("leaves", "paid"), ("rates", "20802")}),
        ("memo", {("quoted", "all"), ("rates", "小计(含上年)")}),
    ],
)
def test_a_slip_breaks_the_rules_that_speak_of_it(
    judged: dict[str, dict[tuple[str, str], dict[str, Any]]], variant: str, found: set[tuple[str, str]]
) -> None:
    assert broken(judged[variant]) - {("rates", "208")} == found


def test_a_hint_looks_into_its_own_group(judged: dict[str, dict[tuple[str, str], dict[str, Any]]]) -> None:
    """What is broken in 208 keeps no hint of 210 back; where no group of that name is, any broken one does."""
    rows = judged["apart"]
    assert broken(rows) >= {("groups", "208"), ("rates", "208"), ("rates", "210")}
    assert "而级次相符" not in rows["rates", "208"]["statement"]
    assert "而级次相符" in rows["rates", "210"]["statement"]
    assert "而级次相符" in judged["leaf"]["rates", "20801"]["statement"]
