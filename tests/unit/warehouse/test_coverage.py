"""What no rule looked at, and what is odd beside last year: the queries, each seen to find something."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.coverage import COVERAGE, JUDGED

SCHEMA = """
    create schema raw;
    create table cell (department text as ('hrss'), fiscal_year int, address text, ledger text, ledger_label text,
                       row_key text, row_label text, measure text, header text, text text, unit text,
                       value decimal(28, 9), cell text);
    create table rule_term (address text);
    create table reconciliation (department text as ('hrss'), fiscal_year int, rule_id text, instance text);
    create table raw.cell (department text as ('hrss'), ledger text, row_key text, measure text, text text,
                           value decimal(28, 9));
    create table raw.prior_cell (department text as ('hrss'), ledger text, row_key text, row_label text, measure text,
                                 text text, address text);
    create table raw.prior_judged (department text as ('hrss'), fiscal_year int, rule_id text, title text,
                                   instances bigint);
    create table raw.ledger (department text as ('hrss'), ledger text, short text);
    create table raw.entry_ledger (department text as ('hrss'), ledger text);
    insert into raw.ledger values ('t', '表甲'), ('d', '日期');
    insert into reconciliation values (2025, 'sum', 'a');
"""


@pytest.fixture
def build(tmp_path: Path) -> Any:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute(SCHEMA)
        yield connection


def cell(
    connection: Any, ledger: str, row: str, text: str, value: object, *, bound: bool = True, unit: str = "count"
) -> None:
    address = f"2025/{ledger}/{row}/n"
    label = {"t": "表甲", "d": "日期"}[ledger]
    connection.execute(
        "insert into cell values (2025, ?, ?, ?, ?, ?, 'n', '数', ?, ?, ?, 'B2')",
        [address, ledger, label, row, row, text, unit, value],
    )
    connection.execute("insert into raw.cell values (?, ?, 'n', ?, ?)", [ledger, row, text, value])
    if bound:
        connection.execute("insert into rule_term values (?)", [address])


def before(connection: Any, ledger: str, row: str, text: str) -> None:
    connection.execute("insert into raw.prior_cell values (?, ?, ?, 'n', ?, 'a')", [ledger, row, row, text])


def told(connection: Any) -> list[tuple[str, str, int]]:
    return [row[1:4] for row in connection.execute(COVERAGE).fetchall()]


def test_nothing_is_told_of_a_year_whose_every_figure_is_bound(build: Any) -> None:
    cell(build, "t", "甲", "1", 1)
    assert told(build) == []
    assert build.execute(JUDGED).fetchall() == [(2025, 1, 1)]


def test_figures_without_a_rule_are_counted_by_ledger_and_named(build: Any) -> None:
    for n, row in enumerate(["甲", "乙", "丙", "丁"]):
        cell(build, "t", row, str(n), n, bound=row == "甲")
    assert told(build) == [("unchecked", "表甲", 3)]
    ((statement,),) = build.execute(f"select statement from ({COVERAGE})").fetchall()
    assert statement == "表甲：3 个数没有一条规则核对，如 丁 数、丙 数、乙 数"


def test_a_rule_judged_last_year_and_not_now_is_told_and_counted(build: Any) -> None:
    cell(build, "t", "甲", "1", 1)
    build.execute("insert into raw.prior_judged values (2024, 'sum', '合计', 5), (2024, 'restated', '复述', 19)")
    assert told(build) == [("rule_gone", "restated", 19)]
    assert build.execute(JUDGED).fetchall() == [(2025, 1, 1), (2024, 2, 24)]


def test_rows_and_ledgers_that_last_year_had_are_told(build: Any) -> None:
    cell(build, "t", "甲", "1", 1)
    before(build, "t", "甲", "2")
    before(build, "t", "失业保险", "3")
    before(build, "gone", "乙", "3")
    assert told(build) == [("row_gone", "gone", 0), ("row_gone", "表甲", 1)]


def test_a_ledger_that_prints_last_years_figures_is_told(build: Any) -> None:
    for row in ("甲", "乙"):
        cell(build, "t", row, "7", 7)
        before(build, "t", row, "7")
    assert told(build) == [("same_as_last_year", "表甲", 2)]
    build.execute("update raw.cell set text = '8' where row_key = '乙'")
    assert told(build) == []


def test_a_date_of_another_year_is_told_with_its_cell(build: Any) -> None:
    for row, day in (("截止", date(2024, 12, 31)), ("署名", date(2026, 4, 18)), ("末日", date(2025, 12, 31))):
        cell(build, "d", row, str(day), (day - date(1970, 1, 1)).days, unit="date")
    assert told(build) == [("other_year", "日期", 1)]
    ((statement,),) = build.execute(f"select statement from ({COVERAGE})").fetchall()
    assert "截止 数 2024-12-31（B2）" in statement
