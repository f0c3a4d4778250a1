"""Which column each figure of a row belongs to, where blank cells have left no trace: solved by the row's identities,
then by the spaces that blanks leave, then by the column totals. A row with more than one reading is said to have them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestration.documents.identities import Identity
from orchestration.ledgers.money import DASHES

#: How many columns one text of a row fills; readings are enumerated, so it is bounded.
_MOST_COLUMNS, _MOST_PIECES = 14, 18
_FIGURE = re.compile(r"[(（]?-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?[)）]?[%％]?")
_PIECE = re.compile(r"[(（]?-?[\d,.]+[)）]?[%％]?")
_MINUS = str.maketrans({"－": "-", "−": "-", "–": "-", "，": ",", "．": "."})

#: For each column the position of the figure that stands in it, None where it is blank.
Reading = tuple[int | None, ...]


def plain(text: str) -> str:
    return text.translate(_MINUS)


def is_figure(text: str) -> bool:
    return bool(_FIGURE.fullmatch(plain(text))) or (bool(text) and all(c in DASHES for c in text))


def is_piece(text: str) -> bool:
    """Whether a text may be part of a figure that was broken over lines: ``13,804.`` and ``53``."""
    return is_figure(text) or bool(_PIECE.fullmatch(plain(text)))


@dataclass(frozen=True)
class RowFigures:
    """The figures of one row in order. ``gaps[i]``: blanks that spaces leave before the i-th; ``breaks``: the positions
    that begin a new line.
    """

    texts: tuple[str, ...]
    gaps: tuple[int, ...]
    breaks: frozenset[int]


@dataclass(frozen=True)
class Solved:
    """One row's figures by column; more than one reading, or none, is not an answer."""

    texts: tuple[str, ...]  # after broken figures are joined
    starts: tuple[int, ...]  # the piece that each text begins with
    readings: tuple[Reading, ...]
    by: str  # full | identity | spaces | totals | ""


def value_of(text: str) -> tuple[Decimal, Decimal]:
    """A printed figure and half of its last place; a dash is an exact zero."""
    bare = plain(text)
    if all(c in DASHES for c in bare):
        return Decimal(0), Decimal(0)
    negative = bare.startswith(("(", "（", "-"))
    number = Decimal(re.sub(r"[^\d.]", "", bare))
    exponent = number.as_tuple().exponent
    half = Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
    return (-number if negative else number), half


def holds(texts: Sequence[str], reading: Reading, columns: Sequence[str], identities: Sequence[Identity]) -> bool:
    """Whether every identity holds for a reading, within what printing implies. Blanks are exact zeros."""
    figures = {columns[c]: value_of(texts[i]) for c, i in enumerate(reading) if i is not None}
    zero = (Decimal(0), Decimal(0))
    for identity in identities:
        if not set(identity) <= set(columns):
            continue
        total = sum((weight * figures.get(name, zero)[0] for name, weight in identity.items()), Decimal(0))
        slack = sum((abs(weight) * figures.get(name, zero)[1] for name, weight in identity.items()), Decimal(0))
        if abs(total) > slack:
            return False
    return True


def solve_row(figures: RowFigures, columns: Sequence[str], identities: Sequence[Identity]) -> Solved:
    """All readings of a row that its identities allow. Where none is, pieces that a line break parts are joined."""
    untouched = tuple(range(len(figures.texts)))
    unsolved = Solved(figures.texts, untouched, (), "")
    if len(figures.texts) > _MOST_PIECES or len(columns) > _MOST_COLUMNS:
        return unsolved
    fallback: Solved | None = None
    for texts, starts in _joined(figures):
        if not all(is_figure(text) for text in texts) or len(texts) > len(columns):
            continue
        if len(texts) == len(columns) and starts == untouched:
            return Solved(texts, starts, (untouched,), "full")
        readings = _allowed(texts, columns, identities)
        if readings and identities:
            return Solved(texts, starts, readings, "identity" if len(readings) == 1 else "")
        fallback = fallback or Solved(texts, starts, (), "")
    return fallback or unsolved


def _allowed(texts: Sequence[str], columns: Sequence[str], identities: Sequence[Identity]) -> tuple[Reading, ...]:
    """The ways to place figures in columns under which every identity holds."""
    placements = _placements(len(texts), len(columns))
    return tuple(reading for reading in placements if holds(texts, reading, columns, identities))


def by_spaces(figures: RowFigures, solved: Solved, width: int) -> Reading | None:
    """The reading that the spaces state: each blank cell leaves one more; None where they don't fit the columns."""
    if solved.starts != tuple(range(len(figures.texts))):
        return None
    reading: list[int | None] = []
    for i, gap in enumerate(figures.gaps):
        reading += [None] * gap + [i]
    if len(reading) > width:
        return None
    return tuple(reading + [None] * (width - len(reading)))


def settle(rows: Sequence[tuple[RowFigures, Solved]], width: int) -> list[Solved]:
    """Rows with more than one reading by their spaces, where spaces fit every row of the table that has a reading."""
    stated = [by_spaces(figures, solved, width) for figures, solved in rows]
    judged = [
        (reading in solved.readings)
        for (_, solved), reading in zip(rows, stated, strict=True)
        if solved.readings and len(solved.texts) < width
    ]
    if not judged or not all(judged):
        return [solved for _, solved in rows]
    return [
        Solved(solved.texts, solved.starts, (reading,), "spaces")
        if len(solved.readings) != 1 and reading is not None
        else solved
        for (_, solved), reading in zip(rows, stated, strict=True)
    ]


def _placements(count: int, width: int) -> list[Reading]:
    found = []
    for chosen in itertools.combinations(range(width), count):
        reading: list[int | None] = [None] * width
        for i, c in enumerate(chosen):
            reading[c] = i
        found.append(tuple(reading))
    return found


def _joined(figures: RowFigures) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """The figures as they stand, then with pieces joined over line breaks, fewest joins first."""
    places = sorted(figures.breaks - {0})
    found = []
    for count in range(min(len(places), 4) + 1):
        for joins in itertools.combinations(places, count):
            texts: list[str] = []
            starts: list[int] = []
            for i, text in enumerate(figures.texts):
                if i in joins:
                    texts[-1] += text
                else:
                    texts.append(text)
                    starts.append(i)
            found.append((tuple(texts), tuple(starts)))
    return found


Totals = Mapping[str, tuple[Decimal, Decimal]]
