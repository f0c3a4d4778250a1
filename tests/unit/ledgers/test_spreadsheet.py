"""Files as grids of what a person sees: encodings, quotes, number formats, merged cells, what is refused."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledgers.grids.formats import FormatError, number_of, printed
from orchestration.ledgers.money import parse_figure
from orchestration.ledgers.spreadsheet import read_grids, reference
from tests.unit.ledgers.conftest import problems_of, workbook

ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'
CSV = '单位名称,预算数\n湖南省人事考试院,"1,334.05"\n'


@pytest.mark.parametrize(
    ("place", "name"), [((0, 0), "A1"), ((16, 3), "D17"), ((0, 25), "Z1"), ((0, 26), "AA1"), ((9, 702), "AAA10")]
)
def test_a_place_has_the_name_that_a_spreadsheet_gives_it(place: tuple[int, int], name: str) -> None:
    assert reference(*place) == name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_reads_alike_in_every_encoding_that_offices_save(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "账.csv"
    path.write_bytes(CSV.replace("\n", newline).encode(encoding))
    (grid,) = read_grids(path, "账.csv")
    assert (grid.file, grid.sheet) == ("账.csv", "")
    assert grid.rows == [["单位名称", "预算数"], ["湖南省人事考试院", "1,334.05"]]


def test_a_rare_character_of_gb18030_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "账.csv"
    path.write_bytes("单位名称,预算数\n𠮷䶮镇,1\n".encode("gb18030"))
    assert read_grids(path, "账.csv")[0].rows[1] == ["𠮷䶮镇", "1"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [CSV, "name,budget\nschool,1\n"])
def test_utf_16_without_its_mark_is_refused(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "账.csv"
    path.write_bytes(text.encode(encoding))
    (problem,) = problems_of(read_grids, path, "账.csv")
    assert (problem.file, problem.expected) == ("账.csv", "UTF-8 或 GB18030 文本")


def test_utf_16_with_its_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "账.csv"
    path.write_bytes(CSV.encode("utf-16"))
    assert read_grids(path, "账.csv")[0].rows[1] == ["湖南省人事考试院", "1,334.05"]


@pytest.mark.parametrize(
    ("name", "text", "first"),
    [
        ("账.csv", "单位;预算\n甲;1.5\n", 0),
        ("账.csv", "单位\t预算\n甲\t1.5\n", 0),
        ("账.csv", "单位|预算\n甲|1.5\n", 0),
        ("账.csv", "sep=;\n单位;预算\n甲;1.5\n", 1),
        ("账.csv", "sep=,\r\n单位,预算\r\n甲,1.5\r\n", 1),
        ("账.tsv", "单位\t预算\n甲\t1.5\n", 0),
        ("账.csv", '支出表\n"单位";"预算, 合计"\n甲;1.5\n', 1),
    ],
)
def test_the_separator_is_stated_or_the_only_one_that_parts_lines(
    tmp_path: Path, name: str, text: str, first: int
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    (grid,) = read_grids(path, name)
    assert grid.rows[first][0] == "单位" and grid.rows[first + 1] == ["甲", "1.5"]
    assert grid.problems == []


@pytest.mark.parametrize("text", ['单位名称,预算数\n"人事考试院,1\n', '单位名称,预算数\n"人事"考试院,1\n'])
def test_broken_quotes_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "账.csv"
    path.write_text(text, encoding="utf-8")
    (problem,) = problems_of(read_grids, path, "账.csv")
    assert problem.file == "账.csv"
    assert problem.found.startswith("CSV 引号不成对")


def test_a_quoted_line_break_stays_in_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "账.csv"
    path.write_text('单位名称,预算数\n"湖南省\n人事考试院",1\n', encoding="utf-8")
    assert read_grids(path, "账.csv")[0].rows[1] == ["湖南省\n人事考试院", "1"]


@pytest.mark.parametrize("name", ["账.pdf", "账.numbers", "账"])
def test_other_kinds_of_file_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("单位名称", encoding="utf-8")
    (problem,) = problems_of(read_grids, tmp_path / name, name)
    assert problem.expected == "csv（UTF-8 或 GB18030）、xlsx、xlsb、xls 或 ods"


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "账.xlsx"
    path.write_bytes(b"PK\x03\x04 half a workbook")
    (problem,) = problems_of(read_grids, path, "账.xlsx")
    assert problem.found.startswith("打不开的工作簿")


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (8055.004, "#,##0.00", "8,055.00"),
        (8055, "#,##0.00", "8,055.00"),
        (0, "#,##0.00", "0.00"),
        (0, "#,##0.00;-#,##0.00", "0.00"),
        (0, "#,##0.00;(#,##0.00);0.00", "0.00"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (-2.5, "0", "-3"),
        (-0.001, "0.00", "0.00"),
        (1234567.891, "0.0", "1234567.9"),
        (0.866, "0.00%", "86.60%"),
        (0.86595, "0.0%", "86.6%"),
        (1, "0%", "100%"),
        (8055, "General", "8055"),
        (0.1 + 0.2, "General", "0.3"),
        (180643123456.78, "General", "180643123456.78"),
        (180643123460, "General", "180643123460"),
        (1234.5678901234, "@", "1234.5678901234"),
        (30996.4 + 1e-11, "General", "30996.4"),
        (8.0e-7, "General", "0.0000008"),
        (12345678901234.56, "General", "12345678901234.56"),
        (1e22, "General", "1" + "0" * 22),
        (348.95000000000005, "0.00##", "348.95"),
        (-1263.5, "General", "-1263.5"),
        (80550000.0, "General", "80550000"),
        (8055.25, "G/通用格式", "8055.25"),
        (8055.25, "@", "8055.25"),
        (8055.25, "", "8055.25"),
        (80550000, "#,##0,", "80,550"),
        (80550000, "#,##0.00,,", "80.55"),
        (12.5, "#.##", "12.5"),
        (12, "0.0#", "12.0"),
        (12.5, "0.??", "12.5"),
        (-1263, "#,##0.00;(#,##0.00)", "(1,263.00)"),
        (-1263, "#,##0.00;[Red]-#,##0.00", "-1,263.00"),
        (-1263, "#,##0.00;[Red]#,##0.00", "-1,263.00"),
        (-0.05, "0.00%;(0.00%)", "(5.00%)"),
        (1263, ACCOUNTING, "1,263.00"),
        (-1263, ACCOUNTING, "(1,263.00)"),
        (0, ACCOUNTING, "-"),
        (0, "#,##0.00;-#,##0.00;-", "-"),
        (0, "#,##0.00;-#,##0.00;\\—", "—"),
        (0, "#,##0.00;-#,##0.00;", ""),
        (0, "General;-General;General", "0"),
        (8055, '#,##0.00"万元"', "8,055.00万元"),
        (8055, 'General"万元"', "8055万元"),
        (8055, '"¥"#,##0.00', "8,055.00"),
        (8055, "[$¥-804]#,##0.00", "8,055.00"),
        (8055, '#,##0.00" ;内"', "8,055.00"),
        (10**30, "0.00", f"{10**30}.00"),
        (94.94, '0.00"%"', "94.94%"),
        (94.94, "0.00\\%", "94.94%"),
        (3.5, '0.0"‰"', "3.5‰"),
        (1263.5, "(#,##0.00)", "(1,263.50)"),
        (1263.5, "0.00\\-", "-1263.50"),
        (1263.5, "-0.00", "-1263.50"),
        (0, "0.00\\-", "0.00"),
        (-1263.5, "0.00;0.00\\-", "-1263.50"),
        (-1263.5, "#,##0.00_);\\(#,##0.00\\)", "(1,263.50)"),
        (True, "General", "TRUE"),
        (date(2025, 4, 18), "yyyy-mm-dd", "2025年4月18日"),
        (datetime.fromisoformat("2025-04-18T09:30"), "General", "2025年4月18日"),
        (time(9, 30), "h:mm", "09:30:00"),
        ("文本", "0.00", "文本"),
        ("1,263.00", "0", "1,263.00"),
    ],
)
def test_a_value_prints_as_its_format_shows_it(value: object, number_format: str, shown: str) -> None:
    assert printed(value, number_format) == shown


@pytest.mark.parametrize(
    "number_format",
    [
        "0.00E+00",
        "# ?/?",
        '0\\.0,"万元"',
        '[>=10000]0.00,"千";0.00',
        "[DBNum1]General",
        ";;;",
        '"见附表"',
        "000-0000",
        "0." + "0" * 500,
        "0" * 300,
        '0.0"k"',
        '"约"0.00',
        '0"0"',
        '0.00%"%"',
    ],
)
def test_a_format_that_shows_another_precision_is_refused_rather_than_guessed(number_format: str) -> None:
    with pytest.raises(FormatError, match="数字格式 "):
        printed(80550000.0, number_format)


@pytest.mark.parametrize("hours", [-0.0834, -0.00002, -5.5, -5])
def test_a_negative_number_under_a_date_format_shows_nothing_and_is_told(tmp_path: Path, hours: float) -> None:
    rows: list[list[Any]] = [["单位名称", "预算数"], ["本级", (hours, "h:mm:ss")]]
    path = workbook(tmp_path / "账.xlsx", {"支出表": rows})
    (grid,) = read_grids(path, "账.xlsx")
    assert [(each.cell, each.found) for each in grid.problems] == [("B2", f"日期序号 {hours:g}")]


@pytest.mark.parametrize("number_format", ["(#,##0.00)", "0.00\\-", "-0.00"])
def test_a_negative_under_a_format_that_holds_a_sign_itself_is_refused(number_format: str) -> None:
    with pytest.raises(FormatError, match="数字格式 "):
        printed(-5.0, number_format)


def test_a_format_that_hides_negatives_is_refused() -> None:
    with pytest.raises(FormatError, match="数字格式 "):
        printed(-5.0, "0.00;;")


@given(fen=st.integers(-(10**12), 10**12), number_format=st.sampled_from(["0.00", "#,##0.00", ACCOUNTING]))
def test_a_workbook_amount_prints_what_reads_back_to_the_fen(fen: int, number_format: str) -> None:
    text = printed(fen / 100, number_format)
    assert (0 if text == "-" else parse_figure(text, "money", "元").value) == fen


@given(value=st.floats(-(10.0**9), 10.0**9), places=st.integers(0, 6))
def test_what_is_printed_is_within_its_half_width_of_the_value(value: float, places: int) -> None:
    text = printed(value, "0." + "0" * places if places else "0")
    assert abs(Decimal(text) - Decimal(repr(value))) <= Decimal("0.5").scaleb(-places)


def test_a_workbook_is_read_as_it_shows(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "账.xlsx",
        {
            "表1": [
                ["表1 支出", None, None],
                ["单位名称", "预算数", "执行率"],
                ["人事考试院", (1334.05, "#,##0.00"), (0.866, "0.00%")],
                ["就业服务中心", (0, ACCOUNTING), "-"],
                ["武装学校", (-30.1, ACCOUNTING), None],
                ["服务中心", "1,525.45", (datetime.fromisoformat("2025-04-18"), "yyyy/m/d")],
            ]
        },
        merged=["A1:C1"],
    )
    (grid,) = read_grids(path, "账.xlsx")
    assert (grid.file, grid.sheet, grid.problems) == ("账.xlsx", "表1", [])
    assert grid.rows == [
        ["表1 支出", "表1 支出", "表1 支出"],
        ["单位名称", "预算数", "执行率"],
        ["人事考试院", "1,334.05", "86.60%"],
        ["就业服务中心", "-", "-"],
        ["武装学校", "(30.10)", ""],
        ["服务中心", "1,525.45", "2025年4月18日"],
    ]


def test_merged_names_stand_in_every_row_they_span(tmp_path: Path) -> None:
    rows = [["险种", "项目", "预算数"], ["工伤保险", "收入", 1], [None, "支出", 2]]
    (grid,) = read_grids(workbook(tmp_path / "账.xlsx", {"一": rows}, merged=["A2:A3"]), "账.xlsx")
    assert [row[0] for row in grid.rows] == ["险种", "工伤保险", "工伤保险"]


def test_cells_keep_their_place_where_a_sheet_begins_with_blank_rows_and_columns(tmp_path: Path) -> None:
    (grid,) = read_grids(workbook(tmp_path / "账.xlsx", {"一": [[], [None, None, 7]]}), "账.xlsx")
    assert grid.rows[1][2] == "7"


def test_every_visible_sheet_is_a_grid_and_hidden_ones_are_not_published(tmp_path: Path) -> None:
    path = workbook(tmp_path / "账.xlsx", {"表1": [["a"]], "草稿": [["b"]], "表2": [["c"]]}, hidden=["草稿"])
    assert [(grid.sheet, grid.rows) for grid in read_grids(path, "账.xlsx")] == [("表1", [["a"]]), ("表2", [["c"]])]


def test_a_formula_counts_by_its_saved_result(tmp_path: Path) -> None:
    rows = [[{"formula": "=1+1", "value": 2}, {"formula": '="人事"&"院"', "value": "人事院"}]]
    (grid,) = read_grids(workbook(tmp_path / "账.xlsx", {"一": rows}), "账.xlsx")
    assert (grid.rows, grid.problems) == ([["2", "人事院"]], [])


def test_a_formula_whose_result_was_never_saved_is_refused(tmp_path: Path) -> None:
    never = {"formula": "=SUM(A1:A1)"}
    path = workbook(tmp_path / "账.xlsx", {"一": [["合计", never, 1], [None, None, None, never]]})
    (grid,) = read_grids(path, "账.xlsx")
    assert [(p.sheet, p.cell, p.found, p.expected) for p in grid.problems] == [
        ("一", "B1", "公式没有保存结果", "在表格软件中重新计算并保存"),
        ("一", "D2", "公式没有保存结果", "在表格软件中重新计算并保存"),  # beyond what the values reach
    ]


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!"])
def test_a_formula_error_is_refused_by_its_name(tmp_path: Path, error: str) -> None:
    path = workbook(tmp_path / "账.xlsx", {"一": [[1, {"formula": "=1/0", "value": error}]]})
    (grid,) = read_grids(path, "账.xlsx")
    assert [(p.cell, p.found, p.expected) for p in grid.problems] == [("B1", error, "数，而不是公式错误")]


def test_a_formula_that_results_in_an_empty_text_is_blank(tmp_path: Path) -> None:
    path = workbook(tmp_path / "账.xlsx", {"一": [["x", "占位"]]})
    book = openpyxl.load_workbook(path)
    book["一"]["B1"] = '=IF(A1="x","",A1)'
    book.save(path)
    _save_empty_text(path)
    (grid,) = read_grids(path, "账.xlsx")
    assert (grid.rows, grid.problems) == ([["x", ""]], [])


def _save_empty_text(path: Path) -> None:
    """Write the result of the formula in B1 as Excel does: an empty string."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    sheet = parts[name].decode()
    assert '<c r="B1"><f>' in sheet
    parts[name] = sheet.replace('<c r="B1"><f>', '<c r="B1" t="str"><f>').replace("</f><v />", "</f><v></v>").encode()
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def test_a_number_whose_display_is_unknown_is_refused_with_its_place(tmp_path: Path) -> None:
    path = workbook(tmp_path / "账.xlsx", {"一": [["预算数"], [(8055, "0.00E+00")]]})
    (grid,) = read_grids(path, "账.xlsx")
    assert [(p.sheet, p.cell, p.found) for p in grid.problems] == [("一", "A2", "数字格式 0.00E+00")]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("1234567890123456.78", "1234567890123456.78"),  # no float has these digits: the nearest ends in .75
        ("-98765432109876543.21", "-98765432109876543.21"),
        ("0.30000000000000004", "0.3"),  # a float's 17 digits
        ("0.1000000000000000055511151231257827", "0.1"),  # its expansion
        ("8055.0000000000009", "8055"),  # a step beside it, as a formula leaves it
        ("1.5E3", "1500"),
    ],
)
def test_a_stored_number_keeps_digits_that_no_float_has(raw: str, shown: str) -> None:
    assert printed(number_of(raw), "General") == shown


@pytest.mark.parametrize("raw", ["1_000", "１２", "nan", "inf", "1e400", "0x10", "", "1,5", " 12"])
def test_what_is_no_number_of_a_workbook_is_refused(raw: str) -> None:
    with pytest.raises(FormatError):
        number_of(raw)
