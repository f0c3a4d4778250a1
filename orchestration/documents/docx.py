"""DOCX as paragraphs and tables, in the order of the document. A place is a paragraph, or a table's row and cell."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orchestration.base.archives import UNPACKING
from orchestration.base.files import hidden_character, read_file
from orchestration.base.runs import RunStyle
from orchestration.documents.lines import (
    MOST_BYTES,
    MOST_CHARACTERS,
    Document,
    DrawnTable,
    Place,
    TextLine,
    line_of_text,
    refused,
    without_marks,
)

_STYLED = ".//w:vertAlign | .//w:strike | .//w:dstrike"
_EXPECTED = "能打开的 docx"
_MOST_EXPANDED = 512 * 2**20
_OLE = b"\xd0\xcf\x11\xe0"


def read_docx(path: Path, name: str) -> Document:
    """Raises ``InputError`` where it is no document, encrypted, empty or too large."""
    from docx.document import Document as Opened
    from docx.table import Table

    content = read_file(path, name, MOST_BYTES)
    opened: Opened = _opened(content, name)
    text_of = _text_in_runs if opened.element.body.xpath(_STYLED) else _text
    blocks: list[TextLine | DrawnTable] = []
    paragraphs = tables = characters = 0
    for block in opened.iter_inner_content():
        if isinstance(block, Table):
            tables += 1
            table = _table(block, tables, text_of)
            characters += sum(len(text) for row in table.rows for text in row)
            if table.rows:
                blocks.append(table)
        else:
            paragraphs += 1
            text = text_of(block)
            characters += len(text)
            blocks += _lines(text, paragraphs)
        if characters > MOST_CHARACTERS:
            raise refused(name, f"超过 {MOST_CHARACTERS:,} 字", f"不超过 {MOST_CHARACTERS:,} 字的文档")
    if not characters:
        raise refused(name, "没有一个字", "有文字的文档")
    texts = (block.text if isinstance(block, TextLine) else "".join(map("".join, block.rows)) for block in blocks)
    if hidden := next(filter(None, map(hidden_character, texts)), ""):
        raise refused(name, f"看不见的字符（{hidden}）", "不含看不见的字符的文档")
    return Document(name, blocks, hashlib.sha256(content).hexdigest())


def _opened(content: bytes, name: str) -> Any:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    if not content:
        raise refused(name, "空文件（0 字节）", _EXPECTED)
    if content.startswith(_OLE):
        raise refused(name, "加密的 docx，或旧版 doc", "去掉密码后另存的 docx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > _MOST_EXPANDED:
                raise refused(name, "展开后过大", f"展开后不超过 {_MOST_EXPANDED // 2**20} MiB 的 docx")
        return docx.Document(io.BytesIO(content))
    except (*UNPACKING, PackageNotFoundError, SyntaxError, KeyError, ValueError) as error:
        raise refused(name, f"打不开的文档（{type(error).__name__}）", _EXPECTED) from error


def _text(paragraph: Any) -> str:
    return str(paragraph.text)


def _text_in_runs(paragraph: Any) -> str:
    """The same, where what is raised, lowered or struck out is told apart."""
    parts = (getattr(part, "runs", [part]) for part in paragraph.iter_inner_content())  # a link has runs of its own
    return "".join(map(_shown, (run for part in parts for run in part)))


def _shown(run: Any) -> str:
    font = run.font
    style = RunStyle(bool(font.superscript), bool(font.subscript), bool(font.strike or font.double_strike))
    return style.shown(without_marks(run.text) if style.raised else run.text)


def _lines(text: str, number: int) -> Iterator[TextLine]:
    for line in text.splitlines():
        if line.strip():
            yield line_of_text(line, Place(0, number, unit="段"), whole=True)


def _table(table: Any, number: int, text_of: Callable[[Any], str]) -> DrawnTable:
    """The rows of a table. A cell merged to the right stands once; one merged downwards stands in every row, and is
    said to be merged.
    """
    rows: list[list[str]] = []
    places: list[list[Place]] = []
    merged: dict[tuple[int, int], str] = {}
    seen: dict[Any, tuple[int, int]] = {}  # the elements themselves: what is not held gets another one's identity
    for r, row in enumerate(table.rows):
        texts: list[str] = [""] * row.grid_cols_before
        before = None
        for c, cell in enumerate(row.cells, row.grid_cols_before):
            to_the_right = before is cell._tc
            texts.append("" if to_the_right else "\n".join(map(text_of, cell.paragraphs)).strip())
            first = seen.setdefault(cell._tc, (r, c))
            if first[0] < r:
                for place in (first, (r, c)):
                    merged[place] = f"第{first[0] + 1}至{r + 1}行第{c + 1}格"
            before = cell._tc
        rows.append(texts)
        places.append([Place(0, 0, cell=(number, r + 1, c + 1)) for c in range(len(texts))])
    return DrawnTable(rows, places, merged)
