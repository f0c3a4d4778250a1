"""Files as offices keep them, one folder each under ``cases`` with a README that says the right answer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import read_paths
from tests.unit.ledgers.conftest import problems_of, workbook

CASES = Path(__file__).parent / "cases"


def read(contracts: dict[str, Contract], *parts: str) -> dict[str, Cell]:
    """The figures of one case, by row key and measure."""
    year = read_paths([CASES.joinpath(*parts)], 2024, contracts)
    return {f"{cell.row_key}/{cell.measure}": cell for cell in year.cells}


def test_a_general_cell_of_fourteen_digits_is_read_to_the_fen(contracts: dict[str, Contract]) -> None:
    cells = read(contracts, "general-cell-twelve-digits", "fund_balance.xlsx")
    pension = [cells[f"enterprise_pension/{measure}"].value for measure in ("opening", "surplus", "closing")]
    assert pension == [Decimal(17943212345678), Decimal(121100000000), Decimal(18064312345678)]


@pytest.mark.parametrize(
    ("stored", "fen"),
    [
        (180643123456, 18064312345600),
        (9876543210987.65, 987654321098765),
        (-123456789012.34, -12345678901234),
        (0.07, 7),
        (1e11 + 0.01, 10000000000001),
        (1e15, 10**17),
    ],
)
def test_no_digit_of_an_unformatted_amount_is_lost(
    tmp_path: Path, contracts: dict[str, Contract], stored: float, fen: int
) -> None:
    rows = [["社会保险基金结余表"], ["单位：元"], ["险种", "统筹层次", "期末滚存结余"], ["失业保险", "省本级", stored]]
    rows[2][2:2] = ["期初结余", "收支结余"]
    rows[3][2:2] = [None, None]
    path = workbook(tmp_path / "fund_balance.xlsx", {"一": rows})
    one_row = {"fund_balance": contracts["fund_balance"].model_copy(update={"rows": "any"})}
    (cell,) = [cell for cell in read_paths([path], 2024, one_row).cells if cell.measure == "closing"]
    assert cell.value == fen


@pytest.mark.parametrize("name", [f"{n:02}.xlsx" for n in range(11)])
def test_amounts_are_read_in_the_unit_that_the_note_states(contracts: dict[str, Contract], name: str) -> None:
    readme = (CASES / "unit-notes" / "README").read_text(encoding="utf-8")
    (unit,) = (line.split("Unit is ")[1].split(";")[0] for line in readme.splitlines() if line.startswith(name[:2]))
    cell = read(contracts, "unit-notes", name)["甲中心/carryover"]
    assert (cell.printed_unit, cell.value) == (unit, Decimal("1.2") * {"元": 100, "万元": 10**6}[unit])


@pytest.mark.parametrize("name", ["trailing-zeros-dropped/表1.xlsx", "trailing-zeros-dropped-csv/表1.csv"])
def test_a_total_of_whole_numbers_is_as_fine_as_the_column_above_it(contracts: dict[str, Contract], name: str) -> None:
    cells = [cell for cell in read(contracts, name).values() if cell.measure == "total_budget"]
    *rows, total = (cell for cell in cells if cell.value is not None)
    difference = abs(sum(row.value or 0 for row in rows) - (total.value or 0))
    assert difference in (750_000, 1_000_000)  # 0.75 万元, 1 万元
    assert difference > sum(cell.half_width for cell in cells)  # closed intervals that do not meet


def test_a_hidden_row_is_left_out_and_named(contracts: dict[str, Contract]) -> None:
    year = read_paths([CASES / "hidden-row" / "表1.xlsx"], 2024, contracts)
    budgets = {cell.row_key: cell.value for cell in year.cells if cell.measure == "total_budget"}
    assert sum(value or 0 for key, value in budgets.items() if key != "total") == budgets["total"]
    (notice,) = year.notices
    assert notice.cell == "A6"
    assert notice.found == "隐藏行 6（丁所（旧））"


def test_an_amount_merged_over_two_rows_is_refused_by_its_range(contracts: dict[str, Contract]) -> None:
    (problem,) = problems_of(read_paths, [CASES / "merged-amount" / "表1.xlsx"], 2024, contracts)
    assert (problem.cell, problem.found) == ("C4:C5", "1.20（合并单元格，只列示一次）")


def test_a_percent_sign_that_a_format_adds_is_read_as_shown(contracts: dict[str, Contract]) -> None:
    cells = read(contracts, "percent-sign-in-format", "operating_cost.xlsx")
    rates = [(cell.text, cell.value, cell.half_width) for cell in cells.values() if cell.unit == "ratio"]
    assert rates == [
        ("94.94%", Decimal("0.9494"), Decimal("0.00005")),
        ("79.72%", Decimal("0.7972"), Decimal("0.00005")),
    ]


def test_a_workbook_of_before_2007_is_read_as_the_same_table_in_another_format(contracts: dict[str, Contract]) -> None:
    year = read_paths([CASES / "xls-left-out"], 2024, contracts)
    assert set(year.ledgers) == {"insured", "unit_basic_expenditure"}
    cells = {f"{cell.row_key}/{cell.measure}": cell for cell in year.cells}
    cell = cells["甲中心/carryover"]
    assert (cell.text, cell.value, cell.half_width, cell.cell) == ("1.20", 1_200_000, 5000, "C4")


@pytest.mark.parametrize("keep", [0, 7, 512, 3000, 5900])
def test_a_damaged_workbook_of_before_2007_is_refused(
    tmp_path: Path, contracts: dict[str, Contract], keep: int
) -> None:
    content = (CASES / "xls-left-out" / "表1.xls").read_bytes()
    path = tmp_path / "表1.xls"
    path.write_bytes(content[:keep])
    (problem,) = problems_of(read_paths, [path], 2024, contracts)
    assert problem.found.startswith(("空文件", "打不开的工作簿"))


def test_a_name_that_says_another_format_than_the_content_is_told(
    tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    old = tmp_path / "表1.xlsx"
    old.write_bytes((CASES / "xls-left-out" / "表1.xls").read_bytes())
    new = tmp_path / "表2.xls"
    new.write_bytes((CASES / "hidden-row" / "表1.xlsx").read_bytes())
    found = [problem.found for problem in problems_of(read_paths, [old, new], 2024, contracts)]
    assert found == ["打不开的工作簿（内容是旧版 xls）", "打不开的工作簿（内容是 xlsx 或其他压缩包）"]


def test_targets_as_forms_print_them_never_refuse_the_year(contracts: dict[str, Contract]) -> None:
    """A number with its comparator, a range, a day, a rate; or words, which nobody judges."""
    cells = read(contracts, "indicator-targets")
    said = {
        name: (cells[f"output:{name}/direction"].text, cells[f"output:{name}/target"].value)
        for name in ("e不低于", "f以上", "h区间", "n反向2", "p单位不同2", "w时间", "y百分比字", "s定性")
    }
    assert said == {
        "e不低于": (">=", Decimal("0.95")), "f以上": (">=", Decimal("0.95")), "h区间": ("range", Decimal("0.90")),
        "n反向2": ("<=", Decimal(10)), "p单位不同2": (">=", Decimal(100_000)), "w时间": ("<=", Decimal(20088)),
        "y百分比字": (">=", Decimal(1)), "s定性": ("qualitative", None),
    }  # fmt: skip
    assert cells["output:p单位不同2/actual"].value == 97_000  # 9.7 beside ≥10万人
    assert cells["output:h区间/target_high"].value == Decimal("0.95")


def test_an_indicator_that_no_number_says_keeps_its_words_and_its_score(contracts: dict[str, Contract]) -> None:
    """What is told of these scores, ``tests/pipeline/test_scores.py`` shows with the same indicators."""
    cells = read(contracts, "indicators-not-judged")
    assert {name: cells[f"output:{name}/actual"].value for name in ("合格率", "满意率")} == {
        "合格率": Decimal(1), "满意率": Decimal("0.96"),
    }  # fmt: skip
    words = [
        (name, cells[f"output:{name}/actual"].text, cells[f"output:{name}/score"].value)
        for name in ("及时率", "机制建设")
    ]
    assert words == [("及时率", "达标", Decimal(2)), ("机制建设", "基本达成", Decimal(9))]
