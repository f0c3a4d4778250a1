"""Which column of a table a word stands in, by its place on the page, where lines have boxes."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.documents.lines import TextLine, Word
from orchestration.ledgers.texts import fold

Span = tuple[float, float]


def spans_of(lines: Sequence[TextLine], stretches: Sequence[tuple[int, int]]) -> list[Span] | None:
    """How far each column's header reaches across the page. ``stretches``: where each begins and ends in the text of
    the lines, without spaces. None where the lines have no boxes.
    """
    boxes: list[Span] = []
    for line in lines:
        for word in line.words:
            if word.place.box is None:
                return None
            boxes += [(word.place.box[0], word.place.box[2])] * len(fold(word.text))
    if not stretches or stretches[-1][1] > len(boxes):
        return None
    return [(min(b[0] for b in boxes[i:j]), max(b[1] for b in boxes[i:j])) for i, j in stretches]


def spans_below(rows: Sequence[Sequence[Word]]) -> list[Span]:
    """How far the figures of each column reach, from rows that have one in every column."""
    boxes = [[word.place.box or (0, 0, 0, 0) for word in row] for row in rows]
    return [(min(box[0] for box in column), max(box[2] for box in column)) for column in zip(*boxes, strict=True)]


def column_of(word: Word, spans: Sequence[Span]) -> int:
    """The column that a word overlaps most, else the nearest."""
    left, _, right, _ = word.place.box or (0, 0, 0, 0)
    overlaps = [min(right, end) - max(left, begin) for begin, end in spans]
    return max(range(len(spans)), key=lambda c: overlaps[c])


def gaps_by_place(words: Sequence[Word], spans: Sequence[Span], first: int) -> list[int] | None:
    """How many columns stay blank before each figure; None where two stand in one column. ``first``: the column of the
    first measure.
    """
    gaps = []
    before = first - 1
    for word in words:
        column = column_of(word, spans)
        if column <= before:
            return None
        gaps.append(column - before - 1)
        before = column
    return gaps
