"""A year with entries, from its folder to the findings: planted faults are named where people look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from expectations.suites.year import SUITES
from orchestration.base.settings import Settings
from orchestration.cli.summary import as_json, show_summary
from orchestration.entries.contract import read_entry_contracts
from orchestration.synthetic.generate import generate
from orchestration.synthetic.plan import make_plan
from orchestration.synthetic.targets import targets
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, land_inputs, open_build, read_inputs
from orchestration.warehouse.check import JUDGED
from orchestration.warehouse.suspects import write_suspects

YEAR, SEED, ENTRIES = 2024, 3, 20_000
REGISTERED = """entries:
  - {ledger: budget_entry, paths: [entries/budget_entry]}
  - {ledger: fund_entry, paths: [entries/fund_entry]}
"""


def with_entries(settings: Settings, faults: int) -> list[dict[str, Any]]:
    """Put a synthetic year of entries beside the ledgers; returns the faults planted."""
    folder = settings.ledgers(YEAR)
    plan = make_plan(targets(settings, YEAR), YEAR, SEED, ENTRIES, faults)
    written = generate(plan, read_entry_contracts(settings.entry_contracts), folder / "entries")
    with (folder / "sources.yml").open("a", encoding="utf-8") as stream:
        stream.write(REGISTERED)
    return written.faults


def built(settings: Settings, *, as_published: bool = False) -> Build:
    build = open_build(settings, YEAR, as_published)
    land_inputs(build, read_inputs(settings, YEAR, as_published))
    compiled.build(build.warehouse, JUDGED)
    return build


def test_planted_faults_are_told_in_findings_json_screen_and_gate(settings: Settings) -> None:
    faults = with_entries(settings, 5)
    build = built(settings)
    write_suspects(build)
    rows = build.rows("from suspect_entry where rank = 1")
    told = {(row["kind"], Path(row["file"] or "").name) for row in rows}
    for fault in faults:
        kind = {"wrong_project": "moved"}.get(fault["kind"], fault["kind"])
        assert (kind, Path(fault["file"]).name) in told, fault
    assert all(row["file"].startswith("raw/2024/hunan_hrss/entries/") for row in rows if row["file"])
    broken = build.rows(
        "select concat(rule_id, '/', instance) as name from reconciliation"
        " where severity = 'error' and status = 'inconsistent'"
    )
    rules = [name for row in build.rows("from finding") for name in row["rules"].split("、") if name]
    assert sorted(rules) == sorted(row["name"] for row in broken)
    shown = as_json(YEAR, "hunan_hrss", build, None, [])
    assert len(json.loads(json.dumps(shown))["suspect_entries"]) >= len(faults)
    console = Console(record=True, width=10_000)
    show_summary(console, build)
    screen = console.export_text()
    assert all(row["statement"] in screen for row in rows)
    gate = next(suite for suite in SUITES if suite.name == "rules_hold")
    suspects = {row["suspects"] for row in build.rows(gate.query)}
    assert any(row["statement"] in (text or "") for row in rows for text in suspects)


def test_entries_that_agree_are_not_looked_at(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with_entries(settings, 0)
    build = built(settings)
    monkeypatch.setattr(
        "orchestration.warehouse.suspects._account_indexes", lambda build: pytest.fail("sums were read")
    )
    write_suspects(build)
    for table in ("finding", "suspect_cell", "suspect_entry"):
        assert build.rows(f"from {table}") == []


def test_a_wrong_printed_cell_is_named_by_print_and_entries_alike(settings: Settings) -> None:
    """The correction of 2024 left out: print and entries agree that row 17 of table 3 is wrong, and no entry is."""
    with_entries(settings, 0)
    build = built(settings, as_published=True)
    write_suspects(build)
    (suspect,) = build.rows("from suspect_cell")
    assert suspect["address"] == "2024/hunan_hrss/project_expenditure/17/adjustment"
    assert build.rows("from suspect_entry") == []
    (finding,) = build.rows("from finding")
    assert "entries_project/adjustment/17" in finding["rules"].split("、")
