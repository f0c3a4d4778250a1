"""Finds the files of an entry ledger and looks at their outside: whole, of one kind, with the contract's columns.

Raises one ``InputError`` that names every file with something wrong. No line is read here beyond the header.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.base.addresses import connect
from orchestration.base.problems import InputError, Problem
from orchestration.entries.contract import EntryContract
from orchestration.ledgers.money import squeeze

CSV, PARQUET = "csv", "parquet"
#: Suffix -> how the file is compressed ("" where it is not), for CSV.
COMPRESSIONS = {".csv": "", ".csv.gz": "gzip", ".csv.zst": "zstd"}
#: Parquet types that an amount may have without losing a fen; doubles may not.
_EXACT = ("VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_TYPES = {
    "date": ("DATE", "VARCHAR"),
    "text": ("VARCHAR",),
    "code": ("VARCHAR",),
    "integer": _EXACT,
}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class EntryFiles:
    """The files of one ledger, all of one kind and with one header."""

    contract: EntryContract
    kind: str  # csv | parquet
    paths: tuple[Path, ...]
    header: tuple[tuple[str, str], ...]  # every column of the files in their order, with its type (VARCHAR in CSV)
    columns: tuple[str, ...]  # for each of those the contract's name; "" where it is ignored

    def type_of(self, name: str) -> str:
        return self.header[self.columns.index(name)][1]


def find_files(contract: EntryContract, paths: Iterable[Path]) -> EntryFiles:
    """Files, or folders of them, as one ledger.

    Raises ``InputError`` for files that are not there, cut short, of another kind, or with other columns than the
    contract's or than the first file's.
    """
    paths = list(paths)
    found, problems = _listed(contract, paths)
    if not found and not problems:
        problems.append(Problem("、".join(map(str, paths)), "", "", "没有明细文件", contract.title))
    headers, wrong = _headers(contract, found)
    problems += [*wrong, *_changes(headers)]
    if problems:
        raise InputError(problems)
    header = headers[found[0]]
    names = tuple(_name(title, contract) for title, _ in header)
    return EntryFiles(contract, _kind(found[0]) or "", tuple(found), header, names)


def _listed(contract: EntryContract, paths: Iterable[Path]) -> tuple[list[Path], list[Problem]]:
    """The files that are named, or in a folder that is; and what is named or in there and is none."""
    problems: list[Problem] = []
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if not each.name.startswith("."))
            problems += [_not_entries(each) for each in inside if _kind(each) is None]
            found += [each for each in inside if _kind(each) is not None]
        elif not path.is_file():
            problems.append(Problem(str(path), "", "", "没有这个文件或文件夹", contract.title))
        elif _kind(path) is None:
            problems.append(_not_entries(path))
        else:
            found.append(path)
    return found, problems


def _headers(
    contract: EntryContract, found: Iterable[Path]
) -> tuple[dict[Path, tuple[tuple[str, str], ...]], list[Problem]]:
    """The columns of each file that can be read and has the contract's, and what is wrong with the others."""
    problems: list[Problem] = []
    headers: dict[Path, tuple[tuple[str, str], ...]] = {}
    for path in found:
        try:
            header = _header(path)
        except InputError as error:
            problems += error.problems
            continue
        if wrong := _wrong_columns(path, header, contract):
            problems += wrong
        else:
            headers[path] = header
    return headers, problems


def _kind(path: Path) -> str | None:
    name = path.name.lower()
    if name.endswith(".parquet"):
        return PARQUET
    return CSV if any(name.endswith(suffix) for suffix in COMPRESSIONS) else None


def _not_entries(path: Path) -> Problem:
    return Problem(str(path), "", "", "不是明细文件", "csv、csv.gz、csv.zst 或 parquet")


def _header(path: Path) -> tuple[tuple[str, str], ...]:
    return _parquet_header(path) if _kind(path) == PARQUET else _csv_header(path)


def _parquet_header(path: Path) -> tuple[tuple[str, str], ...]:
    """Column names and types, from the footer. A file that was not written to its end has none."""
    try:
        with connect([path]) as connection:
            rows = connection.execute("describe select * from read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error as error:
        found = f"没有写完或已损坏的 Parquet（{str(error).splitlines()[0]}）"
        raise InputError([Problem(str(path), "", "", found, "完整的 Parquet 文件")]) from None
    return tuple((str(row[0]), str(row[1])) for row in rows)


def _csv_header(path: Path) -> tuple[tuple[str, str], ...]:
    """Column names from the first line. A compressed file is read to its end first: DuckDB takes one that was cut short
    for a shorter one, and says nothing."""
    import pyarrow as pa  # with numpy a quarter of a second, and most years have no entries

    suffix = next(suffix for suffix in sorted(COMPRESSIONS, reverse=True) if path.name.lower().endswith(suffix))
    first = b""
    try:
        with path.open("rb") as file, pa.input_stream(file, compression=COMPRESSIONS[suffix] or None) as stream:
            first = stream.read(_CHUNK)
            while COMPRESSIONS[suffix] and stream.read(_CHUNK):
                pass
    except OSError as error:
        raise InputError([Problem(str(path), "", "", f"没有写完或已损坏（{error}）", "完整的压缩文件")]) from None
    try:
        line = first.split(b"\n", 1)[0].decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        raise InputError([Problem(str(path), "", "第1行", "不是 UTF-8 的字", "UTF-8 编码的 CSV")]) from None
    if not line:
        raise InputError([Problem(str(path), "", "第1行", "空文件或空行", "表头")])
    return tuple((title, "VARCHAR") for title in next(csv.reader([line])))


def _name(title: str, contract: EntryContract) -> str:
    return next((column.name for column in contract.columns if squeeze(title) in column.headers), "")


def _wrong_columns(path: Path, header: Sequence[tuple[str, str]], contract: EntryContract) -> list[Problem]:
    names = [_name(title, contract) for title, _ in header]
    shown = "、".join(title for title, _ in header)
    problems = [
        Problem(str(path), "", "表头", shown, f"{contract.title}的表头，缺：{column.header}")
        for column in contract.columns
        if column.name not in names
    ]
    for name, (title, kind) in zip(names, header, strict=True):
        if not name:
            if squeeze(title) not in contract.ignored:
                expected = f"契约里的列：{'、'.join(column.header for column in contract.columns)}"
                problems.append(Problem(str(path), "", "表头", title or "没有表头的一列", expected))
        elif names.count(name) > 1:
            problems.append(Problem(str(path), "", "表头", f"两列{title}", "每列一次"))
        elif not _type_suits(contract.column(name).type, kind):
            problems.append(Problem(str(path), "", title, kind, _wanted(contract.column(name).type)))
    return problems


def _type_suits(column: str, kind: str) -> bool:
    if column == "money":
        return kind in _EXACT or (kind.startswith("DECIMAL(") and int(kind.rstrip(")").split(",")[1]) <= 2)
    return kind in _TYPES[column]


def _wanted(column: str) -> str:
    if column == "money":
        return "DECIMAL（至多两位小数）、整数或文本：浮点数存不准一分钱"
    return " 或 ".join(_TYPES[column]) + ("：编码转成数字会丢掉前面的零" if column == "code" else "")


def _changes(headers: dict[Path, tuple[tuple[str, str], ...]]) -> list[Problem]:
    """Files whose columns are not those of the first: read together they would be shifted against one another."""
    problems = []
    items = list(headers.items())
    for path, header in items[1:]:
        first, expected = items[0]
        if _kind(path) != _kind(first):
            problems.append(Problem(str(path), "", "", f"{_kind(path)} 文件", f"与 {first.name} 同为 {_kind(first)}"))
        elif header != expected:
            shown = "、".join(f"{title} {kind}" if kind != "VARCHAR" else title for title, kind in header)
            problems.append(Problem(str(path), "", "表头", shown, f"与 {first.name} 同样的列，同样的次序和类型"))
    return problems
