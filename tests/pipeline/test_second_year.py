"""A second year: what was never checked in it, or checked against the wrong year, is told."""

from __future__ import annotations

from pathlib import Path

from orchestration.base.settings import Settings
from orchestration.warehouse.check import check_paths
from tests.conftest import edit
from tests.second_year import add_2025


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
        assert likeliest[f"2025/restatement/{fact}/value"] == ("restatement.csv", place)
