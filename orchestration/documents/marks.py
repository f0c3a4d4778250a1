"""A document with marks: highlights and notes in a PDF, comments in a DOCX. What is marked is said by others."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

#: red: does not hold, or suspect; amber: to be looked at; green: verified; grey: not read.
Colour = Literal["red", "amber", "green", "grey"]
#: As strong as they are laid over the text, which is to stay dark: on white paper they are two fifths as strong.
_COLOURS = {"red": (255, 30, 30), "amber": (255, 184, 18), "green": (92, 200, 92), "grey": (150, 150, 150)}
_OPAQUE = 102  # of 255
_AUTHOR, _INITIALS = "Ledgergate", "LG"
_PAGE = re.compile(r"第(\d+)页 \((\d+),(\d+),(\d+),(\d+)\)")
_PARAGRAPH = re.compile(r"第(\d+)段")
_CELL = re.compile(r"第(\d+)张表 第(\d+)行第(\d+)格")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of a document (as cells name it), its colour, and what is noted there."""

    place: str
    colour: Colour
    note: str = ""


def mark_pdf(source: Path, target: Path, marks: Iterable[Mark]) -> int:
    """Highlights in a copy of a PDF; how many were made."""
    import pypdfium2

    from orchestration.documents.pdf import upright

    by_page: dict[int, list[tuple[list[int], Mark]]] = {}
    for mark in marks:
        if match := _PAGE.fullmatch(mark.place):
            page, *box = map(int, match.groups())
            by_page.setdefault(page, []).append((box, mark))
    document = pypdfium2.PdfDocument(source.read_bytes())
    made = 0
    for number, found in sorted(by_page.items()):
        page = document[number - 1]
        turned = upright(page, page.get_textpage())
        for box, mark in found:
            (ax, ay), (bx, by) = turned.back(box[0], box[1]), turned.back(box[2], box[3])
            _highlight(page, (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), mark)
            made += 1
    document.save(str(target))
    document.close()
    return made


def _highlight(page: Any, box: tuple[float, float, float, float], mark: Mark) -> None:
    import pypdfium2.raw as raw

    left, low, right, top = box
    annotation = raw.FPDFPage_CreateAnnot(page, raw.FPDF_ANNOT_HIGHLIGHT)
    raw.FPDFAnnot_SetRect(annotation, raw.FS_RECTF(left, top, right, low))
    corners = raw.FS_QUADPOINTSF(left, top, right, top, left, low, right, low)
    raw.FPDFAnnot_AppendAttachmentPoints(annotation, corners)
    colour = _COLOURS[mark.colour]
    raw.FPDFAnnot_SetColor(annotation, raw.FPDFANNOT_COLORTYPE_Color, *colour, _OPAQUE)
    # Drawn as a plain box: left to itself, a reader draws a highlight with round ends, as wide as the cell is high.
    red, green, blue = (part / 255 for part in colour)
    drawn = f"/GS gs {red:.3f} {green:.3f} {blue:.3f} rg {left} {low} {right - left} {top - low} re f"
    raw.FPDFAnnot_SetAP(annotation, raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL, _wide(drawn))
    raw.FPDFAnnot_SetFlags(annotation, raw.FPDF_ANNOT_FLAG_PRINT)
    for key, text in (("Contents", mark.note), ("T", _AUTHOR)):
        if mark.note:
            raw.FPDFAnnot_SetStringValue(annotation, key.encode(), _wide(text))
    raw.FPDFPage_CloseAnnot(annotation)


def _wide(text: str) -> Any:
    import pypdfium2.raw as raw

    encoded = f"{text}\0".encode("utf-16-le")
    return ctypes.cast(ctypes.create_string_buffer(encoded, len(encoded)), raw.FPDF_WIDESTRING)


def mark_docx(source: Path, target: Path, marks: Iterable[Mark]) -> int:
    """Comments in a copy of a DOCX, one for each mark that has a note; how many were made."""
    import docx

    document = docx.Document(str(source))
    paragraphs, tables = _blocks(document)
    made = 0
    for mark in marks:
        runs = _runs(mark.place, paragraphs, tables) if mark.note else []
        if runs:
            document.add_comment(runs, text=mark.note, author=_AUTHOR, initials=_INITIALS)
            made += 1
    document.save(str(target))
    return made


def _blocks(document: Any) -> tuple[list[Any], list[Any]]:
    from docx.table import Table

    paragraphs: list[Any] = []
    tables: list[Any] = []
    for block in document.iter_inner_content():
        (tables if isinstance(block, Table) else paragraphs).append(block)
    return paragraphs, tables


def _runs(place: str, paragraphs: list[Any], tables: list[Any]) -> list[Any]:
    """The text that a place names; none where there is no text."""
    if match := _PARAGRAPH.fullmatch(place):
        return list(paragraphs[int(match[1]) - 1].runs)
    if match := _CELL.fullmatch(place):
        number, row, cell = map(int, match.groups())
        cells = tables[number - 1].rows[row - 1].cells
        return list(_runs_of(cells[cell - 1])) or [run for each in cells for run in _runs_of(each)][:1]
    return []


def _runs_of(cell: Any) -> Iterator[Any]:
    for paragraph in cell.paragraphs:
        yield from paragraph.runs
