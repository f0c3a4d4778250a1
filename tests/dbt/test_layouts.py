"""Six layouts of public forms, brought in by contracts and rules alone: clean as they stand, and one slip planted in
each of their ledgers is found at its cell, among a thousand rows too (among 5,000: ``tests/bench_figures.py``).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.money import parse_figure
from orchestration.ledgers.reader import Year, read_year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import rules_beside
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.suspects import write_suspects
from tests.layouts import SLIPS, YEAR, write_year

SLIPPED = YEAR + 10
GROUPS, MORE = 40, 140  # of the clean year and of the one with slips, each of 10 rows
Found = tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Cell]]


def slipped(year: Year) -> tuple[Year, dict[str, Cell]]:
    """The year with one figure of each ledger changed, under a number of its own; and the cells as they should be."""
    planted: dict[str, Cell] = {}
    ledgers = {}
    for name, ledger in year.ledgers.items():
        row, measure, text = SLIPS[name]
        cells = []
        for cell in ledger.cells:
            if (cell.row_key, cell.measure) == (row, measure):
                planted[name] = cell
                kind = ledger.contract.measure(measure)
                assert kind is not None and cell.value is not None
                figure = parse_figure(text, kind.kind, kind.unit or cell.printed_unit)
                cell = dataclasses.replace(cell, text=text, value=figure.value)
            cells.append(dataclasses.replace(cell, fiscal_year=SLIPPED))
        ledgers[name] = dataclasses.replace(ledger, cells=tuple(cells))
    return dataclasses.replace(year, year=SLIPPED, ledgers=ledgers), planted


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The reconciliation of both years, the suspects of the slipped one, and what was planted."""
    folder = tmp_path_factory.mktemp("layouts")
    write_year(folder / "2024", groups=GROUPS)
    write_year(folder / "more", groups=MORE)
    contracts = read_contracts(folder / "2024" / "contracts")
    year = read_year(folder / "2024", YEAR, contracts)
    wrong, planted = slipped(read_year(folder / "more", YEAR, contracts))
    rules = rules_beside(ROOT / "expectations" / "rules", folder / "2024" / "rules")
    tables = [
        raw_tables(each, compile_rules(rules, each.contracts, each.year, cells=each.cells), [])
        for each in (year, wrong)
    ]
    build = Build(SLIPPED, folder / "build")
    land(build.warehouse, *tables)
    compiled.build(build.warehouse, ["reconciliation"], tests=False)
    write_suspects(build)
    return build.rows("from reconciliation"), build.rows("from suspect_cell where rank = 1"), planted


def test_every_layout_is_clean_and_wholly_judged(judged: Found) -> None:
    rows = [row for row in judged[0] if row["fiscal_year"] == YEAR]
    broken = [row["statement"] for row in rows if row["status"] in ("inconsistent", "missing")]
    assert broken == ["2023 年度没有已发布的版本，跨年规则未核对"]
    count = Counter(row["rule_id"] for row in rows)
    assert count["programme_total"] == GROUPS * 7
    assert count["programme_modified"] == GROUPS * 11
    assert count["subtotal_rows"] == 3 * 7 + 3 * 3 + 5 * 4  # 款 and 类 of two forms, groups of the fund form
    undefined = {row["instance"] for row in rows if row["status"] == "undefined"}
    assert undefined == {"3.财政补贴收入", "（二）上级补助收入", "（三）下级上解收入"}


def test_no_rule_is_broken_but_those_of_the_slips(judged: Found) -> None:
    rows = [row for row in judged[0] if row["fiscal_year"] == SLIPPED and row["status"] == "inconsistent"]
    assert Counter(row["rule_id"] for row in rows) == {
        "subtotal_rows": 3, "expenditure_parts": 2, "expenditure_total": 2, "three_public_cars": 1, "fund_progress": 1,
        "fund_growth": 1, "programme_total": 1, "programme_modified": 1, "rate_parts": 1, "rate_total": 1,
        "card_total": 3, "card_funds_balance": 1, "card_funds_total": 1, "card_share": 3,
    }  # fmt: skip


@pytest.mark.parametrize("ledger", SLIPS)
def test_a_slip_in_each_layout_is_found_at_its_cell(judged: Found, ledger: str) -> None:
    rows, suspects, planted = judged
    right = planted[ledger]
    broken = {row["rule_id"] for row in rows if row["fiscal_year"] == SLIPPED and row["status"] == "inconsistent"}
    assert broken
    found = [row for row in suspects if row["ledger"] == ledger]
    assert [row["address"] for row in found] == [right.address.replace(str(YEAR), str(SLIPPED), 1)]
    (suspect,) = found
    value = right.value / 100 if right.unit == "yuan" and right.value is not None else right.value
    assert suspect["implied_low_yuan"] <= value <= suspect["implied_high_yuan"]


def test_a_sheet_of_four_blocks_and_a_merged_header_keep_their_cells(judged: Found, tmp_path: Path) -> None:
    planted = judged[2]
    assert {name: planted[name].cell for name in ("card_revenue", "card_nature", "card_purpose", "card_funds")} == {
        "card_revenue": "B5", "card_nature": "F5", "card_purpose": "B14", "card_funds": "D21",
    }  # fmt: skip
    assert (planted["three_public"].sheet, planted["three_public"].cell) == ("公开07表", "K8")
