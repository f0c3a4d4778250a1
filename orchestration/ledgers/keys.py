"""What the keys and texts of each row say, as the contract builds them: of one column, of several joined, carried from
the row above. Reads no figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.ledgers.contract import Column, Contract, Key, Naming, Text
from orchestration.ledgers.header import Header
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import fold, shown

_POINTS = re.compile(r"\s*[(（](\d+(?:\.\d+)?)分?[)）]$")  # 产出指标（50分）


@dataclass
class NameReader:
    """Reads the names of the rows of one table, from the top down."""

    grid: Grid
    contract: Contract
    header: Header
    sheets: Mapping[str, str] = field(default_factory=dict)  # what keys of the whole sheet say, by their name
    points: dict[str, str] = field(default_factory=dict)  # that stand behind keys and no row has taken yet
    _grouped: dict[str, tuple[str, ...]] = field(default_factory=dict)  # measure of points -> the group read last
    _carried: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # what carried texts said, and where
    _above: list[str] = field(default_factory=list)  # what the key columns of the row above said

    def names(self, r: int) -> dict[str, str]:
        """What each key and each text says, by its name."""
        texts = self._key_texts(r)
        parts = dict(zip((c.name for c in self.contract.key_columns), texts, strict=True))
        names = {key.name: self.sheets.get(key.name) or self._joined(key, parts) for key in self.contract.keys}
        names |= {column.name: self._text(r, column) for column in self.contract.texts}
        for column in self.contract.naming:
            if column.before:
                names[column.name] = re.sub(rf"^(?:{column.before})\s*", "", names[column.name])
            if column.points and (behind := _POINTS.search(names[column.name])):
                names[column.name] = behind.string[: behind.start()]
                self._take_points(column, behind)
        return names

    def _take_points(self, column: Naming, behind: re.Match[str]) -> None:
        """The points that stand behind a group's name belong to the first of its rows. A text's group is one of its
        keys' group: the same name in the next is another.
        """
        within = self._above[:-1] if isinstance(column, Text) else []
        group = (*(_POINTS.sub("", name) for name in within), behind.string)
        if column.points and self._grouped.get(column.points) != group:
            self.points[column.points] = behind[1]
            self._grouped[column.points] = group

    def _text(self, r: int, column: Text) -> str:
        text = self.text(r, column)
        if not column.carried:
            return text
        group = tuple(self._above[:-1])
        above, group_above = self._carried.get(column.name, ("", group))
        text = text or (above if group == group_above else "")
        self._carried[column.name] = (text, group)
        return text

    def text(self, r: int, column: Column) -> str:
        return shown(self.printed(r, column))

    def printed(self, r: int, column: Column) -> str:
        c = self.header.columns.get(column.name)
        row = self.grid.rows[r]
        if isinstance(column, Key) and column.left_of and c is not None:
            heads = self.grid.rows[self.header.first]
            texts = (row[n] for n in range(min(c, len(row) - 1), -1, -1) if fold(row[n]) != fold(heads[n]))
            return next(filter(fold, texts), "")
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
        self._above = texts if any(texts) else self._above
        return texts

    @staticmethod
    def _joined(key: Key, parts: dict[str, str]) -> str:
        return key.joined_by.join(text for column in key.printed if (text := parts[column.name]))
