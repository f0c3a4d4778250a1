"""Workbooks of records (.xlsb): what is shown, how fine, and what is hidden, as of the same table in XML."""

from __future__ import annotations

import struct
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.ledgers.grids.ooxml import records as biff
from orchestration.ledgers.reader import read_paths
from orchestration.ledgers.spreadsheet import Grid, read_grids
from tests import xlsb as made
from tests.unit.ledgers.conftest import contract, problems_of

FILES = Path(__file__).parent / "files"
FORMATS = [0, "#,##0.00", 10, '0.00"%"', "#,##0.00_);(#,##0.00)", "0.00E+00", 14, "0.0,"]
NAMES = made.texts("单位名称", "预算数", "决算数", "甲", "乙", "丙")


def grids(tmp_path: Path, sheets: dict[str, bytes], *, from_1904: bool = False, **options: object) -> list[Grid]:
    look = made.styles(FORMATS, struck=[7])
    parts = made.parts(sheets, look=look, shown=NAMES, from_1904=from_1904, **options)  # type: ignore[arg-type]
    return read_grids(made.write(tmp_path / "账.xlsb", parts), "账.xlsb")


def one(tmp_path: Path, *cells: tuple[made.Cell, int], from_1904: bool = False) -> Grid:
    row = made.row(1, *(made.cell(n, each, style) for n, (each, style) in enumerate(cells)))
    (found,) = grids(tmp_path, {"支出表": made.sheet(row)}, from_1904=from_1904)
    return found


@pytest.mark.parametrize(
    ("cell", "style", "text", "places"),
    [
        (made.real(180643123456.78), 0, "180643123456.78", None),
        (made.real(0.1 + 0.2), 0, "0.3", None),
        (made.real(8055.004, formula=True), 1, "8,055.00", 2),
        (made.real(0.8659), 2, "86.59%", 2),
        (made.real(94.94), 3, "94.94%", 2),
        (made.compact(-1263), 4, "(1,263.00)", 2),
        (made.compact(12345, hundredths=True), 0, "123.45", None),
        (made.compact(-12345, hundredths=True), 1, "-123.45", 2),
        (made.compact(2**29 - 1), 0, "536870911", None),
        (made.compact(-(2**29)), 0, "-536870912", None),
        (made.compact_float(0.5), 0, "0.5", None),
        (made.compact_float(-1.5, hundredths=True), 0, "-0.015", None),
        (made.real(1234567.0), 7, "1234.6", 1),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(
    tmp_path: Path, cell: made.Cell, style: int, text: str, places: int | None
) -> None:
    found = one(tmp_path, (cell, style))
    assert (found.rows, found.places) == ([[text]], {"A1": places})


def test_days_truths_and_texts_of_every_kind(tmp_path: Path) -> None:
    found = one(
        tmp_path, (made.real(45657.0), 6), (made.truth(True), 0), (made.inline("甲\n乙"), 0),
        (made.inline("算得", formula=True), 0), (made.shared(3), 0),
    )  # fmt: skip
    assert found.rows == [["2024年12月31日", "TRUE", "甲\n乙", "算得", "甲"]]
    assert found.places == {}
    assert one(tmp_path, (made.real(44195.0), 6), from_1904=True).rows == [["2024年12月31日"]]


def test_a_text_in_several_fonts_that_stands_in_its_cell_is_read(tmp_path: Path) -> None:
    texts = made.rich("预算数", (0, 0), (1, 0)), made.rich("决算数")
    first = made.row(1, made.cell(0, texts[0]), made.short(texts[1], 7), made.short(made.compact(5)))
    (found,) = grids(tmp_path, {"支出表": made.sheet(first)})
    assert found.rows == [["预算数", "决算数", "5"]]
    assert found.marks == {"B1": "划了删除线"}


def test_what_is_hidden_struck_out_or_merged_is_known(tmp_path: Path) -> None:
    content = made.sheet(
        made.row(1, made.cell(0, made.shared(3)), made.short(made.compact(5), 1), made.short(made.compact(6), 1)),
        made.row(2, made.cell(0, made.shared(4)), made.cell(1, made.compact(9)), hidden=True),
        made.row(4, made.cell(0, made.shared(5)), made.cell(2, made.real(2500.0), 7)),
        before=made.columns(1, 1, hidden=True) + made.columns(2, 2, hidden=False),
        after=made.merged((0, 2, 2, 2)),
    )
    (found,) = grids(tmp_path, {"支出表": content, "底稿": made.sheet()}, hidden=["底稿"])
    assert found.rows == [["甲", "5.00", "6.00"], [], ["", "", "6.00"], ["丙", "", "2.5"]]
    assert found.merged == {"C1": "C1:C3", "C3": "C1:C3"}
    assert found.marks == {"B1": "在隐藏列", "C4": "划了删除线"}
    said = [(notice.cell, notice.sheet, notice.found) for notice in found.notices]
    assert said == [
        ("A2", "支出表", "隐藏行 2（乙）"), ("B1", "支出表", "隐藏列 B"), ("C4", "支出表", "划了删除线的 C4"),
        ("", "底稿", "隐藏的工作表"),
    ]  # fmt: skip


def test_what_shows_nothing_that_can_be_trusted_is_told_at_its_cell(tmp_path: Path) -> None:
    found = one(
        tmp_path, (made.real(1.5), 5), (made.error(0x07), 0), (made.error(0x2A, formula=True), 0),
        (made.shared(77), 0), (made.real(1.5), 99), (made.real(float("nan")), 0), (made.real(float("inf")), 1),
    )  # fmt: skip
    assert [(problem.cell, problem.found) for problem in found.problems] == [
        ("A1", "数字格式 0.00E+00"), ("B1", "#DIV/0!"), ("C1", "#N/A"), ("D1", "没有第 77 条文字"),
        ("E1", "没有第 99 号格式"), ("F1", "数 nan"), ("G1", "数 inf"),
    ]  # fmt: skip


def test_another_program_s_file_reads_as_the_same_table_in_xml() -> None:
    """Both written by SheetJS from one table: formats, a day, an error, hidden row, column and sheet, merged cells."""
    (records,), (xml,) = (read_grids(FILES / f"支出表.{kind}", "支出表") for kind in ("xlsb", "xlsx"))
    assert records == xml
    assert records.rows[1] == ["甲中心", "180643123456.78", "8,055.00", "86.59%", "2024年12月31日"]
    assert records.rows[2][3] == "1.00%"  # 1 under 0.00"%"


def test_a_ledger_is_read_to_cells(tmp_path: Path) -> None:
    rows = [made.row(1, *(made.cell(n, made.shared(n)) for n in range(3)))]
    for n, (name, amount) in enumerate(((3, 100.0), (4, 200.0), (5, 50.25)), 2):
        rows.append(
            made.row(
                n, made.cell(0, made.shared(name)), made.cell(1, made.real(amount)), made.cell(2, made.real(amount), 1)
            )
        )
    path = made.write(
        tmp_path / "支出表.xlsb", made.parts({"支出表": made.sheet(*rows)}, look=made.styles(FORMATS), shown=NAMES)
    )
    cells = read_paths([path], 2024, {"spending": contract(titles=["支出表"])}).cells
    assert [(c.cell, c.value) for c in cells if c.measure == "budget"] == [
        ("B2", 10**8),
        ("B3", 2 * 10**8),
        ("B4", 50_250_000),
    ]
    assert {c.half_width for c in cells if c.measure == "actual"} == {Decimal(5000)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (made.sheet(made.row(1_048_577)), "第 1,048,577 行"),
        (made.sheet(made.row(1, made.cell(16_384, made.truth(True)))), "第 16,385 列"),
        (made.sheet(made.cell(0, made.truth(True))), "单元格"),  # before any row
        (made.sheet(made.row(1, made.record(6, bytes(8) + struct.pack("<I", 10**9)))), "不完整"),
        (made.sheet(made.row(1, made.record(5, bytes(9)))), "不完整"),
        (made.sheet(made.row(1, made.cell(0, made.inline("长" * 32_768)))), "32,768 个字"),
        (made.record(129) + b"\x05\xff\xff\xff\x7f", "不完整"),  # a record of 256 MiB that ends here
        (made.record(129) + b"\x80", "不完整"),
        (made.sheet(made.row(1, made.record(6, bytes(8) + b"\x01\0\0\0\0\xd8"))), "打不开"),  # half a character
    ],
)
def test_what_no_sheet_has_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = made.write(tmp_path / "账.xlsb", made.parts({"支出表": content}, look=made.styles(FORMATS), shown=NAMES))
    (problem,) = problems_of(read_grids, path, "账.xlsb")
    assert said in problem.found
    assert problem.expected


def test_a_name_of_the_other_kind_is_told(tmp_path: Path) -> None:
    for name, source in (("账.xlsx", "支出表.xlsb"), ("账.xlsb", "支出表.xlsx")):
        path = tmp_path / name
        path.write_bytes((FILES / source).read_bytes())
        (problem,) = problems_of(read_grids, path, name)
        assert f"内容是 {source[-4:]}" in problem.found
        assert f"改名为 .{source[-4:]}" in problem.expected


def test_records_come_whole_however_they_are_cut_into_pieces() -> None:
    content = made.record(5, b"a" * 5) + made.record(617) + made.record(400, b"b" * 200) + made.record(6, b"c" * 70_000)
    content += made.record(7, b"d" * (2**20 + 7)) + made.record(0, b"e")
    wanted = [(5, b"a" * 5), (617, b""), (400, b"b" * 200), (6, b"c" * 70_000), (7, b""), (0, b"e")]  # too long to hold
    for size in (7, 4096, 65_536, len(content)):
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        assert list(biff.records(pieces)) == wanted
