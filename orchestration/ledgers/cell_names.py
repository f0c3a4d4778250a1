"""One way to name a cell: whatever people have at hand is turned into its address.

Understood: an address (``2024/hunan_hrss/project_expenditure/17/adjustment``, or without the department), what messages
print (``表3 第17行 本年调整``, with a year before it or not), and the cell of a file (``hunan_hrss/账.csv E20``,
``表3.xlsx 项目!E20``). A place of the report is for ``orchestration.reporting.places``; where cells are read from, for
``lookup``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from orchestration.base.years import fiscal_year
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.spreadsheet import SUFFIXES

FILE_CELL = re.compile(
    rf"(?P<file>.+?\.(?:{'|'.join(ending.removeprefix('.') for ending in SUFFIXES)}))(?:[\s!　]+(?P<sheet>[^!]+?))??"
    r"[\s!　]+(?P<cell>\$?[A-Za-z]{1,3}\$?[1-9]\d*)"
)
SAID_YEAR = re.compile(r"\s*(?P<year>(?:19|20)\d\d)\s*(?:年度|年|/)?\s*(?P<rest>.*)", re.DOTALL)
#: Rows by number, which messages say without their name.
_NUMBERED = re.compile(r"(第\d+行)\s+.+")


@dataclass(frozen=True)
class Named:
    """What a text names: the addresses that it fits (one, where it is a name), or else those that look most like it."""

    addresses: tuple[str, ...]
    nearest: tuple[str, ...] = ()

    @property
    def address(self) -> str | None:
        return self.addresses[0] if len(self.addresses) == 1 else None


def is_address(text: str) -> bool:
    """Whether the text has an address's form: year/department/ledger/row key/measure, or that without a department."""
    parts = text.strip().split("/")
    return len(parts) in (4, 5) and parts[0].isdecimal() and all(parts)


def is_place(text: str) -> bool:
    """2024/表3!E19 and 2024/hunan_hrss/三（二）#4 are places of a report; a file's cell has an ending."""
    year, _, rest = text.strip().partition("/")
    return year.isdecimal() and rest.count("/") < 2 and ("!" in rest or "#" in rest) and not is_file_cell(text)


def is_file_cell(text: str) -> bool:
    return FILE_CELL.fullmatch(text.strip()) is not None


def year_of(text: str) -> int | None:
    """The year that a name begins with, or that a folder of its file is called."""
    if match := SAID_YEAR.fullmatch(text):
        return int(match["year"])
    if match := FILE_CELL.fullmatch(text.strip()):
        parts = PurePosixPath(match["file"].replace("\\", "/")).parts
        return next((int(part) for part in reversed(parts) if fiscal_year(part)), None)
    return None


def cell_named(text: str, cells: Iterable[Mapping[str, Any]], most: int = 5) -> Named:
    """The cell that a text names among ``cells`` of one year: rows of address, ledger_label, row_label, header, file,
    sheet, cell.
    """
    cells = list(cells)
    text = text.strip()
    if any(cell["address"] == text for cell in cells):
        return Named((text,))
    if match := FILE_CELL.fullmatch(text):
        found = [cell["address"] for cell in cells if _stands_at(cell, match)]
        in_file = [c for c in cells if _same_file(c["file"], match["file"])]
        return Named(tuple(found), () if found else _near(match["cell"].upper(), {c["cell"]: c for c in in_file}, most))
    return _by_name(text, cells, most)


def _by_name(text: str, cells: Sequence[Mapping[str, Any]], most: int) -> Named:
    """The cells that messages call so; where there is none, those that are called nearly so."""
    said = SAID_YEAR.fullmatch(text)
    wanted = squeeze(said["rest"] if said else text)
    names: dict[str, Mapping[str, Any]] = {}
    found = []
    for cell in cells:
        forms = names_of(cell)
        names.update(dict.fromkeys(forms, cell))
        if wanted in forms:
            found.append(cell["address"])
    if found:
        return Named(tuple(found))
    by_address = {cell["address"].partition("/")[2]: cell for cell in cells}
    near = (*_near(wanted, names, most), *_near(said["rest"] if said else text, by_address, most))
    return Named((), tuple(dict.fromkeys(near))[:most])


def names_of(cell: Mapping[str, Any]) -> set[str]:
    """How messages call the cell, without spaces: the row by its number and name, or by its number alone."""
    row = cell["row_label"] or ""
    rows = {row, *row.split(" ")[:1]} if _NUMBERED.fullmatch(row) else {row}
    ledger, header = cell["ledger_label"], cell["header"] or ""
    return {squeeze(f"{ledger}{each}{header}") for each in rows}


def _stands_at(cell: Mapping[str, Any], match: re.Match[str]) -> bool:
    sheet = squeeze(match["sheet"] or "")
    at = match["cell"].replace("$", "").upper()
    return (
        bool(cell["cell"] == at and _same_file(cell["file"], match["file"]))
        and not (sheet and squeeze(cell["sheet"] or "") != sheet)
    )  # fmt: skip


def _same_file(known: str, given: str) -> bool:
    """Whether a file as cells name it (raw/2024/x.csv) is the one given, by its last folders or its name alone."""
    ours, theirs = PurePosixPath(known).parts, PurePosixPath(given.replace("\\", "/")).parts
    shared = min(len(ours), len(theirs))
    return ours[-shared:] == theirs[-shared:]


def _near(text: str, names: Mapping[str, Mapping[str, Any]], most: int) -> tuple[str, ...]:
    close = difflib.get_close_matches(text, list(names), n=most, cutoff=0.6)
    return tuple(names[name]["address"] for name in close)
