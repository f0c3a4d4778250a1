"""What tells the rows of a drafted table apart: the smallest set of columns, of which those that a contract has no
place for as keys of their own are joined to one; whether blanks repeat what stands above; and what kind of row each is.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestration.drafting.columns import NUMBERING, DraftColumn
from orchestration.ledgers.row_kinds import kind_said
from orchestration.ledgers.texts import key_text

#: As many keys as a contract has.
_MOST_KEYS = 3
_JOINED_BY = "·"
_TOTALS = ("total", "subtotal")
Texts = Callable[[int, DraftColumn], str]


@dataclass(frozen=True)
class DraftKey:
    """One key: a column, several that are one key together, or none: the number of the row within its group."""

    columns: tuple[DraftColumn, ...]

    @property
    def name(self) -> str:
        if not self.columns:
            return "line"
        return self.columns[0].name if len(self.columns) == 1 else f"{self.columns[0].name}_key"

    @property
    def header(self) -> str:
        return _JOINED_BY.join(column.header or "名称" for column in self.columns) or "行号"

    @property
    def kind(self) -> str:
        return self.columns[0].kind if len(self.columns) == 1 else ""


@dataclass(frozen=True)
class Keying:
    """How the rows of a table are told apart."""

    keys: tuple[DraftKey, ...]
    carried: bool  # a blank is that of the row above
    totals: tuple[str, ...]  # what total rows are called
    kinds: dict[int, str]
    parts: dict[int, tuple[str, ...]]


def find_keys(
    columns: Sequence[DraftColumn], rows: Sequence[int], text: Texts, first: Sequence[DraftColumn] = ()
) -> Keying | None:
    """The smallest set of columns that tells rows apart, the leftmost of those; None where none does. A running number
    does so only where no name does: next year it may number other rows.

    ``first``: columns that are tried before all others.

    A row that is called 小计 is the total of its group where each group has one, else a subtotal of what stands above.
    """
    texts = [c for c in columns if c.role == "text" and any(text(r, c) for r in rows)]
    kinds = {word: kind_said(word) for word in {text(r, c) for r in rows for c in texts}}
    names = sorted(texts, key=lambda c: c.kind == "integer" or c.header in NUMBERING)
    for whole, carried, lone in itertools.product((False, True), (False, True), (True, False)):
        rows_of = _Rows(rows, text, kinds, carried=carried, lone=lone)
        known = [(first, 1)] if first and not whole else []
        for chosen, joined in itertools.chain(known, _choices(names, rows_of, whole=whole)):
            if keying := rows_of.keying(chosen, joined, texts):
                return keying
    return _numbered(names, _Rows(rows, text, kinds, carried=False, lone=True), texts)


def _numbered(names: Sequence[DraftColumn], rows: _Rows, texts: Sequence[DraftColumn]) -> Keying | None:
    """Where no columns tell rows apart: the leftmost that names them all, and the number among namesakes."""
    for column in names:
        if keying := rows.keying((column,), 1, texts, numbered=True):
            return keying
    return None


@dataclass(frozen=True)
class _Rows:
    """The rows under one way to read blanks and subtotals."""

    rows: Sequence[int]
    text: Texts
    kinds: Mapping[str, str]  # what each text says that its row is
    carried: bool
    lone: bool

    def kind(self, said: Sequence[str], chosen: int) -> str:
        """The kind of a row by its texts, of which the first are the chosen columns'."""
        totals = _TOTALS if self.lone else ("total",)
        if any(self.kinds[word] in totals for word in said):
            return "total"
        return next((kind for word in said[:chosen] if (kind := self.kinds[word]) != "detail"), "detail")

    def keying(
        self, chosen: Sequence[DraftColumn], joined: int, texts: Sequence[DraftColumn], *, numbered: bool = False
    ) -> Keying | None:
        """The keys of these columns, the first so many of them joined to one, if they tell all rows apart."""
        others = [column for column in texts if column not in chosen]
        found = Keying(_keys(chosen, joined, numbered=numbered), self.carried, (), {}, {})
        words: dict[str, None] = {}
        counts: Counter[str] = Counter()
        above: list[str] = []
        whole: tuple[str, ...] = ()
        seen: set[tuple[str, ...]] = set()
        for r in self.rows:
            own = [self.text(r, column) for column in chosen]
            said = [*own, *(self.text(r, column) for column in others)]
            kind = self.kind(said, len(chosen))
            counts[kind] += 1
            own = above = _carried(own, above) if self.carried else own
            read = _as_read(chosen, own, counts if numbered else None)
            key = self._key(read, joined, kind, counts["subtotal"], whole)
            if not all(key) or key in seen or not _fits(chosen, own, kind):
                return None
            words |= dict.fromkeys(word for word in said if kind == "total" and self.kinds[word] in _TOTALS)
            whole = key if kind == "detail" else whole
            found.kinds[r], found.parts[r] = kind, key
            seen.add(key)
        return replace(found, totals=tuple(words))

    @staticmethod
    def _key(own: Sequence[str], joined: int, kind: str, subtotals: int, whole: tuple[str, ...]) -> tuple[str, ...]:
        first = _JOINED_BY.join(filter(None, own[:joined]))
        key = [key_text(part) for part in (first, *own[joined:])]
        if kind == "of_which":
            said = next((part for part in reversed(own) if part), "")
            return (*whole[:-1], f"{whole[-1]}·{key_text(said)}") if whole else ("",)
        if kind != "detail":
            key[-1] = "total" if kind == "total" else f"subtotal_{subtotals}"
        return tuple(key)


def _keys(chosen: Sequence[DraftColumn], joined: int, *, numbered: bool) -> tuple[DraftKey, ...]:
    keys = (DraftKey(tuple(chosen[:joined])), *(DraftKey((column,)) for column in chosen[joined:]))
    return (*keys, DraftKey(())) if numbered else keys


def _as_read(chosen: Sequence[DraftColumn], own: Sequence[str], namesakes: Counter[str] | None) -> list[str]:
    """The texts as the reader has them; and, where rows are numbered, the number of the row among its namesakes."""
    texts = [
        str(int(text)) if column.kind == "integer" and text.isdecimal() else text
        for column, text in zip(chosen, own, strict=True)
    ]
    if namesakes is None:
        return texts
    namesakes[f"name {texts[0]}"] += 1
    return [*texts, str(namesakes[f"name {texts[0]}"])]


def _fits(chosen: Sequence[DraftColumn], own: Sequence[str], kind: str) -> bool:
    """Whether a running number is one, in all rows that are no totals."""
    return kind != "detail" or chosen[-1].kind != "integer" or own[-1].isdecimal()


def _carried(own: Sequence[str], above: Sequence[str]) -> list[str]:
    """As the reader carries: as far as the row says something further right."""
    texts = list(own)
    last = max((n for n, text in enumerate(texts) if text), default=0)
    for n in range(min(last, len(above))):
        if not texts[n] and texts[:n] == list(above[:n]):
            texts[n] = above[n]
    return texts


def _choices(
    names: Sequence[DraftColumn], rows: _Rows, *, whole: bool
) -> Iterator[tuple[Sequence[DraftColumn], int]]:  # fmt: skip
    """Columns to be tried, and how many of the first are joined. ``whole``: all of them are one key."""
    for size in range(1, min(_MOST_KEYS, len(names)) + 1):
        for chosen in itertools.combinations(names, size):
            if whole:
                yield chosen, size
                continue
            yield chosen, 1
            if size == _MOST_KEYS:
                yield chosen, size - 1  # the total of all has a blank between its name and its last part
    if len(names) > _MOST_KEYS:
        for leave in (0,) if whole else (_MOST_KEYS - 1, 1):
            if fewest := _fewest(names, rows, leave):
                yield fewest, len(fewest) - leave


def _fewest(names: Sequence[DraftColumn], rows: _Rows, leave: int) -> Sequence[DraftColumn]:
    """Of more columns than a contract has keys: all that are needed, as few from the right as do. ``leave``: so many
    are not joined. Empty where not even all tell rows apart.
    """
    chosen = list(names)
    if rows.keying(chosen, len(chosen) - leave, chosen) is None:
        return ()
    for column in reversed(names):
        rest = [each for each in chosen if each is not column]
        if len(rest) > max(leave, 1) and rows.keying(rest, len(rest) - leave, names):
            chosen = rest
    return chosen


__all__ = ["DraftKey", "Keying", "find_keys"]
