"""A draft as a whole: the tables of 2024 without their contracts, and tables made for it."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
import yaml

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT
from orchestration.drafting.draft import Draft, draft_paths
from orchestration.drafting.page import page
from orchestration.drafting.tables import find_tables
from orchestration.drafting.writing import as_json, write_draft
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_paths
from orchestration.ledgers.spreadsheet import Grid
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from tests.unit.drafting.made import fen, grouped, write_csv

LEDGERS = (
    "unit_basic_expenditure", "unit_project_expenditure", "project_expenditure", "category_expenditure",
    "department_summary", "fund_balance", "fund_statement",
)  # fmt: skip


@pytest.fixture(scope="module")
def year() -> Draft:
    paths = [ROOT / "raw" / "2024" / "hunan_hrss" / f"{name}.csv" for name in LEDGERS]
    return draft_paths(paths, read_contracts(ROOT / "raw" / "contracts"))


def test_a_sum_that_some_rows_leave_blank_is_asked_for_where_it_is_printed(tmp_path: Path) -> None:
    """Receipts of earlier years bear no estimate, and adjustments that are nothing are left blank."""
    draw = random.Random(97)
    rows = [["项目", "现金", "应计", "估计数"]]
    for n in range(9):
        cash, accrued = draw.randrange(10_000, 900_000), draw.choice([0, draw.randrange(1_000, 90_000)])
        rows.append([f"收入{n}", str(cash), str(accrued or ""), "" if n == 6 else str(cash + accrued)])
    draft = draft_paths([write_csv(tmp_path / "现金流.csv", rows)], {})
    (rule,) = draft.rules
    assert (rule.when_printed, rule.severity, draft.breaks) == ("left", "error", [])
    contract = yaml.safe_load((write_draft(draft, tmp_path / "draft")[0]).read_text(encoding="utf-8"))
    assert [each.get("blank") for each in contract["measures"]] == [None, None, "not_printed"]
    assert contract["blank"] == "zero"


def test_a_note_below_the_table_that_no_reader_knows_is_left_out(tmp_path: Path) -> None:
    draw = random.Random(101)
    rows = [["部门", "一般", "其他", "合计"]]
    for n in range(6):
        one, two = draw.randrange(100, 9_000), draw.randrange(100, 9_000)
        rows.append([f"部门{n}", str(one), str(two), str(one + two)])
    file = write_csv(tmp_path / "编制.csv", [*rows, ["(2) 新设部门，原属估价委员会", "", "", ""]])
    draft = draft_paths([file], {})
    folder = tmp_path / "draft"
    write_draft(draft, folder)
    read = read_paths([file], 2024, read_contracts(folder / "contracts"))
    assert len(read.cells) == 18


def test_the_two_errors_of_2024_come_out_and_nothing_else(year: Draft) -> None:
    assert [
        (Path(each.file).stem, each.cell, each.found, each.expected.partition("（")[0]) for each in year.breaks
    ] == [
        ("project_expenditure", "F20", "929.20", "929.69"),
        ("project_expenditure", "E41", "4,512.02", "4,512.50"),
    ]


def test_the_relations_of_the_house_rules_are_found(year: Draft) -> None:
    """What expectations/rules says of these tables, in the draft's words; what follows from others is left out."""
    checks = {rule.check for rule in year.rules}
    for ledger, row in (
        ("unit_basic_expenditure", "{unit_name}"), ("unit_project_expenditure", "{unit_name}"),
        ("project_expenditure", "{project_no}"), ("category_expenditure", "{category}"),
        ("department_summary", "{expenditure_kind}"),
    ):  # fmt: skip
        at = f"draft_{ledger}/{row}"
        assert f"{at}/total_budget = {at}/carryover + {at}/initial_budget + {at}/adjustment" in checks
    for ledger in LEDGERS[:3]:
        assert f"draft_{ledger}/total/{{measure}} = sum(draft_{ledger}/*/{{measure}})" in checks
    fund = "draft_fund_statement/{fund}:{side}"
    assert f"{fund}:total/{{measure}} = sum({fund}:*/{{measure}})" in checks
    for part in (
        "draft_fund_balance/{fund}/opening + draft_fund_balance/{fund}/surplus",
        "draft_fund_balance/{row}/surplus + draft_fund_statement/{row}:支出:total/actual",
        "draft_department_summary/{expenditure_kind}/total_budget / draft_department_summary/total/total_budget",
        "/final_expenditure / draft_category_expenditure/{category}/total_budget",
        "draft_unit_basic_expenditure/total/{measure}",
        "sum(draft_category_expenditure/*/{measure})",
    ):
        assert any(part in check for check in checks), part


def test_what_is_written_is_read_again_as_contracts_and_rules(year: Draft, tmp_path: Path) -> None:
    write_draft(year, tmp_path)
    contracts = read_contracts(tmp_path / "contracts")
    assert len(contracts) == len(LEDGERS)
    paths = [ROOT / "raw" / "2024" / "hunan_hrss" / f"{name}.csv" for name in LEDGERS]
    ledgers = read_paths(paths, 2024, contracts)
    book = compile_rules(read_rules(tmp_path / "rules"), ledgers.contracts, 2024)
    assert not book.skipped and len(book.rules) == len(year.rules)
    text = (tmp_path / "rules" / "draft.yml").read_text(encoding="utf-8")
    assert "38 处中 37 处成立；不成立：project_expenditure.csv!F20（列示 929.20，应为 929.69" in text
    assert yaml.safe_load((tmp_path / "sources.yml").read_text(encoding="utf-8"))["files"]


def test_a_word_that_is_taken_for_zero_is_told(year: Draft) -> None:
    assert 'zero_words: ["未支出"]' in "\n".join(
        line for table in year.tables if table.name == "draft_fund_statement" for line in _contract(year, table.name)
    )


def _contract(draft: Draft, name: str) -> list[str]:
    from orchestration.drafting.writing import contract_lines

    return list(contract_lines(draft, next(table for table in draft.tables if table.name == name)))


def test_the_page_shows_what_breaks_and_loads_nothing(year: Draft) -> None:
    html = page(year)
    assert 'class="broken"' in html and "929.69" in html
    assert "http" not in html and "<script" not in html
    assert as_json(year)["breaks"][0]["cell"] == "F20"


def test_a_name_is_never_markup(tmp_path: Path) -> None:
    rows, _ = grouped(20, 2)
    rows[3][2] = "<b>项目</b>"
    assert "&lt;b&gt;" in page(draft_paths([write_csv(tmp_path / "t.csv", rows)], {}))


def test_every_planted_slip_is_found_and_nothing_else(tmp_path: Path) -> None:
    """Two hundred slips among 38,500 amounts of 5,000 details and 500 totals, within ten seconds of processor time."""
    rows, places = grouped(5_000, 500)
    clean = draft_paths([write_csv(tmp_path / "clean.csv", rows)], {})
    assert clean.breaks == [] and len(clean.rules) == 3
    assert [len(key.columns) for key in clean.tables[0].keys] == [2, 1, 1]
    draw = random.Random(7)
    groups: set[tuple[tuple[str, ...], int]] = set()
    planted: set[tuple[int, int]] = set()
    while len(planted) < 200:
        r, c = draw.choice(places)
        if (tuple(rows[r][:3]), c) not in groups:  # two slips in one sum might hide each other
            groups.add((tuple(rows[r][:3]), c))
            planted.add((r, c))
            rows[r][c] = fen(int(rows[r][c].replace(",", "").replace(".", "")) + draw.randrange(1, 10**6))
    before = time.process_time()
    dirty = draft_paths([write_csv(tmp_path / "dirty.csv", rows)], {})
    assert time.process_time() - before < 10
    total = {tuple(rows[r][:3]): f"{r + 1}" for r in range(2, len(rows)) if rows[r][3] == "合计"}
    broken = {each.cell for each in dirty.breaks if each.rule.endswith("_total")}
    assert broken == {f"{'ABCDEFGHIJK'[c]}{total[unit]}" for unit, c in groups}


def test_two_tables_of_a_sheet_are_told_apart() -> None:
    rows = [
        ["表一 收入"], ["单位：万元"], ["项目", "预算", "决算"], ["税收", "1.00", "2.00"], ["其他", "3.00", "4.00"], [],
        ["表二 支出"], ["单位：元"], ["科目", "金额"], ["工资", "5.00"], ["差旅", "6.00"], ["注：不含上级补助"],
    ]  # fmt: skip
    one, two = find_tables(Grid("a.xlsx", "表", rows), "a", {})
    assert (one.title, one.unit, one.rows, one.header) == ("表一 收入", "万元", (3, 4), (2, 2))
    assert (two.title, two.unit, two.rows, two.notes) == ("表二 支出", "元", (9, 10), (11,))


def test_a_group_stands_above_its_columns() -> None:
    rows = [["单位", "预算", "预算", "决算"], ["单位", "上年", "本年", "决算"], ["甲", "1.0", "2.0", "3.0"]]
    (table,) = find_tables(Grid("a.csv", "", rows), "a", {})
    assert [column.header for column in table.columns] == ["单位", "预算/上年", "预算/本年", "决算"]
    assert table.header == (0, 1)


def test_rows_that_nothing_tells_apart_are_left_to_a_person(tmp_path: Path) -> None:
    rows = [["预算", "金额"], ["1.00", "1.00"], ["1.00", "2.00"]]
    found = draft_paths([write_csv(tmp_path / "t.csv", rows)], {})
    assert found.rules == () and "行键待定" in found.undecided[0]


def test_long_work_says_how_far_it_is(tmp_path: Path) -> None:
    rows, _ = grouped(20, 2)
    seen: list[tuple[str, int]] = []

    class Follower:
        def step(self, name: str, total: int) -> None:
            seen.append((name, total))

        def advance(self, what: str) -> None:
            seen.append((what, -1))

    draft_paths([write_csv(tmp_path / f"{name}.csv", rows) for name in ("a", "b")], {}, watcher=Follower())
    assert seen == [("读表", 0), ("找表内关系", 6), *[("a", -1)] * 3, *[("b", -1)] * 3, ("找表间关系", 0)]


def test_a_file_without_a_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有找到表格"):
        draft_paths([write_csv(tmp_path / "t.csv", [["说明"], ["没有数"]])], {})
