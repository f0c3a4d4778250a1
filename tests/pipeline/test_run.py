"""A year from its ledgers to a published version, through the Dagster job."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.base.settings import ROOT, Settings
from orchestration.cli.summary import show_summary
from orchestration.pipeline.run import run_year
from orchestration.warehouse.build import Build
from orchestration.warehouse.current import CURRENT
from orchestration.warehouse.ledger_tables import published_tables
from tests.conftest import Published, edit


@pytest.fixture
def ran(published: Published, settings: Settings) -> Settings:
    """An installation of the test's own in which 2024 has been run: the shared one's build and version, copied."""
    shutil.copytree(published.settings.home, settings.home, ignore=shutil.ignore_patterns("dagster"))
    return settings


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_2024_is_published_with_gates_raw_hashes_and_code_version(published: Published) -> None:
    version = published.outcome.version
    assert version is not None and published.outcome.is_new
    manifest = version.manifest
    assert manifest["content_sha256"].startswith(version.name.rsplit("-", 1)[1])
    assert {gate["name"]: gate["status"] for gate in manifest["gates"]} == {
        "cells_are_placed": "passed",
        "ledgers_are_whole": "passed",
        "entries_are_read": "passed",
        "nothing_is_lost": "passed",
        "rules_hold": "passed",
        "scores_add_up": "passed",
        "indicators_are_judged": "failed",  # a warning: one indicator without a weight, two deductions without a reason
        "rules_hold_together": "passed",
        "coverage": "failed",  # most facts of the performance section are printed once, and bound by no rule
        "exceptions_are_used": "passed",
        "everything_is_used": "passed",
        "notices": "failed",  # warnings never block
    }
    assert len(manifest["raw"]) == 18 and all(len(ledger["sha256"]) == 64 for ledger in manifest["raw"])
    assert manifest["code"]["version"]
    raw = ROOT / "raw" / "2024" / "hunan_hrss"
    by_hash = {
        "rules/fund.yml": ROOT / "expectations" / "rules" / "fund.yml",
        "2024/hunan_hrss/corrections.csv": raw / "corrections.csv",
        "contracts/fund_balance.yml": raw.parents[1] / "contracts" / "fund_balance.yml",
        "2024/hunan_hrss/sources.yml": raw / "sources.yml",
    }  # fmt: skip
    assert {name: manifest["files"][name] for name in by_hash} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in by_hash.items()
    }
    page = (version.folder / "gates.html").read_text(encoding="utf-8")
    assert all(gate["title"] in page for gate in manifest["gates"]) and "通过：可以发布" in page


def test_version_holds_each_published_table_and_nothing_else(published: Published) -> None:
    version = published.outcome.version
    assert version is not None
    names = {path.name for path in version.folder.iterdir()}
    expected = set(published_tables(published.outcome.build))
    assert {"ledger_project_expenditure", "cell"} < expected
    assert names == {f"{table}.parquet" for table in expected} | {
        "manifest.json",
        "gates.json",
        "gates.html",
    }
    with duckdb.connect(str(published.settings.serving), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}
        counts = {
            table: connection.execute(f"select count(*) from {table} where fiscal_year = 2024").fetchall()[0][0]
            for table in tables - {CURRENT}
        }
    assert tables == expected | {CURRENT}
    assert counts == version.manifest["tables"]
    assert counts["project_expenditure"] == 37 and counts["unit_expenditure"] == 16


def test_amounts_are_decimal_yuan_and_rates_decimal_fractions(published: Published) -> None:
    with duckdb.connect(str(published.settings.serving), read_only=True) as connection:
        types = dict(
            connection.execute(
                "select column_name, data_type from information_schema.columns where table_name = 'unit_expenditure'"
            ).fetchall()
        )
    assert {types[c] for c in ("carryover", "total_budget", "balance")} == {"DECIMAL(20,2)"}
    assert (types["execution_rate"], types["fiscal_year"]) == ("DECIMAL(18,6)", "INTEGER")


def test_running_again_changes_nothing_but_the_run_record(published: Published, ran: Settings) -> None:
    first = published.outcome
    before = tree(ran.versions(2024)), ran.serving.read_bytes()
    second = run_year(ran, 2024)
    assert first.version is not None and second.version is not None
    assert (second.version.name, second.is_new) == (first.version.name, False)
    assert (tree(ran.versions(2024)), ran.serving.read_bytes()) == before


def test_as_published_blocks_beside_the_year_and_leaves_it_alone(published: Published) -> None:
    settings = published.settings
    before = tree(settings.versions(2024)), tree(settings.build(2024)), settings.serving.read_bytes()
    outcome = run_year(settings, 2024, as_published=True)
    assert (outcome.failed, outcome.version) == (["勾稽成立"], None)
    broken = outcome.build.rows(
        "select rule_id, instance from reconciliation where severity = 'error' and status = 'inconsistent' order by all"
    )
    assert broken == [
        {"rule_id": "budget_composition", "instance": "project_expenditure/17"},
        {"rule_id": "project_column_total", "instance": "adjustment"},
    ]
    assert (tree(settings.versions(2024)), tree(settings.build(2024)), settings.serving.read_bytes()) == before
    assert_shown_as_the_guides_say(outcome.build)


def assert_shown_as_the_guides_say(build: Build) -> None:
    """What README and the Chinese guide quote of this very run is what it prints."""
    printed = io.StringIO()
    show_summary(Console(file=printed, soft_wrap=True, highlight=False), build)
    lines = {" ".join(line.split()) for line in printed.getvalue().splitlines()}
    guide = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(2024 年度  .*?)```", guide, re.DOTALL)
    quoted = [" ".join(line.split()) for line in block.splitlines()]
    ours = [line for line in quoted if line != "……" and not line.startswith(("未发布", "关卡页"))]
    assert len(ours) >= 10 and set(ours) - lines == set()
    (rules,) = build.rows("select count(*) as n from reconciliation where severity = 'error'")
    (cells,) = build.rows("select count(value) as figures, count(distinct ledger) as ledgers from cell")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{cells['ledgers']} of them, {cells['figures']} figures" in readme
    assert f"Of the {rules['n']} relations that must hold, two do not" in readme


def test_bad_cells_of_all_files_are_told_at_once_and_nothing_is_built(settings: Settings) -> None:
    edit(settings.ledgers(2024) / "project_expenditure.csv", '"2,126.81"', "二千万")
    edit(settings.ledgers(2024) / "insured.csv", "1027万人", "1027万元")
    outcome = run_year(settings, 2024)
    assert [(p.file, p.cell, p.found) for p in outcome.problems] == [
        ("raw/2024/hunan_hrss/project_expenditure.csv", "D5", "二千万"),
        ("raw/2024/hunan_hrss/insured.csv", "B3", "1027万元"),
    ]
    assert not settings.build(2024).exists() and not settings.serving.exists()


def test_an_unknown_engine_is_refused_before_anything_is_built(settings: Settings) -> None:
    assert run_year(replace(settings, target="flink"), 2024).problems
    assert not settings.home.exists()


def test_a_year_without_ledgers_says_what_is_expected_where(settings: Settings) -> None:
    outcome = run_year(settings, 2025)
    files = {Path(problem.file).name for problem in outcome.problems}
    assert {"project_expenditure.csv", "fund_statement.csv", "department_summary.csv"} <= files
    assert all(str(settings.ledgers(2025)) in problem.file for problem in outcome.problems)


def test_a_balance_that_fails_leaves_the_published_year_untouched_until_it_is_mended(
    published: Published, ran: Settings
) -> None:
    good = published.outcome
    serving = ran.serving.read_bytes()
    ledger = ran.ledgers(2024) / "unit_basic_expenditure.csv"
    edit(ledger, "1,182.19", "1,128.19")
    bad = run_year(ran, 2024)
    assert bad.failed == ["勾稽成立"]
    assert ran.serving.read_bytes() == serving
    report = json.loads(bad.build.gates.read_text(encoding="utf-8"))
    (gate,) = [gate for gate in report["gates"] if gate["name"] == "rules_hold"]
    assert any("湖南省人事考试院" in row["说明"] for row in gate["rows"])
    edit(ledger, "1,128.19", "1,182.19")
    mended = run_year(ran, 2024)
    assert good.version is not None and mended.version is not None
    assert (mended.version.name, mended.is_new) == (good.version.name, False)


def test_a_stale_correction_is_an_error(settings: Settings) -> None:
    edit(settings.ledgers(2024) / "project_expenditure.csv", "-362.20", "-362.69")
    (problem,) = run_year(settings, 2024).problems
    assert problem.file.endswith("corrections.csv") and "过时" in problem.expected and problem.found == "-362.20"
