"""What tests of entries share: the accounts of the real year, found once, and a small synthetic ledger."""

from __future__ import annotations

import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.entries.contract import EntryContract, read_entry_contracts
from orchestration.synthetic.generate import GeneratedEntries, generate
from orchestration.synthetic.plan import make_plan
from orchestration.synthetic.targets import ReportedYear, Target, read_printed, targets_of

YEAR, SEED, ENTRIES = 2024, 7, 20_000


@pytest.fixture(scope="session")
def entry_contracts() -> dict[str, EntryContract]:
    return read_entry_contracts(ROOT / "raw" / "contracts" / "entries")


@pytest.fixture(scope="session")
def printed(tmp_path_factory: pytest.TempPathFactory) -> ReportedYear:
    """The real 2024 figures, after the correction."""
    return read_printed(Settings(department="hunan_hrss", home=tmp_path_factory.mktemp("home"), raw=ROOT / "raw"), YEAR)


@pytest.fixture(scope="session")
def accounts(printed: ReportedYear) -> list[Target]:
    return targets_of(printed, YEAR)


@pytest.fixture(scope="session")
def synthetic(
    accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path_factory: pytest.TempPathFactory
) -> GeneratedEntries:
    """Entries without faults, as CSV."""
    folder = tmp_path_factory.mktemp("synthetic") / "out"
    return generate(make_plan(accounts, YEAR, SEED, ENTRIES), entry_contracts, folder)
