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
from orchestration.ledgers.regions import begins_at, cut, is_titled
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.texts import fold

_ANNEX = re.compile(r"^附件\d*[:、.]?")


def contracts_of(file: Path, grid: Grid, contracts: dict[str, Contract]) -> list[Contract]:
    """The contracts that a sheet is read by: those that bear the first name which any bears, and those of a part of a
    sheet whose title stands anywhere on it, or that is called as its forms are.
    """
    names = [fold(file.stem), fold(grid.sheet)]
    names += [fold(text) for row in grid.rows[:TITLE_LINES] for text in row[:3] if text]
    named = next((found for name in names if (found := _titled({name}, contracts.values()))), [])
    return [
        *_begun(grid, named),
        *_parts_on(file, grid, [each for each in contracts.values() if each.region and each not in named]),
    ]


def _parts_on(file: Path, grid: Grid, parts: list[Contract]) -> list[Contract]:
    """The contracts of parts of a sheet that read one here: by a title anywhere on it, or as its forms are called."""
    texts = {fold(text) for row in grid.rows for text in row if text} if parts else set()
    forms = [contract for contract in parts if contract.is_of_sheets and stands_on(grid, contract, file.stem)]
    return [*(contract for contract in _titled(texts, parts) if _begins_on(grid, contract)), *forms]


def _begins_on(grid: Grid, contract: Contract) -> bool:
    return contract.region is None or begins_at(grid, contract.region) is not None


def _begun(grid: Grid, contracts: list[Contract]) -> list[Contract]:
    """Of contracts that go by one title those whose part of the sheet is there; all of them where none is, and the
    reader says what is missing.
    """
    return [contract for contract in contracts if _begins_on(grid, contract)] or contracts


def stands_on(grid: Grid, contract: Contract, *names: str) -> bool:
    """Whether a sheet is a form of a contract's kind: it, or one of the ``names`` that it goes by, is called so, and
    the table that the contract reads begins on it.
    """
    called = all(is_titled(grid, names, key.sheet) for key in contract.keys if key.sheet)
    return called and _begins_on(grid, contract)


def _titled(texts: set[str], contracts: Iterable[Contract]) -> list[Contract]:
    called = texts | {_ANNEX.sub("", text) for text in texts}
    return [contract for contract in contracts if contract.known_titles & called]


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
