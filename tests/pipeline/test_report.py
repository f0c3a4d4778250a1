"""The report of the real 2024 version: read back, it says what the published tables say, and nothing else."""

from __future__ import annotations

import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import openpyxl
import pytest
import yaml
from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml.ns import qn
from docx.table import Table
from typer.testing import CliRunner

from orchestration.base.settings import ROOT, Settings
from orchestration.cli.main import app
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.ledgers.narrative import typed_figures
from orchestration.pipeline.definitions import build_definitions
from orchestration.pipeline.jobs import REPORT_YEAR
from orchestration.pipeline.partitions import make_known
from orchestration.pipeline.resources import Workspace
from orchestration.reporting import document, drawing, pdf, word_template
from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import FIELDS, Fields
from orchestration.reporting.figures import MARKS, FieldError, ReportFigure
from orchestration.reporting.forms import ABOVE, FORMS, Form, build_forms
from orchestration.reporting.published import NoVersionError, open_version
from orchestration.reporting.published import Published as Version
from orchestration.reporting.report import Report, make_report, report_places
from orchestration.reporting.workbook import write_workbook
from tests.conftest import Published
from tests.pipeline.version import copy_of, rewrite

GOLDEN: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (ROOT / "tests" / "golden" / "figures_2024.yml").read_text(encoding="utf-8")
)
MEASURES = ("carryover", "initial_budget", "adjustment", "total_budget", "final_expenditure", "balance")


@dataclass(frozen=True)
class Made:
    """A report, and what it was made from."""

    report: Report
    version: Version
    forms: list[Form]

    def bytes(self, name: str) -> bytes:
        return (self.report.folder / name).read_bytes()


@pytest.fixture(scope="module")
def made(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Made:
    version = open_version(published.settings, 2024)
    report = make_report(version, tmp_path_factory.mktemp("report"))
    return Made(report, version, build_forms(Fields(version)))


def altered(version: Version, folder: Path, table: str, change: str) -> Version:
    """A copy of a version with one table changed by SQL."""
    shutil.copytree(version.folder, folder)
    file = folder / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table t as from read_parquet('{file}')")
        connection.execute(change)
        connection.execute(f"copy t to '{file}' (format parquet)")
    return Version(version.year, version.name, folder, version.contracts)


# --- reading back -----------------------------------------------------------------------------------------------------


def number(text: str, form: Form, unit: str) -> Decimal:
    """A number as a reader understands it: in the form's unit, without marks."""
    text = text.rstrip(MARKS).replace(",", "")
    if text == "-":
        return Decimal(0)
    if unit == "ratio":
        return Decimal(text.removesuffix("%")) / 100
    money = next((name for name in ("万元", "亿元") if text.endswith(name)), form.money)
    return Decimal(text.removesuffix(money)) * (Decimal(MONEY_UNITS[money]) / 100 if unit == "yuan" else 1)


def docx_tables(content: bytes) -> list[list[list[str]]]:
    def grid(table: Table) -> list[list[str]]:
        return [[cell.text for cell in row.cells] for row in table.rows]

    return [grid(table) for table in Document(io.BytesIO(content)).tables]


def docx_forms(content: bytes, forms: Sequence[Form], edition: Edition) -> list[list[list[str]]]:
    """The rows of each form. One with several heads stands as so many tables, and these are all that it has."""
    tables = iter(docx_tables(content))
    read = []
    for form in forms:
        shown = form.published() if edition is Edition.PUBLIC else form
        parts = sum(row.kind == "head" for row in shown.rows)
        read.append([row for _ in range(parts) for row in next(tables)])
        assert len(read[-1]) == len(shown.rows), form.id
    return read


def text_of(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)


class Figures(HTMLParser):
    """Elements of the page that print a figure: place -> every text printed for it (charts have tables of theirs)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.addresses: dict[str, str] = {}
        self.place: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("data-place"):
            self.place = str(given["data-place"])
            self.addresses[self.place] = str(given.get("data-address") or "")

    def handle_data(self, data: str) -> None:
        if self.place is not None and data.strip():
            self.found.setdefault(self.place, []).append(data.strip())
            self.place = None


def rounded(value: Decimal, unit: str) -> Decimal:
    """A value at the precision that a report prints it in."""
    return value.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP) if unit == "ratio" else value


def expected_of(version: Version, figure: ReportFigure) -> Decimal:
    """What a reader must find. A computed rate is rounded once, from the published amounts."""
    table, row, column = figure.place
    parts = {
        "execution_rate": ("final_expenditure", "total_budget"),
        "completion_rate": ("actual", "budget"),
    }.get(column)
    if table == "cell" or parts is None:
        return rounded(figure.value, figure.unit)
    (found,) = [each for each in version.tables[table] if each["row_address"] == f"2024/hunan_hrss/{row}"]
    return rounded(found[parts[0]] / found[parts[1]], "ratio")


@pytest.mark.parametrize("edition", Edition)
def test_every_figure_of_every_form_reads_back_as_published_in_all_three_files(made: Made, edition: Edition) -> None:
    tables = docx_forms(made.bytes(edition.document), made.forms, edition)
    book = openpyxl.load_workbook(io.BytesIO(made.bytes(edition.workbook)), data_only=True)
    page = Figures()
    page.feed(made.bytes("report.html").decode())
    read = 0
    for form, table in zip(made.forms, tables, strict=True):
        for r, c, figure in form.figures():
            place = form.place(r, c)
            expected = expected_of(made.version, figure)
            checks = sum(row.kind == "check" for row in form.rows[:r]) if edition is Edition.PUBLIC else 0
            assert number(table[r - checks][c], form, figure.unit) == expected, place
            sheet, _, cell = place.partition("!")
            value = Decimal(str(book[sheet][cell].value))
            scale = Decimal(MONEY_UNITS[form.money]) / 100 if figure.unit == "yuan" else 1
            assert rounded(value * scale, figure.unit) == expected, place
            assert {number(text, form, figure.unit) for text in page.found[place]} == {expected}, place
            assert page.addresses[place].split() == list(figure.addresses), place
            read += 1
    assert read >= 500
    if edition is Edition.INTERNAL:
        index = "\n".join(row[0] for row in docx_tables(made.bytes(edition.document))[-1])
        assert read + len(re.findall(r"^\S+#\d+", index, re.M)) == made.report.figures


def test_the_figures_of_the_published_tables_are_those_that_forms_hold(made: Made) -> None:
    """Not by way of the report's own names: straight from the version's files."""
    by_place = {figure.place: figure.value for form in made.forms for _, _, figure in form.figures()}
    cells = {cell["address"]: cell["value"] for cell in made.version.tables["cell"]}
    compared = reported = 0
    for (table, row, column), value in by_place.items():
        if table == "cell":  # totals and reported rates, which flow to no table
            assert cells[f"2024/hunan_hrss/{row}/{column}"] == value
            reported += 1
            continue
        for found in made.version.tables[table]:
            if found.get("row_address") == f"2024/hunan_hrss/{row}":
                assert found[column] == value
                compared += 1
    assert compared >= 440 and reported >= 20  # rates as reported are cells


def sheet_rows(made: Made, sheet: str) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(made.bytes("annexes.xlsx")), data_only=True)
    return [[cell.value for cell in row] for row in book[sheet].iter_rows(min_row=ABOVE + 1)]


def yuan(value: float, unit: str = "万元") -> Decimal:
    return Decimal(str(value)) * MONEY_UNITS[unit] / 100


@pytest.mark.parametrize(("sheet", "kind"), [("表1", "basic"), ("表2", "project")])
def test_tables_1_and_2_are_the_golden_ones(made: Made, sheet: str, kind: str) -> None:
    rows = {str(row[1] or row[0]): row[2:8] for row in sheet_rows(made, sheet) if row[0] is not None}
    golden = [row for row in GOLDEN["unit_expenditure"] if row["expenditure_kind"] == kind]
    (total,) = [row | {"unit_name": "合计"} for row in GOLDEN["unit_totals"] if row["expenditure_kind"] == kind]
    for row in [*golden, total]:
        assert [yuan(value) for value in rows[row["unit_name"]]] == [Decimal(row[measure]) for measure in MEASURES]


def test_table_3_is_the_golden_one_and_its_corrected_cell_shows_as_corrected(made: Made) -> None:
    rows = {row[0]: row[2:7] for row in sheet_rows(made, "表3")}
    for row in GOLDEN["project_expenditure"]:
        assert [yuan(value) for value in rows[str(row["project_no"])]] == [Decimal(row[m]) for m in MEASURES[:-1]]
    (total,) = GOLDEN["project_total"]
    assert [yuan(value) for value in rows["合计"]] == [Decimal(total[measure]) for measure in MEASURES[:-1]]
    book = openpyxl.load_workbook(io.BytesIO(made.bytes("annexes.xlsx")))
    comment = book["表3"]["E20"].comment
    assert book["表3"]["E20"].value == -362.69
    assert comment is not None and "原列示为 -362.20" in comment.text and "-362.69" in comment.text
    assert "-362.69＊" in docx_tables(made.bytes("report.docx"))[2][17]
    assert "＊表3 第17行" in text_of(made.bytes("report.docx"))
    assert "原列示为 -362.20" in made.bytes("report.html").decode()


def test_categories_funds_scores_and_totals_stand_in_the_text(made: Made) -> None:
    text = text_of(made.bytes("report.docx"))
    for row in [*GOLDEN["category_expenditure"], *GOLDEN["department_summary"]]:
        for measure in (*MEASURES[:-1], "balance"):
            value = row.get(measure)
            if value is not None:
                assert f"{Decimal(value) / 10000:,.2f}万元".removeprefix("-") in text, (row, measure)
    for row in GOLDEN["fund_statement"]:
        if row["item"] == "total" and row["actual"] is not None:
            assert f"{Decimal(row['actual']) / 10**8:,.2f}亿元" in text, row
    for row in GOLDEN["fund_balance"]:
        for measure in ("opening", "surplus", "closing"):
            if row[measure] is not None:
                assert f"{Decimal(row[measure]) / 10**8:,.2f}亿元" in text, row
    for row in GOLDEN["score"]:
        assert f"{Decimal(row['score']).normalize():f}分" in text
    assert "等级为“优”" in text


def test_ten_sections_and_fourteen_annexes(made: Made) -> None:
    titles = [text for level, text in made.report.outline if level == 1]
    assert [title[0] for title in titles[:9]] == list("一二三四五六七八九") and titles[9].startswith("十、")
    annexes = [form for form in made.forms if form.is_annex]
    stated = [cell["row_label"] for cell in made.version.tables["cell"] if cell["row_key"].startswith("annex:")]
    assert len(annexes) == 14
    assert {form.title for form in annexes} == {label.removeprefix("附件 ") for label in stated}


# --- what a reader relies on --------------------------------------------------------------------------------------


def test_sums_are_live_formulas_with_the_value_cached(made: Made) -> None:
    live = openpyxl.load_workbook(io.BytesIO(made.bytes("annexes.xlsx")))
    cached = openpyxl.load_workbook(io.BytesIO(made.bytes("annexes.xlsx")), data_only=True)
    checked = 0
    for sheet in live.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    ranges, less = re.fullmatch(r"=ROUND\(SUM\(([^)]*)\)(?:-([A-Z]+\d+))?,6\)", cell.value).groups()  # type: ignore[union-attr]
                    values = cached[sheet.title]
                    parts = [
                        each if isinstance(each, tuple) else ((each,),)
                        for each in map(values.__getitem__, ranges.split(","))
                    ]
                    total = sum(
                        Decimal(str(c.value)) for part in parts for (c,) in part if isinstance(c.value, int | float)
                    )
                    total -= Decimal(str(values[less].value)) if less else 0
                    assert total == Decimal(str(values[cell.coordinate].value)), (sheet.title, cell.coordinate)
                    checked += 1
    assert checked >= 30
    assert [cached["表3"][cell].value for cell in ("D42", "E42", "F42")] == [0.01, -0.01, 0.02]


def test_what_the_ledgers_do_not_hold_is_not_provided_and_never_zero(made: Made) -> None:
    rows = {row[0]: row[2:7:2] for row in sheet_rows(made, "附件1")}
    assert rows["政府采购金额"] == ["未提供"] * 3
    assert rows["　3、公务接待"] == ["未提供"] * 3
    resident = {row[0]: row[1:4] for row in sheet_rows(made, "附件14")}
    assert resident["支出合计"] == ["未提供", 0, "未提供"]  # 未支出 is a printed zero; no budget was printed
    assert resident["一、上年结余"][1] == "未提供"


def test_what_is_inferred_is_marked_in_all_three_files(made: Made) -> None:
    (form,) = [form for form in made.forms if form.id == "附件2"]
    marked = {
        cell.text
        for row in form.rows
        for cell in row.cells
        if isinstance(cell.value, ReportFigure) and cell.value.inferred
    }
    assert marked == {"1", "0.97", "0.95", "48", "47.90"}
    assert len(form.inferred) == 3 and any("未列分值的扣分：政府采购执行率 0.10 分" in text for text in form.inferred)
    sheet = openpyxl.load_workbook(io.BytesIO(made.bytes("annexes.xlsx")))["附件2"]
    commented = [
        cell.value for row in sheet.iter_rows() for cell in row if cell.comment and "推定：" in cell.comment.text
    ]
    assert sorted(map(str, commented)) == ["0.95", "0.97", "1", "1", "47.9", "48"]
    page = made.bytes("report.html").decode()
    for text in form.inferred:
        assert f"推定：{text}" in text_of(made.bytes("report.docx"))
        assert text in page
    assert page.count(' inferred"') >= len(commented)
    unmarked = [form for form in made.forms if form.id != "附件2" and form.inferred]
    assert unmarked == []


def test_the_same_version_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    again = make_report(made.version, tmp_path)
    for path in again.files:
        assert path.read_bytes() == made.bytes(path.name), path.name


def test_no_clock_in_the_files_but_the_signing_date(made: Made) -> None:
    for name in (name for edition in Edition for name in (edition.document, edition.workbook)):
        with zipfile.ZipFile(io.BytesIO(made.bytes(name))) as archive:
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            core = archive.read("docProps/core.xml").decode()
            assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2025-04-18T00:00:00Z"}


def test_one_figure_changed_in_the_marts_changes_everywhere_it_is_printed(made: Made, tmp_path: Path) -> None:
    changed = altered(
        made.version, tmp_path / "version", "category_expenditure",
        "update t set final_expenditure = 12345678.00 where category = 'operations'",
    )  # fmt: skip
    report = make_report(changed, tmp_path / "report")
    place = ("category_expenditure", "category_expenditure/operations", "final_expenditure")
    before = {f.place(r, c) for f in made.forms for r, c, figure in f.figures() if figure.place == place}
    assert before == {"附件1!G18", "附件3!E4"}
    book = openpyxl.load_workbook(report.folder / "annexes.xlsx", data_only=True)
    for where in before:
        sheet, _, cell = where.partition("!")
        assert book[sheet][cell].value == 1234.5678, where
    text = text_of((report.folder / "report.docx").read_bytes())
    assert "决算支出1,234.5678万元" in text and "5,943.58" not in text
    page = (report.folder / "report.html").read_text(encoding="utf-8")
    assert "1,234.5678" in page


def written_gaps(warnings: Sequence[str]) -> list[str]:
    """Gaps but for the charts': a machine without Chinese fonts has those too."""
    return [warning for warning in warnings if "图未生成" not in warning]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that look at words: without their pictures, reports are made in a third of the time."""
    monkeypatch.setattr(drawing, "draws", lambda two: False)


# --- gaps and errors --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("undrawn")
def test_a_missing_narrative_leaves_a_marked_gap_and_a_warning(made: Made, tmp_path: Path) -> None:
    silent = altered(made.version, tmp_path / "version", "narrative", "delete from t where slot = '主要职能'")
    report = make_report(silent, tmp_path / "report")
    assert written_gaps(report.warnings) == ["【待补：主要职能】 在 raw/2024/hunan_hrss/narrative.yml 写“主要职能”一栏"]
    runs = [run for p in Document(str(report.folder / "report.docx")).paragraphs for run in p.runs]
    (gap,) = [run for run in runs if "待补" in run.text]
    assert (gap.text, gap.font.highlight_color) == ("【待补：主要职能】", WD_COLOR_INDEX.YELLOW)


@pytest.mark.usefixtures("undrawn")
def test_text_that_no_template_asks_for_does_not_vanish_in_silence(made: Made, tmp_path: Path) -> None:
    extra = altered(
        made.version, tmp_path / "version", "narrative",
        "insert into t select fiscal_year, department, '机构请况/1', '机构请况', 1, kind, text from t limit 1",
    )  # fmt: skip
    report = make_report(extra, tmp_path / "report")
    (warning,) = written_gaps(report.warnings)
    assert warning == "raw/2024/hunan_hrss/narrative.yml 的“机构请况”没有用上：模板里没有 {{ 叙述.机构请况 }}"


def test_fields_in_a_table_or_a_header_of_the_template_are_filled_in_and_recorded(made: Made, tmp_path: Path) -> None:
    edited = Document(str(document.TEMPLATE))
    edited.add_table(1, 1).cell(0, 0).text = "{{ 部门总数.合计.资金总额 }}"
    edited.sections[0].header.paragraphs[0].text = "得分{{ 得分.合计.得分 }}"
    edited.save(str(tmp_path / "mine.docx"))
    fields = Fields(made.version)
    written = document.write_document(fields, build_forms(fields), None, tmp_path / "mine.docx")
    found = Document(io.BytesIO(written.content))
    assert found.tables[-1].cell(0, 0).text == "30,996.40万元"
    assert found.sections[0].header.paragraphs[0].text == "得分96.48"
    assert [printed.place for printed in written.printed[-2:]] == ["模板中的表#1", "页眉页脚#1"]
    with zipfile.ZipFile(io.BytesIO(written.content)) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]
    assert not [text for text in texts if re.search("[\ue000-\ue011]", text)]


def test_every_place_of_the_report_is_named_once(made: Made) -> None:
    places = [printed.place for printed in report_places(made.version)]
    assert len(places) == len(set(places)) == made.report.figures


@pytest.mark.usefixtures("undrawn")
def test_a_figure_that_the_ledgers_do_not_hold_is_a_marked_gap_in_the_text(made: Made, tmp_path: Path) -> None:
    without = altered(
        made.version, tmp_path / "version", "cell", "delete from t where address like '%insured/work_injury/persons'"
    )
    with duckdb.connect() as connection:
        file = without.folder / "insured.parquet"
        connection.execute(f"create table t as from read_parquet('{file}') where scheme <> 'work_injury'")
        connection.execute(f"copy t to '{file}' (format parquet)")
    report = make_report(without, tmp_path / "report")
    assert "【未提供：参保人数.工伤保险.参保人数】" in written_gaps(report.warnings)


def template_with(text: str, path: Path) -> Path:
    edited = Document(str(document.TEMPLATE))
    edited.paragraphs[3].text = text
    edited.save(str(path))
    return path


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("{{ 表1.合计.上年结存 }}", "表1.合计 没有“上年结存”这一栏；相近的有：上年结转"),
        ("{{ 表九.合计.上年结转 }}", "没有“表九”；相近的有：表3、表2、表1"),
        ("{{ 表格.表9 }}", "表格没有“表9”；有：表1、表2、表3"),
        ("{{ 表1.合计 }}", "表1.合计 有 6 个数，须写明栏目"),
    ],
)
def test_an_unknown_field_of_a_template_is_an_error_that_names_it(
    made: Made, tmp_path: Path, field: str, said: str
) -> None:
    template = template_with(f"本年{field}", tmp_path / "我的模板.docx")
    with pytest.raises(FieldError) as error:
        make_report(made.version, tmp_path / "out", template=template)
    assert str(error.value).startswith(f"我的模板.docx：{said}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "attack",
    [
        "{{ 表1.fields.version.folder }}",
        "{{ 表1.明细.__func__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{% for a in 表3.明细() %}{% for b in 表3.明细() %}{% for c in 表3.明细() %}{% for d in 表3.明细() %}"
        "{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    ],
)
def test_a_template_that_would_run_code_or_never_end_is_refused(made: Made, tmp_path: Path, attack: str) -> None:
    template = template_with(attack, tmp_path / "我的模板.docx")
    with pytest.raises(FieldError, match=r"^我的模板\.docx："):
        make_report(made.version, tmp_path / "out", template=template)
    assert not (tmp_path / "out").exists()


def test_a_template_that_is_no_document_or_unpacks_without_bound_is_refused(made: Made, tmp_path: Path) -> None:
    for name in ("空.docx", "炸弹.docx", "别的.docx"):
        path = tmp_path / name
        path.write_bytes(b"")
        if name != "空.docx":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(
                    "word/document.xml", b" " * (word_template.MOST_UNPACKED + 1 if name[0] == "炸" else 1)
                )
        with pytest.raises(FieldError, match=f"^{name}："):
            make_report(made.version, tmp_path / "out", template=path)


def test_a_narrative_that_names_an_unknown_column_is_an_error_that_names_its_paragraph(
    made: Made, tmp_path: Path
) -> None:
    wrong = altered(
        made.version, tmp_path / "version", "narrative",
        "update t set text = '共{{ 履职成效.网办事项数.数目 }}' where slot = '机构情况' and position = 2",
    )  # fmt: skip
    with pytest.raises(FieldError, match=r"narrative\.yml 机构情况 第 2 段：.*没有“数目”这一栏"):
        make_report(wrong, tmp_path / "report")


@pytest.mark.usefixtures("undrawn")
def test_without_a_chinese_font_charts_are_marked_gaps(made: Made, tmp_path: Path) -> None:
    report = make_report(made.version, tmp_path)
    assert len(report.warnings) == 1
    assert all("图未生成" in warning and "fonts-noto-cjk" in warning for warning in report.warnings)
    assert "【图未生成：" in text_of((tmp_path / "report.docx").read_bytes())


@pytest.mark.usefixtures("undrawn")
def test_a_name_with_every_separator_stands_whole_in_document_workbook_and_page(
    published: Published, tmp_path: Path
) -> None:
    name = "湖南省人事、，：／|,\"'考试院"
    quoted = name.replace("'", "''")
    version = copy_of(published, tmp_path / "version")
    for table in ("cell", "unit_expenditure"):
        columns = {"cell": ("row_key", "row_label", "text"), "unit_expenditure": ("unit_name",)}[table]
        renamed = ", ".join(f"replace({column}, '湖南省人事考试院', '{quoted}') as {column}" for column in columns)
        rewrite(version, table, replace=renamed)
    report = make_report(version, tmp_path / "report")
    assert name in "".join(Document(str(report.folder / "report.docx")).element.body.itertext())
    assert name in html.unescape((report.folder / "report.html").read_text(encoding="utf-8"))
    book = openpyxl.load_workbook(report.folder / "annexes.xlsx")
    assert any(name in str(cell.value) for sheet in book for row in sheet for cell in row)


def test_text_of_a_ledger_never_becomes_a_formula_or_a_link(made: Made, tmp_path: Path) -> None:
    texts = ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "https://example.com"]
    change = " ".join(
        f"when '2024/hunan_hrss/project_expenditure/{i}/project_name' then '{t}'" for i, t in enumerate(texts, 1)
    )
    hostile = altered(
        made.version, tmp_path / "version", "cell", f"update t set text = case address {change} else text end"
    )
    content = write_workbook(Fields(hostile), build_forms(Fields(hostile)), [])
    sheet = openpyxl.load_workbook(io.BytesIO(content))["表3"]
    for row, text in enumerate(texts, ABOVE + 2):
        cell = sheet.cell(row, 2)
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


# --- no typed figure --------------------------------------------------------------------------------------------------

HEADING = re.compile(r"^(?:\d+[.．、]|（[一二三四五六七八九十]+）|[一二三四五六七八九十]+、)")


def template_texts() -> list[str]:
    """Paragraphs without their numbers; {%p is docxtpl's if around paragraphs."""
    paragraphs = Document(str(document.TEMPLATE)).paragraphs
    return [HEADING.sub("", paragraph.text) for paragraph in paragraphs if not paragraph.text.startswith("{%p")]


def form_texts() -> list[str]:
    def walk(node: Any) -> list[str]:
        if isinstance(node, str):
            return [] if node.startswith("=") else [re.sub(r"\{[^}]*\}", "", node)]
        values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
        return [text for value in values for text in walk(value)]

    bodies = [form["body"] for form in yaml.safe_load(FORMS.read_text(encoding="utf-8"))]
    return [re.sub(r"^[　\s]*\d\.|^[一二三四五]、", "", text) for text in walk(bodies)]


@pytest.mark.parametrize("texts", [template_texts, form_texts], ids=["report.docx", "forms.yml"])
def test_no_template_holds_a_typed_figure(texts: Callable[[], list[str]]) -> None:
    found = {text: typed for text in texts() if (typed := typed_figures(text, []))}
    assert len(texts()) > 50 and found == {}


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("共 30,996.40 万元", ["30,996.40"]),
        ("执行率８６．６０％", ["８６．６０％"]),
        ("涉及八类三十九个事项", ["八", "三十九"]),
        ("《二〇二四年 3 号文》和（湘财绩〔2025〕2号）", []),
        ("全年{{ 履职成效.网办事项数 }}，“三支一扶”", []),
    ],
)
def test_a_typed_figure_is_found(text: str, typed: list[str]) -> None:
    assert typed_figures(text, []) == typed


def test_the_words_of_fields_yml_hold_no_figure_but_its_thresholds() -> None:
    known = yaml.safe_load(FIELDS.read_text(encoding="utf-8"))
    assert typed_figures(json.dumps(known["phrases"], ensure_ascii=False), []) == []


# --- the command ------------------------------------------------------------------------------------------------------


def test_report_command_writes_files_and_says_where(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGERGATE_HOME", str(published.settings.home))
    done = CliRunner().invoke(app, ["report", "2024", "--out", str(tmp_path / "交件")])
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "交件").iterdir()} == {"report.docx", "annexes.xlsx"}
    assert str(tmp_path / "交件" / "report.docx") in done.output
    facts = json.loads(CliRunner().invoke(app, ["report", "2024", "--out", str(tmp_path), "--json"]).output)
    assert written_gaps(facts["warnings"]) == [] and facts["figures"] > 700 and len(facts["files"]) == 2


def test_every_field_that_is_listed_is_one_that_a_template_may_use(made: Made) -> None:
    fields = Fields(made.version)
    listed = dict(fields.names())
    assert len(listed) > 700 and listed["部门总数.合计.执行率"] == "86.60%"
    odd = {name for name, text in listed.items() if fields.plain_text(f"{{{{ {name} }}}}") != text}
    assert odd == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2023"], "2023 年度还没有发布过：先运行 ledgergate run 2023"),
        (["2024", "--version", "nix"], "2024 年度没有版本 nix；有："),
        (["2024", "--template", "nix.docx"], "没有这个模板：nix.docx"),
    ],
)
def test_report_command_refuses_what_is_not_there(
    published: Published, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("LEDGERGATE_HOME", str(published.settings.home))
    done = CliRunner().invoke(app, ["report", *arguments])
    assert done.exit_code == 2 and said in done.output


def test_a_version_from_before_reports_says_so(published: Published, made: Made, tmp_path: Path) -> None:
    settings = published.settings
    old = tmp_path / "home" / "published" / "2024" / "hunan_hrss" / made.version.name
    shutil.copytree(made.version.folder, old)
    (old / "narrative.parquet").unlink()
    shutil.copy(settings.serving, tmp_path / "home" / "ledgergate.duckdb")
    with pytest.raises(NoVersionError, match=r"缺 narrative.*重新运行 ledgergate run 2024"):
        open_version(Settings(department="hunan_hrss", home=tmp_path / "home", raw=settings.raw), 2024)


@pytest.mark.usefixtures("undrawn")
def test_pdf_needs_libreoffice_and_says_so(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pdf.PdfError, match="没有找到 LibreOffice"):
        make_report(made.version, tmp_path / "out", pdf=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in made.report.files}


# --- the two editions -------------------------------------------------------------------------------------------------


def test_the_public_edition_holds_nothing_internal(made: Made) -> None:
    """No rule, no address, no version: not in the text, not in a table, a cell, a comment or a property of a file."""
    rules = {row["rule_id"] for row in made.version.tables["reconciliation"]}
    addresses = {cell["address"] for cell in made.version.tables["cell"]}
    for name in ("report.docx", "annexes.xlsx"):
        with zipfile.ZipFile(io.BytesIO(made.bytes(name))) as archive:
            parts = {part: archive.read(part).decode("utf-8", "ignore") for part in archive.namelist()}
        words = {word for text in parts.values() for word in re.findall(r"[\w./:-]+", text)}
        assert not words & rules and not words & addresses, name
        assert not any(made.version.name in text or "核对附录" in text or "数字索引" in text for text in parts.values())
    inside = text_of(made.bytes("report-internal.docx"))
    assert "附录　核对情况" in inside and "附录　数字索引" in inside


def test_rates_stand_as_reported_and_what_they_come_out_as_in_the_internal_edition(made: Made) -> None:
    text = text_of(made.bytes("report.docx"))
    assert "完成预算的234.46%" in text and "完成预算的115.17%" in text and "预算执行率100%" in text
    assert "234.30%" not in text and "100.33%" not in text
    rows = {row[0]: row[1:] for table in docx_tables(made.bytes("report-internal.docx")) for row in table}
    assert rows["基金收支 城乡居民基本养老保险收入 合计 完成预算"] == ["234.46%", "234.30%"]
    assert rows["项目支出分类 运行维护经费 预算执行率"] == ["100%", "100.33%"]


def test_what_is_corrected_derived_or_inferred_is_marked_alike_everywhere(made: Made) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made.bytes("annexes.xlsx")))
    page = made.bytes("report.html").decode()
    tables = docx_tables(made.bytes("report.docx"))
    marked = {figure.mark: form.place(r, c) for form in made.forms for r, c, figure in form.figures()}
    assert set(MARKS) <= set(marked)
    for mark in MARKS:
        sheet, _, cell = marked[mark].partition("!")
        assert book[sheet][cell].number_format.endswith(f'"{mark}"')
        assert 'class="mark" title="' in page and f">{mark}</sup>" in page
        assert any(text.endswith(mark) for table in tables for row in table for text in row)
    assert "标＊的数已经更正；标△的数依列示的数计算；标◇的数为推定" in text_of(made.bytes("report.docx"))


@pytest.mark.parametrize(
    "text",
    [
        "{{ 部门.__class__.__mro__ }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ '元' * 1000000000 }}",
        "{{ 表1.rows.append('x') }}",
        "{{ self.__init__.__globals__ }}",
    ],
)
def test_a_narrative_runs_no_code(made: Made, text: str) -> None:
    with pytest.raises(FieldError, match=r"narrative\.yml"):
        Fields(made.version).render(text, "narrative.yml 机构情况 第 1 段")


@pytest.mark.office
def test_the_public_pdf_is_no_longer_than_the_source_and_has_every_character(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    pdf.to_pdf(made.report.folder / "report.docx", target)
    command = ["pdftotext", "-layout", str(target), "-"]
    pages = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"—\s*\d+\s*—", "", pages)
    assert "\ufffd" not in text and "\ue000" not in text and "\ue010" not in text
    assert 15 < pages.count("\f") <= 24
    content = Document(io.BytesIO(made.bytes("report.docx"))).element.body
    written = Counter(re.sub(r"\s", "", "".join(each.text or "" for each in content.iter(qn("w:t")))))
    # The chart's own letters are a picture; heads of tables that go over a page are printed again.
    heads = "".join(
        row.cells[c].text
        for form in made.forms
        for row in form.rows
        if row.kind == "head"
        for c in range(len(row.cells))
    )
    printed = Counter(re.sub(r"\s", "", text))
    assert written - printed == Counter(), "characters of the document that the PDF has lost"
    assert set(printed - written) <= set(heads), "characters that the document does not have"


@pytest.mark.office
def test_no_figure_of_the_pdf_is_broken_over_lines(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    pdf.to_pdf(made.report.folder / "report.docx", target)
    text = subprocess.run(["pdftotext", "-layout", str(target), "-"], capture_output=True, text=True, check=True).stdout
    words = set(text.split())
    for form in (form.published() for form in made.forms if form.id in ("表1", "表2", "表3")):
        for _, _, figure in form.figures():
            shown = figure.text.removesuffix(form.money)
            assert (form.zero and not figure.value) or any(w.startswith(shown) for w in words), (form.id, shown)
    assert not re.search(r"\d[.,]\n\s*\d", text)


@pytest.mark.office
def test_the_pdf_draws_chinese_as_it_is_written_in_china(made: Made, tmp_path: Path) -> None:
    """Noto's collection names its outlines alike for every region: what counts is the family that is found. Fandol's
    fonts, which come first where they are installed, are Chinese alone."""
    found = pdf.stand_ins()
    for name in ("仿宋_GB2312", "黑体", "宋体"):
        assert found[name].endswith("SC") or found[name].startswith("Fandol")


# --- from a place of the report to the cell ---------------------------------------------------------------------------


def test_dagster_makes_the_report_of_what_is_published_with_a_preview(published: Published) -> None:
    definitions = build_definitions({"workspace": Workspace(published.settings)})
    with dg.DagsterInstance.ephemeral() as instance:
        make_known(instance, ["hunan_hrss"])
        done = definitions.resolve_job_def(REPORT_YEAR).execute_in_process(
            partition_key="hunan_hrss|2024", instance=instance
        )
    made = {event.asset_key.path[-1]: event for event in done.get_asset_materialization_events() if event.asset_key}
    assert set(made) == {"document", "annexes", "page"}
    for event in made.values():
        metadata = event.materialization.metadata
        assert Path(str(metadata["file"].value)).is_file()
        assert "| 合计 | 30,996.40万元 | 26,842.05万元 | 86.60% |" in str(metadata["preview"].value)
        assert metadata["version"].value == published.outcome.version.name  # type: ignore[union-attr]


def explained(published: Published, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli.main", "explain", *arguments],
        env=os.environ | {"LEDGERGATE_HOME": str(published.settings.home)}, capture_output=True, text=True,
    )  # fmt: skip


def test_explain_takes_a_place_of_the_report(published: Published) -> None:
    done = explained(published, "2024/表3!E20", "--json")
    found = json.loads(done.stdout)
    assert (found["text"], found["table"], found["row"], found["column"]) == (
        "-362.69万元", "project_expenditure", "project_expenditure/17", "adjustment",
    )  # fmt: skip
    (cell,) = found["cells"]
    assert (cell["address"], cell["text"], cell["cell"]) == (
        "2024/hunan_hrss/project_expenditure/17/adjustment",
        "-362.20",
        "E20",
    )
    assert "表3!E20" in cell["places"]


def test_explain_names_both_cells_behind_a_computed_figure_of_the_text(made: Made, published: Published) -> None:
    (rate, *_) = [
        row for row in docx_tables(made.bytes("report-internal.docx"))[-1]
        if row[0].startswith("三（二）2#") and row[2] == "项目支出分类 其他事业发展资金 预算资金总额、决算支出"
    ]  # fmt: skip
    found = json.loads(explained(published, f"2024/{rate[0]}", "--json").stdout)
    assert [cell["address"] for cell in found["cells"]] == [
        "2024/hunan_hrss/category_expenditure/development/total_budget",
        "2024/hunan_hrss/category_expenditure/development/final_expenditure",
    ]


def test_explain_of_an_unknown_place_names_the_nearest(published: Published) -> None:
    done = explained(published, "2024/表3!E999")
    assert done.returncode == 2 and "报告的这个位置没有数：2024/表3!E999" in done.stderr
    assert "相近的有  2024/表3!E" in done.stderr
