"""Corrections: rows that are right, and each way in which one is refused."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.base.problems import Problem
from orchestration.base.settings import ROOT
from orchestration.ledgers.corrections import HEADERS, read_corrections
from orchestration.ledgers.exceptions import HEADERS as EXCEPTION_HEADERS
from orchestration.ledgers.exceptions import read_exceptions
from orchestration.ledgers.reader import Year
from tests.unit.ledgers.conftest import problems_of

GOOD = {
    "address": "2024/hunan_hrss/project_expenditure/17/adjustment",
    "printed": "-362.20",
    "corrected": "-362.69",
    "reason": "与本行不符",
    "evidence": "预算资金929.20－上年结转228.96－年初预算1,062.93",
    "basis": "derived",
    "confirmed_by": "",
}


def written(folder: Path, *rows: dict[str, str], headers: dict[str, str] = HEADERS, encoding: str = "utf-8") -> Path:
    path = folder / "corrections.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers.values())
        writer.writerows([[row[name] for name in headers] for row in rows])
    return path


def problem_of(folder: Path, real: Year, **changes: str) -> Problem:
    path = written(folder, GOOD | changes)
    (problem,) = problems_of(read_corrections, path, real)
    assert problem.file == str(path)
    return problem


def test_the_one_correction_of_2024_is_the_one_that_the_figures_prove(real: Year) -> None:
    (correction,) = read_corrections(ROOT / "raw" / "2024" / "hunan_hrss" / "corrections.csv", real)
    assert correction.address == "2024/hunan_hrss/project_expenditure/17/adjustment"
    assert (correction.printed, correction.corrected) == ("-362.20", "-362.69")
    assert (correction.value, correction.half_width) == (-362_690_000, 5_000)
    assert (correction.basis, correction.confirmed_by, correction.fiscal_year) == ("derived", "", 2024)
    assert correction.evidence
    assert correction.reason


def test_a_year_without_the_file_has_no_corrections(tmp_path: Path, real: Year) -> None:
    assert read_corrections(tmp_path / "corrections.csv", real) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_columns_may_stand_in_any_order_and_encoding(tmp_path: Path, real: Year, encoding: str) -> None:
    backwards = dict(reversed(HEADERS.items()))
    (correction,) = read_corrections(written(tmp_path, GOOD, headers=backwards, encoding=encoding), real)
    assert (correction.address, correction.evidence) == (GOOD["address"], GOOD["evidence"])


def test_a_confirmed_correction_names_who_confirmed_it(tmp_path: Path, real: Year) -> None:
    path = written(tmp_path, GOOD | {"basis": "confirmed", "confirmed_by": "规划财务处"})
    (correction,) = read_corrections(path, real)
    assert (correction.basis, correction.confirmed_by) == ("confirmed", "规划财务处")


@pytest.mark.parametrize(
    ("address", "printed", "corrected", "value", "half"),
    [
        ("unit_basic_expenditure/total/adjustment", "-1,190.12", "(1,190.1000)", "-1190100000", "50"),
        ("unit_basic_expenditure/湖南省人力资源和社会保障厅（本级）/carryover", "-", "0.10", "100000", "5000"),
        ("unit_basic_expenditure/湖南省社会保险服务中心/carryover", "", "10元", "1000", "50"),
        ("department_summary/total/execution_rate", "86.60%", "86.610%", "0.8661", "0.000005"),
        ("department_summary/total/execution_rate", "86.60%", "86.61", "0.8661", "0.00005"),
        ("insured/pension/persons", "5458.08万人", "5458.09", "54580900", "50"),
        ("report_date/report_submitted/day", "2025年4月20日", "2025年4月17日", "20195", "0"),
        ("score_section/execution/score", "8.66", "8.67", "8.67", "0"),
    ],
)
def test_a_corrected_value_is_read_as_its_cell_was(
    tmp_path: Path, real: Year, address: str, printed: str, corrected: str, value: str, half: str
) -> None:
    row = GOOD | {"address": f"2024/hunan_hrss/{address}", "printed": printed, "corrected": corrected}
    (correction,) = read_corrections(written(tmp_path, row), real)
    assert (correction.value, correction.half_width) == (Decimal(value), Decimal(half))


def test_a_correction_of_another_printed_value_is_stale(tmp_path: Path, real: Year) -> None:
    problem = problem_of(tmp_path, real, printed="-362.21")
    assert (problem.cell, problem.found) == ("B2", "-362.21")
    assert problem.expected == "账上现印 -362.20（更正已过时：raw/2024/hunan_hrss/project_expenditure.csv  E20）"


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        ("-4百万元", "不比原数粗的数"),
        ("-363", "不比原数粗的数"),
        ("-362.7", "不比原数粗的数"),
        ("-0.04亿元", "不比原数粗的数"),
        ("-362.69余", "一个确定的数"),
        ("-362.69多", "一个确定的数"),
        ("-362.69以上", "一个确定的数"),
        ("≥-362.69", "金额"),
    ],
)
def test_a_correction_may_not_blur(tmp_path: Path, real: Year, corrected: str, expected: str) -> None:
    problem = problem_of(tmp_path, real, corrected=corrected)
    assert (problem.cell, problem.found) == ("C2", corrected) and problem.expected.startswith(expected)


def test_a_blank_is_corrected_as_finely_as_its_column(tmp_path: Path, real: Year) -> None:
    address = "2024/hunan_hrss/unit_basic_expenditure/湖南省社会保险服务中心/carryover"
    problem = problem_of(tmp_path, real, address=address, printed="", corrected="1百万元")
    assert (problem.cell, problem.expected[:7]) == ("C2", "不比原数粗的数")


@pytest.mark.parametrize(
    ("shown", "recorded", "stands"),
    [("-362.2", "-362.20", True), ("-362.2", "(362.20)", True), ("-362.20", "-362.200", False), ("-362.2", "", False)],
)
def test_staleness_compares_value_and_precision_not_text(
    tmp_path: Path, real: Year, shown: str, recorded: str, stands: bool
) -> None:
    """An unformatted workbook cell shows -362.2, and is as fine as its column."""
    ledger = real.ledgers["project_expenditure"]
    cells = [replace(c, text=shown) if c.address == GOOD["address"] else c for c in ledger.cells]
    year = replace(real, ledgers={**real.ledgers, "project_expenditure": replace(ledger, cells=cells)})
    path = written(tmp_path, GOOD | {"printed": recorded})
    if stands:
        assert read_corrections(path, year)[0].value == -362_690_000
    else:
        (problem,) = problems_of(read_corrections, path, year)
        assert problem.cell == "B2" and "已过时" in problem.expected


@pytest.mark.parametrize(
    "address",
    [
        "2024/hunan_hrss/project_expenditure/38/adjustment",
        "2023/hunan_hrss/project_expenditure/17/adjustment",
        "2024/hunan_hrss/project_expenditure/17/project_name",
        "project_expenditure/17/adjustment",
        "",
    ],
)
def test_an_address_of_no_figure_is_refused(tmp_path: Path, real: Year, address: str) -> None:
    problem = problem_of(tmp_path, real, address=address)
    assert (problem.cell, problem.found) == ("A2", address or "空白")
    assert problem.expected == "2024 年某个数字单元格的地址（年/部门/账/行/栏，部门可不写）"


@pytest.mark.parametrize(
    ("changes", "cell", "found", "expected"),
    [
        ({"reason": " "}, "D2", "空白", "写明理由"),
        ({"evidence": ""}, "E2", "空白", "写明证据"),
        ({"basis": "guessed"}, "F2", "guessed", "derived 或 confirmed"),
        ({"basis": ""}, "F2", "空白", "derived 或 confirmed"),
        ({"basis": "confirmed"}, "G2", "空白", "确认人（basis 为 confirmed）"),
        ({"corrected": "36,2.69"}, "C2", "36,2.69", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
        ({"corrected": ""}, "C2", "空白", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
        ({"corrected": "5%"}, "C2", "5%", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
    ],
)
def test_a_row_with_something_missing_or_unreadable_is_refused(
    tmp_path: Path, real: Year, changes: dict[str, str], cell: str, found: str, expected: str
) -> None:
    problem = problem_of(tmp_path, real, **changes)
    assert (problem.cell, problem.found, problem.expected) == (cell, found, expected)


def test_a_number_is_not_corrected_into_another_kind(tmp_path: Path, real: Year) -> None:
    address = next(c.address for c in real.cells if c.ledger == "restatement" and c.text == "370人")
    problem = problem_of(tmp_path, real, address=address, printed="370人", corrected="371元")
    assert (problem.cell, problem.expected) == ("C2", "与原数同类的数（人）")


def test_a_second_correction_of_a_cell_is_refused(tmp_path: Path, real: Year) -> None:
    (problem,) = problems_of(read_corrections, written(tmp_path, GOOD, GOOD | {"corrected": "-362.68"}), real)
    assert (problem.cell, problem.found, problem.expected) == ("A3", GOOD["address"], "每个单元格一条更正")


def test_every_wrong_row_is_reported_and_blank_rows_are_skipped(tmp_path: Path, real: Year) -> None:
    blank = dict.fromkeys(GOOD, "")
    rows = [GOOD | {"reason": "", "basis": "x"}, blank, GOOD | {"address": "nowhere"}]
    problems = problems_of(read_corrections, written(tmp_path, *rows), real)
    assert [problem.cell for problem in problems] == ["D2", "F2", "A4"]


@pytest.mark.parametrize("gone", ["evidence", "confirmed_by"])
def test_missing_columns_are_refused(tmp_path: Path, real: Year, gone: str) -> None:
    headers = {name: text for name, text in HEADERS.items() if name != gone}
    (problem,) = problems_of(read_corrections, written(tmp_path, GOOD, headers=headers), real)
    assert (problem.cell, problem.found) == ("第1行", "、".join(headers.values()))
    assert problem.expected == "地址、印出数、更正数、理由、证据、依据、确认人"


def test_an_empty_file_is_refused(tmp_path: Path, real: Year) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("", encoding="utf-8")
    (problem,) = problems_of(read_corrections, path, real)
    assert problem.found == "空表"


def test_a_row_longer_than_its_header_is_refused_rather_than_cut(tmp_path: Path, real: Year) -> None:
    path = written(tmp_path, GOOD)
    path.write_text(path.read_text(encoding="utf-8").rstrip() + ",规划财务处\n", encoding="utf-8")
    (problem,) = problems_of(read_corrections, path, real)
    assert (problem.cell, problem.found) == ("H2", "规划财务处")


def test_an_unquoted_comma_in_exceptions_is_refused_too(tmp_path: Path) -> None:
    from orchestration.base.problems import InputError
    from orchestration.ledgers.exceptions import read_exceptions

    path = tmp_path / "exceptions.csv"
    path.write_text("规则,所在,差额,理由,证据,确认人\nbalanced,x,1,甲,乙,丙,丁\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_exceptions(path, 2024, {"balanced"})
    assert [(p.cell, p.found) for p in error.value.problems] == [("G2", "丁")]


@pytest.mark.parametrize(
    "typed",
    ["NaN", "Infinity", "-inf", "1E+30", "1e3", "1_000", "4900元", "4900余", "1,2", "--5", "٣", "9" * 40, "+5"],
)
def test_a_difference_that_is_no_bare_figure_is_refused(tmp_path: Path, typed: str) -> None:
    path = exceptions_file(tmp_path, typed)
    (problem,) = problems_of(read_exceptions, path, 2024, {"balanced"})
    assert (problem.cell, problem.found) == ("C2", typed) and problem.expected.startswith("数（金额以元计")


@pytest.mark.parametrize(
    ("typed", "value"), [("-4,900.00", "-4900"), ("（4900）", "-4900"), ("１２", "12"), ("-0.01", "-0.01")]
)
def test_a_difference_is_read_as_any_figure(tmp_path: Path, typed: str, value: str) -> None:
    (accepted,) = read_exceptions(exceptions_file(tmp_path, typed), 2024, {"balanced"})
    assert accepted.difference == Decimal(value)


def exceptions_file(folder: Path, difference: str) -> Path:
    path = folder / "exceptions.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(EXCEPTION_HEADERS.values())
        writer.writerow(["balanced", "department", difference, "理由", "证据", "某人"])
    return path
