"""What every document becomes first: lines of words and ruled tables, in reading order, each with its place.

Reads no file (one module a format does) and knows no contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestration.base.problems import InputError, Problem

#: What a document may ask for; beyond it, it is refused by name.
MOST_BYTES = 64 * 2**20
MOST_PAGES = 2_000
MOST_CHARACTERS = 5_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: page (0 where the format has none), line, and box in points from the page's top left.

    ``cell``: of a format without pages, its table, row and column, counted from 1. ``counted``: the box is told by
    characters and lines of a text that keeps its layout; people are told the line.
    """

    page: int
    line: int
    box: tuple[int, int, int, int] | None = None
    cell: tuple[int, int, int] | None = None
    unit: str = "行"
    counted: bool = False

    def __str__(self) -> str:
        if self.cell:
            return "第{}张表 第{}行第{}格".format(*self.cell)
        page = f"第{self.page}页 " if self.page else ""
        if self.box is None or self.counted:
            return f"{page}第{self.line}{self.unit}"
        return f"{page}({','.join(map(str, self.box))})"


@dataclass(frozen=True, slots=True)
class Word:
    """Characters without a space between. ``gap``: how many spaces stand before it (in its line); ``parts``: where
    in it other places begin.
    """

    text: str
    place: Place
    gap: int = 0
    parts: tuple[tuple[int, Place], ...] = ()


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line as laid out. ``whole``: it is a paragraph by itself, as the format says."""

    text: str
    place: Place
    words: tuple[Word, ...]
    whole: bool = False


@dataclass(frozen=True)
class DrawnTable:
    """A table whose cells the format itself parts: rows of texts, and where each stands. ``merged``: row and column of
    each cell of a merged range -> its range.
    """

    rows: list[list[str]]
    places: list[list[Place]]
    merged: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A document in reading order."""

    name: str  # what messages call it
    blocks: list[TextLine | DrawnTable]
    sha256: str = ""
    scans: tuple[int, ...] = ()  # pages that are pictures of text
    pages: int = 0
    notices: list[Problem] = field(default_factory=list)

    @property
    def lines(self) -> list[TextLine]:
        return [block for block in self.blocks if isinstance(block, TextLine)]


_WORD = re.compile(r"(\s*)(\S+)")


def line_of_text(text: str, place: Place, *, whole: bool = False) -> TextLine:
    """A line whose words are what spaces part."""
    words = tuple(Word(match[2], place, len(match[1])) for match in _WORD.finditer(text))
    return TextLine(text.strip(), place, words, whole)


#: What is printed small and raised beside a figure to say that there is a note on it.
NOTE_MARKS = "＊*△◇※†‡"


def without_marks(raised: str) -> str:
    """A raised part of a text without marks of notes: the figure is the same without them."""
    return "".join(c for c in raised if c not in NOTE_MARKS)


def refused(name: str, found: str, expected: str) -> InputError:
    return InputError([Problem(name, "", "", found, expected)])
