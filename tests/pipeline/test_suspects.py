"""Findings in a build: which cell is wrong, said where people look."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.warehouse.check import CheckResult, check_paths
from tests.conftest import edit

ROW_17 = "2024/hunan_hrss/project_expenditure/17/adjustment"


def checked(raw: Path, folder: Path, *, as_published: bool = False) -> CheckResult:
    settings = Settings(department="hunan_hrss", home=folder / "home", raw=raw)
    return check_paths(settings, [raw / "2024" / "hunan_hrss"], folder / "check", as_published=as_published)


@pytest.fixture(scope="module")
def as_published(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    return checked(ROOT / "raw", tmp_path_factory.mktemp("suspects"), as_published=True)


def test_the_one_answer_is_row_17_with_its_interval_and_its_witness_in_table_2(as_published: CheckResult) -> None:
    (suspect,) = as_published.build.rows("from suspect_cell")
    assert (suspect["address"], suspect["rank"], suspect["answer"]) == (ROW_17, 1, 1)
    assert (suspect["implied_low_yuan"], suspect["implied_high_yuan"]) == (Decimal(-3627050), Decimal(-3626750))
    assert suspect["printed_yuan"] == Decimal(-3622000)
    assert "2024/hunan_hrss/unit_project_expenditure/湖南省人力资源服务中心/adjustment" in suspect["witnesses"].split(
        "、"
    )
    assert suspect["statement"] == (
        "表3 第17行 本年调整 列示为 -362.20 万元，应在 -362.71 与 -362.67 之间；表2 第5行 本年调整 列示为 -362.69"
    )
    (finding,) = as_published.build.rows("from finding")
    assert (finding["is_unique"], finding["is_complete"], finding["severity"]) == (True, True, "error")
    assert finding["rules"].split("、") == [
        "budget_composition/project_expenditure/17",
        "project_column_total/adjustment",
    ]


def test_nothing_is_suspected_where_every_rule_holds(tmp_path: Path) -> None:
    build = checked(ROOT / "raw", tmp_path).build
    assert build.rows("from suspect_cell") == [] and build.rows("from finding") == []


def test_a_wrong_count_is_suspected_in_its_own_unit(raw: Path, tmp_path: Path) -> None:
    edit(raw / "2024" / "hunan_hrss" / "establishment.csv", "行政编制,121,114,", "行政编制,112,114,")
    found = checked(raw, tmp_path)
    suspects = {row["address"]: row for row in found.build.rows("from suspect_cell")}
    row = suspects["2024/hunan_hrss/establishment/行政编制/quota"]
    assert (row["unit"], row["implied_low_yuan"], row["implied_high_yuan"]) == ("person", Decimal(121), Decimal(121))
    assert "应为 121" in row["statement"]


def test_a_sign_slip_on_a_denominator_accuses_that_cell_alone(raw: Path, tmp_path: Path) -> None:
    edit(raw / "2024" / "hunan_hrss" / "category_expenditure.csv", '"6,863.74"', '"-6,863.74"')
    (suspect,) = checked(raw, tmp_path).build.rows("from suspect_cell")
    assert suspect["address"] == "2024/hunan_hrss/category_expenditure/operations/total_budget"
    assert suspect["implied_low_yuan"] <= Decimal(68637400) <= suspect["implied_high_yuan"]


def test_an_answer_that_is_not_unique_says_so(raw: Path, tmp_path: Path) -> None:
    edit(raw / "2024" / "hunan_hrss" / "fund_statement.csv", "收入,利息收入,29.65,", "收入,利息收入,39.65,")
    found = checked(raw, tmp_path)
    (finding,) = found.build.rows("from finding")
    assert not finding["is_unique"] and finding["answers"] > 1
    assert "单凭数字分不出是哪一种" in finding["statement"]
    listed = {row["address"] for row in found.build.rows("from suspect_cell")}
    assert "2024/hunan_hrss/fund_statement/enterprise_pension:income:利息收入/budget" in listed


def test_every_row_of_a_column_that_nothing_else_binds_is_listed(raw: Path, tmp_path: Path) -> None:
    edit(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", '"4,641.52"', '"4,691.52"')
    build = checked(raw, tmp_path).build
    (finding,) = build.rows("from finding")
    assert (finding["answers"], finding["is_unique"], finding["is_complete"]) == (36, False, True)
    assert len(build.rows("from suspect_cell")) == 36


def test_rules_that_hold_alone_but_not_together_are_a_finding_of_their_own(tmp_path: Path) -> None:
    """Two rows that are each just within their least value: together they are more than their total can be."""
    folder = tmp_path / "2024"
    folder.mkdir()
    (folder / "unit_basic_expenditure.csv").write_text(
        "单位：万元\n序号,单位名称,上年结转,年初预算,本年调整,全年预算,决算支出,结转结余\n"
        "1,甲,,1.0,,1.0,,1.0\n2,乙,,1.0,,1.0,,1.0\n合计,,,2.0,,2.0,,2.0\n",
        encoding="utf-8",
    )
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "- {id: one, title: 合计, check: unit_basic_expenditure/total/total_budget ="
        " sum(unit_basic_expenditure/*/total_budget)}\n"
        "- {id: low, title: 甲至少, check: unit_basic_expenditure/甲/total_budget >= 1.05万元}\n"
        "- {id: high, title: 乙至少, check: unit_basic_expenditure/乙/total_budget >= 1.05万元}\n",
        encoding="utf-8",
    )
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=ROOT / "raw").with_rules(rules)
    found = check_paths(settings, [folder], tmp_path / "check")
    assert found.broken == 0
    (finding,) = found.build.rows("from finding")
    assert (finding["kind"], finding["severity"]) == ("joint", "warning")
    assert set(finding["rules"].split("、")) == {"one/all", "low/all", "high/all"}
    assert "合在一起不能同时成立" in finding["statement"]


def test_rules_that_contradict_one_another_are_named_and_accuse_no_cell(tmp_path: Path) -> None:
    folder = tmp_path / "2024"
    folder.mkdir()
    (folder / "unit_basic_expenditure.csv").write_text(
        "单位：万元\n序号,单位名称,上年结转,年初预算,本年调整,全年预算,决算支出,结转结余\n1,甲,,1.00,,1.00,,\n",
        encoding="utf-8",
    )
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "- {id: least, title: 至少三, check: unit_basic_expenditure/甲/total_budget >= 3万元}\n"
        "- {id: most, title: 至多二, check: unit_basic_expenditure/甲/total_budget <= 2万元}\n"
        "- {id: same, title: 年初即全年, check: unit_basic_expenditure/甲/initial_budget ="
        " unit_basic_expenditure/甲/total_budget}\n",
        encoding="utf-8",
    )
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=ROOT / "raw").with_rules(rules)
    build = check_paths(settings, [folder], tmp_path / "check").build
    (finding,) = build.rows("from finding")
    assert (finding["answers"], finding["is_complete"], finding["severity"]) == (0, True, "error")
    assert set(finding["rules"].split("、")) == {"least/all", "most/all"}
    assert finding["statement"] == (
        "规则 least/all、most/all 互相矛盾，不能成立，改动任何单元格都没有用；请核对规则里的常数和所数的行"
    )
    assert build.rows("from suspect_cell") == []


@pytest.mark.parametrize(
    ("reliability", "suspected"),
    [
        ({}, {"unit_basic_expenditure", "unit_project_expenditure"}),
        ({"unit_basic_expenditure": "0.9"}, {"unit_basic_expenditure"}),
        ({"unit_basic_expenditure": "1.000001"}, {"unit_project_expenditure"}),
        ({"unit_basic_expenditure": "0.5", "unit_project_expenditure": '"0.25"'}, {"unit_project_expenditure"}),
    ],
)
def test_the_reliability_in_a_contract_decides_between_ledgers_that_contradict_each_other(
    raw: Path, tmp_path: Path, reliability: dict[str, str], suspected: set[str]
) -> None:
    folder = tmp_path / "2024"
    folder.mkdir()
    for ledger, amount in (("unit_basic_expenditure", "12.00"), ("unit_project_expenditure", "84.00")):
        header = "序号,单位名称,上年结转,年初预算,本年调整,全年预算,决算支出,结转结余"
        table = f"单位：万元\n{header}\n1,甲,,,,{amount},,\n"
        (folder / f"{ledger}.csv").write_text(table, encoding="utf-8")
    for ledger, figure in reliability.items():
        path = raw / "contracts" / f"{ledger}.yml"
        path.write_text(f"{path.read_text(encoding='utf-8')}reliability: {figure}\n", encoding="utf-8")
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "- {id: same, title: 两表一致, check: unit_basic_expenditure/甲/total_budget ="
        " unit_project_expenditure/甲/total_budget}\n",
        encoding="utf-8",
    )
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=raw).with_rules(rules)
    build = check_paths(settings, [folder], tmp_path / "check").build
    assert {row["ledger"] for row in build.rows("from suspect_cell")} == suspected
    (finding,) = build.rows("from finding")
    assert finding["is_unique"] == (len(suspected) == 1)
    assert ("按各账可信程度最可疑的答案只有一种" in finding["statement"]) == bool(reliability)


def accept(raw: Path, difference: str, **changes: str) -> Path:
    row = {
        "规则": "fund_closing",
        "所在": "institution_pension",
        "差额": difference,
        "理由": "决算后审计调整",
        "证据": "审计报告",
        "确认人": "财务处",
    } | changes
    path = raw / "2024" / "hunan_hrss" / "exceptions.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    return path


def status_of(found: CheckResult, rule: str, instance: str) -> dict[str, Any]:
    (row,) = found.build.rows("from reconciliation where rule_id = ? and instance = ?", rule, instance)
    return row


def test_an_accepted_exception_passes_while_its_difference_is_the_same_to_the_fen(raw: Path, tmp_path: Path) -> None:
    edit(raw / "2024" / "hunan_hrss" / "fund_balance.csv", "11.87,3.85,15.71", "11.87,3.85,15.81")
    accept(raw, "9000000.00")
    found = checked(raw, tmp_path)
    row = status_of(found, "fund_closing", "institution_pension")
    assert (row["status"], row["difference"]) == ("accepted", Decimal(9000000))
    assert row["statement"].endswith("已确认")
    assert found.broken == 0 and found.build.rows("from suspect_cell") == []
    (published,) = found.build.rows("from accepted_exception")
    assert published["confirmed_by"] == "财务处"


def test_an_accepted_exception_stops_passing_when_its_difference_moves_by_a_fen(raw: Path, tmp_path: Path) -> None:
    edit(raw / "2024" / "hunan_hrss" / "fund_balance.csv", "11.87,3.85,15.71", "11.87,3.85,15.81")
    accept(raw, "9000000.01")
    found = checked(raw, tmp_path)
    row = status_of(found, "fund_closing", "institution_pension")
    assert row["status"] == "inconsistent" and "与已确认的差额不同" in row["statement"]
    assert found.broken == 1


def test_an_accepted_exception_that_matches_nothing_is_told(raw: Path, tmp_path: Path) -> None:
    from rich.console import Console

    from expectations.gate import run_suites
    from expectations.suites.year import SUITES
    from orchestration.cli.summary import show_summary

    accept(raw, "9000000.00", 所在="no_such_place")
    with (raw / "2024" / "hunan_hrss" / "exceptions.csv").open("a", encoding="utf-8") as file:
        file.write("fund_closing,institution_pension,1.00,理由,证据,财务处\n")
    found = checked(raw, tmp_path)
    console = Console(record=True, width=200)
    show_summary(console, found.build)
    assert console.export_text().count("这一行没有用上") == 2
    (suite,) = [suite for suite in SUITES if suite.name == "exceptions_are_used"]
    rows = found.build.rows(suite.query)
    assert [row["statement"] for row in rows] == [
        "规则已经成立：fund_closing institution_pension",
        "规则没有这一处：fund_closing no_such_place",
    ]
    (result,) = run_suites(found.build, [suite])
    assert (result.status, len(result.rows)) == ("failed", 2)


def test_wrong_exceptions_are_all_told(raw: Path, tmp_path: Path) -> None:
    from orchestration.base.problems import InputError

    accept(raw, "九百万", 规则="no_such_rule", 理由="")
    with pytest.raises(InputError) as error:
        checked(raw, tmp_path)
    assert [(p.cell, p.found) for p in error.value.problems] == [
        ("D2", "空白"),
        ("A2", "no_such_rule"),
        ("C2", "九百万"),
    ]


def test_gate_rows_and_json_name_the_suspect(tmp_path: Path) -> None:
    from orchestration.cli.summary import as_json
    from tests.steps import take_year

    outcome = take_year(Settings(department="hunan_hrss", home=tmp_path, raw=ROOT / "raw"), 2024, as_published=True)
    report = json.loads(outcome.build.gates.read_text(encoding="utf-8"))
    (gate,) = [gate for gate in report["gates"] if gate["name"] == "rules_hold"]
    assert all("表3 第17行 本年调整 列示为 -362.20 万元" in row["疑点"] for row in gate["rows"])
    assert all("raw/2024/hunan_hrss/project_expenditure.csv E20" in row["疑点"] for row in gate["rows"])
    assert [(row["右方"], row["差额"], row["尾差范围"], row["差额（登记例外用）"]) for row in gate["rows"]] == [
        ("上年结转＋年初预算＋本年调整 929.69 万元", "-0.49 万元", "0.02 万元", "-4900"),
        ("各行本年调整之和 4512.50 万元", "-0.48 万元", "0.085 万元", "-4800"),
    ]
    (suspect,) = as_json(2024, "hunan_hrss", outcome.build, None, [])["suspects"]
    assert (suspect["address"], suspect["implied_low_yuan"]) == (ROW_17, "-3627050.00")


def test_a_name_with_every_separator_in_it_keeps_its_suspect_everywhere(raw: Path, tmp_path: Path) -> None:
    from orchestration.alerting import events
    from orchestration.explanation.explain import explain
    from tests.steps import take_year

    name = "湖南省人事、，:/|,\"'\n考试院"
    quoted = name.replace('"', '""')
    for ledger in ("organisation", "unit_basic_expenditure", "unit_project_expenditure"):
        edit(raw / "2024" / "hunan_hrss" / f"{ledger}.csv", "湖南省人事考试院", f'"{quoted}"')
    edit(raw / "2024" / "hunan_hrss" / "unit_basic_expenditure.csv", '"1,334.05"', '"1,343.05"')
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=raw)
    build = take_year(settings, 2024, as_published=True).build
    (suspect,) = [row for row in build.rows("from suspect_cell") if row["measure"] == "initial_budget"]
    assert suspect["row_key"] == "湖南省人事、，：／|,\"'考试院"
    concerned = build.rows("from finding_rule where fault = ? order by place", suspect["fault"])
    assert (concerned[0]["rule_id"], concerned[0]["instance"]) == (
        "budget_composition", f"unit_basic_expenditure/{suspect['row_key']}",
    )  # fmt: skip
    gates = json.loads(build.gates.read_text(encoding="utf-8"))["gates"]
    (gate,) = [gate for gate in gates if gate["name"] == "rules_hold"]
    assert all(row["疑点"] for row in gate["rows"])
    items = events._rule_items(build)
    places = [item["type"] for item in items]
    assert places.count("suspect") == 2 and places[:2] == ["rule", "suspect"]
    found = explain(settings, suspect["address"], as_published=True)
    assert found.suspects == [suspect["statement"]]
    (witnesses,) = [
        [row["witness"] for row in build.rows("from suspect_witness where address = ?", suspect["address"])]
    ]
    assert suspect["witnesses"] == "、".join(witnesses)
