"""PDF by its characters and lines: ruled tables as tables, all else as lines of words, each with page and box.

A page that is a picture of text is said to be one. What does not belong here: what tables and sentences mean.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.base.files import read_file
from orchestration.base.runs import RunStyle
from orchestration.documents.lines import (
    MOST_BYTES,
    MOST_CHARACTERS,
    MOST_PAGES,
    NOTE_MARKS,
    Document,
    DrawnTable,
    Place,
    TextLine,
    Word,
    refused,
    without_marks,
)
from orchestration.documents.ruling import Glyph, Ruled, Stroke, lines_of, rounded, ruled_grids, stroke, table_of

_EXPECTED = "能打开的 PDF"
#: Characters of a page below which a picture that covers half of it makes it a scan.
_FEWEST, _COVERED = 12, 0.5
#: Characters that print as nothing.
_NOTHING, _SPACE = frozenset((0, 0xFFFE, 0xFFFF, 0xAD, 0x200B)), 0x20
#: A character that is smaller than its neighbour by this and higher by that, as shares of its height, is raised.
_SMALLER, _HIGHER = 0.8, 0.12
_MAY_BE_A_NOTE, _RAISED = frozenset(f"0123456789{NOTE_MARKS}"), RunStyle(raised=True)
_SAMPLE = 200  # characters that say how a page is turned
_MOST_STROKES = 40_000
_PAGE_NUMBER = re.compile(r"[-—－– ]*(?:第\s*)?\d{1,4}(?:\s*页)?[-—－– ]*")
_EDGE = 0.12  # of the page, in which page numbers stand
_ERRORS = {"password": "加密（要密码）", "data format": "已损坏，或不是 PDF", "security": "加密（不支持的方式）"}


def read_pdf(path: Path, name: str) -> Document:
    """Raises ``InputError`` where it can't be opened, is encrypted, empty, too large, or holds no text at all."""
    import pypdfium2

    content = read_file(path, name, MOST_BYTES)
    if not content:
        raise refused(name, "空文件（0 字节）", _EXPECTED)
    try:
        opened = pypdfium2.PdfDocument(content)
        pages = len(opened)
    except pypdfium2.PdfiumError as error:
        why = next((said for word, said in _ERRORS.items() if word in str(error).lower()), "已损坏，或不是 PDF")
        raise refused(name, f"打不开的 PDF（{why}）", "去掉密码后另存的 PDF" if "加密" in why else _EXPECTED) from None
    try:
        if pages > MOST_PAGES:
            raise refused(name, f"{pages:,} 页", f"不超过 {MOST_PAGES:,} 页的 PDF")
        return _read(opened, name, hashlib.sha256(content).hexdigest())
    finally:
        opened.close()


def _read(opened: Any, name: str, sha256: str) -> Document:
    import pypdfium2

    blocks: list[TextLine | DrawnTable] = []
    scans: list[int] = []
    characters = 0
    for n in range(len(opened)):
        try:
            page = opened[n]
        except pypdfium2.PdfiumError:
            raise refused(name, f"第{n + 1}页打不开", _EXPECTED) from None
        glyphs, strokes, covered, turned = _contents(page)
        characters += len(glyphs)
        if characters > MOST_CHARACTERS:
            raise refused(name, f"超过 {MOST_CHARACTERS:,} 字", f"不超过 {MOST_CHARACTERS:,} 字的 PDF")
        if len(glyphs) < _FEWEST and covered >= _COVERED:
            scans.append(n + 1)
        blocks += _blocks(glyphs, strokes, n + 1, turned.shown_height)
        page.close()
    if not blocks:
        found = f"{len(scans)} 页都是图像，没有文字（扫描件）" if scans else "没有一个字"
        raise refused(name, found, "可复制文字的 PDF；扫描件请附原文件")
    return Document(name, blocks, sha256, tuple(scans), len(opened))


@dataclass(frozen=True)
class Upright:
    """From a page's own coordinates to those in which its text stands upright, from the top left; and back."""

    angle: int  # by which the text is turned: 0, 90, 180, 270
    left: float
    low: float
    width: float
    height: float

    @property
    def shown_height(self) -> float:
        return self.height if self.angle in (0, 180) else self.width

    def turn(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.left, y - self.low
        if self.angle == 0:
            return x, self.height - y
        if self.angle == 90:
            return y, x
        if self.angle == 180:
            return self.width - x, y
        return self.height - y, self.width - x

    def back(self, x: float, y: float) -> tuple[float, float]:
        if self.angle == 90:
            x, y = y, x
        elif self.angle == 180:
            x = self.width - x
        elif self.angle == 270:
            x, y = self.width - y, self.height - x
        else:
            y = self.height - y
        return x + self.left, y + self.low


def upright(page: Any, text: Any) -> Upright:
    """How a page is turned so that most of its characters stand upright, whatever the page says of itself."""
    import pypdfium2.raw as raw

    left, low, right, top = page.get_bbox()
    step = max(text.count_chars() // _SAMPLE, 1)
    angles = [  # as the library gives them: clockwise
        -round(math.degrees(raw.FPDFText_GetCharAngle(text, i)) / 90) * 90 % 360
        for i in range(0, text.count_chars(), step)
    ]
    angle = Counter(angles).most_common(1)[0][0] if angles else 0
    return Upright(angle, left, low, right - left, top - low)


def _contents(page: Any) -> tuple[list[Glyph], list[Stroke], float, Upright]:
    """Characters and lines as they are read, how much of the page pictures cover, and how it is turned."""
    import pypdfium2.raw as raw

    text = page.get_textpage()
    turned = upright(page, text)
    glyphs = list(_notes_apart(list(_glyphs(text, raw, turned.turn))))
    strokes: list[Stroke] = []
    covered = 0.0
    for each in page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE)):
        if each.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = each.get_bounds()
            covered += abs((right - left) * (top - bottom)) / max(turned.width * turned.height, 1)
        elif len(strokes) < _MOST_STROKES:
            strokes += _strokes(each, raw, turned.turn)
    return glyphs, strokes, covered, turned


def _glyphs(text: Any, raw: Any, turn: Any) -> Iterator[Glyph]:
    box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    box_at, x_at, y_at = map(ctypes.byref, (box, x, y))
    page = text.raw
    for i in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(page, i)
        if code < _SPACE and raw.FPDFText_IsHyphen(page, i):
            code = ord("-")  # a minus at the end of a line is taken for the hyphen of a broken word
        character = chr(code)
        if code in _NOTHING or code < _SPACE or (character.isspace() and raw.FPDFText_IsGenerated(page, i)):
            continue
        # The loose box is that of the font: a full stop is as high as a digit.
        if not raw.FPDFText_GetLooseCharBox(page, i, box_at) or not raw.FPDFText_GetCharOrigin(page, i, x_at, y_at):
            continue
        ax, ay = turn(box.left, box.top)
        bx, by = turn(box.right, box.bottom)
        ax, bx = (ax, bx) if ax <= bx else (bx, ax)
        ay, by = (ay, by) if ay <= by else (by, ay)
        yield Glyph(character, ax, ay, bx, by, turn(x.value, y.value)[1])


def _notes_apart(glyphs: Sequence[Glyph]) -> Iterator[Glyph]:
    """The characters; of what is raised beside another one, digits as raised digits, and no marks of notes."""
    beside: Glyph | None = None  # the last one that is not raised
    for glyph, following in itertools.zip_longest(glyphs, glyphs[1:]):
        if glyph.text in _MAY_BE_A_NOTE and (_is_raised(glyph, beside) or _is_raised(glyph, following)):
            if shown := _RAISED.shown(without_marks(glyph.text)):
                yield glyph._replace(text=shown)
            continue
        if not glyph.text.isspace():
            beside = glyph
        yield glyph


def _is_raised(glyph: Glyph, other: Glyph | None) -> bool:
    """Whether a character is smaller than one right beside it, and stands higher."""
    if other is None:
        return False
    height = other.bottom - other.top
    return (
        glyph.bottom - glyph.top < _SMALLER * height
        and _HIGHER * height < other.base - glyph.base < height
        and max(glyph.x0 - other.x1, other.x0 - glyph.x1) < height
    )


def _strokes(path: Any, raw: Any, turn: Any) -> Iterator[Stroke]:
    """The straight lines of a path, also those that bound a filled box."""
    count = raw.FPDFPath_CountSegments(path)
    if count > 400:
        return
    matrix = path.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    begin: tuple[float, float] | None = None
    before: tuple[float, float] | None = None
    for i in range(count):
        segment = raw.FPDFPath_GetPathSegment(path, i)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        at = turn(*matrix.on_point(x.value, y.value))
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            begin = at
        elif kind == raw.FPDF_SEGMENT_LINETO and before and (found := stroke(before, at)):
            yield found
        if begin and raw.FPDFPathSegment_GetClose(segment) and (found := stroke(at, begin)):
            yield found
        before = at


def _blocks(
    glyphs: Sequence[Glyph], strokes: Sequence[Stroke], page: int, height: float
) -> list[TextLine | DrawnTable]:
    """Tables and lines of a page in reading order. Page numbers are left out."""
    grids = ruled_grids(strokes)
    inside: list[list[Glyph]] = [[] for _ in grids]
    outside: list[Glyph] = []
    for glyph in glyphs:
        at = next((n for n, grid in enumerate(grids) if grid.cell_at(*glyph.middle)), None)
        (outside if at is None else inside[at]).append(glyph)
    placed: list[tuple[float, TextLine | DrawnTable]] = []
    for grid, held in zip(grids, inside, strict=True):
        placed += _as_table(grid, held, page)
    lines = lines_of(glyph for glyph in outside)
    for n, line in enumerate(lines, 1):
        made = _line(line, page, n)
        at_edge = line[0].bottom < height * _EDGE or line[0].top > height * (1 - _EDGE)
        if made.words and not (at_edge and _PAGE_NUMBER.fullmatch(made.text)):
            placed.append((line[0].top, made))
    return [block for _, block in sorted(placed, key=lambda pair: pair[0])]


def _as_table(grid: Ruled, glyphs: list[Glyph], page: int) -> list[tuple[float, TextLine | DrawnTable]]:
    """A grid with text; a frame around one text is no table."""
    table = table_of(grid, glyphs, page)
    filled = [sum(map(bool, row)) for row in table.rows]
    if max(filled, default=0) < 2:
        return [(line[0].top, _line(line, page, n)) for n, line in enumerate(lines_of(glyphs), 1)]
    return [(grid.ys[0], table)]


def _line(glyphs: Sequence[Glyph], page: int, number: int) -> TextLine:
    """A line of words, parted by spaces and by gaps wider than half a character."""
    groups: list[list[Glyph]] = []
    before: Glyph | None = None
    for glyph in glyphs:
        if glyph.text.isspace():
            before = None
            continue
        apart = before is None or glyph.x0 - before.x1 > 0.55 * (glyph.bottom - glyph.top)
        if apart:
            groups.append([])
        groups[-1].append(glyph)
        before = glyph
    words = tuple(_word(group, page, number, n > 0) for n, group in enumerate(groups))
    return TextLine(" ".join(word.text for word in words), _place(glyphs, page, number), words)


def _word(glyphs: Sequence[Glyph], page: int, number: int, follows: bool) -> Word:
    """A word, and within it a place for each stretch of figures."""
    parts: list[tuple[int, Place]] = []
    start = 0
    for _, stretch in itertools.groupby(glyphs, _is_digit):
        held = [*stretch]
        parts.append((start, _place(held, page, number)))
        start += len(held)
    text = "".join(glyph.text for glyph in glyphs)
    whole = parts[0][1] if len(parts) == 1 else _place(glyphs, page, number)
    return Word(text, whole, int(follows), tuple(parts))


def _is_digit(glyph: Glyph) -> bool:
    return glyph.text in "0123456789.,%-"


def _place(glyphs: Sequence[Glyph], page: int, number: int) -> Place:
    _, lefts, tops, rights, bottoms, _ = zip(*glyphs, strict=True)
    return Place(page, number, rounded((min(lefts), min(tops), max(rights), max(bottoms))))
