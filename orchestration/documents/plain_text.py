"""Plain text, as common tools take it out of a PDF: lines with the spaces between words, form feeds between pages.

Some keep the layout: columns stand below each other, and blanks leave their width (``pdftotext -layout``). There words
have boxes, as on a page.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from orchestration.base.files import hidden_character, read_file
from orchestration.documents.lines import (
    MOST_BYTES,
    MOST_CHARACTERS,
    Document,
    Place,
    TextLine,
    Word,
    line_of_text,
    refused,
)

_EXPECTED = "UTF-8 或 GB18030 文本"
#: What tools leave of a page's layout: zero-width marks and soft hyphens print as nothing.
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\ufeff]")
#: Bounds beyond which a line's figures and names can't be told apart in reasonable time.
_LONGEST_LINE = 20_000
#: What parts the columns of a text that keeps its layout: more than tools leave of a blank. Such rows hold several
#: columns, and there are several such rows.
_GAP, _FEWEST_COLUMNS = re.compile(r"\s{3,}"), 3
_FEWEST_ROWS = 3
_WIDTH, _HEIGHT = 5, 10  # points of a character


def read_text(path: Path, name: str) -> Document:
    """Raises ``InputError`` where it can't be decoded, is empty or too large."""
    content = read_file(path, name, MOST_BYTES)
    text = _decoded(content, name)
    if len(text) > MOST_CHARACTERS:
        raise refused(name, f"{len(text):,} 字", f"不超过 {MOST_CHARACTERS:,} 字的文档")
    lines: list[TextLine] = []
    pages = text.split("\f")
    columns = [len(_GAP.split(line.strip())) for line in text.splitlines()]
    laid_out = sum(n >= _FEWEST_COLUMNS for n in columns) >= _FEWEST_ROWS
    number = 0
    for page, body in enumerate(pages, 1):
        for raw in body.splitlines():
            number += 1
            if len(raw) > _LONGEST_LINE:
                raise refused(name, f"第{number}行 {len(raw):,} 字", f"一行不超过 {_LONGEST_LINE:,} 字")
            plain = _INVISIBLE.sub("", raw)
            if plain.strip():
                line = line_of_text(plain, Place(page if len(pages) > 1 else 0, number))
                lines.append(_with_boxes(line, plain) if laid_out else line)
    if not lines:
        raise refused(name, "没有一个字", "有文字的文档")
    return Document(name, [*lines], hashlib.sha256(content).hexdigest())


def _with_boxes(line: TextLine, text: str) -> TextLine:
    """A line whose words have boxes, in points as if each character took the same room. What stands before the first,
    and the space that is put between Chinese and digits or letters, parts no words.
    """
    top = line.place.line * _HEIGHT
    words: list[Word] = []
    at = 0
    for word in line.words:
        at += word.gap
        box = (at * _WIDTH, top, (at + len(word.text)) * _WIDTH, top + _HEIGHT)
        joined = not words or (word.gap == 1 and words[-1].text[-1].isascii() != word.text[0].isascii())
        place = replace(line.place, box=box, counted=True)
        words.append(replace(word, place=place, gap=0 if joined else word.gap))
        at += len(word.text)
    box = (line.words[0].gap * _WIDTH, top, len(text) * _WIDTH, top + _HEIGHT)
    return replace(line, place=replace(line.place, box=box, counted=True), words=tuple(words))


def _decoded(content: bytes, name: str) -> str:
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        bare = _INVISIBLE.sub("", text).replace("\f", "\n")
        if hidden := hidden_character(bare):
            raise refused(name, f"看不见的字符（{hidden}）", _EXPECTED)
        return text
    raise refused(name, "不是文本", _EXPECTED)
