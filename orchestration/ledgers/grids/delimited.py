"""Delimited text (.csv, .tsv) as a grid: encodings and separators as programs save them, none of them guessed.

UTF-8 with or without a mark, GB18030, and UTF-16 with its mark. The separator is what a ``sep=`` line says, a tab in a
.tsv, and otherwise the comma, unless no comma parts any line and a semicolon, a tab or a bar does.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from orchestration.ledgers.grids.grid import MOST_PLACES, Grid, refused

_EXPECTED = "UTF-8 或 GB18030 文本"
_OTHERS = ";\t|"
_SAMPLE = 200  # lines


def read_delimited(path: Path, name: str) -> Grid:
    """The one grid of a file. Raises ``InputError`` where it can't be decoded or its quotes don't close."""
    text = _decoded(path.read_bytes(), name)
    separator, text, first = _separator(text, path.suffix.lower())
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise refused(name, f"CSV 引号不成对（{error}）", "完整的 CSV") from None
    if sum(map(len, rows)) > MOST_PLACES:
        raise refused(name, f"{sum(map(len, rows)):,} 格", f"不超过 {MOST_PLACES:,} 格的账表")
    rows = [[]] * first + rows
    return Grid(name, "", rows, separator=separator)


def _decoded(content: bytes, name: str) -> str:
    encodings = ["utf-8-sig", "gb18030"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise refused(name, "含 NUL 字节（可能是没有标记的 UTF-16）", _EXPECTED)
        return text
    raise refused(name, "无法解码的字节", _EXPECTED)


def _separator(text: str, suffix: str) -> tuple[str, str, int]:
    """The separator, the text behind a line that states it, and how many lines that takes."""
    if stated := re.match(r"sep=(.)\r?\n", text):
        return stated[1], text[stated.end() :], 1
    if suffix == ".tsv":
        return "\t", text, 0
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:_SAMPLE]]
    if not any("," in re.sub(r"\d,\d", "", line) for line in lines):
        for other in _OTHERS:
            if any(line.count(other) > 0 for line in lines):
                return other, text, 0
    return ",", text, 0
