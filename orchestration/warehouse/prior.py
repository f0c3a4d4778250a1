"""The published year before, as a year's build starts from it: its cells, and the rules that it was judged by.

Read from the version's own files. What becomes of them belongs in the models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.base.addresses import connect
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.rounding import Rounding, last_place_of, spread
from orchestration.warehouse.current import MANIFEST, ROUNDING, current_versions
from orchestration.warehouse.landing import factor
from orchestration.warehouse.rows import rows_of


@dataclass(frozen=True)
class Prior:
    """Nothing of it where the year was never published."""

    cells: list[dict[str, Any]] = field(default_factory=list)  # rows of ``raw.cell``, money in fen
    judged: list[dict[str, Any]] = field(default_factory=list)  # rows of ``raw.prior_judged``


def read_prior(settings: Settings, year: int, contracts: Mapping[str, Contract]) -> Prior:
    """What the published version of ``year`` hands on to the next. How its figures were rounded, it says itself: a
    contract may have changed since. ``contracts`` say it of versions older than that. Raises ``InputError`` where the
    version has gone: a year that hands on nothing would be judged as one that was never published.
    """
    version = current_versions(settings).get(year)
    if version is None:
        return Prior()
    folder = settings.versions(year) / version
    stated = _manifest(folder, year).get(ROUNDING)
    with connect([folder]) as connection:
        found = {
            name: rows_of(connection, query, [str(folder / f"{name}.parquet"), year])
            for name, query in {"cell": _CELLS, "reconciliation": _JUDGED}.items()
            if (folder / f"{name}.parquet").is_file()
        }
    for row in found.get("cell", []):
        for name in ("value", "half_width"):
            row[name] = None if row[name] is None else row[name].quantize(Decimal("1e-9"))
        row |= _spread(row, _rounding(row, stated, contracts.get(row["ledger"])))
        row["printed_factor"] = factor(row["printed_unit"])
    return Prior(found.get("cell", []), found.get("reconciliation", []))


def _manifest(folder: Path, year: int) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        expected = f"{year} 年度当前的版本；先运行 ledgergate run {year}，或用 ledgergate rollback 换到还在的版本"
        raise InputError([Problem(str(folder), "", "", f"没有 {MANIFEST}", expected)]) from None
    return content


def _rounding(row: Mapping[str, Any], stated: Mapping[str, Rounding] | None, contract: Contract | None) -> Rounding:
    if stated is not None:
        return stated.get(f"{row['ledger']}/{row['measure']}", "half_up")
    return contract.rounding_of(row["measure"]) if contract else "half_up"


def _spread(row: Mapping[str, Any], rounding: Rounding) -> dict[str, Decimal]:
    """Half-width and skew again of how far at most the published value lies from the true one."""
    reach = row["half_width"]
    if rounding == "half_up" or not reach or row["value"] is None:
        return {"half_width": reach, "skew": Decimal(0)}
    found = spread(row["value"], last_place_of(reach, Decimal(0), row["unit"], rounding), row["unit"], rounding)
    return {"half_width": found.half_width, "skew": found.skew}


_CELLS = """
    select fiscal_year, department, ledger, row_key, row_kind, row_label, measure, text, unit, printed_unit, file,
           sheet, cell, address, value * if(unit = 'yuan', 100, 1) as value,
           half_width * if(unit = 'yuan', 100, 1) as half_width
    from read_parquet(?) where fiscal_year = ?"""
_JUDGED = """
    select fiscal_year, department, rule_id, max(title) as title, max(severity) as severity, count(*) as instances
    from read_parquet(?) where fiscal_year = ? group by fiscal_year, department, rule_id order by rule_id"""
