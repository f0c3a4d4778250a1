"""Each gate is seen to block: a build tampered with after dbt, judged again, and not published."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import duckdb
import pytest

from expectations.gate import _frame, run_suites
from expectations.suites.year import SUITES
from orchestration.base.settings import Settings
from orchestration.publication.gates import failed, run_gates
from orchestration.publication.release import publish_build
from orchestration.publication.versions import NotPublishedError
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from tests.conftest import Published

#: gate -> what is done to the build, and what its failing row must name
TAMPERED = {
    "cells_are_placed": ("update stg_cell set file = null where address like '%/17/adjustment'", "17/adjustment"),
    "ledgers_are_whole": ("delete from stg_cell where address = '2024/hunan_hrss/insured/pension/persons'", "参保人数"),
    "entries_are_read": (
        """insert into raw.entry_ledger by name
               select 2024 as fiscal_year, 'hunan_hrss' as department,
                      'none' as ledger, 'none' as prints, 'vouchers' as entries, '凭证' as label,
                      0 as allowed_bad_lines;
           insert into raw.entry_file by name
               select 2024 as fiscal_year, 'hunan_hrss' as department,
                      'vouchers' as ledger, 'a.csv' as file, 5 as entries, 1 as bad_lines;
           insert into raw.bad_line by name
               select 2024 as fiscal_year, 'hunan_hrss' as department,
                      'vouchers' as ledger, 'a.csv' as file, 7 as line, '金额空白' as reason""",
        "a.csv 第7行：金额空白",
    ),
    "nothing_is_lost": (
        "update cell_flow set published_value = published_value + 0.01 where address like '%/17/total_budget'",
        "2024/hunan_hrss/project_expenditure/17/total_budget",
    ),
    "rules_hold": (
        "update reconciliation set status = 'inconsistent' where rule_id = 'fund_closing'",
        "unemployment",
    ),
    "scores_add_up": ("update score_summary set score = 50.01 where section = 'output'", "output"),
}


@pytest.fixture
def build(published: Published, tmp_path: Path) -> Build:
    folder = tmp_path / "build"
    shutil.copytree(published.outcome.build.folder, folder)
    return Build(2024, folder)


def tamper(build: Build, statement: str) -> None:
    with duckdb.connect(str(build.warehouse)) as connection:
        (changed,) = connection.execute(statement).fetchall()
        assert changed[0] > 0


@pytest.mark.parametrize("name", [suite.name for suite in SUITES if suite.severity == "error"])
def test_gate_blocks_publication_and_names_the_row(name: str, build: Build, tmp_path: Path) -> None:
    statement, named = TAMPERED[name]
    tamper(build, statement)
    tables = compiled.published_tables()
    results = run_gates(build, tables)
    assert [result.name for result in failed(results)] == [name]
    (result,) = failed(results)
    assert result.status == "failed" and result.failing == len(result.rows) > 0
    assert any(named in value for row in result.rows for value in row.values())
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path)
    with pytest.raises(NotPublishedError, match=result.title):
        publish_build(settings, build, tables)
    assert not settings.serving.exists() and not settings.versions(2024).exists()
    assert "未通过：不发布" in (build.folder / "gates.html").read_text(encoding="utf-8")


def test_warnings_are_shown_and_do_not_block(published: Published) -> None:
    build = published.outcome.build
    (notices,) = [result for result in run_suites(build, SUITES) if result.name == "notices"]
    assert (notices.status, notices.failing) == ("failed", 13)  # kinds, each with how many and the gravest
    assert not failed([notices])
    (low,) = [row for row in notices.rows if row["规则名"] == "project_execution_low"]
    assert (low["核对处数"], low["不符处数"]) == ("37", "17")
    assert "表3 第11行" in low["说明"] and "压减下年预算" in low["办法"]


def test_an_indicator_that_is_not_judged_and_a_deduction_without_a_reason_are_shown(published: Published) -> None:
    (shown,) = [
        result for result in run_suites(published.outcome.build, SUITES) if result.name == "indicators_are_judged"
    ]
    assert not failed([shown])
    assert {(row["三级指标"], row["未评的原因"], row["未说明的扣分"]) for row in shown.rows} == {
        ("政府采购执行率", "没有列分值", ""),
        ("就业困难人员就业人数", "", "扣 0.03 分"),
        ("专业技术人员职业资格考试非税收入", "", "扣 0.05 分"),
    }


def test_a_figure_that_nobody_publishes_or_checks_is_a_notice(build: Build) -> None:
    tamper(build, "update cell_flow set rule_terms = 0 where address = '2024/hunan_hrss/score_section/total/score'")
    results = {result.name: result for result in run_suites(build, SUITES)}
    assert [row["地址"] for row in results["everything_is_used"].rows] == ["2024/hunan_hrss/score_section/total/score"]
    assert not failed(list(results.values()))


OFFENCES = (
    "update stg_cell set file = null where address like '%/17/adjustment'",
    "update stg_cell set cell = 'A0' where address like '%/16/adjustment'",
    "update stg_cell set cell = concat(cell, chr(10)) where address like '%/15/adjustment'",
    "update stg_cell set unit = 'dollar' where address like '%/14/adjustment'",
    "update stg_cell set unit = null where address like '%/13/adjustment'",
    "update stg_cell set value = null where address like '%/12/adjustment'",
    "update stg_cell set value = value + 0.5 where address like '%/11/adjustment'",
    "insert into stg_cell from stg_cell where address like '%/10/adjustment'",
    "update cell_flow set rule_terms = 0, published_table = null where address like '%/adjustment'",
    "update reconciliation set status = 'missing' where rule_id = 'fund_closing'",
    "update reconciliation set status = 'undefined' where rule_id = 'budget_composition' and instance like '%/17'",
    "update reconciliation set status = null where rule_id = 'budget_composition' and instance like '%/16'",
)


def test_what_sql_leaves_out_is_nothing_that_an_expectation_would_have_found(build: Build) -> None:
    """Each suite over the rows that SQL picks, and over every row: the same verdict, rows and count."""
    for offence in OFFENCES:
        tamper(build, offence)
    picking = [suite for suite in SUITES if suite.sound]
    assert len(picking) == 3
    picked = run_suites(build, picking)
    every = [
        dataclasses.replace(suite, sound="", query=f"from ({suite.query}) order by {', '.join(suite.keys)}")
        for suite in picking
    ]
    assert picked == run_suites(build, every)
    assert all(result.status == "failed" for result in picked)


def test_a_sound_year_costs_a_gate_a_row_of_each_kind(published: Published) -> None:
    for suite in SUITES:
        if suite.sound:
            rows, looked_at = _frame(published.outcome.build, suite, ["hunan_hrss"])
            assert len(rows) <= 12 and looked_at["hunan_hrss"] > 40, suite.name


def test_results_of_other_content_do_not_count(build: Build, tmp_path: Path) -> None:
    tamper(build, "update project_expenditure set project_name = '改名' where project_no = 1")
    with pytest.raises(NotPublishedError, match="另一份内容"):
        publish_build(
            Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path), build, compiled.published_tables()
        )


def test_a_build_without_gate_results_is_not_published(build: Build, tmp_path: Path) -> None:
    build.gates.unlink()
    with pytest.raises(NotPublishedError, match="没有经过关卡"):
        publish_build(
            Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path), build, compiled.published_tables()
        )


def test_an_incomplete_build_is_not_published(build: Build, tmp_path: Path) -> None:
    with duckdb.connect(str(build.warehouse)) as connection:
        connection.execute("drop table fund_balance")
    with pytest.raises(NotPublishedError, match="不完整"):
        publish_build(
            Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path), build, compiled.published_tables()
        )


def _asks_for_a_column_that_is_not_there() -> list[object]:
    import great_expectations.expectations as gxe

    return [gxe.ExpectColumnValuesToNotBeNull(column="nowhere", description="查一个没有的列")]


def test_a_check_that_crashed_is_told_apart_from_bad_data_and_blocks(published: Published) -> None:
    broken = dataclasses.replace(SUITES[0], name="broken", expectations=_asks_for_a_column_that_is_not_there)
    (result,) = run_suites(published.outcome.build, [broken])
    assert result.status == "crashed" and "nowhere" in result.crash
    assert failed([result]) == [result]


def test_every_blocking_gate_has_been_seen_to_block() -> None:
    assert {suite.name for suite in SUITES if suite.severity == "error"} == set(TAMPERED)
