"""Tables that no contract knows become grids with places, in every layout; none of their figures gets lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import docx
import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.documents.drawn import drawn_tables
from orchestration.documents.lines import Document, DrawnTable, Place, TextLine, line_of_text
from orchestration.documents.lists import first_year
from orchestration.documents.loose import LooseTable, side_by_side, with_whole_codes
from orchestration.documents.loose_lines import loose_in_lines
from orchestration.documents.reader import read_document
from orchestration.drafting.documents import draft_document
from orchestration.warehouse.check import check_paths
from tests.unit.documents.test_documents import CONTRACTS, RULES

BUDGET = [
    ["科目编码", "科目名称", "合计", "基本支出", "项目支出"],
    ["207", "文化支出", "600.00", "370.00", "230.00"],
    ["20701", "文化", "500.00", "320.00", "180.00"],
    ["2070101", "行政运行", "210.40", "170.30", "40.10"],
    ["2070104", "图书馆", "289.60", "149.70", "139.90"],
    ["20702", "文物", "100.00", "50.00", "50.00"],
    ["2070204", "文物保护", "61.20", "31.10", "30.10"],
    ["2070205", "博物馆", "38.80", "18.90", "19.90"],
    ["合计", "", "600.00", "370.00", "230.00"],
]


def lines(text: str) -> list[TextLine]:
    return [line_of_text(line, Place(0, n)) for n, line in enumerate(text.strip().splitlines(), 1)]


def drawn(rows: list[list[str]], page: int = 0, left: int = 0, top: int = 0) -> DrawnTable:
    """A table as a PDF draws it: cells of 50 points."""
    places = [
        [Place(page, r, (left + 50 * c, top + r, left + 50 * c + 50, top + r + 1)) for c in range(len(row))]
        for r, row in enumerate(rows)
    ]
    return DrawnTable(rows, places)


def table_of(*blocks: TextLine | DrawnTable) -> list[list[str]]:
    _, (table,), _ = drawn_tables(Document("d", list(blocks)), CONTRACTS)
    return table.rows


@pytest.fixture
def report(tmp_path: Path) -> Path:
    document = docx.Document()
    document.add_paragraph("2031年度某局部门预算")
    document.add_paragraph("支出预算总表")
    document.add_paragraph("单位：万元")
    table = document.add_table(rows=0, cols=5)
    for row in BUDGET:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(tmp_path / "report.docx"))
    return tmp_path / "report.docx"


def test_an_unknown_table_is_read_by_its_draft_with_places(report: Path, tmp_path: Path) -> None:
    found = draft_document(read_document(report, CONTRACTS, RULES), CONTRACTS, tmp_path / "draft")
    (name,) = found.reading.drafted
    cells = {(cell.row_key, cell.text): cell.cell for cell in found.reading.year.ledgers[name].cells}
    assert cells["20701", "500.00"] == "第1张表 第3行第3格"
    assert {cell.value for cell in found.reading.year.cells} >= {Decimal(500_000_000), Decimal(600_000_000)}  # fen
    assert not found.reading.unplaced


def test_what_a_draft_finds_is_a_warning(report: Path, tmp_path: Path) -> None:
    found = draft_document(read_document(report, CONTRACTS, RULES), CONTRACTS, tmp_path / "draft")
    assert len(found.rules) >= 3  # 合计＝基本＋项目, 合计＝各行之和, 汇总行＝所含各行
    assert {rule.severity for rule in found.rules} == {"warning"}


def test_a_document_without_any_figure_is_refused_with_all_that_is_to_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text(
        "2031年度某局工作报告\n经费____万元已按规定使用，其他情况待补充。\n", encoding="utf-8"
    )
    with pytest.raises(InputError) as refused:
        check_paths(Settings.from_environment({}), [tmp_path / "none.txt"], tmp_path)
    assert refused.value.problems[0].found == "没有读出一个数"
    assert any("____" in problem.found for problem in refused.value.problems)


def test_a_table_that_could_not_be_drafted_is_told_where_nothing_else_is_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("2031年度某局部门预算")
    table = document.add_table(rows=0, cols=2)
    for row in (["1.00", "2.00"], ["3.00", "4.00"]):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(tmp_path / "bare.docx"))
    read = draft_document(
        read_document(tmp_path / "bare.docx", CONTRACTS, RULES), CONTRACTS, tmp_path / "draft"
    ).reading
    assert not read.year.ledgers
    assert [notice.found for notice in read.year.notices] == ["认不出表头和各栏的表"]
    assert len(read.unplaced) == 4


def test_two_tables_side_by_side_are_two() -> None:
    rows = [["收入", "", "支出", ""], ["项目", "决算数", "项目", "决算数"], ["拨款", "5.00", "教育", "3.00"]]
    parts = side_by_side(LooseTable("总表", rows, [[Place(0, 1)] * 4] * 3))
    assert [(part.title, part.rows[-1]) for part in parts] == [
        ("总表·收入", ["拨款", "5.00"]), ("总表·支出", ["教育", "3.00"]),
    ]  # fmt: skip


def test_parts_of_one_list_of_codes_stand_below_each_other() -> None:
    head = ["科目编码", "科目名称", "决算数"]
    rows = [
        head * 2,
        ["301", "工资福利支出", "5.00", "302", "商品和服务支出", "3.00"],
        ["30101", "基本工资", "5.00", "30201", "办公费", "3.00"],
        ["人员经费合计", "", "5.00", "公用经费合计", "", "3.00"],
    ]
    (table,) = side_by_side(LooseTable("表", rows, [[Place(0, n)] * 6 for n in range(4)]))
    assert [row[0] for row in table.rows] == ["科目编码", "301", "30101", "302", "30201"]
    assert [each.text for each in table.left] == ["5.00", "3.00"]  # sums of what no code says: told, not read


def test_codes_over_several_columns_are_one_code() -> None:
    rows = [
        ["编码", "", "", "名称", "合计"], ["类", "款", "项", "", ""],
        ["207", "", "", "文化支出", "8"], ["207", "01", "", "文化", "8"], ["207", "01", "09", "群众文化", "8"],
        ["合计", "", "", "", "8"],
    ]  # fmt: skip
    table = with_whole_codes(LooseTable("表", rows, [[Place(0, n)] * 5 for n in range(6)]))
    assert [row[0] for row in table.rows] == ["编码", "207", "20701", "2070109", "合计"]


def test_a_header_alone_above_a_page_break_is_that_of_the_rows_below() -> None:
    first, *body = BUDGET
    assert table_of(line_of_text("支出表", Place(1, 1)), drawn([first], 1), drawn(body, 2))[1:] == BUDGET


def test_the_rest_of_a_name_behind_a_page_break_is_no_table_of_its_own() -> None:
    above = [*BUDGET[:4], ["2070104", "图书", "289.60", "149.70", "139.90"]]
    below = [["", "馆", "", "", ""], *BUDGET[5:]]
    assert table_of(line_of_text("支出表", Place(1, 1)), drawn(above, 1), drawn(below, 2))[1:] == BUDGET


def test_a_table_that_goes_on_with_fewer_cells_is_aligned_by_where_they_begin() -> None:
    above = [["类", "款", "名称", "合计"], ["207", "01", "文化", "5.00"]]
    below = drawn([["208", "社保", "7.00"]], 2)
    edges = [0, 100, 150]  # 类 and 款 are one cell here
    places = [[Place(2, 0, (left, 0, left + 50, 1)) for left in edges]]
    rows = table_of(line_of_text("表", Place(1, 1)), drawn(above, 1), DrawnTable(below.rows, places))
    assert rows[-1] == ["208", "", "社保", "7.00"]


def test_equal_tables_on_one_page_are_two() -> None:
    _, tables, _ = drawn_tables(Document("d", [drawn(BUDGET, 1), drawn(BUDGET, 1)]), CONTRACTS)
    assert len(tables) == 2


def test_a_table_in_lines_is_read_by_its_rows() -> None:
    text = "支出决算表\n单位：万元\n编码 名称 合计 基本 项目\n" + "\n".join(
        " ".join(filter(None, row)) for row in BUDGET[1:]
    )
    (table,), unplaced, rest = loose_in_lines(lines(text))
    assert table.title == "支出决算表" and table.rows[1] == ["单位：万元"]
    assert table.rows[3] == ["207", "文化支出", "600.00", "370.00", "230.00"]
    assert not unplaced and len(rest) == 3  # its title and header stay among the lines, and hold no figure


def test_a_name_broken_over_lines_is_that_of_its_figures() -> None:
    name = "机关事业单位养老\n2080505 5.00 5.00\n保险缴费\n"
    text = f"表\n208 社保 9.00 9.00\n{name}2080599 其他 4.00 4.00\n合计 9.00 9.00"
    (table,), _, _ = loose_in_lines(lines(text))
    assert [row[:2] for row in table.rows[2:4]] == [["208", "社保"], ["2080505", "机关事业单位养老保险缴费"]]


def test_figures_whose_column_cannot_be_told_are_listed_and_glued_to_nothing() -> None:
    rows = "甲 9.00 5.00 4.00\n乙 7.00 7.00\n丙 6.00 2.00 4.00\n丁 5.00 1.00 4.00\n注：本表如此。"
    text = f"表\n{rows}\n预算数 决算数\n21.00 16.95 0.50"
    _, unplaced, rest = loose_in_lines(lines(text))
    assert [each.text for each in unplaced] == ["7.00", "7.00", "21.00", "16.95", "0.50"]
    assert [line.text for line in rest] == ["表", "注：本表如此。", "预算数 决算数"]


def test_a_table_of_contents_holds_no_figures() -> None:
    text = "目 录\n一、主要职能 3\n二、机构设置 4\n三、决算表 6\n四、名词解释 19"
    assert loose_in_lines(lines(text))[:2] == ([], [])


def test_a_sum_in_a_sentence_is_no_table() -> None:
    text = "本年收入合计 4,733.14\n万元，其中：财政拨款收入 4,733.14\n万元，占 100.00%。"
    assert len(loose_in_lines(lines(text))[2]) == 3


@pytest.mark.parametrize(
    ("text", "year"),
    [("Account for the year ended 31st March 2010", 2010), ("Statements 2022/23 for the council", 2022), ("甲", None)],
)
def test_an_english_report_names_its_year(text: str, year: int | None) -> None:
    assert first_year([text]) == year
