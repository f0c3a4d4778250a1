"""The official self-evaluation form is read as it stands: levels merged or written once, its funding, its goals, the
points behind a level's name, one form a sheet or a file.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from orchestration.ledgers.contract import Contract, Key, read_contract
from orchestration.ledgers.reader import Year, read_paths, read_year
from tests.forms import Form, write_csv, write_workbook
from tests.unit.ledgers.conftest import problems_of

FORM = Form(
    "业务工作经费支出绩效自评表",
    (
        ("年度资金总额", 100, 120, 108, 10, "90.00%", 9),
        ("其中：本年财政拨款", 100, 110, 100, "—", "90.91%", "—"),
        ("上年结转资金", 0, 10, 8, "—", "80.00%", "—"),
        ("其他资金", None, None, None, "—", None, "—"),
    ),
    ("目标1：办好培训。", "全部完成。"),
    (
        (
            "产出指标（50分）",
            "数量指标（20分）",
            "培训场次",
            "≥12场",
            "11场",
            10,
            9.17,
            "一场因汛情取消，已列入下年计划",
        ),
        (None, None, "发放人数", "≥10万人", "9.7", 10, 9.7, "部分对象已转为其他补贴"),
        (None, "时效指标", "办结时间", "2024年12月底前", "2024年12月20日", 10, 10, None),
        (None, "成本指标", None, None, None, None, None, None),
        (None, "质量指标", "合格率", "≥95%", "96%", 20, 20, None),
        ("效益指标（30分）", "社会效益指标", "服务水平", "逐步提升", "达成预期指标", 30, 30, None),
        ("满意度指标（10分）", "服务对象满意度指标", "群众满意度", "≥95%", "95%-97%", 10, 10, None),
    ),
    (100, 97.87),
)
FUND = dataclasses.replace(FORM, title="失业保险基金支出绩效自评表", label="基金支出（亿元）")
PROJECT = dataclasses.replace(FORM, title="项目支出绩效自评表", named="数字化平台建设")


def read(*paths: Path, contracts: dict[str, Contract]) -> Year:
    return read_paths(paths, 2024, contracts)


def cells_of(year: Year, form: str) -> dict[str, tuple[Any, str, str]]:
    """Address without the year -> value or text, its unit, its place."""
    return {
        cell.address.removeprefix("2024/"): (
            cell.text if cell.value is None else cell.value,
            cell.unit,
            cell.cell,
        )
        for cell in year.cells
        if cell.row_key.split(":")[0] == form
    }


def test_an_official_form_is_read_to_three_ledgers(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    year = read(write_workbook(tmp_path / "附件.xlsx", [FORM]), contracts=contracts)
    found = cells_of(year, "operations")
    assert {name: found[f"evaluation_{name}"] for name in (
        "funding/operations:total/final_expenditure", "funding/operations:carryover/total_budget",
        "funding/operations:other/total_budget", "funding/operations:total/score", "goal/operations:1/expected",
        "indicator/operations:output:培训场次/target", "indicator/operations:output:发放人数/level2",
        "indicator/operations:output:发放人数/actual", "indicator/operations:output:办结时间/target",
        "indicator/operations:benefit:服务水平/direction", "indicator/operations:satisfaction:群众满意度/actual_high",
        "indicator/operations:output:培训场次/reason", "indicator/operations:total:total/score",
    )} == {
        "funding/operations:total/final_expenditure": (108_000_000, "yuan", "F4"),
        "funding/operations:carryover/total_budget": (10_000_000, "yuan", "E6"),
        "funding/operations:other/total_budget": (0, "yuan", "E7"),
        "funding/operations:total/score": (9, "point", "I4"),
        "goal/operations:1/expected": ("目标1：办好培训。", "text", "B9"),
        "indicator/operations:output:培训场次/target": (12, "count", "E11"),
        "indicator/operations:output:发放人数/level2": ("数量指标", "text", "C12"),
        "indicator/operations:output:发放人数/actual": (97_000, "person", "F12"),
        "indicator/operations:output:办结时间/target": (20088, "date", "E13"),
        "indicator/operations:benefit:服务水平/direction": ("qualitative", "text", "E16"),
        "indicator/operations:satisfaction:群众满意度/actual_high": (Decimal("0.97"), "ratio", "F17"),
        "indicator/operations:output:培训场次/reason": ("一场因汛情取消，已列入下年计划", "text", "I11"),
        "indicator/operations:total:total/score": (Decimal("97.87"), "point", "H18"),
    }  # fmt: skip
    assert "evaluation_funding/operations:other/weight" not in found  # — is no figure, and a blank amount is zero
    assert {cell.row_kind for cell in year.cells if cell.row_key.endswith("total")} == {"total"}
    assert [(each.kind, each.found) for each in year.not_read] == [("part", "填表人：某甲"), ("row", "成本指标")]


def test_points_behind_a_level_are_those_of_its_first_row(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    found = cells_of(read(write_workbook(tmp_path / "附件.xlsx", [FORM]), contracts=contracts), "operations")
    assert {name: said[0] for name, said in found.items() if name.endswith(("section_weight", "level2_weight"))} == {
        "evaluation_indicator/operations:output:培训场次/section_weight": 50,
        "evaluation_indicator/operations:output:培训场次/level2_weight": 20,
        "evaluation_indicator/operations:benefit:服务水平/section_weight": 30,
        "evaluation_indicator/operations:satisfaction:群众满意度/section_weight": 10,
    }


def test_a_second_level_of_the_same_name_in_the_next_section_has_its_own_points(
    tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    rows = (
        ("产出指标（50分）", "质量指标（50分）", "合格率", "≥95%", "96%", 25, 25, None),
        (None, None, "覆盖率", "≥95%", "96%", 25, 25, None),
        ("效益指标（50分）", "质量指标（50分）", "满意率", "≥95%", "96%", 50, 50, None),
    )
    form = dataclasses.replace(FORM, indicators=rows, total=(100, 100))
    for path in (write_workbook(tmp_path / "附件.xlsx", [form]), write_csv(tmp_path / "业务工作经费.csv", form)):
        points = {name: said[0] for name, said in cells_of(read(path, contracts=contracts), "operations").items()}
        assert {name: said for name, said in points.items() if name.endswith("level2_weight")} == {
            "evaluation_indicator/operations:output:合格率/level2_weight": 50,
            "evaluation_indicator/operations:benefit:满意率/level2_weight": 50,
        }


def test_without_merged_cells_the_same_is_read(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    merged = read(write_workbook(tmp_path / "附件.xlsx", [FORM]), contracts=contracts)
    once = read(write_csv(tmp_path / "业务工作经费.csv", FORM), contracts=contracts)
    assert cells_of(once, "operations") == cells_of(merged, "operations") and len(merged.cells) == 65


def test_each_sheet_or_file_is_a_form_of_its_own(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    book = write_workbook(tmp_path / "附件.xlsx", [FORM, FUND])
    year = read(book, write_csv(tmp_path / "平台.csv", PROJECT), contracts=contracts)
    budgets: dict[str, object] = {
        cell.row_key: (cell.value, cell.printed_unit) for cell in year.cells
        if cell.ledger == "evaluation_funding" and cell.measure == "total_budget" and cell.row_kind == "total"
    }  # fmt: skip
    assert budgets == {
        "operations:total": (120_000_000, "万元"),
        "unemployment:total": (1_200_000_000_000, "亿元"),
        "数字化平台建设:total": (120_000_000, "万元"),
    }
    assert {(each.file.rsplit("/", 1)[-1], each.sheet) for each in year.not_read} == {
        ("附件.xlsx", "业务工作经费"), ("附件.xlsx", "失业保险基金"), ("平台.csv", "")
    }  # fmt: skip


def test_the_same_form_twice_is_told_once_a_ledger_with_both_places(
    tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    book = write_workbook(tmp_path / "附件.xlsx", [FORM])
    again = write_csv(tmp_path / "业务.csv", FORM)
    problems = problems_of(read, book, again, contracts=contracts)
    assert [(problem.file, problem.cell) for problem in problems] == [(str(again), c) for c in ("D4", "B9", "C11")]
    assert all("附件.xlsx 业务工作经费" in problem.expected for problem in problems)


def test_a_form_that_nothing_names_is_told(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    (tmp_path / "2024").mkdir()
    path = write_csv(tmp_path / "2024" / "表.csv", dataclasses.replace(FORM, title="情况表"))
    ledgers = ("evaluation_indicator", "evaluation_funding")
    said = "".join(f"  - {{file: 表.csv, ledger: {ledger}}}\n" for ledger in ledgers)
    (path.parent / "sources.yml").write_text(f"year: 2024\nrequired: []\nfiles:\n{said}", "utf-8")
    problems = problems_of(read_year, path.parent, 2024, contracts)
    assert [problem.found for problem in problems] == ["看不出是哪一张自评表"] * 2
    title_alone = {
        name: each.model_copy(update={"keys": tuple(_by_title_alone(key) for key in each.keys)})
        for name, each in contracts.items()
    }
    problems = problems_of(read_year, path.parent, 2024, title_alone)
    assert [problem.expected for problem in problems] == ["标题写明"] * 2


def _by_title_alone(key: Key) -> Key:
    return key.model_copy(update={"sheet": key.sheet.model_copy(update={"beside": ()})}) if key.sheet else key


def test_the_sheets_of_a_year_need_not_be_named_one_by_one(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    path = write_workbook(tmp_path / "2024" / "附件.xlsx", [FORM, FUND, PROJECT])
    ledgers = ("evaluation_indicator", "evaluation_funding", "evaluation_goal")
    said = "".join(f"  - {{file: 附件.xlsx, ledger: {ledger}}}\n" for ledger in ledgers)
    (path.parent / "sources.yml").write_text(f"year: 2024\nrequired: []\nfiles:\n{said}", "utf-8")
    year = read_year(path.parent, 2024, contracts)
    assert {name: len(ledger.sheets) for name, ledger in year.ledgers.items()} == dict.fromkeys(ledgers, 3)
    assert {each.kind for each in year.not_read} == {"part", "row"}  # no sheet is left over


def test_a_column_may_be_as_wide_as_its_merged_header(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    """Tables of one sheet share its columns: the funding's figures are merged over two, and read once."""
    book = openpyxl.Workbook()
    rows = [
        ["业务工作经费支出绩效自评表"],
        ["项目资金", None, "年初预算数", None, "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        [None, "年度资金总额", 100, None, 120, 108, 10, "90.00%", 9],
    ]  # fmt: skip
    for row in rows:
        book.active.append(row)
    for place in ("A2:A3", "C2:D2", "C3:D3"):
        book.active.merge_cells(place)
    book.save(tmp_path / "表.xlsx")
    year = read(tmp_path / "表.xlsx", contracts=contracts)
    assert [cell.cell for cell in year.cells] == ["C3", "E3", "F3", "G3", "H3", "I3"]
    book.active.merge_cells("E3:F3")  # one amount for two columns
    book.save(tmp_path / "表.xlsx")
    (problem, *_) = problems_of(read, tmp_path / "表.xlsx", contracts=contracts)
    assert problem.cell == "E3:F3"


def test_a_key_that_contracts_share_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "ledger: a\ntitle: 甲\nshort: 甲\nkeys: [{name: form, header: 表, values: {一: one}}]\n", "utf-8"
    )
    other = tmp_path / "b.yml"
    other.write_text("ledger: b\ntitle: 乙\nshort: 乙\nkeys: [{name: form, as_in: a}]\n", "utf-8")
    assert read_contract(other).keys == read_contract(tmp_path / "a.yml").keys
    other.write_text("ledger: b\ntitle: 乙\nshort: 乙\nkeys: [{name: form, as_in: c}]\n", "utf-8")
    for nothing in (None, "", "- form\n", "keys: 3\n", "keys:\n"):  # no such file, or none that lists keys
        if nothing is not None:
            (tmp_path / "c.yml").write_text(nothing, "utf-8")
        assert [problem.expected for problem in problems_of(read_contract, other)] == ["c.yml 里写明的同名的键"]


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("2024年度部门整体支出绩效自评表", "department"), ("部门整体支出绩效评价自评表", "department"),
        ("其他事业发展项目支出绩效自评表", "development"),
        ("机关事业职工养老保险基金支出绩效自评表", "institution_pension"),
        ("高校毕业生就业补助资金绩效自评表（2024年度）", "高校毕业生就业补助资金"),
    ],
)  # fmt: skip
def test_a_form_is_called_by_its_title(tmp_path: Path, contracts: dict[str, Contract], title: str, form: str) -> None:
    year = read(write_csv(tmp_path / "表.csv", dataclasses.replace(FORM, title=title)), contracts=contracts)
    assert {cell.row_key.split(":")[0] for cell in year.cells} == {form}


def test_what_was_declared_at_the_years_start_is_a_ledger_of_its_own(
    tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    """In the same workbook as the self-evaluation, in the official layout, neither read as the other."""
    book = openpyxl.load_workbook(write_workbook(tmp_path / "附件.xlsx", [FORM]))
    sheet = book.create_sheet("年初目标")
    for row in (
        ("业务工作经费支出绩效目标申报表",), ("（2024年度）",), ("一级指标", "二级指标", "三级指标", "指标值", "备注"),
        ("产出指标", "数量指标", "培训场次", "≥15场", ""), (None, None, "发放人数", "≥10万人", ""),
        ("满意度指标", "服务对象满意度指标", "群众满意度", "≥95%", "问卷"),
    ):  # fmt: skip
        sheet.append(row)
    for merged in ("A1:E1", "A2:E2", "A4:A5", "B4:B5"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "附件.xlsx")
    year = read(tmp_path / "附件.xlsx", contracts=contracts)
    found = {name: each for name, each in cells_of(year, "operations").items() if name.startswith("declared_target")}
    targets = {name.split("/")[1]: each[0] for name, each in found.items() if name.endswith("/target")}
    assert targets == {
        "operations:output:培训场次": 15, "operations:output:发放人数": 100000,
        "operations:satisfaction:群众满意度": Decimal("0.95"),
    }  # fmt: skip
    assert cells_of(year, "operations")["evaluation_indicator/operations:output:培训场次/target"][0] == 12
