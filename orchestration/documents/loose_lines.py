"""Tables that stand in lines of text and that no contract knows: runs of lines that end in figures, with what stands
above them. Where lines have boxes, blanks are told by them; where not, a row with fewer figures is said to be open.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestration.documents.columns import Span, column_of, gaps_by_place, spans_below
from orchestration.documents.lines import Place, TextLine, Word
from orchestration.documents.loose import (
    CODE,
    LONGEST_NAME,
    SEPARATED,
    UNIT_NOTE,
    LooseTable,
    Unplaced,
    is_amount,
    said_above,
    without_uncoded,
)
from orchestration.documents.loose_headers import headers_of
from orchestration.documents.solve import is_figure
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.texts import fold

#: A table in lines has so many rows at least, and so many lines without a figure between two of its rows at most.
_FEWEST_ROWS, _MOST_BETWEEN = 3, 2
#: Lines above the rows in which its header and title stand.
_LOOK_BACK = 9
_PROSE = re.compile(r"[，。；！？：]$|[，。；！？]")
_CONTENTS = re.compile(r"目\s*录|contents", re.IGNORECASE)
_A_YEAR = re.compile(r"(?:19|20)\d\d")
_LEADERS = re.compile(r"[.．·…]{3,}")
_EDGE = 30  # points by which a name may begin before the one above it (names are centred, or set in)


@dataclass(frozen=True)
class _Segment:
    """A name with the figures behind it. A line holds one, or one for each table that stands side by side."""

    codes: tuple[Word, ...]
    names: tuple[Word, ...]
    figures: tuple[Word, ...]


@dataclass
class _Block:
    """The lines of one table: those above its first row, then its rows as they are read."""

    above: list[TextLine]
    rows: list[list[_Segment]] = field(default_factory=list)
    first: int = 0
    last: int = 0


def loose_in_lines(lines: Sequence[TextLine]) -> tuple[list[LooseTable], list[Unplaced], list[TextLine]]:
    """The tables that stand in lines; their figures whose column can't be told; and the lines of no table."""
    tables: list[LooseTable] = []
    unplaced: list[Unplaced] = []
    taken: set[int] = set()
    for block in _blocks(lines):
        taken |= set(range(block.first, block.last + 1))
        if _is_contents(block):
            continue
        made, left = _tables_of(block)
        tables += made
        unplaced += left
    rest = [line for at, line in enumerate(lines) if at not in taken]
    for line in filter(_is_of_figures, rest):
        unplaced += [Unplaced(word.text, word.place, line.text) for word in line.words if is_amount(word.text)]
    return tables, unplaced, [line for line in rest if not _is_of_figures(line)]


def _is_of_figures(line: TextLine) -> bool:
    """Whether a line that is no part of a table holds figures beside each other, which no sentence does."""
    if _PROSE.search(line.text):
        return False
    amounts = [bool(SEPARATED.search(word.text)) and is_amount(word.text) for word in line.words]
    return any(one and other for one, other in itertools.pairwise(amounts))


def _blocks(lines: Sequence[TextLine]) -> Iterator[_Block]:
    """Runs of lines that end in figures, with the lines between them that continue a name or repeat the header."""
    at = 0
    while at < len(lines):
        if not _segments(lines[at]):
            at += 1
            continue
        block = _run(lines, at)
        if len(block.rows) >= _FEWEST_ROWS:
            yield block
            at = block.last + 1
        else:
            at += 1


def _run(lines: Sequence[TextLine], first: int) -> _Block:
    above = _above(lines, first)
    header = {fold(line.text) for line in above}
    block = _Block(above, first=first, last=first)
    held: list[Word] = []  # of a name that no figure has followed yet
    between = 0
    for at in range(first, len(lines)):
        line = lines[at]
        if fold(line.text) in header:
            continue
        segments = _segments(line, rows=block.rows)
        if segments:
            block.rows.append(_with_name(segments, held, block.rows))
            held, between, block.last = [], 0, at
            continue
        between += 1
        if between > _MOST_BETWEEN or not _may_continue(line):
            break
        held += line.words
    return block


def _with_name(segments: list[_Segment], held: Sequence[Word], before: Sequence[list[_Segment]]) -> list[_Segment]:
    """The segments of a row, with the pieces of a name that stand above it; else they end the row before."""
    first = segments[0]
    codes = tuple(word for word in held if word.text.isdecimal())
    names = tuple(word for word in held if not word.text.isdecimal())
    if held and not first.names:
        return [_Segment((*codes, *first.codes), names, first.figures), *segments[1:]]
    if names and before:
        last = before[-1][-1]
        before[-1][-1] = _Segment(last.codes, (*last.names, *names), last.figures)
    return segments


def _above(lines: Sequence[TextLine], first: int) -> list[TextLine]:
    """The lines above a table that may be its header and its title, nearest last."""
    found: list[TextLine] = []
    for line in reversed(lines[max(first - _LOOK_BACK, 0) : first]):
        if _PROSE.search(line.text) or _segments(line):
            break
        found.insert(0, line)
    return found


def _may_continue(line: TextLine) -> bool:
    text = squeeze(line.text)
    return len(text) <= LONGEST_NAME and not _PROSE.search(text) and not UNIT_NOTE.fullmatch(text)


def _segments(line: TextLine, rows: Sequence[object] = ()) -> list[_Segment]:
    """A line as names with figures behind them; empty where it is none of a table. A line of figures alone is one where
    a table has begun, or there are several.
    """
    if _PROSE.search(line.text) or not line.words or not is_figure(line.words[-1].text):
        return []
    found = _parted(line.words)
    if all(_A_YEAR.fullmatch(word.text) for each in found for word in each.figures):
        return []
    alone = len(found) == 1 and not found[0].names
    if alone and (len(found[0].figures) == 1 or not (rows or _several_amounts(found[0].figures))):
        return []
    return found


def _parted(words: Sequence[Word]) -> list[_Segment]:
    """Words as names with the figures behind each."""
    found: list[_Segment] = []
    codes: list[Word] = []
    names: list[Word] = []
    figures: list[Word] = []
    for n, word in enumerate(words):
        if is_figure(word.text) and not _is_code(words, n):
            figures.append(word)
            continue
        if figures:
            found.append(_Segment(tuple(codes), tuple(names), tuple(figures)))
            codes, names, figures = [], [], []
        (codes if word.text.isdecimal() and not names else names).append(word)
    return [*found, _Segment(tuple(codes), tuple(names), tuple(figures))]


def _several_amounts(figures: Sequence[Word]) -> bool:
    return len(figures) > 1 and any("." in word.text or "," in word.text for word in figures)


def _is_code(words: Sequence[Word], n: int) -> bool:
    """Whether digits are the code or number of the name that follows, not a figure: at the head of a line, or after
    figures as a code of the table beside (``405.36 302 01 办公费 92.11``).
    """
    if not words[n].text.isdecimal():
        return False
    end = n
    while end < len(words) and words[end].text.isdecimal():
        end += 1
    if end == len(words) or is_figure(words[end].text):
        return n == 0 and bool(CODE.fullmatch(words[n].text)) and end == 1 and len(words) > 2
    begin = n
    while begin and words[begin - 1].text.isdecimal():
        begin -= 1
    return begin == 0 or bool(CODE.fullmatch(words[begin].text))


def _is_contents(block: _Block) -> bool:
    """A table of contents: names with the numbers of pages, under that title or with leaders."""
    single = all(len(row) == 1 and len(row[0].figures) == 1 for row in block.rows)
    numbers = [row[0].figures[0].text for row in block.rows] if single else []
    if not numbers or not all(text.isdecimal() for text in numbers):
        return False
    leaders = sum(bool(_LEADERS.search(word.text)) for row in block.rows for word in row[0].names)
    titled = any(_CONTENTS.search(line.text) for line in block.above)
    return titled or leaders * 2 > len(numbers)


def _tables_of(block: _Block) -> tuple[list[LooseTable], list[Unplaced]]:
    """A block as its tables, one for each that stands side by side."""
    width = Counter(len(row) for row in block.rows).most_common(1)[0][0]
    full = [row for row in block.rows if len(row) == width]
    sides = _by_side(block.rows, width, full)
    told = [side for row in block.rows if (side := sides[id(row)]) is not None]
    tables: list[LooseTable] = []
    left = [each for row in block.rows if sides[id(row)] is None for each in _unplaced(row)]
    for segments, part in _parts(told, width, one_list=_is_one_list(full)):
        table, more = _table(block, segments, part)
        tables += [table] if table else []
        left += more
    return tables, left


def _parts(rows: Sequence[dict[int, _Segment]], width: int, *, one_list: bool) -> Iterator[tuple[list[_Segment], str]]:
    """What each table holds, and what its title is told apart by."""
    parts = [[row[n] for row in rows if n in row] for n in range(width)]
    if one_list or width == 1:
        yield [each for part in parts for each in part], ""
    else:
        yield from ((part, f"·{n}") for n, part in enumerate(parts, 1))


def _is_one_list(rows: Sequence[Sequence[_Segment]]) -> bool:
    """Whether all that stand side by side are rows of one list of codes, but for the last, which may be its totals."""
    return all(each.codes for row in rows[:-1] for each in row if each.names)


def _by_side(
    rows: Sequence[Sequence[_Segment]], width: int, full: Sequence[Sequence[_Segment]]
) -> dict[int, dict[int, _Segment] | None]:
    """Of each row which of the tables side by side its segments belong to: by where their figures stand, if it holds
    fewer; None where that can't be told.
    """
    sides: dict[int, dict[int, _Segment] | None] = {id(row): dict(enumerate(row)) for row in full}
    spans = [span for n in range(width) if (span := _reach([row[n] for row in full])) is not None]
    begins = [_left(each) for row in full[:1] for each in row]
    for row in rows:
        if id(row) not in sides:
            told = len(spans) == width > 1 and None not in begins
            sides[id(row)] = _told_apart(row, spans, [begin or 0 for begin in begins]) if told else None
    return sides


def _told_apart(row: Sequence[_Segment], spans: Sequence[Span], begins: Sequence[float]) -> dict[int, _Segment] | None:
    """Each segment by the side that its first figure stands on; a name that begins left of that side is another's,
    which has no figure.
    """
    found: dict[int, _Segment] = {}
    for each in row:
        side = column_of(each.figures[0], spans)
        if side in found:
            return None
        codes, names = (
            tuple(word for word in words if word.place.box and word.place.box[0] >= begins[side] - _EDGE)
            for words in (each.codes, each.names)
        )
        found[side] = _Segment(codes, names, each.figures)
    return found


def _reach(segments: Sequence[_Segment]) -> Span | None:
    """How far the figures of one side reach across the page."""
    boxes = [word.place.box for each in segments for word in each.figures]
    if not boxes or None in boxes:
        return None
    return min(box[0] for box in boxes if box), max(box[2] for box in boxes if box)


def _left(segment: _Segment) -> float | None:
    """Where a segment begins on the page, where that is known."""
    boxes = [word.place.box for word in (*segment.codes, *segment.names, *segment.figures)]
    return min((box[0] for box in boxes if box), default=None)


def _unplaced(row: Sequence[_Segment]) -> Iterator[Unplaced]:
    said = " ".join(word.text for each in row for word in (*each.names, *each.figures))
    yield from (Unplaced(word.text, word.place, said) for each in row for word in each.figures)


def _table(block: _Block, rows: Sequence[_Segment], part: str) -> tuple[LooseTable | None, list[Unplaced]]:
    """One table: as many columns of figures as at least two of its rows fill, its short rows by place or by spaces."""
    counts = Counter(len(row.figures) for row in rows)
    width = max((n for n, times in counts.items() if times > 1), default=0)
    spans = _spans(rows, width)
    placed: list[tuple[_Segment, list[Word | None]]] = []
    left: list[Unplaced] = []
    for row in rows:
        cells = _placed(row, width, spans)
        if cells is None:
            left += _unplaced([row])
        else:
            placed.append((row, cells))
    if len(placed) < _FEWEST_ROWS or not width:
        return None, [each for row in rows for each in _unplaced([row])]
    return without_uncoded(_as_table(block, placed, width, spans, part)), left


def _spans(rows: Sequence[_Segment], width: int) -> list[Span] | None:
    full = [row.figures for row in rows if len(row.figures) == width]
    if not full or any(word.place.box is None for row in full for word in row):
        return None
    pages = {row.figures[0].place.page for row in rows if row.figures and row.figures[0].place.counted}
    if len(pages) > 1:  # a text that keeps its layout has its own columns on each page
        return None
    return spans_below(full)


def _placed(row: _Segment, width: int, spans: Sequence[Span] | None) -> list[Word | None] | None:
    """The figures of a row in its columns; None where that can't be told."""
    if len(row.figures) == width:
        return list(row.figures)
    if len(row.figures) > width:
        return None
    gaps = gaps_by_place(row.figures, spans, 0) if spans else [max(word.gap - 1, 0) for word in row.figures]
    if gaps is None or (spans is None and sum(gaps) + len(row.figures) != width):
        return None
    cells: list[Word | None] = []
    for gap, word in zip(gaps, row.figures, strict=True):
        cells += [*[None] * gap, word]
    return cells + [None] * (width - len(cells)) if len(cells) <= width else None


def _as_table(
    block: _Block,
    placed: Sequence[tuple[_Segment, list[Word | None]]],
    width: int,
    spans: Sequence[Span] | None,
    part: str,
) -> LooseTable:
    coded = any(row.codes for row, _ in placed)
    named = any(row.names for row, _ in placed)
    lead = ["编码"] * coded + ["项目"] * named
    head = placed[0][1][0]
    above = block.above[-1].place if block.above else (head.place if head else Place(0, 0))
    title, unit = said_above(block.above)
    headed = [line for line in block.above if squeeze(line.text) != title]
    rows: list[list[str]] = [[title + part]]
    places: list[list[Place]] = [[above]]
    if unit:
        rows.append([unit])
        places.append([above])
    rows.append(headers_of(headed, lead, width, spans))
    places.append([above] * len(rows[-1]))
    for row, cells in placed:
        first = next(iter((*row.codes, *row.names, *row.figures))).place
        texts = ["".join(word.text for word in row.codes)] * coded + ["".join(word.text for word in row.names)] * named
        rows.append([*texts, *(word.text if word else "" for word in cells)])
        places.append([first] * len(texts) + [word.place if word else first for word in cells])
    return LooseTable(title + part, rows, places)
