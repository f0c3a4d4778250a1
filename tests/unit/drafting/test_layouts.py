"""Tables that are not plain: what a draft says of them is what the reader reads by it, row by row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.drafting.draft import Draft, draft_paths
from orchestration.drafting.new_year import new_year
from orchestration.drafting.rule import joined
from orchestration.drafting.writing import contract_lines, write_draft
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_paths, read_year
from orchestration.ledgers.row_kinds import kind_said
from orchestration.ledgers.sources import CHECKS, read_sources
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from tests.second_year import fill
from tests.unit.drafting.made import fen, grouped, write_csv


def drafted(tmp_path: Path, rows: Sequence[Sequence[str]], name: str = "表.csv") -> Draft:
    """The draft of a table, after the reader has read each row by it as the draft did, and compiled its rules."""
    path = write_csv(tmp_path / name, rows)
    return as_read(tmp_path, draft_paths([path], {}), path)


def as_read(tmp_path: Path, draft: Draft, path: Path) -> Draft:
    write_draft(draft, tmp_path / "draft")
    contracts = read_contracts(tmp_path / "draft" / "contracts")
    ledgers = read_paths([path], 2024, contracts)
    for table in draft.tables:
        read = {cell.row_key: cell.row_kind for cell in ledgers.ledgers[table.name].cells}
        printed = [r for r in table.rows if any(table.text(r, column) for column in table.measures)]
        assert read == {joined(table.key(r)): table.kind(r) for r in printed}
    book = compile_rules(read_rules(tmp_path / "draft" / "rules"), ledgers.contracts, 2024, cells=ledgers.cells)
    assert not book.skipped and len(book.rules) == len(draft.rules)
    return draft


#: A table whose header holds what the next one on its sheet begins with.
SPENDING = [
    ["表一 部门支出"], ["项目", "预算数", "决算数"], ["甲项目", "100.00", "90.00"], ["乙项目", "210.00", "180.00"],
]  # fmt: skip


def text(draft: Draft) -> str:
    return "\n".join(line for table in draft.tables for line in contract_lines(draft, table))


def amounts(draw: random.Random, count: int) -> list[int]:
    return [draw.randrange(10_000, 90_000_000) for _ in range(count)]


def added(*rows: Sequence[int]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def test_a_key_of_four_parts_is_joined_to_three(tmp_path: Path) -> None:
    rows, _ = grouped(250, 125)
    draft = drafted(tmp_path, rows)
    assert 'columns: ["地区", "单位"]' in text(draft)
    (total,) = [rule for rule in draft.rules if rule.id.endswith("_total")]
    assert (total.kept, total.breaks) == (125 * 7, ())


def test_the_total_of_all_groups_is_the_sum_of_all_rows(tmp_path: Path) -> None:
    rows, _ = grouped(40, 8)
    totals = [[int(text.replace(",", "").replace(".", "")) for text in row[4:]] for row in rows[2:] if row[3] == "合计"]
    whole = added(*totals)
    draft = drafted(tmp_path, [*rows, ["总计", "", "", "", *map(fen, whole)]])
    kept = {rule.title: (rule.kept, rule.breaks) for rule in draft.rules if rule.title.startswith("合计＝")}
    assert kept == {"合计＝各行之和": (8 * 7, ()), "合计＝全部各行之和": (7, ())}


def test_a_blank_that_repeats_the_name_above_is_carried(tmp_path: Path) -> None:
    draw = random.Random(3)
    rows = [["单位", "车辆类别", "燃油费", "维修费"]]
    for unit in ("厅机关", "考试院"):
        parts = [amounts(draw, 2) for _ in range(3)]
        rows += [[unit if n == 0 else "", kind, *map(fen, parts[n])] for n, kind in enumerate(("轿车", "客车", "货车"))]
        rows.append(["", "合计", *map(fen, added(*parts))])
    draft = drafted(tmp_path, rows)
    assert "blank_key: carry" in text(draft)
    assert [(rule.kept, rule.breaks) for rule in draft.rules if rule.id.endswith("_total")] == [(4, ())]


def test_subtotals_beside_a_total_are_the_sums_of_the_rows_above_them(tmp_path: Path) -> None:
    draw = random.Random(5)
    rows = [["项目", "预算", "决算"]]
    parts: list[list[int]] = []
    every: list[list[int]] = []
    for n in range(9):
        parts.append(amounts(draw, 2))
        rows.append([f"项目{n}", *map(fen, parts[-1])])
        if n % 3 == 2:
            rows.append(["小计", *map(fen, added(*parts))])
            every, parts = [*every, *parts], []
    draft = drafted(tmp_path, [*rows, ["合计", *map(fen, added(*every))]])
    assert {rule.title: (rule.kept, rule.breaks) for rule in draft.rules} == {
        "小计、汇总行＝所含各行之和": (6, ()), "合计＝各行之和": (2, ()),
    }  # fmt: skip


CODES = "205 20502 2050201 2050202 20503 2050301 2050302 208 20805 2080501 2080502"
NUMBERED = "一、教育 （一）普通教育 1.学前 2.小学 （二）职业教育 1.中专 2.技校 二、社保 （一）行政 1.机关 2.离退休"
SET_IN = "教育 >普通教育 >>学前 >>小学 >职业教育 >>中专 >>技校 社保 >行政 >>机关 >>离退休"
LEVELS = {"prefixes: [3, 5, 7]": CODES, "by: numbering": NUMBERED, "by: indent": SET_IN.replace(">", "\u3000")}


@pytest.mark.parametrize("how", LEVELS)
def test_levels_that_names_tell_and_figures_keep_are_a_hierarchy(tmp_path: Path, how: str) -> None:
    draw = random.Random(7)
    names = LEVELS[how].split(" ")
    figures = {n: amounts(draw, 3) for n in (2, 3, 5, 6, 9, 10)}
    figures |= {1: added(figures[2], figures[3]), 4: added(figures[5], figures[6]), 8: added(figures[9], figures[10])}
    figures |= {0: added(figures[1], figures[4]), 7: figures[8]}
    rows = [["科目", "预算", "调整", "决算"], *([name, *map(fen, figures[n])] for n, name in enumerate(names))]
    rows.append(["合计", *map(fen, added(figures[0], figures[7]))])
    draft = drafted(tmp_path, rows)
    assert how in text(draft)
    (levels,) = [rule for rule in draft.rules if "children(" in rule.check]
    assert (levels.kept, levels.breaks) == (15, ())
    rows[2][1] = fen(figures[1][0] + 1)
    broken = drafted(tmp_path, rows, "错.csv").breaks
    assert {each.cell for each in broken} == {"B2", "B3"}  # it and the level above it


def test_names_that_only_look_like_levels_are_none(tmp_path: Path) -> None:
    draw = random.Random(9)
    rows = [
        ["编码", "预算", "决算"],
        *([code, *map(fen, amounts(draw, 2))] for code in ("101", "10101", "102", "10201")),
    ]
    assert "hierarchy" not in text(drafted(tmp_path, rows))


def test_a_header_of_three_rows_is_read_by_its_paths(tmp_path: Path) -> None:
    draw = random.Random(11)
    rows = [
        ["部门：示例厅", "", "", "", "", "金额单位：万元"],
        ["单位", "年初预算", "", "", "决算", ""],
        ["", "合计", "其中", "", "合计", "其中"],
        ["", "", "出国费", "车辆费", "", "出国费"],
        ["栏次", "1", "2", "3", "4", "5"],
    ]
    for n in range(5):
        a, b, c, d = amounts(draw, 4)
        rows.append([f"单位{n}", fen(a + b), fen(a), fen(b), fen(c + d), fen(c)])
    draft = drafted(tmp_path, rows)
    (table,) = draft.tables
    assert "header: {rows: 3}" in text(draft) and table.unit == "万元" and len(table.rows) == 5
    assert [c.header for c in table.measures][:3] == ["年初预算/合计", "年初预算/其中/出国费", "年初预算/其中/车辆费"]


def test_two_tables_of_a_sheet_are_parts_of_it(tmp_path: Path) -> None:
    draw = random.Random(13)
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["部门收支"])
    for title in ("表一 收入", "表二 支出"):
        parts = [amounts(draw, 2) for _ in range(4)]
        page.append([title])
        page.append(["项目", "预算数", "决算数"])
        for n, part in enumerate(parts):
            page.append([f"{title}{n}", *(value / 100 for value in part)])
        page.append(["合计", *(value / 100 for value in added(*parts))])
        page.append([])
    book.save(tmp_path / "收支.xlsx")
    draft = as_read(tmp_path, draft_paths([tmp_path / "收支.xlsx"], {}), tmp_path / "收支.xlsx")
    assert [(table.region.begin, table.region.until) for table in draft.tables if table.region] == [
        (("部门收支",), ("表二支出",)), (("表二支出",), ()),
    ]  # fmt: skip
    assert all(rule.breaks == () and rule.kept == 2 for rule in draft.rules if "sum(" in rule.check)


def test_a_table_without_a_title_begins_with_a_text_of_its_own(tmp_path: Path) -> None:
    """The second table's header begins as the first one's does, which cut the first at its own header."""
    draft = drafted(tmp_path, [*SPENDING, [], ["项目", "人数", "次数"], ["丙项目", "11", "23"], ["丁项目", "12", "24"]])
    regions = [line for table in draft.tables for line in contract_lines(draft, table) if line.startswith("region")]
    assert regions == ['region: {from: "表一部门支出", until: "人数"}', 'region: {from: "人数", whole_rows: true}']


def test_tables_that_no_text_parts_are_not_cut(tmp_path: Path) -> None:
    rows = [*SPENDING, [], ["项目", "决算数"], ["丙项目", "11"], ["丁项目", "12"]]
    draft = draft_paths([write_csv(tmp_path / "表.csv", rows)], {})
    assert [table.region for table in draft.tables] == [None, None]
    assert [line for line in draft.undecided if "region" in line] == [
        f"{table.name}：同一张表上有几个表，“项目”不止一处，region 待定" for table in draft.tables
    ]


def test_names_without_a_header_stand_left_of_the_figures(tmp_path: Path) -> None:
    draw = random.Random(15)
    rows = [["", "2022", "2023"], *([f"地区{n}", *map(fen, amounts(draw, 2))] for n in range(4))]
    assert "left_of: figures" in text(drafted(tmp_path, rows))


def test_a_header_that_stands_twice_is_told_by_its_number(tmp_path: Path) -> None:
    draw = random.Random(17)
    rows = [["项目", "金额", "说明", "金额"], *([f"项{n}", fen(a), f"甲{n}", fen(b)] for n, (a, b) in enumerate(
        amounts(draw, 2) for _ in range(3)))]  # fmt: skip
    assert '"金额#2"' in text(drafted(tmp_path, rows))


def test_rows_that_nothing_tells_apart_are_numbered_among_their_namesakes(tmp_path: Path) -> None:
    draw = random.Random(19)
    rows = [["계정명", "202312", "202412"]]
    for name in ("매출", "기타(*)", "비용", "기타(*)", "광고비"):
        rows.append([name, *([""] * 2 if name == "광고비" else map(fen, amounts(draw, 2)))])
    rows.append(
        ["수익", *map(fen, added(*([round(float(x.replace(",", "")) * 100) for x in row[1:]] for row in rows[1:5])))]
    )
    draft = drafted(tmp_path, rows)
    assert "{name: line, number: rows}" in text(draft) and "no_figures: read" in text(draft)
    assert [rule.title for rule in draft.rules] == ["수익＝매출＋기타(*)＋비용＋기타(*)"]


def test_years_name_rows_and_shares_are_fractions(tmp_path: Path) -> None:
    draw = random.Random(23)
    rows = [["year", "total", "men", "women", "share_women", "major_code", "eps"]]
    for year in range(2017, 2024):
        men, women = amounts(draw, 2)
        share = f"{women / (men + women):.6f}"
        rows.append([str(year), str(men + women), str(men), str(women), share, f"24{year % 100}", f"{men / 7:.12f}"])
    draft = drafted(tmp_path, rows)
    (table,) = draft.tables
    assert [key.header for key in table.keys] == ["year"]
    assert {c.header: (c.role, c.kind) for c in table.columns}["share_women"] == ("measure", "ratio")
    assert any("eps" in t or "读不了" in t for t in draft.undecided) and "others: ignore" in text(draft)
    assert {rule.title for rule in draft.rules} == {"total＝men＋women", "share_women＝women÷total"}


def test_whole_numbers_below_zero_are_rounded_amounts(tmp_path: Path) -> None:
    """64332 - 14313 is 50019, printed 50018: within what rounding to the unit allows, and no count of anything."""
    lines = ("项目 一年 二年 三年", "毛利 64332 -134711 -43225", "费用 14313 20156 20371", "利润 50018 -154867 -63596")
    rows = [line.split() for line in lines]
    draft = drafted(tmp_path, rows)
    assert [(rule.title, rule.breaks) for rule in draft.rules] == [("毛利＝费用＋利润", ())]


SAID = {"全厅合计": "total", "共计": "total", "小计": "subtotal", "Subtotal": "subtotal", "其中：车辆": "of_which",
        "合计科": "detail", "": "detail"}  # fmt: skip


@pytest.mark.parametrize("word", SAID)
def test_what_a_row_is_called_is_known_in_one_place(word: str) -> None:
    assert kind_said(word) == SAID[word]


def test_the_draft_of_what_new_year_makes_is_its_contract(tmp_path: Path) -> None:
    """In all that a sheet can show: keys, texts, measures with their kinds and units, the table's unit."""
    for name in ("contracts", "2024"):
        (tmp_path / name).symlink_to(ROOT / "raw" / name)
    contracts = read_contracts(tmp_path / "contracts")
    made = new_year(Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path), 2025, 2024)
    fill(made.folder, 2025, read_year(tmp_path / "2024" / "hunan_hrss", 2024, contracts))
    listed = {(source.file, source.sheet): source.ledger for source in read_sources(made.folder, 2025)[0].files}
    draft = draft_paths([made.folder / file for file in sorted({file for file, _ in listed})], contracts)
    tables = {listed[Path(table.grid.file).name, table.grid.sheet]: table for table in draft.tables
              if table.grid.sheet != CHECKS}  # fmt: skip
    assert tables.keys() == set(listed.values())
    for name, table in tables.items():
        contract = contracts[name]
        texts = [(column.name, column.header) for column in table.columns if column.role == "text"]
        assert [(key.name, key.header) for key in table.keys] == [(key.name, key.header) for key in contract.keys]
        assert texts == [(column.name, column.header) for column in contract.texts]
        shown = [(m.name, m.header, m.kind, m.unit) for m in table.measures]
        assert shown == [(m.name, m.header, m.kind, m.unit) for m in contract.measures]
        assert table.unit == contract.unit


def test_codes_are_levels_where_most_of_their_sums_hold(tmp_path: Path) -> None:
    """Codes that begin with each other say by themselves what is part of what: one slip of four does not hide it."""
    rows = ["编码,名称,决算数（万元）", "301,甲,857.33", "30101,子,512.11", "30102,丑,345.22", "302,乙,844.57",
            "30201,寅,534.52", "30202,卯,844.57", "303,丙,331.92", "30301,辰,100.45", "30302,巳,231.47",
            "310,丁,70.73", "31001,午,50.31", "31002,未,20.42"]  # fmt: skip
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    draft = draft_paths([tmp_path / "a.csv"], {})
    (levels,) = [rule for rule in draft.rules if "children(" in rule.check]
    assert [each.cell for each in levels.breaks] == ["C5"]
