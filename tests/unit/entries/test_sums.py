"""Sums of entries, judged against the real printed figures by the one judge there is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT
from orchestration.entries.contract import EntryContract
from orchestration.entries.read import read_entries
from orchestration.entries.sums import sum_ledgers
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import Ledger, read_year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from orchestration.synthetic.generate import generate
from orchestration.synthetic.plan import Plan, make_plan
from orchestration.synthetic.targets import NO_ITEM, Target
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, Inputs, land_inputs, read_notes

from .conftest import ENTRIES, SEED, YEAR

RULES = ROOT / "expectations" / "rules"


def sums_of(plan: Plan, contracts: dict[str, EntryContract], folder: Path) -> list[Ledger]:
    written = generate(plan, contracts, folder / "out")
    found: list[Ledger] = []
    for name, contract in contracts.items():
        files = read_entries(contract, [written.folder / name], YEAR, folder / "kept")
        found += sum_ledgers(contract, files, YEAR, f"entries/{name}", "hunan_hrss")
    return found


def judged(ledgers: list[Ledger], folder: Path) -> list[dict[str, Any]]:
    """The judgements of the rules on entries."""
    raw = ROOT / "raw" / str(YEAR) / "hunan_hrss"
    year = read_year(raw, YEAR, read_contracts(ROOT / "raw" / "contracts"))
    year = replace(year, ledgers={**year.ledgers, **{ledger.contract.ledger: ledger for ledger in ledgers}})
    rulebook = compile_rules(read_rules(RULES), year.contracts, YEAR)
    corrections, _ = read_notes(raw, year, rulebook)
    build = Build(YEAR, folder)
    land_inputs(build, Inputs(year, rulebook, corrections))
    compiled.build(build.warehouse, ["reconciliation"])
    return build.rows("select * from reconciliation where rule_id like 'entries_%'")


@pytest.fixture(scope="module")
def clean(
    accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("clean")
    return judged(sums_of(make_plan(accounts, YEAR, SEED, ENTRIES), entry_contracts, folder), folder / "build")


def test_every_printed_cell_agrees_with_its_entries(clean: list[dict[str, Any]]) -> None:
    assert {row["rule_id"] for row in clean} == {rule.id for rule in read_rules(RULES / "entries.yml")}
    assert [row["statement"] for row in clean if row["status"] in ("inconsistent", "missing")] == []
    assert len(clean) > 300


def test_faults_are_named_down_to_the_printed_cell(
    accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path: Path
) -> None:
    plan = make_plan(accounts, YEAR, SEED, ENTRIES, faults=3)
    rows = judged(sums_of(plan, entry_contracts, tmp_path), tmp_path / "build")
    broken = {(row["rule_id"], row["instance"]) for row in rows if row["status"] == "inconsistent"}
    for fault in plan.faults:
        account = plan.accounts[fault.account or 0].target.values
        assert _instance(account) in broken
        assert not fault.project_no or _instance({**account, "project_no": fault.project_no}) in broken


def _instance(account: dict[str, str]) -> tuple[str, str]:
    """The rule instance that compares an account with the narrowest printed cell."""
    if "fund" in account:
        item = "total" if account["item"] == NO_ITEM else account["item"]
        return "entries_fund", f"{account['fund']}/{account['side']}/{item}"
    if account["expenditure_kind"] == "basic":
        return "entries_basic", f"{account['entry_kind']}/{account['unit_name']}"
    return "entries_project", f"{account['entry_kind']}/{account['project_no']}"


def test_without_entries_their_rules_are_skipped() -> None:
    year = read_year(ROOT / "raw" / str(YEAR) / "hunan_hrss", YEAR, read_contracts(ROOT / "raw" / "contracts"))
    book = compile_rules(read_rules(RULES), year.contracts, YEAR)
    assert not any(rule.id.startswith("entries_") for rule in book.rules)
