"""Which contracts a sheet is read by, and which year files are of, by what files, sheets and titles are called. Reads
no figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from orchestration.base.problems import InputError
from orchestration.base.years import fiscal_year
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.header import TITLE_LINES, find_header
from orchestration.ledgers.regions import cut
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.texts import fold


def contracts_of(file: Path, grid: Grid, contracts: dict[str, Contract]) -> list[Contract]:
    """The contracts that a sheet is read by: those that bear the first name which any bears, and those of a part of a
    sheet whose title stands anywhere on it.
    """
    names = [fold(file.stem), fold(grid.sheet)]
    names += [fold(text) for row in grid.rows[:TITLE_LINES] for text in row[:3] if text]
    named = next((found for name in names if (found := _titled({name}, contracts.values()))), [])
    parts = [contract for contract in contracts.values() if contract.region and contract not in named]
    texts = {fold(text) for row in grid.rows for text in row if text} if parts else set()
    return [*named, *_titled(texts, parts)]


def _titled(texts: set[str], contracts: Iterable[Contract]) -> list[Contract]:
    return [contract for contract in contracts if contract.known_titles & texts]


def title_of(grid: Grid, contract: Contract) -> list[str]:
    """What stands above the header, and the sheet's name. Rows don't count: a project's name may hold a year."""
    try:
        part = cut(grid, contract.region)
        above = grid.rows[: find_header(part, contract).first]
    except InputError:
        above = []
    return [grid.sheet, *(text for row in above for text in row)]


def year_of(paths: Iterable[Path], titles: Iterable[list[str]]) -> int | None:
    names = [part for path in paths for part in reversed(path.resolve().parts)]
    names += [text for title in titles for text in title]
    for name in names:
        stated = [name, *re.findall(r"(?<!\d)(\d{4})\s*年", name, re.ASCII)]
        if year := next(filter(None, map(fiscal_year, stated)), None):
            return year
    return None
