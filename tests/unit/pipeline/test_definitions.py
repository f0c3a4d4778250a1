"""Which ledgers have a place in the lineage: those of shared contracts, and of contracts beside a year's ledgers."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.pipeline.definitions import _all_contracts

CONTRACT = (
    "{{ledger: {0}, title: {0}, short: {0}, label: '{{k}}', on_duty: 处, "
    "keys: [{{name: k, header: 单位}}], measures: [{{name: m, header: 数}}]}}"
)


def contract(path: Path, ledger: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CONTRACT.format(ledger), encoding="utf-8")


def found(raw: Path) -> set[str]:
    return set(_all_contracts(Settings(department="hunan_hrss", home=raw.parent / "home", raw=raw)))


def test_contracts_beside_a_year_have_their_place_with_and_without_shared_ones(tmp_path: Path) -> None:
    contract(tmp_path / "raw" / "2025" / "hunan_hrss" / "contracts" / "vehicle.yml", "vehicle")
    assert found(tmp_path / "raw") == {"vehicle"}
    contract(tmp_path / "raw" / "contracts" / "house.yml", "house")
    assert found(tmp_path / "raw") == {"vehicle", "house"}


def test_a_wrong_contract_of_one_year_holds_up_no_other(tmp_path: Path) -> None:
    contract(tmp_path / "raw" / "contracts" / "house.yml", "house")
    wrong = tmp_path / "raw" / "2025" / "hunan_hrss" / "contracts" / "vehicle.yml"
    contract(wrong, "vehicle")
    wrong.write_text("ledger: [", encoding="utf-8")
    assert found(tmp_path / "raw") == {"house"}


def test_no_contract_at_all_or_a_wrong_shared_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有契约文件"):
        found(tmp_path / "raw")
    contract(tmp_path / "raw" / "contracts" / "house.yml", "house")
    (tmp_path / "raw" / "contracts" / "house.yml").write_text("ledger: [", encoding="utf-8")
    with pytest.raises(InputError):
        found(tmp_path / "raw")
