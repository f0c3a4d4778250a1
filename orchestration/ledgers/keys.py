"""What the keys and texts of each row say, as the contract builds them: of one column, of several joined, carried from
the row above. Reads no figure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.ledgers.contract import Column, Contract, Key
from orchestration.ledgers.header import Header
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import fold, shown


@dataclass
class NameReader:
    """Reads the names of the rows of one table, from the top down."""

    grid: Grid
    contract: Contract
    header: Header
    _above: list[str] = field(default_factory=list)  # what the key columns of the row above said

    def names(self, r: int) -> dict[str, str]:
        """What each key and each text says, by its name."""
        parts = dict(zip((c.name for c in self.contract.key_columns), self._key_texts(r), strict=True))
        names = {key.name: self._joined(key, parts) for key in self.contract.keys}
        return names | {column.name: self.text(r, column) for column in self.contract.texts}

    def text(self, r: int, column: Column) -> str:
        return shown(self.printed(r, column))

    def printed(self, r: int, column: Column) -> str:
        c = self.header.columns.get(column.name)
        row = self.grid.rows[r]
        return row[c] if c is not None and c < len(row) else ""

    def at(self, r: int, column: Column) -> str:
        """Where the column, or the first column of the key, stands in the row."""
        columns = column.printed if isinstance(column, Key) else (column,)
        places = [self.header.columns[each.name] for each in columns if each.name in self.header.columns]
        return reference(r, min(places or self.header.columns.values()))

    def is_blank(self, r: int) -> bool:
        """Whether no key of the row says anything."""
        return not any(fold(self.printed(r, column)) for column in self.contract.key_columns)

    def _key_texts(self, r: int) -> list[str]:
        texts, before = [], ""
        for column in self.contract.key_columns:
            c = self.header.columns.get(column.name)
            merged = self.grid.merged.get(reference(r, c), "") if c is not None else ""
            texts.append("" if merged and merged == before else self.text(r, column))  # printed once over both
            before = merged
        if self.contract.blank_key == "carry":
            last = max((n for n, text in enumerate(texts) if text), default=0)
            for n in range(min(last, len(self._above))):
                if not texts[n] and texts[:n] == self._above[:n]:
                    texts[n] = self._above[n]
            self._above = texts
        return texts

    @staticmethod
    def _joined(key: Key, parts: dict[str, str]) -> str:
        return key.joined_by.join(text for column in key.printed if (text := parts[column.name]))
