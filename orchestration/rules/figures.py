"""The figures of a year as rules ask for them: which rows and columns there are, and which rows there can't be."""

from __future__ import annotations

import difflib
import functools
import re
from decimal import Decimal

from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.texts import key_text
from orchestration.rules.grammar import VARIABLE, RuleError, Term

#: A row key of codes, of one part or several.
_CODES = re.compile(r"[a-z0-9_]+(?::[a-z0-9_]+)*")


class YearFigures:
    """The year's cells, with the indexes of the figures that are needed, made once for all rules."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells = cells

    def of_ledger(self, ledger: str) -> list[Cell]:
        return self._ledgers.get(ledger, [])

    @functools.cached_property
    def _ledgers(self) -> dict[str, list[Cell]]:
        ledgers: dict[str, list[Cell]] = {}
        for cell in self.cells:
            ledgers.setdefault(cell.ledger, []).append(cell)
        return ledgers

    @functools.cached_property
    def columns(self) -> dict[tuple[str, str], list[Decimal]]:
        """Ledger and measure -> the figures of the column."""
        columns: dict[tuple[str, str], list[Decimal]] = {}
        for cell in self.cells:
            if cell.value is not None:
                columns.setdefault((cell.ledger, cell.measure), []).append(cell.value)
        return columns

    @functools.cached_property
    def rows(self) -> dict[str, set[str]]:
        """Ledger -> the keys of its rows."""
        rows: dict[str, set[str]] = {}
        for cell in self.cells:
            rows.setdefault(cell.ledger, set()).add(cell.row_key)
        return rows

    @functools.cached_property
    def places(self) -> set[tuple[str, str, str]]:
        """Ledger, row key and measure of each figure."""
        return {(cell.ledger, cell.row_key, cell.measure) for cell in self.cells if cell.value is not None}

    def as_key(self, text: str) -> str:
        """What a row writes as it stands in a key: a key of several parts as it is, a name without what parts keys."""
        is_key = _CODES.fullmatch(text) or any(text in rows for rows in self.rows.values())
        return text if is_key else key_text(text)

    def row_absent(self, parts: list[str], contract: Contract) -> str:
        """That the ledger has no row of this key, with the nearest that it has; empty where it has it, or where no cell
        of it is known.
        """
        rows = self.rows.get(contract.ledger)
        if rows is None or ":".join(parts) in rows:
            return ""
        near = difflib.get_close_matches(":".join(parts), rows, n=1)
        return f"{contract.short}没有“{' '.join(parts)}”这一行" + "".join(f"（相近的有 {name}）" for name in near)


def check_row(term: Term, parts: list[str], contract: Contract, *, from_a_row: bool = False) -> None:
    """Raises ``RuleError`` for a row that the ledger can't have: nothing would be judged by it, and nothing said.
    ``from_a_row``: another ledger's row names it, and an open key takes any name.
    """
    if len(parts) > len(contract.keys):
        keys = "、".join(key.header for key in contract.keys)
        raise RuleError(term.path, f"{contract.short}的行键有 {len(contract.keys)} 段：{keys}")
    for key, part in zip(contract.keys, parts, strict=False):
        codes = {*key.values.values(), "total"}
        if from_a_row and key.open:
            continue
        if key.values and not is_pattern(part) and part not in codes and not _is_part_of_a_row(part):
            raise RuleError(term.path, f"{contract.short}的{key.header}：{'、'.join(sorted(codes))}")


def is_pattern(part: str) -> bool:
    """Whether a part of a row key stands for any name."""
    return part == "*" or VARIABLE.fullmatch(part) is not None


def _is_part_of_a_row(part: str) -> bool:
    """Whether a part of a key is one that no contract lists: a subtotal's, or that of a row of 其中."""
    return part.startswith("subtotal_") or "·" in part
