"""The door to files as grids: which format a file has, and lists that are kept beside the ledgers. How each format is
read is a module of ``grids``.

A workbook holds numbers as binary floats with a number format; what was *published* is what the format shows, so that
is what we take (``8055.004`` shown as ``8,055.00`` is 8,055.00), and where no format rounds it, what is stored.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from orchestration.base.files import hidden_character, is_there
from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.grids import ods, xls
from orchestration.ledgers.grids.delimited import read_delimited
from orchestration.ledgers.grids.grid import MOST_BYTES, Grid, reference, refused
from orchestration.ledgers.grids.ooxml import binary as xlsb
from orchestration.ledgers.grids.ooxml import workbook as ooxml
from orchestration.ledgers.money import squeeze

__all__ = ["SUFFIXES", "Grid", "read_grids", "read_list", "reference"]

_TEXT = (".csv", ".tsv")
SUFFIXES = (*_TEXT, ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_READERS: dict[str, Callable[[Path, str], list[Grid]]] = {
    ".xlsx": ooxml.read_workbook, ".xlsm": ooxml.read_workbook, ".xlsb": xlsb.read_workbook,
    ".xls": xls.read_workbook, ".ods": ods.read_workbook,
}  # fmt: skip
_ALLOWED = "csv（UTF-8 或 GB18030）、xlsx、xlsb、xls 或 ods"
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK"


def read_grids(path: Path, name: str) -> list[Grid]:
    """All visible sheets of a file; ``name`` is what messages call the file. Raises ``InputError`` where it can't be
    opened, is no regular file, is too large, or holds another format than its name says.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise refused(name, f"{suffix or '没有扩展名'} 文件", _ALLOWED)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise refused(name, "文件夹" if stat.S_ISDIR(status.st_mode) else "不是普通文件", _ALLOWED)
        if status.st_size == 0 and suffix not in _TEXT:
            raise refused(name, "空文件（0 字节）", _ALLOWED)
        if status.st_size > MOST_BYTES:
            raise refused(name, f"{status.st_size / 2**20:,.0f} MiB", f"不超过 {MOST_BYTES // 2**20} MiB 的账表")
        with path.open("rb") as file:
            begin = file.read(4096)
    except OSError as error:
        raise refused(name, f"打不开（{error.strerror}）", _ALLOWED) from error
    if suffix in _TEXT:
        return [_without_hidden(read_delimited(path, name))]
    _same_format(path, name, suffix, begin)
    return [_without_hidden(grid) for grid in _READERS[suffix](path, name)]


def _same_format(path: Path, name: str, suffix: str, begin: bytes) -> None:
    """A name that says another format than the content is told with what the content is."""
    kind = "xls" if begin.startswith(_OLE) else "zip" if begin.startswith(_ZIP) else ""
    if kind == ("xls" if suffix == ".xls" else "zip"):
        return
    if kind == "zip":
        raise refused(name, "打不开的工作簿（内容是 xlsx 或其他压缩包）", "扩展名与内容相符的 xlsx 或 xls")
    if kind == "xls":
        with path.open("rb") as file:
            content = file.read()
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise refused(name, "打不开的工作簿（加密）", "去掉密码后另存的 xlsx")
        raise refused(
            name, "打不开的工作簿（内容是旧版 xls）", f"扩展名与内容相符：改名为 {path.stem}.xls，或另存为 xlsx"
        )
    text = begin.lstrip(b"\xef\xbb\xbf \r\n\t")[:1].isascii() and b"<" in begin[:64]
    what = "内容是网页或 XML" if text else "内容不是工作簿，或已截断"
    raise refused(name, f"打不开的工作簿（{what}）", "用表格软件打开后另存的 xlsx")


def _without_hidden(grid: Grid) -> Grid:
    """A grid that tells each cell in which a character hides or turns others round."""
    found = [
        Problem(grid.file, grid.sheet, reference(r, c), f"{text!a}", f"不含看不见的字符（{hidden}）的文字")
        for r, row in enumerate(grid.rows)
        for c, text in enumerate(row)
        if not text.isprintable() and (hidden := hidden_character(text))
    ]
    return replace(grid, problems=[*grid.problems, *found]) if found else grid


def read_list(
    path: Path, headers: Mapping[str, str]
) -> tuple[list[tuple[dict[str, str], dict[str, str]]], list[Problem]]:
    """A list that is kept beside the ledgers, under exactly these headers (name in code -> header).

    Of each row that holds text, its fields by name and the cell that each stands in; and what stands outside the
    headers (a comma without quotes would cut a text short). None where there is no file. Raises ``InputError`` where
    the headers are others.
    """
    if not is_there(path):
        return [], []
    (grid,) = read_grids(path, str(path))
    columns = _columns(path, grid, headers)
    rows = [(r, row) for r, row in enumerate(grid.rows[1:], 1) if any(squeeze(text) for text in row)]
    found = [
        (
            {name: row[c].strip() if c < len(row) else "" for name, c in columns.items()},
            {name: reference(r, c) for name, c in columns.items()},
        )
        for r, row in rows
    ]
    outside = [
        Problem(str(path), "", reference(r, c), text, "表头之内的列")
        for r, row in rows for c, text in enumerate(row) if c >= len(grid.rows[0]) and text.strip()
    ]  # fmt: skip
    return found, [*grid.problems, *outside]


def _columns(path: Path, grid: Grid, headers: Mapping[str, str]) -> dict[str, int]:
    """Where each header of a list stands, by its name in code."""
    header = [squeeze(text) for text in grid.rows[0]] if grid.rows else []
    if set(header) != set(headers.values()):
        raise InputError([Problem(str(path), "", "第1行", "、".join(header) or "空表", "、".join(headers.values()))])
    return {name: header.index(text) for name, text in headers.items()}
