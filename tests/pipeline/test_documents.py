"""A published report alone gives the findings of the ledgers that people typed out of it."""

from __future__ import annotations

import re
import subprocess
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest

from orchestration.base.settings import Settings
from orchestration.documents.lines import DrawnTable
from orchestration.documents.pdf import read_pdf
from orchestration.reporting.edition import Edition
from orchestration.reporting.pdf import to_pdf
from orchestration.reporting.published import open_version
from orchestration.reporting.report import make_report
from orchestration.reporting.review import verified, write_review
from orchestration.warehouse.check import CheckResult, check_paths
from tests.conftest import Published
from tests.unit.documents import laid_out, made
from tests.unit.documents.test_loose import BUDGET
from tests.unit.documents.test_runs import with_notes
from tests.unit.drafting.test_restated import SAID


def check(folder: Path, text: str) -> CheckResult:
    (folder / "report.txt").write_text(text, encoding="utf-8")
    (folder / "build").mkdir()
    settings = Settings.from_environment({"LEDGERGATE_HOME": str(folder / "home")})
    return check_paths(settings, [folder / "report.txt"], folder / "build")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    return check(tmp_path_factory.mktemp("report"), made.as_text(made.blocks()))


def broken(checked: CheckResult, severity: str) -> list[tuple[str, str]]:
    rows = checked.build.rows(
        "from reconciliation where severity = ? and status in ('inconsistent', 'missing') order by rule_id, instance",
        severity,
    )
    return [(row["rule_id"], row["instance"]) for row in rows]


def test_the_two_broken_sums_are_found_and_no_other_error(checked: CheckResult) -> None:
    assert broken(checked, "error") == [
        ("budget_composition", "project_expenditure/17"),
        ("project_column_total", "adjustment"),
    ]


def test_the_one_suspect_is_named_with_its_line(checked: CheckResult) -> None:
    (suspect,) = checked.build.rows("from suspect_cell")
    assert suspect["address"] == "2024/project_expenditure/17/adjustment"
    (cell,) = checked.build.rows("from cell where address = ?", suspect["address"])
    line = int(cell["cell"].removeprefix("第").removesuffix("行"))
    assert "-362.20" in made.as_text(made.blocks()).splitlines()[line - 1]


def test_claims_are_judged_by_the_figures_and_lists_of_the_report(checked: CheckResult) -> None:
    found = broken(checked, "warning")
    assert [instance for rule, instance in found if rule == "claimed_unpaid"] == [
        "2024年“三支一扶”省级配套资金称尚未支付（八）"
    ]
    assert [instance for rule, instance in found if rule == "claimed_count"] == [
        "各项社会保险基金的自评表", "项目支出各类别的自评表",
    ]  # fmt: skip
    assert [instance for rule, instance in found if rule == "deduction_has_reason"] == [
        "困难人员就业人数扣0.03分（七）", "社会公众或服务对象满意度扣2.00分（七）", "非税收入扣0.05分（七）",
    ]  # fmt: skip
    assert "accounting_units_and_institutions" in {rule for rule, _ in found}
    kept = checked.build.rows("from reconciliation where rule_id = 'claimed_unpaid' and status = 'consistent'")
    assert [row["instance"] for row in kept] == ["2024年度征兵经费称尚未支付（八）"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("全年没有超支现象。", {"claimed_order", "category_overspend"}),
        ("公用经费、三公经费均较上年增加。", {"claimed_increase"}),
        ("全年均未超预算。", set()),
    ],
)
def test_claims_on_overspending_and_increase(tmp_path: Path, text: str, rules: set[str]) -> None:
    said = f"{PARTIAL.replace('70.00万元', '90.00万元').replace('87.50', '112.50')}{OPERATING}{text}\n"
    found = check(tmp_path, said)
    assert broken(found, "error") == []
    assert rules <= {rule for rule, _ in broken(found, "warning")}


@pytest.mark.parametrize(
    ("said", "broken_by"),
    [
        ("指标乙≥10万人，实际完成9.7万人，该指标扣0.03分", set()),
        ("指标乙≥10万人，实际完成10.7万人，该指标扣0.03分", {"deduction_below_target"}),
        ("投诉率≤5%，实际为5.2%，该指标扣0.50分", set()),
        ("投诉率≤5%，实际为4.2%，该指标扣0.50分", {"deduction_above_target"}),
    ],
)
def test_points_are_lost_only_where_the_target_was_missed(tmp_path: Path, said: str, broken_by: set[str]) -> None:
    found = {rule for rule, _ in broken(check(tmp_path, f"{PARTIAL}（八）得分\n{said}，因任务调整。\n"), "warning")}
    assert {rule for rule in found if rule.startswith("deduction_")} == broken_by


def test_what_happened_after_the_signature_is_a_warning(checked: CheckResult) -> None:
    assert "nothing_after_signature" in {rule for rule, _ in broken(checked, "warning")}


@pytest.mark.parametrize("suffix", ["pdf", "docx"])
def test_the_review_says_and_marks_what_was_found(tmp_path: Path, suffix: str) -> None:
    write = laid_out.write_pdf if suffix == "pdf" else laid_out.write_docx
    source = write(made.blocks(), tmp_path / f"report.{suffix}")
    (tmp_path / "build").mkdir()
    found = check_paths(Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path)}), [source], tmp_path / "build")
    sheet_file, marked = write_review(found.build, found.documents[0], tmp_path / "review")

    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(sheet_file).active.iter_rows(min_row=4)]
    assert rows[0][2:4] == ["-362.20", "-362.705 至 -362.675 万元"]
    degrees = [row[-1] for row in rows]
    assert (degrees.count("疑点"), degrees.count("不成立")) == (1, 2)
    if suffix == "docx":
        notes = [comment.text for comment in docx.Document(str(marked)).comments]
        assert any("应在 -362.71 与 -362.67 之间" in note for note in notes)
        said = next(p for p in docx.Document(str(marked)).paragraphs if "还未支付" in p.text)
        assert said._p.xpath("w:commentRangeStart")  # where it is claimed, not at the table's cell alone
        return
    page = pypdfium2.PdfDocument(marked)[int(re.findall(r"\d+", rows[0][1])[0]) - 1]
    assert page.get_textpage().count_chars() > 100  # the page is as it was
    highlights = marked.read_bytes().count(b"/Highlight")
    assert highlights > 300
    assert marked.read_bytes().count(b"/AP<<") >= highlights  # each as a box of its own, in every reader


PARTIAL = """2031年度某局工作报告
（一）经费
一般公共预算总金额为900.00万元，全年预算支出较好。核定人员编制数70名，实有在职人数68人。
运行维护经费预算资金总额为80.00万元，决算支出70.00万元，预算执行率为87.50%。
（四）工伤保险基金预算支出情况
工伤保险基金省级统筹预算收入为50.0亿元，其中：保费收入40.0亿元。实际收入为55.0亿元，其中：保费收入42.0亿元。
"""
OPERATING = """（五）机关运转
公用经费全年预算金额为300.00万元，决算支出270.00万元，执行率为90.00%。与上年相比，决算支出减少5.00万元。
“三公经费”全年预算金额为50.00万元，决算支出45.00万元，执行率为90.00%。与上年相比，决算支出增加5.00万元。
"""


def test_what_sentences_leave_out_is_not_missing_and_parts_need_not_be_all(tmp_path: Path) -> None:
    """A total without its composition, one category of four, one item of a fund's income: no error."""
    (tmp_path / "report.txt").write_text(PARTIAL, encoding="utf-8")
    found = check_paths(
        Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path)}), [tmp_path / "report.txt"], tmp_path
    )
    assert broken(found, "error") == []
    (item,) = found.build.rows(
        "from cell where ledger = 'fund_statement' and measure = 'budget' and row_kind <> 'total'"
    )
    assert item["row_kind"] == "of_which"


def test_parts_that_exceed_their_whole_are_an_error(tmp_path: Path) -> None:
    text = PARTIAL.replace("保费收入40.0亿元", "保费收入60.0亿元")
    (tmp_path / "report.txt").write_text(text, encoding="utf-8")
    found = check_paths(
        Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path)}), [tmp_path / "report.txt"], tmp_path
    )
    assert {rule for rule, _ in broken(found, "error")} == {"fund_side_total"}


def test_a_slip_in_a_table_that_no_contract_knows_is_a_warning_and_the_rest_is_verified(tmp_path: Path) -> None:
    rows = [list(row) for row in BUDGET]
    rows[3][3] = "170.40"  # 210.40 is 170.30 and 40.10
    text = "\n".join(" ".join(filter(None, row)) for row in rows)
    said = f"二、支出预算情况说明\n{SAID.replace('38.80', '38.90')}"
    found = check(tmp_path, f"2031年度某局部门预算\n支出预算总表\n单位：万元\n{text}\n{said}\n")
    assert broken(found, "error") == []
    (restated,) = [instance for rule, instance in broken(found, "warning") if rule == "stated_cell"]
    assert "博物馆" in restated
    drafted = [(rule, instance) for rule, instance in broken(found, "warning") if rule.startswith("drafted")]
    assert any(instance.endswith("2070101") for _, instance in drafted)  # the row
    assert any("20701" in instance for _, instance in drafted)  # the sum that it is part of
    places = {row["cell"] for row in verified(found.build, found.documents[0].document.name)}
    assert "第5行" in places and "第7行" not in places


STATED = """2031年度某局决算说明
本年支出合计400.00万元，其中：基本支出300.00万元，占75.00%；项目支出100.00万元，占25.00%。
支出年初预算为420.00万元，支出决算为400.00万元，完成年初预算的95.24%。
全年收入410.00万元，比上年增加10.00万元，增长2.50%。
"""


@pytest.mark.parametrize(
    ("sound", "wrong", "rules"),
    [
        ("75.00%", "74.00%", {"stated_share"}),
        ("95.24%", "95.42%", {"stated_completion"}),
        ("2.50%", "2.60%", {"stated_growth"}),
        ("基本支出300.00万元", "基本支出330.00万元", {"stated_share", "stated_sum"}),
        ("2.50%", "2.50%", set()),
    ],
)
def test_sentences_that_do_not_add_up_are_warnings(tmp_path: Path, sound: str, wrong: str, rules: set[str]) -> None:
    found = check(tmp_path, STATED.replace(sound, wrong))
    assert broken(found, "error") == []
    assert {rule for rule, _ in broken(found, "warning")} - {"prior_year_published"} == rules


@pytest.mark.parametrize(
    ("sentence", "differing"),
    [
        ("图书馆（项）支出决算为269.85万元，主要用于购书，决算数269.86万元。", ["269.86万元"]),
        ("图书馆（项）支出决算为269.85万元，主要用于购书，决算数269.85万元。", []),
        ("图书馆（项）年初预算为269.85万元，支出决算为269.86万元。", []),
        ("图书馆（项）支出决算为269.85万元，其中总馆支出决算为69.86万元。", []),
        ("图书馆（项）支出决算为269.85万元，文物（款）支出决算为269.86万元。", []),
        ("图书馆（项）支出决算为269.85万元，2030年支出决算为260.00万元。", []),
    ],
)
def test_what_is_said_of_an_item_twice_is_said_alike(tmp_path: Path, sentence: str, differing: list[str]) -> None:
    found = check(tmp_path, f"{PARTIAL}（八）支出决算具体情况\n文化支出（类）{sentence}\n")
    assert broken(found, "error") == []
    rows = found.build.rows(
        "select cell.text from reconciliation join rule_term using (fiscal_year, rule_id, instance) "
        "join cell using (address) where rule_id like 'stated_cell%' and reconciliation.status = 'inconsistent' "
        "and side = 'left'"
    )
    assert [row["text"] for row in rows] == differing


#: How the report is laid out -> what a place in it looks like.
PAGE, PARAGRAPH, LINE = r"第\d+页 \(\d+,\d+,\d+,\d+\)", r"第\d+段|第\d+张表 第\d+行第\d+格", r"第\d+行"
LAYOUTS = {
    "ruled.docx": PARAGRAPH, "unruled.docx": PARAGRAPH, "ruled.pdf": PAGE, "unruled.pdf": PAGE, "report.txt": LINE,
    "ruled.layout.txt": rf"第\d+页 {LINE}", "unruled.layout.txt": rf"第\d+页 {LINE}",
}  # fmt: skip


def told(checked: CheckResult) -> dict[str, object]:
    """All that a check says, but where in the file it stands: broken rules with both sides, the suspect, figures."""
    rules = checked.build.rows(
        "select severity, rule_id, instance, status, left_value, right_value, statement from reconciliation "
        "where status <> 'consistent' order by all"
    )
    suspects = checked.build.rows("select * from suspect_cell")
    cells = checked.build.rows("select address, value, half_width from cell where value is not null order by all")
    notices = sorted(
        re.sub(r"（第[^）]*等）", "", f"{notice.found}|{notice.expected}") for notice in checked.build.notices
    )
    return {"rules": rules, "suspects": suspects, "cells": cells, "notices": notices}


def laid_out_by_office(folder: Path, layout: str) -> Path:
    """The report in one layout; PDF as LibreOffice prints the same DOCX, and text as poppler takes it out of that."""
    name, _, ending = layout.partition(".")
    if ending == "txt":
        (folder / layout).write_text(made.as_text(made.blocks()), encoding="utf-8")
        return folder / layout
    document = laid_out.write_docx(made.blocks(), folder / f"{name}.docx", ruled=name == "ruled")
    if ending != "docx":
        to_pdf(document, folder / f"{name}.pdf")
    if ending == "layout.txt":
        subprocess.run(["pdftotext", "-layout", folder / f"{name}.pdf", folder / layout], check=True)
    return folder / layout


@pytest.mark.office
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_findings_each_at_its_place(
    tmp_path: Path, checked: CheckResult, layout: str
) -> None:
    path = laid_out_by_office(tmp_path, layout)
    (tmp_path / "build").mkdir()
    found = check_paths(Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path)}), [path], tmp_path / "build")
    assert told(found) == told(checked)
    assert len(broken(found, "error")) == 2
    places = found.build.rows("select distinct cell from cell where file = ?", str(path))
    assert len(places) > 150
    assert [row["cell"] for row in places if not re.fullmatch(LAYOUTS[layout], row["cell"])] == []


@pytest.mark.parametrize("name", ["report.docx", pytest.param("report.pdf", marks=pytest.mark.office)])
def test_the_report_that_is_published_is_read_back_without_an_error(
    tmp_path: Path, published: Published, name: str
) -> None:
    """With its raised marks, its 未提供 and its own sentences; the corrected cell as it was corrected."""
    version = open_version(published.settings, 2024)
    make_report(version, tmp_path, editions=[Edition.PUBLIC], pdf=name.endswith("pdf"))
    (tmp_path / "build").mkdir()
    settings = Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path / "home")})
    found = check_paths(settings, [tmp_path / name], tmp_path / "build")
    assert broken(found, "error") == []
    assert found.build.rows("select * from suspect_cell") == []
    (mended,) = found.build.rows(
        "select text, value from cell where address = '2024/project_expenditure/17/adjustment'"
    )
    assert (mended["text"], mended["value"]) == ("-362.69", Decimal(-3626900))
    (document,) = found.documents
    assert len(document.sentences.unread) < 10


@pytest.mark.office
def test_what_is_raised_on_a_page_is_no_digit_of_the_figure_beside_it(tmp_path: Path) -> None:
    to_pdf(with_notes(tmp_path / "r.docx"), tmp_path / "r.pdf")
    table, *_ = read_pdf(tmp_path / "r.pdf", "r.pdf").blocks
    assert isinstance(table, DrawnTable)
    assert [text.replace(" ", "") for text in table.rows[0]][:2] == ["¹1,182.19", "-362.69"]  # it stands above the line
