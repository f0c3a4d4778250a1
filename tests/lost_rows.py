"""Every row of the 2024 ledgers taken away, one at a time: is it told, or is it bound by no rule and listed so?

``python -m tests.lost_rows`` tries them all, ``tests/dbt/test_lost_rows.py`` a sample. A row is told when its file is
refused (by its contract, or by the count in ``sources.yml``), or when a rule that held does not hold without it. Rows
whose figures no rule looks at are listed by every run (未核对), and beside last year one that has gone is a notice.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.ledgers.reader import miscounted
from orchestration.ledgers.spreadsheet import Grid, read_grids
from orchestration.ledgers.table import read_table
from orchestration.warehouse.build import Build
from tests.variants import FIRST_YEAR, Edits, judge, published

REFUSED, BROKEN, UNBOUND, TEXT, SILENT = "refused", "a rule broken", "bound by no rule", "no figure", "silent"
#: Judged together: each is a year of its own in one build.
CHUNK = 30


@dataclass(frozen=True)
class Row:
    ledger: str
    key: str

    @property
    def edits(self) -> Edits:
        cells = (cell for cell in published()[0].cells if (cell.ledger, cell.row_key) == (self.ledger, self.key))
        return {cell.address.removeprefix("2024/hunan_hrss/"): None for cell in cells}


def every_row() -> list[Row]:
    return list(dict.fromkeys(Row(cell.ledger, cell.row_key) for cell in published()[0].cells))


def verdicts(rows: Sequence[Row]) -> dict[Row, str]:
    """What becomes of the year without each of the rows."""
    contracts = read_contracts(ROOT / "raw" / "contracts")
    found = {row: REFUSED for row in rows if _is_refused(row, contracts[row.ledger])}
    left = [row for row in rows if row not in found]
    for begin in range(0, len(left), CHUNK):
        chunk = left[begin : begin + CHUNK]
        with tempfile.TemporaryDirectory() as folder:
            judged = judge(Path(folder), [{}, *(row.edits for row in chunk)])
            whole = _wrong(judged[0])
            bound = {row["address"] for row in Build(FIRST_YEAR, Path(folder)).rows(
                "select distinct address from rule_term where fiscal_year = ? and address is not null", FIRST_YEAR
            )}  # fmt: skip
        for position, row in enumerate(chunk, 1):
            found[row] = BROKEN if _wrong(judged[position]) - whole else _unheard(row, bound)
    return found


def _unheard(row: Row, bound: set[str]) -> str:
    figures = {
        f"{FIRST_YEAR}/hunan_hrss/{cell.address.removeprefix('2024/hunan_hrss/')}"
        for cell in published()[0].cells
        if (cell.ledger, cell.row_key) == (row.ledger, row.key) and cell.value is not None
    }
    return TEXT if not figures else SILENT if figures & bound else UNBOUND


def _wrong(rows: Sequence[dict[str, object]]) -> set[tuple[object, object]]:
    return {
        (r["rule_id"], r["instance"])
        for r in rows
        if r["status"] in ("inconsistent", "missing") and r["rule_id"] != "prior_year_published"  # it names the year
    }


def _is_refused(row: Row, contract: Contract) -> bool:
    """Whether the ledger is refused without the lines that print the row."""
    ledger = published()[0].ledgers[row.ledger]
    lines = {int("".join(filter(str.isdigit, cell.cell))) for cell in ledger.cells if cell.row_key == row.key}
    (grid,) = read_grids(ROOT / "raw" / "2024" / "hunan_hrss" / ledger.source.file, ledger.source.file)
    kept = [line for number, line in enumerate(grid.rows, 1) if number not in lines]
    try:
        table = read_table(Grid(grid.file, grid.sheet, kept), contract, 2024, ledger.source.unit)
    except InputError:
        return True
    return bool(miscounted(Path(ledger.source.file), ledger.source, table))


def main() -> int:
    found = verdicts(every_row())
    for verdict, number in Counter(found.values()).most_common():
        sys.stdout.write(f"{verdict}: {number}\n")
    for row, verdict in found.items():
        if verdict in (SILENT, UNBOUND, TEXT):
            sys.stdout.write(f"  {verdict}: {row.ledger}/{row.key}\n")
    return int(SILENT in found.values())


if __name__ == "__main__":
    sys.exit(main())
