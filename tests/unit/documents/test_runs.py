"""Raised and struck-out parts of a DOCX: digits of a note stay apart from the figure, marks of notes go."""

from __future__ import annotations

from pathlib import Path

import docx

from orchestration.documents.docx import read_docx
from orchestration.documents.lines import DrawnTable, TextLine


def with_notes(path: Path) -> Path:
    """A line and a table: a figure with a note's number, one with a mark before it, one struck out beside another."""
    document = docx.Document()
    table = document.add_table(rows=1, cols=3, style="Table Grid")
    first, second, third = (cell.paragraphs[0] for cell in table.rows[0].cells)
    first.add_run("1,182.19")
    first.add_run("1").font.superscript = True
    second.add_run("＊").font.superscript = True
    second.add_run("-362.69")
    third.add_run("100").font.strike = True
    third.add_run("200")
    line = document.add_paragraph("决算支出 26,842.05")
    line.add_run("2").font.superscript = True
    line.add_run(" 万元")
    document.save(str(path))
    return path


def test_parts_that_are_raised_or_struck_out_are_told_apart(tmp_path: Path) -> None:
    table, line = read_docx(with_notes(tmp_path / "r.docx"), "r.docx").blocks
    assert isinstance(table, DrawnTable) and isinstance(line, TextLine)
    assert table.rows == [["1,182.19¹", "-362.69", "1̶0̶0̶200"]]
    assert line.text == "决算支出 26,842.05² 万元"
