"""The made report laid out: as DOCX, and as PDF with and without lines around cells."""

from __future__ import annotations

from pathlib import Path

import docx
import pypdfium2
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Laid

from tests.unit.documents.made import Block, Heading, Table

FONT = "STSong-Light"


def write_docx(blocks: list[Block], path: Path, *, ruled: bool = True) -> Path:
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.size = Pt(11)
    style.font.name = "Noto Sans CJK SC"
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Noto Sans CJK SC")
    for block in blocks:
        if not isinstance(block, Table):
            document.add_paragraph(block.text)
            continue
        document.add_paragraph(block.title)
        document.add_paragraph(block.unit)
        table = document.add_table(rows=0, cols=len(block.rows[0]))
        if ruled:
            table.style = "Table Grid"
        for n, row in enumerate(block.rows):
            added = table.add_row()
            if n == 0:
                repeat = OxmlElement("w:tblHeader")
                repeat.set(qn("w:val"), "true")
                added._tr.get_or_add_trPr().append(repeat)
            for cell, text in zip(added.cells, row, strict=True):
                cell.text = text
                for run in cell.paragraphs[0].runs:
                    run.font.size = Pt(7.5)
    document.save(str(path))
    return path


def write_pdf(
    blocks: list[Block], path: Path, *, ruled: bool = True, wide: bool = False, rotated: int = 0, **options: object
) -> Path:
    """``wide``: on its side. ``rotated``: so stored that the text runs up the page, which says that it is to be turned
    by so many degrees (or not, with 360).
    """
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    body = ParagraphStyle("body", fontName=FONT, fontSize=11, leading=18, wordWrap="CJK", firstLineIndent=22)
    heading = ParagraphStyle("heading", parent=body, spaceBefore=6)
    cell = ParagraphStyle("cell", fontName=FONT, fontSize=7.5, leading=10, wordWrap="CJK")
    flow: list[Flowable] = []
    for block in blocks:
        if isinstance(block, Table):
            flow += [
                Paragraph(block.title, heading),
                Paragraph(block.unit, body),
                _laid(block, cell, ruled=ruled),
                Spacer(1, 8),
            ]
        else:
            flow.append(Paragraph(block.text, heading if isinstance(block, Heading) else body))

    def number(canvas: object, document: object) -> None:
        if rotated:
            canvas.setPageSize((A4[0], A4[1]))  # type: ignore[attr-defined]
            canvas.translate(A4[0], 0)  # type: ignore[attr-defined]
            canvas.rotate(90)  # type: ignore[attr-defined]
        canvas.setFont(FONT, 9)  # type: ignore[attr-defined]
        canvas.drawCentredString(421 if wide or rotated else 297, 30, f"- {document.page} -")  # type: ignore[attr-defined]

    size = landscape(A4) if wide or rotated else A4
    SimpleDocTemplate(str(path), pagesize=size, **options).build(flow, onFirstPage=number, onLaterPages=number)
    if rotated % 360:
        opened = pypdfium2.PdfDocument(path.read_bytes())
        for page in opened:
            page.set_rotation(rotated)
        opened.save(str(path))
    return path


def _laid(block: Table, style: ParagraphStyle, *, ruled: bool) -> Laid:
    width = 480 - 30 - 105
    columns = len(block.rows[0])
    return Laid(
        [
            [Paragraph(text, style) if c < 2 or not r else text for c, text in enumerate(row)]
            for r, row in enumerate(block.rows)
        ],
        colWidths=[30, 105, *[width / (columns - 2)] * (columns - 2)],
        repeatRows=1,
        style=[
            ("FONT", (0, 0), (-1, -1), FONT, 7.5),
            ("ALIGN", (2, 1), (-1, -1), "RIGHT"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            *([("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []),
        ],
    )
