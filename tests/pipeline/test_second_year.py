"""A second year: what was never checked in it, or checked against the wrong year, is told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from orchestration.base.settings import ROOT, Settings
from orchestration.cli.main import app
from orchestration.cli.summary import as_json, show_summary
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_year
from orchestration.warehouse.check import check_paths
from orchestration.warehouse.current import current_versions
from tests.conftest import Published, edit
from tests.second_year import SYNTHETIC, add_2025, fill


def test_restated_figures_of_another_year_that_disagree_block_with_place_and_suspect(
    settings: Settings, tmp_path: Path
) -> None:
    """Each of these passed while the rules on restated facts were dated 2024."""
    folder = add_2025(settings.raw)
    restated = folder / "restatement.csv"
    edit(restated, '一般公共预算总金额（三（一））,"30,996.40万元"', '一般公共预算总金额（三（一））,"40,996.40万元"')
    edit(restated, "预算执行率（七（三））,86.60%", "预算执行率（七（三））,16.60%")
    edit(restated, "370人", "730人")
    edit(restated, "760.97万", "790.97万")
    found = check_paths(settings, [folder], tmp_path / "build")
    broken = found.build.rows("from reconciliation where severity = 'error' and status in ('inconsistent', 'missing')")
    facts = {
        "一般公共预算总金额（三（一））": "B2",
        "预算执行率（七（三））": "B6",
        "编制人数（三（三））": "B14",
        "失业保险参保人数（七（一）2）": "B20",
    }
    assert {(row["rule_id"], row["instance"]) for row in broken} == {("restated_fact", fact) for fact in facts}
    assert found.broken == len(facts)
    suspects = found.build.rows(
        "select suspect.address, cell.file, cell.cell, rank from suspect_cell as suspect join cell using (address)"
    )
    likeliest = {row["address"]: (Path(row["file"]).name, row["cell"]) for row in suspects if row["rank"] == 1}
    for fact, place in facts.items():
        assert likeliest[f"2025/hunan_hrss/restatement/{fact}/value"] == ("restatement.csv", place)


def test_a_year_is_checked_beside_the_year_before_as_run_would(published: Published, tmp_path: Path) -> None:
    """`check raw/2025` used to say that 2024 was never published, and 2024's cells were suspected as if of 2025."""
    raw = Path(shutil.copytree(ROOT / "raw", tmp_path / "raw"))
    folder = add_2025(raw)
    edit(folder / "fund_balance.csv", "15.71,3.85,19.56", "16.71,3.85,20.56")
    edit(folder / "performance_fact.csv", "网办事项数,5638.5万件,七（一）1,\n", "")
    edit(folder / "sources.yml", "rows: 80", "rows: 79")  # the office says that it is one fewer this year
    edit(folder / "report_date.csv", "2025年12月31日", "2024年12月31日")
    settings = Settings(department="hunan_hrss", home=published.settings.home, raw=raw)
    found = check_paths(settings, [folder], tmp_path / "build")
    broken = found.build.rows("from reconciliation where severity = 'error' and status in ('inconsistent', 'missing')")
    assert [(row["rule_id"], row["instance"]) for row in broken] == [
        ("fund_opening_is_prior_closing", "institution_pension")
    ]
    assert found.broken == 1
    suspects = found.build.rows("from suspect_cell order by rank, answer, address")
    # One published cell costs more than two of this year's: the officer is sent to 2025's own opening first.
    assert {row["address"].split("/")[0] for row in suspects if row["rank"] == 1} == {"2025"}
    assert all(row["statement"].count("2024年度") for row in suspects if row["address"].startswith("2024/"))

    said = as_json(2025, "hunan_hrss", found.build, None, [])
    assert said["judged"]["error"]["inconsistent"] == 1 and said["judged"]["error"]["consistent"] > 190
    assert [row["year"] for row in said["judged_by_year"]] == [2025, 2024]
    assert {row["ledger"] for row in said["not_checked"]} >= {"performance_fact", "fund_balance"}
    kinds = {(row["kind"], row["about"]) for row in said["coverage"]}
    assert {("row_gone", "履职成效"), ("other_year", "报告日期"), ("same_as_last_year", "表1")} <= kinds
    assert not any(kind == "rule_gone" for kind, _ in kinds)
    console = Console(width=400, record=True, file=(tmp_path / "screen").open("w"))
    show_summary(console, found.build)
    screen = console.export_text()
    assert "；2024 年度 " in screen and "未核对  " in screen and "履职成效 75" in screen and "网办事项数" in screen


def test_a_year_whose_funds_are_in_another_unit_is_one_slip_with_its_place(
    published: Published, tmp_path: Path
) -> None:
    """Both ledgers of funds agree with each other; only last year's closings tell. It was 10 answers for 3 findings."""
    raw = Path(shutil.copytree(ROOT / "raw", tmp_path / "raw"))
    folder = add_2025(raw)
    for name in ("fund_balance", "fund_statement"):
        edit(folder / f"{name}.csv", "单位：亿元", "单位：万元")
        edit(
            folder / "sources.yml",
            f"ledger: {name}, document: report, section: 六, unit: 亿元",
            f"ledger: {name}, document: report, section: 六, unit: 万元",
        )
    settings = Settings(department="hunan_hrss", home=published.settings.home, raw=raw)
    found = check_paths(settings, [folder], tmp_path / "build")
    broken = found.build.rows("from reconciliation where severity = 'error' and status = 'inconsistent'")
    assert found.broken == len(broken) > 2 and {row["rule_id"] for row in broken} >= {"fund_opening_is_prior_closing"}
    ((sentence, kind),) = {
        (row["pattern"], row["pattern_kind"]) for row in found.build.rows("select pattern, pattern_kind from finding")
    }
    assert kind == "ledger_unit"
    assert (
        sentence
        == "像是基金结余、基金收支全账的数以 亿元 计，而单位写作 万元；核对原件，改账上的“单位：”或 sources.yml 的 unit"
    )
    console = Console(width=400, record=True, file=(tmp_path / "screen").open("w"))
    show_summary(console, found.build)
    screen = console.export_text()
    assert screen.count("发现  ") == 1 and "核对原件" in screen
    assert "2025/hunan_hrss/fund_balance.csv" in screen  # each broken rule with its place


def steps_to_add_a_year() -> list[list[str]]:
    """What README says, word by word: each line of its list as a call of the command."""
    (said,) = re.findall(
        r"\*\*A year\.\*\*.*?```\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    lines = [line.partition("#")[0].split() for line in said.splitlines()]
    year = [word.removeprefix("YEAR=") for word in lines[-1] if word.startswith("YEAR=")]
    assert [line[0] for line in lines] == [".venv/bin/ledgergate", ".venv/bin/ledgergate", "make"]
    return [*(line[1:] for line in lines[:-1]), [lines[-1][1], *year]]


def test_a_year_is_added_by_the_words_of_the_readme_alone(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A synthetic 2025 with a fault that only last year's figures show: blocked, mended, published."""
    home = Path(shutil.copytree(published.settings.home, tmp_path / "home"))
    raw = Path(shutil.copytree(ROOT / "raw", tmp_path / "raw"))
    aside = Path(shutil.copytree(ROOT / "raw", tmp_path / "aside"))
    figures = add_2025(aside)
    for name, value in (("HOME", home), ("RAW", raw)):
        monkeypatch.setenv(f"LEDGERGATE_{name}", str(value))
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    monkeypatch.chdir(tmp_path)
    begin, check, publish = steps_to_add_a_year()

    def call(arguments: list[str]) -> Result:
        return CliRunner().invoke(app, arguments)

    assert call(begin).exit_code == 0
    folder = raw / "2025" / "hunan_hrss"
    edit(folder / "sources.yml", "湖南省人力资源和社会保障厅", SYNTHETIC)
    before = figures / "fund_balance.csv"
    edit(before, "15.71,3.85,19.56", "16.71,3.85,20.56")
    fill(folder, 2025, read_year(figures, 2025, read_contracts(aside / "contracts")))
    found = call(check)
    assert found.exit_code == 1
    assert "期初结余 16.71 亿元，上年期末滚存结余 15.71 亿元" in found.stdout
    assert "疑点" in found.stdout and "社会保险基金监管局.xlsx" in found.stdout
    assert "8 本账" in found.stdout and "；2024 年度 " in found.stdout

    edit(before, "16.71,3.85,20.56", "15.71,3.85,19.56")
    fill(folder, 2025, read_year(figures, 2025, read_contracts(aside / "contracts")))
    assert call(check).exit_code == 0
    done = call(publish)
    assert done.exit_code == 0 and "已发布" in done.stdout
    assert current_versions(Settings(department="hunan_hrss", home=home, raw=raw)).keys() == {2024, 2025}
