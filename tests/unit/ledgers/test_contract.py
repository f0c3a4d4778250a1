"""Contracts: what a right one says, and that a wrong one is refused with its file and key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.base.problems import Problem
from orchestration.ledgers.contract import Contract, read_contract, read_contracts
from tests.unit.ledgers.conftest import TABLE, contract, problems_of


def written(folder: Path, text: str, name: str = "spending.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problem_of(folder: Path, before: str, after: str) -> Problem:
    """The one problem of the sample contract with a text replaced."""
    assert TABLE.count(before) == 1
    (problem,) = problems_of(read_contract, written(folder, TABLE.replace(before, after)))
    assert problem.file == str(folder / "spending.yml")
    return problem


def test_a_contract_reads_with_its_defaults(tmp_path: Path) -> None:
    read = read_contract(written(tmp_path, TABLE))
    assert (read.ledger, read.unit, read.blank, read.total.words) == ("spending", "万元", "zero", ("合计", "总计"))
    assert [column.name for column in read.columns] == ["unit_name", "budget", "actual"]
    assert [measure.kind for measure in read.measures] == ["money", "money"]
    assert (read.required, read.ignored, read.memo, read.table) == (True, ("备注",), (), None)
    assert read.measure("actual") is read.measures[1]
    assert read.measure("unit_name") is None


def test_reliability_is_read_digit_by_digit(tmp_path: Path) -> None:
    assert contract().reliability == Decimal(1)
    for written_as, read in (("0.1", "0.1"), ("2", "2"), ('"0.100001"', "0.100001"), ("1234.654321", "1234.654321")):
        path = written(tmp_path, TABLE + f"reliability: {written_as}\n")
        assert read_contract(path).reliability == Decimal(read)
    with pytest.raises(ValidationError, match="精确的小数"):
        contract(reliability=0.1)


def test_headers_titles_and_aliases_are_known_without_spaces() -> None:
    read = contract(titles=["表 1"])
    assert read.known_titles == {"支出表", "spending", "表1"}
    assert contract(TABLE.replace("header: 预算数", "header: 预 算 数")).measures[0].headers == {"预算数", "全年预算"}


@pytest.mark.parametrize(
    ("before", "after", "key", "expected"),
    [
        ("unit: 万元", "unitt: 万元", "unitt", "没有这一项"),
        ("unit: 万元", "unit: 万圆", "unit", "元、千元、万元、百万元、亿元"),
        ("unit: 万元", "unit: 万人", "unit", "元、千元、万元、百万元、亿元"),
        ("title: 支出表", "", "title", "须有这一项"),
        ("ledger: spending", "ledger: 支出", "ledger", "合于 ^[a-z]"),
        ("header: 决算数,", "headers: 决算数, header: 决算数,", "measures.1.headers", "没有这一项"),
        ("header: 决算数,", "header: 决算数, kind: euro,", "measures.1.kind", "'money'"),
        ("header: 决算数,", "header: 决算数, blank: nothing,", "measures.1.blank", "'zero' 或 'not_printed'"),
        ("header: 决算数,", "header: 决算数, unit: 万圆,", "measures.1.unit", "money 的单位"),
        ("header: 决算数,", "header: 决算数, kind: person, unit: 万元,", "measures.1.unit", "person 的单位"),
        ("header: 决算数,", "header: 决算数, kind: ratio, unit: 万元,", "measures.1.unit", "ratio 的单位"),
        ("header: 决算数,", "header: 决算数, kind: date, unit: 天,", "measures.1.unit", "date 的单位"),
        ('label: "{unit_name}"', 'label: "{project_no}"', "label", "'project_no'"),
        ("unit: 万元", "unit: 万元\nreliability: 0", "reliability", "大于 0"),
        ("unit: 万元", "unit: 万元\nreliability: -1.5", "reliability", "大于 0"),
        ("unit: 万元", "unit: 万元\nreliability: 高", "reliability", "数"),
        ("unit: 万元", "unit: 万元\nreliability: true", "reliability", "精确的小数"),
        ("unit: 万元", "unit: 万元\nreliability: .inf", "reliability", "数"),
        ("unit: 万元", "unit: 万元\nreliability: 0.0000001", "reliability", "至多 6 位小数"),
        ('label: "{unit_name}"', 'label: "{budget}"', "label", "'budget'"),
        ('label: "{unit_name}"', 'label: "{unit_name"', "label", "只写键或文字栏的名字"),
        ('label: "{unit_name}"', "unpublished: [balance]", "unpublished", "没有 balance"),
        ("name: actual", "name: budget", "(全文)", "重复的有 budget"),
        ("name: actual", "name: unit_name", "(全文)", "重复的有 unit_name"),
    ],
)
def test_a_wrong_contract_is_refused_with_its_file_and_key(
    tmp_path: Path, before: str, after: str, key: str, expected: str
) -> None:
    problem = problem_of(tmp_path, before, after)
    assert problem.cell == key
    assert expected in problem.expected


def test_every_wrong_key_of_a_contract_is_named(tmp_path: Path) -> None:
    text = TABLE.replace("unit: 万元", "unit: 万圆").replace("name: budget", "name: 预算")
    found = problems_of(read_contract, written(tmp_path, text))
    assert [problem.cell for problem in found] == ["unit", "measures.0.name"]


@pytest.mark.parametrize("keys", ["[]", "[a, b, c, d]"])
def test_a_row_has_one_to_three_keys(tmp_path: Path, keys: str) -> None:
    names = [name for name in keys.strip("[]").split(", ") if name]
    lines = "".join(f"\n  - {{name: {name}, header: {name}}}" for name in names) or " []"
    text = f"ledger: spending\ntitle: 支出表\nshort: 支出表\nkeys:{lines}\n"
    (problem,) = problems_of(read_contract, written(tmp_path, text))
    assert problem.cell == "keys"


@pytest.mark.parametrize("content", [b"ledger: [", b"ledger: \xff\xfe", b"- spending\n", b""])
def test_what_is_no_yaml_mapping_is_refused_with_its_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "spending.yml"
    path.write_bytes(content)
    (problem,) = problems_of(read_contract, path)
    assert problem.file == str(path)
    assert problem.expected


def test_a_contract_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    (problem,) = problems_of(read_contract, tmp_path / "nowhere.yml")
    assert problem.file == str(tmp_path / "nowhere.yml")


def test_a_contract_is_named_after_its_file(tmp_path: Path) -> None:
    (problem,) = problems_of(read_contract, written(tmp_path, TABLE, "other.yml"))
    assert (problem.cell, problem.found, problem.expected) == ("ledger", "spending", "与文件同名：other")


def test_every_wrong_file_of_a_folder_is_reported(tmp_path: Path) -> None:
    written(tmp_path, TABLE)
    written(tmp_path, TABLE, "other.yml")
    written(tmp_path, "ledger: [", "third.yml")
    found = problems_of(read_contracts, tmp_path)
    assert [problem.file for problem in found] == [str(tmp_path / "other.yml"), str(tmp_path / "third.yml")]


def test_a_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(read_contracts, tmp_path)
    assert (problem.file, problem.found) == (str(tmp_path), "没有契约文件")


def test_the_real_contracts_name_every_ledger_of_the_report(contracts: dict[str, Contract]) -> None:
    assert set(contracts) == {
        "basic_building", "basic_cost", "basic_staff", "budget_scope", "category_expenditure", "claim",
        "declared_target", "department_summary", "establishment", "evaluation_funding", "evaluation_goal",
        "evaluation_indicator", "fund_balance", "fund_form", "fund_statement", "indicator", "insured",
        "operating_cost", "organisation", "performance_fact", "project_expenditure", "report_date", "restatement",
        "score_section", "stated_cell", "stated_count", "stated_quotient", "stated_sum", "unit_basic_expenditure",
        "unit_project_expenditure",
    }  # fmt: skip
    assert all(read.ledger == name for name, read in contracts.items())


def test_no_title_of_the_real_contracts_means_two_ledgers(contracts: dict[str, Contract]) -> None:
    """Unless they are parts of one sheet, which begin at different texts of it."""
    called: dict[str, list[Contract]] = {}
    for read in contracts.values():
        for title in read.known_titles:
            called.setdefault(title, []).append(read)
    shared = [named for named in called.values() if len(named) > 1]
    begins = [{each.region.begin if each.region else () for each in named} for named in shared]
    assert all(len(texts) == len(named) and () not in texts for texts, named in zip(begins, shared, strict=True))
    assert {each.ledger for named in shared for each in named} == {"basic_building", "basic_cost", "basic_staff"}


def test_no_header_of_a_real_contract_means_two_of_its_columns(contracts: dict[str, Contract]) -> None:
    for read in contracts.values():
        headers = [header for column in read.columns for header in column.headers]
        assert len(headers) == len(set(headers)), read.ledger


def test_the_five_funds_have_their_codes_in_every_ledger_that_names_them(contracts: dict[str, Contract]) -> None:
    funds = {
        "企业职工基本养老保险": "enterprise_pension",
        "机关事业单位基本养老保险": "institution_pension",
        "城乡居民基本养老保险": "resident_pension",
        "工伤保险": "work_injury",
        "失业保险": "unemployment",
    }
    assert contracts["fund_statement"].keys[0].values == funds
    assert contracts["fund_balance"].keys[0].values == funds
