"""A report's text gives the ledgers that people typed out of it: cell by cell, and what can't be read is said."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from orchestration.base.files import write_whole
from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT
from orchestration.documents import writing
from orchestration.documents.reader import DocumentReading, read_document
from orchestration.documents.writing import write_year
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import Year, read_year
from orchestration.rules.model import read_rules
from tests.unit.documents import made

CONTRACTS = read_contracts(ROOT / "raw" / "contracts")
RULES = read_rules(ROOT / "expectations" / "rules")
TYPED: Year = made.typed(CONTRACTS)
#: Ledgers that the report states in full; of the others it gives what its sentences say.
WHOLE = (
    *made.TABLES, "category_expenditure", "department_summary", "fund_statement", "fund_balance", "operating_cost",
    "insured", "score_section", "organisation", "stated_count", "report_date",
)  # fmt: skip


def read(path: Path, text: str) -> DocumentReading:
    path.write_text(text, encoding="utf-8")
    return read_document(path, CONTRACTS, RULES)


def facts(cells: tuple[Cell, ...]) -> dict[str, tuple[object, ...]]:
    return {
        cell.address: (cell.value, cell.half_width, cell.unit, cell.row_kind)
        for cell in cells
        if cell.value is not None
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> DocumentReading:
    return read(tmp_path_factory.mktemp("report") / "report.txt", made.as_text(made.blocks()))


@pytest.mark.parametrize("ledger", WHOLE)
def test_ledger_read_from_the_text_equals_the_typed_one(ledger: str, report: DocumentReading) -> None:
    assert facts(report.year.ledgers[ledger].cells) == facts(TYPED.ledgers[ledger].cells)


def test_every_figure_of_the_sentences_is_read_or_listed(report: DocumentReading) -> None:
    read, unread = report.figures["read"], report.figures["unread"]
    assert read > 180
    assert unread / (read + unread) < 0.05
    assert len(report.sentences.unread) == unread


def test_every_cell_has_its_line(report: DocumentReading) -> None:
    cells = [cell for cell in report.year.cells if cell.value is not None]
    assert len(cells) > 400
    assert all(re.fullmatch(r"第\d+行", cell.cell) for cell in cells)


def test_restated_facts_name_the_cell_that_they_restate(report: DocumentReading) -> None:
    said = {cell.row_key: cell.text for cell in report.year.ledgers["restatement"].cells if cell.measure == "restates"}
    assert "部门总数/合计/资金总额" in said.values()
    assert "参保人数/工伤保险/参保人数" in said.values()


# --- tables whose layout is gone -------------------------------------------------------------------------------------

TITLE = "表 1 基本支出资金明细表\n单位：万元\n序号 单位名称 上年结转 年初预算 本年调整 全年预算 决算支出 结转结余\n"


def basic(tmp_path: Path, body: str) -> dict[str, str]:
    reading = read(tmp_path / "t.txt", f"2024年度报告\n{TITLE}{body}")
    return {
        f"{cell.row_key}/{cell.measure}": cell.text
        for cell in reading.year.ledgers["unit_basic_expenditure"].cells
        if cell.value is not None
    }


def test_row_identity_places_figures_where_blanks_vanished(tmp_path: Path) -> None:
    cells = basic(
        tmp_path,
        "1 甲中心 10.00 30.00 40.00 35.00 5.00\n"
        "2 乙中心 1.00 2.00 3.00 6.00 4.00 2.00\n"
        "合计 11.00 32.00 3.00 46.00 39.00 7.00\n",
    )
    assert (cells["甲中心/carryover"], cells["甲中心/initial_budget"], cells["甲中心/adjustment"]) == (
        "10.00",
        "30.00",
        "",
    )


def test_column_totals_place_what_a_row_leaves_open(tmp_path: Path) -> None:
    """10 + 30 = 40 holds with the 30 as initial budget or as adjustment; the totals leave one reading."""
    cells = basic(
        tmp_path,
        "1 甲中心 10.00 30.00 40.00 35.00 5.00\n"
        "2 乙中心 1.00 2.00 3.00 6.00 4.00 2.00\n"
        "合计 11.00 2.00 33.00 46.00 39.00 7.00\n",
    )
    assert (cells["甲中心/initial_budget"], cells["甲中心/adjustment"]) == ("", "30.00")


def test_row_with_more_than_one_reading_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        basic(tmp_path, "1 甲中心 10.00 30.00 40.00 35.00 5.00\n")
    (problem,) = error.value.problems
    assert "第5行" in problem.cell
    assert "3 种读法" in problem.found


def test_row_that_no_reading_fits_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        basic(tmp_path, "1 甲中心 10.00 30.00 41.00 35.00 5.00\n2 乙中心 1.00 2.00 3.00 6.00 4.00 2.00\n")
    assert "没有一种读法" in error.value.problems[0].found


def test_blanks_are_told_by_where_columns_stand_in_a_text_that_keeps_its_layout(tmp_path: Path) -> None:
    """Of 160.00 160.00 80.00 the row's identity leaves three readings open; each page has columns of its own."""
    header = ["序号", "项目明细", "上年结转", "年初预算", "本年调整", "预算资金", "决算支出"]
    pages = [
        [
            header,
            ["1", "甲项目", "", "160.00", "", "160.00", "80.00"],
            ["2", "乙项目", "4.48", "6.81", "1.34", "12.63", "9.20"],
        ],
        [
            header,
            ["3", "丙项目", "10.00", "", "", "10.00", "9.00"],
            ["4", "丁项目", "4.00", "6.00", "1.00", "11.00", "9.00"],
        ],
    ]
    said = [
        "\n".join("".join(each.ljust(width) for each in row) for row in page)
        for page, width in zip(pages, (10, 16), strict=True)
    ]
    text = f"2024年度报告\n表3 项目支出明细表\n单位：万元\n{said[0]}\n\f{said[1]}\n"
    cells = {cell.address.partition("/")[2]: cell for cell in read(tmp_path / "r.txt", text).year.cells}
    at = {path: str(cell.value / 1_000_000) for path, cell in cells.items() if cell.value}
    assert at["project_expenditure/1/initial_budget"] == "160"
    assert at["project_expenditure/3/carryover"] == "10"
    assert cells["project_expenditure/3/carryover"].cell == "第2页 第8行"


def test_spaces_of_blanks_are_not_believed_where_a_row_contradicts_them(tmp_path: Path) -> None:
    """Left-packed figures would put the budget into the adjustment: the identity says no, so spaces say nothing."""
    with pytest.raises(InputError):
        basic(tmp_path, "1 甲中心 30.00 30.00 30.00\n2 乙中心 40.00 40.00 40.00\n")


def test_figures_and_names_broken_over_lines_are_joined(tmp_path: Path) -> None:
    cells = basic(
        tmp_path,
        "1\n"
        "甲技术服务\n"
        "中心（本级）\n"
        "10.00 3,0\n"
        "30.00 5.00 3,045.00 3,0\n"
        "40.00 5.00\n"
        "合计 10.00 3,030.00 5.00 3,045.00 3,040.00 5.00\n",
    )
    assert cells["甲技术服务中心（本级）/initial_budget"] == "3,030.00"
    assert cells["甲技术服务中心（本级）/final_expenditure"] == "3,040.00"


def test_text_below_the_total_is_no_part_of_the_table(tmp_path: Path) -> None:
    cells = basic(
        tmp_path,
        "1 甲中心 1.00 2.00 3.00 6.00 4.00 2.00\n"
        "合计 1.00 2.00 3.00 6.00 4.00 2.00\n"
        "（二）项目支出情况\n"
        "1 号文件下达 200.00 万元。\n",
    )
    assert {key.split("/")[0] for key in cells} == {"甲中心", "total"}


def test_a_misprinted_full_row_is_read_as_printed(tmp_path: Path) -> None:
    cells = basic(tmp_path, "1 甲中心 1.00 2.00 3.50 6.00 4.00 2.00\n合计 1.00 2.00 3.00 6.00 4.00 2.00\n")
    assert cells["甲中心/adjustment"] == "3.50"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "没有一个字"), (b"\xff\xff\xfe\x81\x00", "不是文本"), ("2024年度\x00报告".encode(), "看不见的字符")],
)
def test_what_is_no_text_is_one_clear_message(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "t.txt").write_bytes(content)
    with pytest.raises(InputError) as error:
        read_document(tmp_path / "t.txt", CONTRACTS, RULES)
    (problem,) = error.value.problems
    assert said in problem.found
    assert problem.file.endswith("t.txt")


def test_the_written_year_reads_back_as_the_document(report: DocumentReading, tmp_path: Path) -> None:
    written = write_year(report, tmp_path / "2024")
    year = read_year(tmp_path / "2024", 2024, CONTRACTS)
    assert {name: facts(ledger.cells) for name, ledger in year.ledgers.items() if name in WHOLE} == {
        name: facts(TYPED.ledgers[name].cells) for name in WHOLE
    }
    assert set(year.ledgers) == set(report.year.ledgers)
    evidence = (tmp_path / "2024" / "evidence.csv").read_text(encoding="utf-8")
    assert re.search(r"2024/project_expenditure/17/adjustment,-362\.20,第\d+行", evidence)
    assert len(written) == len(year.ledgers) + 2


def test_nothing_is_written_over(report: DocumentReading, tmp_path: Path) -> None:
    (tmp_path / "fund_balance.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as error:
        write_year(report, tmp_path)
    assert [Path(problem.file).name for problem in error.value.problems] == ["fund_balance.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["fund_balance.csv"]


def test_a_year_that_could_not_be_written_whole_leaves_nothing(
    report: DocumentReading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: str) -> None:
        if path.name == "sources.yml":
            raise OSError(errno.ENOSPC, "No space left on device")
        write_whole(path, content)

    monkeypatch.setattr(writing, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        write_year(report, tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert all(path.is_file() for path in write_year(report, tmp_path))


def test_what_is_said_to_be_highest_is_compared_with_every_other_row(tmp_path: Path) -> None:
    blocks = made.blocks()
    at = blocks.index(made.Heading("八、问题"))
    said = made.Text("业务工作经费决算支出最高。运行维护经费执行率最低。某经费支出最大。")
    reading = read(tmp_path / "r.txt", made.as_text([*blocks[: at + 1], said, *blocks[at + 1 :]]))
    assert reading.year is not None
    cells = [cell for cell in reading.year.ledgers["claim"].cells if "最" in cell.row_key]
    compared = {cell.text for cell in cells if cell.measure in ("smaller", "larger")}
    others = {f"项目支出分类/{name}/final_expenditure" for name in ("其他事业发展资金", "运行维护经费", "省级专项资金")}
    assert compared >= {"项目支出分类/业务工作经费/final_expenditure", *others}
    assert sum(cell.measure == "smaller" for cell in cells) == 6
    assert any("某经费" in notice.found for notice in reading.year.notices)


def test_the_highest_among_parts_that_were_not_read_is_no_claim_on_the_whole_ledger(tmp_path: Path) -> None:
    """The largest project of a category need not be the largest of all; categories are all parts of the whole."""
    blocks = made.blocks()
    at = blocks.index(made.Heading("八、问题"))
    said = made.Text(
        "业务工作经费保障有力，其中综合保障工作项目支出最大。运行维护类，其中，综合保障工作项目支出较稳，综合保障工作项目支出最少。"
        "在业务工作经费中，综合保障工作项目支出最高。项目支出合理，其中业务工作经费决算支出最高。"
    )
    reading = read(tmp_path / "r.txt", made.as_text([*blocks[: at + 1], said, *blocks[at + 1 :]]))
    assert reading.year is not None
    claimed = {cell.row_key for cell in reading.year.ledgers["claim"].cells if "最" in cell.row_key}
    assert len(claimed) == 3 and all(key.startswith("业务工作经费") for key in claimed)
    told = [notice for notice in reading.year.notices if notice.expected.endswith("所属的范围没有读出，未核对")]
    assert len(told) == 3
