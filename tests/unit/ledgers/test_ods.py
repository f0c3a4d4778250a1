# ruff: noqa: E501  XML stands as it is
"""OpenDocument spreadsheets: what is shown, how fine, and what is hidden, as of the same table in another format."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import read_paths
from orchestration.ledgers.spreadsheet import Grid, read_grids
from tests.unit.ledgers.conftest import contract, problems_of

NAMES = ("office", "style", "number", "table", "text", "fo")
STYLES = """
<number:number-style style:name="N0"><number:number number:min-integer-digits="1"/></number:number-style>
<number:number-style style:name="N4"><number:number number:decimal-places="2" number:min-decimal-places="2"
  number:min-integer-digits="1" number:grouping="true"/></number:number-style>
<number:percentage-style style:name="N11"><number:number number:decimal-places="2" number:min-decimal-places="2"
  number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>
<number:number-style style:name="N9P0"><number:number number:decimal-places="2" number:min-integer-digits="1"/>
  </number:number-style>
<number:number-style style:name="N9"><number:text>(</number:text><number:number number:decimal-places="2"
  number:min-integer-digits="1"/><number:text>)</number:text>
  <style:map style:condition="value()&gt;=0" style:apply-style-name="N9P0"/></number:number-style>
<number:number-style style:name="N7"><number:number number:decimal-places="2" number:min-integer-digits="1"
  number:display-factor="1000"/></number:number-style>
<number:number-style style:name="N8"><number:scientific-number number:decimal-places="2"/></number:number-style>
<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>
<style:style style:name="struck" style:family="table-cell" style:data-style-name="N4">
  <style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="up" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="gone" style:family="text"><style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="in1" style:family="table-cell"><style:paragraph-properties fo:margin-left="0.353cm"/></style:style>
<style:style style:name="in2" style:family="table-cell"><style:paragraph-properties fo:margin-left="20pt"/></style:style>
""" + "".join(
    f'<style:style style:name="c{n}" style:family="table-cell" style:data-style-name="N{n}"/>'
    for n in (0, 4, 7, 8, 9, 11)
)
HEAD = "<table:table-row>{}</table:table-row>".format(
    "".join(
        f'<table:table-cell office:value-type="string"><text:p>{t}</text:p></table:table-cell>'
        for t in ("单位名称", "预算数", "决算数")
    )
)


def number(value: str, style: str = "", kind: str = "float", more: str = "") -> str:
    named = f' table:style-name="{style}"' if style else ""
    return f'<table:table-cell{named} office:value-type="{kind}" office:value="{value}"{more}><text:p>?</text:p></table:table-cell>'


def row(name: str, *cells: str, more: str = "") -> str:
    first = f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
    return f"<table:table-row{more}>{first}{''.join(cells)}</table:table-row>"


def ods(path: Path, *rows: str, other: str = "") -> Path:
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in NAMES)
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{STYLES}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="支出表">{"".join(rows)}'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
        f"</table:table-row></table:table>{other}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return path


def grid(tmp_path: Path, *rows: str) -> Grid:
    (found,) = read_grids(ods(tmp_path / "账.ods", *rows), "账.ods")
    return found


@pytest.mark.parametrize(
    ("cell", "text", "places"),
    [
        (number("180643123456.78"), "180643123456.78", None),
        (number("100", "c0"), "100", None),
        (number("8055.004", "c4"), "8,055.00", 2),
        (number("0.8659", "c11", "percentage"), "86.59%", 2),
        (number("-3.5", "c9"), "(3.50)", 2),
        (number("3.5", "c9"), "3.50", 2),
        (number("1234567", "c7"), "1234.57", 2),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(tmp_path: Path, cell: str, text: str, places: int | None) -> None:
    found = grid(tmp_path, row("甲", cell))
    assert (found.rows[0][1], found.places["B1"]) == (text, places)


def test_columns_that_are_repeated_and_what_is_hidden_or_struck(tmp_path: Path) -> None:
    twice = number("5", "c4", more=' table:number-columns-repeated="2"')
    hidden = '<table:table table:name="二" table:style-name="ta2"/>'
    path = ods(
        tmp_path / "账.ods", row("甲", twice), row("乙", number("1"), more=' table:visibility="collapse"'),
        row("丙", number("2", "struck")), other=hidden,
    )  # fmt: skip
    (found,) = read_grids(path, "账.ods")
    assert found.rows == [["甲", "5.00", "5.00"], [], ["丙", "2.00", ""]]
    said = [(notice.cell, notice.found) for notice in found.notices]
    assert said == [("A2", "隐藏行 2（乙）"), ("B3", "划了删除线的 B3"), ("", "隐藏的工作表")]


def test_what_prints_nothing_that_can_be_trusted_is_told_at_its_cell(tmp_path: Path) -> None:
    error = '<table:table-cell table:formula="of:=1/0" office:value-type="string"><text:p>#DIV/0!</text:p></table:table-cell>'
    found = grid(tmp_path, row("甲", number("1.5", "c8"), error, number("x")))
    assert [(problem.cell, problem.found) for problem in found.problems] == [
        ("B1", '数字格式 0.00E+00'), ("C1", "#DIV/0!"), ("D1", "数 x"),
    ]  # fmt: skip


def test_a_slip_of_a_cent_shows_in_what_the_formats_say(tmp_path: Path) -> None:
    """General cells of 100, 200 and 50.25 make 350.25: a total of 350.26 is no rounding."""
    by: Contract = contract(titles=["支出表"])
    rows = [row(n, number(a), number(a, "c4")) for n, a in (("甲中心", "100"), ("乙中心", "200"), ("丙中心", "50.25"))]
    path = ods(tmp_path / "账.ods", HEAD, *rows, row("合计", number("350.26"), number("350.26", "c4")))
    cells = read_paths([path], 2024, {"spending": by}).cells
    for measure, half in (("budget", Decimal(0)), ("actual", Decimal(5000))):
        column = [cell for cell in cells if cell.measure == measure]
        assert {cell.half_width for cell in column} == {half}
        assert abs(sum(c.value or 0 for c in column[:-1]) - (column[-1].value or 0)) == 10_000


@pytest.mark.parametrize("keep", [0, 30, 400])
def test_a_damaged_one_is_refused(tmp_path: Path, keep: int) -> None:
    path = ods(tmp_path / "账.ods", HEAD)
    path.write_bytes(path.read_bytes()[:keep])
    (problem,) = problems_of(read_grids, path, "账.ods")
    assert problem.found.startswith(("空文件", "打不开的工作簿"))


def test_a_workbook_of_another_kind_under_its_name_and_entities_are_told(tmp_path: Path) -> None:
    path = tmp_path / "账.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    (problem,) = problems_of(read_grids, path, "账.ods")
    assert problem.found == "打不开的工作簿（内容不是 ods）"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')
    (problem,) = problems_of(read_grids, path, "账.ods")
    assert "DOCTYPE" in problem.found
