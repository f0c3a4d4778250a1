"""A published version as the report reads it: its tables and its manifest, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.base.addresses import connect
from orchestration.base.settings import Settings
from orchestration.ledgers.cell import folder_of
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.publication.versions import MANIFEST, versions
from orchestration.warehouse.rows import rows_of

#: What a version must hold for a report to be made of it.
NEEDED = ("cell", "correction", "accepted_exception", "ledger_source", "narrative", "reconciliation", "rule_cell")


class NoVersionError(Exception):
    """There is no such published version, or it is older than reports."""


@dataclass(frozen=True)
class Published:
    """One version of one year. ``contracts``: the folder that says which ledgers there may be."""

    year: int
    name: str
    folder: Path
    contracts: Path | None = None

    @cached_property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every table's rows in published order; decimals exact."""
        with connect([self.folder]) as connection:
            return {
                path.stem: rows_of(connection, "from read_parquet(?)", [str(path)])
                for path in sorted(self.folder.glob("[!.]*.parquet"))
            }

    @cached_property
    def manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return content

    @cached_property
    def absent(self) -> list[Contract]:
        """Ledgers that a department may have and this year has not. Raises ``InputError`` where a contract is wrong."""
        if self.contracts is None or not any(self.contracts.glob("*.yml")):
            return []
        held = {cell["ledger"] for cell in self.tables["cell"]}
        return [contract for name, contract in read_contracts(self.contracts).items() if name not in held]

    @property
    def code(self) -> str:
        """The department's, which stands in addresses."""
        return next((str(cell["department"] or "") for cell in self.tables["cell"]), "")

    def row_address(self, ledger: str, row_key: str) -> str:
        return f"{self.year}/{folder_of(self.code)}{ledger}/{row_key}"

    @property
    def has_neighbours(self) -> bool:
        """Whether other departments have published the year."""
        return sum(not path.name.startswith(".") for path in self.folder.parent.parent.iterdir()) > 1

    @property
    def department(self) -> str:
        """Its name."""
        rows = self.tables["ledger_source"]
        return next((row["department_name"] for row in rows if row["department_name"]), "")

    @property
    def signed(self) -> date | None:
        """The date that the report bears; None where the ledgers give none."""
        days = {row["event"]: row["day"] for row in self.tables.get("report_date", [])}
        day = days.get("report_signed")
        return day.date() if isinstance(day, datetime) else day


def open_version(settings: Settings, year: int, name: str | None = None) -> Published:
    """A version of a year, the current one unless named. Raises ``NoVersionError``."""
    known = versions(settings, year)
    if not known:
        raise NoVersionError(f"{year} 年度还没有发布过：先运行 ledgergate run {year}")
    chosen = next((v for v in known if (v.name == name if name else v.current)), None)
    if chosen is None:
        raise NoVersionError(f"{year} 年度没有版本 {name}；有：{'、'.join(v.name for v in known)}")
    missing = [table for table in NEEDED if not (chosen.folder / f"{table}.parquet").is_file()]
    if missing:
        raise NoVersionError(
            f"版本 {chosen.name} 是报告功能之前发布的（缺 {'、'.join(missing)}）：重新运行 ledgergate run {year}"
        )
    return Published(year, chosen.name, chosen.folder, settings.contracts)
