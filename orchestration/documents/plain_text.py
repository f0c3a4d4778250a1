"""Plain text, as common tools take it out of a PDF: lines with the spaces between words, form feeds between pages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from orchestration.base.files import hidden_character, read_file
from orchestration.documents.lines import MOST_BYTES, MOST_CHARACTERS, Document, Place, TextLine, line_of_text, refused

_EXPECTED = "UTF-8 或 GB18030 文本"
#: What tools leave of a page's layout: zero-width marks and soft hyphens print as nothing.
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\ufeff]")
#: Bounds beyond which a line's figures and names can't be told apart in reasonable time.
_LONGEST_LINE = 20_000


def read_text(path: Path, name: str) -> Document:
    """Raises ``InputError`` where it can't be decoded, is empty or too large."""
    content = read_file(path, name, MOST_BYTES)
    text = _decoded(content, name)
    if len(text) > MOST_CHARACTERS:
        raise refused(name, f"{len(text):,} 字", f"不超过 {MOST_CHARACTERS:,} 字的文档")
    lines: list[TextLine | object] = []
    pages = text.split("\f")
    number = 0
    for page, body in enumerate(pages, 1):
        for raw in body.splitlines():
            number += 1
            if len(raw) > _LONGEST_LINE:
                raise refused(name, f"第{number}行 {len(raw):,} 字", f"一行不超过 {_LONGEST_LINE:,} 字")
            plain = _INVISIBLE.sub("", raw)
            if plain.strip():
                lines.append(line_of_text(plain, Place(page if len(pages) > 1 else 0, number)))
    if not lines:
        raise refused(name, "没有一个字", "有文字的文档")
    return Document(name, lines, hashlib.sha256(content).hexdigest())  # type: ignore[arg-type]


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
