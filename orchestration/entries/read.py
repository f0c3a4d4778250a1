"""Sums entry ledgers set-wise by DuckDB, a file at a time; bad lines are counted, and set aside with line and reason.

One scan of a file groups its lines by what the contract sums over, by day, and by file; no line ever becomes a Python
object or a row of a table. The columns that lines are grouped by are checked in the few groups, the others in the scan.
Only a CSV file with a bad line is read again, line by line, still in SQL: there a line is what stands between two line
breaks, so that its number is right and a stray quotation mark costs one line and not the rest of the file.

What a file sums to is kept under the hash of its content, so that a year in which one file is new reads one file. What
does not belong here: whether files are whole and have the right columns (``files``), the SQL of a line (``line_sql``)
and of what is wrong with it (``line_faults``), what the sums are compared with.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb
from blake3 import blake3

from orchestration.base.addresses import connect, is_address
from orchestration.base.problems import InputError, Problem
from orchestration.base.sql import sql_text
from orchestration.entries.contract import EntryContract
from orchestration.entries.files import CSV, EntryFiles, find_files
from orchestration.entries.line_faults import conditions, in_groups, is_counted, pruned, reason_of
from orchestration.entries.line_sql import (
    REJECTS,
    csv_lines,
    fen_of,
    parquet_rows,
    raw_columns,
    source_of,
    sum_of,
    summed,
)

if TYPE_CHECKING:
    import pyarrow as pa

#: How much of the machine reading takes before it spills to disk.
MEMORY = "2GB"
#: Part of every kept sum's name: another number, and all files are summed anew.
_READER = 1
#: So many bytes of files are summed in one scan; their sums are kept when it is done.
_BATCH = 1 << 30
#: So many files another engine scans at once.
_PART = 500
_CHUNK = 4 << 20
_NOTHING = "select 0::bigint as line, '' as reason, '' as raw limit 0"


@dataclass(frozen=True)
class EntryFile:
    """One file of entries as read. ``sums``: its good lines by month and dimension (columns ``month``, the contract's
    dimensions, ``fen``, ``entries``); ``aside``: its bad lines (``line``, ``reason``, ``raw``). Both Parquet.
    """

    path: Path
    content: str  # blake3 of the file
    quoted: bool  # whether there may be a quotation mark in it: then a field may hold a line break
    stamp: tuple[int, float]  # size and time before it was read
    sums: Path
    aside: Path


@dataclass(frozen=True)
class Scanned:
    """What another engine has found in whole files. ``files``: those that it vouches for, in which every line is good
    as far as it looked. ``groups``: their lines by ``file`` (its path as text) and the contract's grouping (columns
    ``raw_…``, as they stand in the file), with ``amount`` (exact, in the column's own unit) and ``entries``.
    """

    files: Sequence[EntryFile]
    groups: pa.Table


class EntryScanner(Protocol):
    """Another engine's scan of whole files. It may vouch for as few of them as it likes; DuckDB reads the rest."""

    def __call__(self, files: EntryFiles, new: Sequence[EntryFile], year: int) -> Scanned: ...


def read_entries(
    contract: EntryContract,
    paths: Iterable[Path],
    year: int,
    kept: Path,
    memory: str = MEMORY,
    on_file: Callable[[str], None] = lambda name: None,
    scan: EntryScanner | None = None,
) -> list[EntryFile]:
    """Sum files or folders of one ledger, local ones or addresses (``upath.UPath``); a file whose sums stand in the
    folder ``kept`` is not read again. With ``scan``, new files go to that first: what it doesn't vouch for is read
    here.

    Each line is in the sums or set aside, never in neither. Raises ``InputError`` naming each file that is not whole,
    not UTF-8, or has other columns.
    """
    files = find_files(contract, list(paths))
    kept.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda path: _named(path, files, year, kept), files.paths))
    new = list({each.sums: each for each in found if not each.sums.is_file()}.values())
    with connect(files.paths) as connection:
        limit(connection, memory, kept / "temporary")
        if scan is not None:
            new = [
                left
                for part in _parts(new)
                for left in _take(connection, files, scan(files, part, year), part, year, on_file)
            ]
        problems = [p for batch in _batches(new) for p in _sum_batch(connection, files, batch, year, on_file)]
    if problems:
        raise InputError(problems)
    return found


def _named(path: Path, files: EntryFiles, year: int, kept: Path) -> EntryFile:
    """A file and where its sums are kept: under what it holds and how that is read."""
    digest, stamp = blake3(), _stamp(path)
    quoted = not path.name.lower().endswith(".csv")  # compressed: can't be told without reading it
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            quoted = quoted or b'"' in chunk
    content = digest.hexdigest()
    said = f"{_READER} {year} {files.kind} {content} {files.contract.model_dump_json()}"
    name = blake3(said.encode()).hexdigest()[:32]
    return EntryFile(path, content, quoted, stamp, kept / f"{name}.sums.parquet", kept / f"{name}.aside.parquet")


def _stamp(path: Path) -> tuple[int, float]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime


def _batches(new: Sequence[EntryFile]) -> Iterator[list[EntryFile]]:
    batch: list[EntryFile] = []
    size = 0
    for each in new:
        # DuckDB gives back an address in a spelling of its own: then the file must be the only one.
        length = _BATCH if is_address(each.path) else each.path.stat().st_size
        if batch and (size + length > _BATCH or batch[0].quoted != each.quoted):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += length
    if batch:
        yield batch


def _parts(new: Sequence[EntryFile]) -> Iterator[Sequence[EntryFile]]:
    """What another engine scans at once; sums are kept when it is done."""
    for start in range(0, len(new), _PART):
        yield new[start : start + _PART]


def _take(
    connection: duckdb.DuckDBPyConnection,
    files: EntryFiles,
    scanned: Scanned,
    part: Sequence[EntryFile],
    year: int,
    on_file: Callable[[str], None],
) -> list[EntryFile]:
    """Keep the sums of the files that were scanned elsewhere and are sound; returns the others. What lines are grouped
    by is checked here, in the groups, like that of a scan of our own."""
    contract = files.contract
    raw = ", ".join(f"raw_{name}" for name in contract.grouping)
    connection.register("scanned", scanned.groups)
    connection.execute(f"""
        create or replace temp table grouped as
        select file, {raw}, {fen_of(contract, "amount")} as fen, entries from scanned
    """)
    connection.unregister("scanned")
    wrong = " or ".join(in_groups(files, year))
    dirty = {row[0] for row in connection.execute(f"select distinct file from grouped where {wrong}").fetchall()}
    sound = [each for each in scanned.files if str(each.path) not in dirty and _stamp(each.path) == each.stamp]
    for each in sound:
        _keep(connection, each, _NOTHING, summed(files, f"grouped where file = {sql_text(str(each.path))}"))
        on_file(each.path.name)
    kept = {each.sums for each in sound}
    return [each for each in part if each.sums not in kept]


def limit(connection: duckdb.DuckDBPyConnection, memory: str, temporary: Path) -> None:
    """Bound what DuckDB holds in memory; the rest goes to disk."""
    connection.execute(f"set memory_limit = {sql_text(memory)}")
    connection.execute(f"set temp_directory = {sql_text(str(temporary))}")


def _sum_batch(
    connection: duckdb.DuckDBPyConnection,
    files: EntryFiles,
    batch: Sequence[EntryFile],
    year: int,
    on_file: Callable[[str], None],
) -> list[Problem]:
    """Sum some files in one scan and keep the sums of each; returns what is wrong with those that can't be read."""
    source = source_of(files, [each.path for each in batch])
    try:
        connection.execute(_grouped(files, batch[0].quoted, year, source))
    except duckdb.Error as error:
        # What the Parquet reader can't decode has no class of its own.
        if type(error) not in (duckdb.Error, duckdb.InvalidInputException):
            raise
        _forget(connection)
        if len(batch) > 1:  # one of them: each by itself
            return [p for each in batch for p in _sum_batch(connection, files, [each], year, on_file)]
        if files.kind != CSV:
            said = str(error).splitlines()[0]
            return [Problem(str(batch[0].path), "", "", f"已损坏的 Parquet（{said}）", "完整的 Parquet 文件")]
        dirty = {str(batch[0].path)}  # the parser gave up: one kind of line end here, another there
    else:
        dirty = _dirty(connection, files, year, source)
    problems: list[Problem] = []
    for each in batch:
        alone = len(batch) == 1
        if _stamp(each.path) != each.stamp:  # what was summed is not what was hashed
            problems.append(Problem(str(each.path), "", "", "读的时候文件变了", "写完不再改动的文件"))
        elif (alone and dirty) or str(each.path) in dirty:
            problems += _sum_lines(connection, files, each, year)
        else:
            its = "grouped" if alone else f"grouped where file = {sql_text(str(each.path))}"
            _keep(connection, each, _NOTHING, summed(files, its))
        on_file(each.path.name)
    return problems


def _grouped(files: EntryFiles, quoted: bool, year: int, source: str) -> str:
    """SQL of one scan: lines by what the contract sums over, and in each group how many are bad."""
    contract = files.contract
    raw = ", ".join(f"raw_{name}" for name in contract.grouping)
    beside = [column for column in contract.columns if column.name not in contract.grouping]
    counted = [column for column in beside if is_counted(column, files, quoted)]
    in_scan = [c for column in beside if column not in counted for c in conditions(column, files, year)]
    bad = [f"count_if({' or '.join(in_scan) or 'false'})"]
    bad += [f"count(*) - count(raw_{column.name})" for column in counted if column.required]
    return f"""
        create or replace temp table grouped as
        select file, {raw}, {sum_of(contract)} as fen, count(*) as entries,
            {" + ".join(bad)} as bad
        from (select {raw_columns(files)} from {source}) group by all
    """


def _dirty(connection: duckdb.DuckDBPyConnection, files: EntryFiles, year: int, source: str) -> set[str]:
    """The files of a scan that have a bad line."""
    wrong = f"select file from grouped where bad > 0 or {' or '.join(in_groups(files, year))}"
    blanks = [f"select file from (select {raw_columns(files)} from {source}) where {each}" for each in pruned(files)]
    dirty = {row[0] for row in connection.execute(" union ".join([wrong, *blanks])).fetchall()}
    if files.kind == CSV:
        query = "select distinct file_path from rejected_scan inner join rejected using (scan_id, file_id)"
        dirty |= {row[0] for row in connection.execute(query).fetchall()}
        _forget(connection)
    return dirty


def _keep(connection: duckdb.DuckDBPyConnection, each: EntryFile, aside: str, sums: str) -> None:
    """Write both files beside their places, and move the sums last: where they stand, all of it stands."""
    for query, target in ((aside, each.aside), (sums, each.sums)):
        draft = target.with_name(f".{target.name}-{os.getpid()}")
        try:
            connection.execute(f"copy ({query}) to {sql_text(str(draft))} (format parquet)")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table if exists rejected; drop table if exists rejected_scan")


def _sum_lines(connection: duckdb.DuckDBPyConnection, files: EntryFiles, each: EntryFile, year: int) -> list[Problem]:
    """One file again, a line at a time; what is wrong with the file as a whole."""
    lines = csv_lines(files, each.path, REJECTS) if files.kind == CSV else parquet_rows(files, each.path)
    broken = "coalesce(broken, " if files.kind == CSV else "("
    reason = f"{broken}{reason_of(files, year)})"
    connection.execute(
        f"create or replace temp table aside as select line, {reason} as reason, raw from ({lines}) "
        f"where {reason} is not null order by line"
    )
    if files.kind == CSV:
        unread = connection.execute("select line, error_message from rejected limit 1").fetchall()
        _forget(connection)
        if unread:
            return [
                Problem(str(each.path), "", f"第{line}行", said.splitlines()[0], "UTF-8 的一行")
                for line, said in unread
            ]
        lines = csv_lines(files, each.path, "")
    good = f"({lines}) where {reason} is null"
    _keep(connection, each, "from aside order by line", summed(files, good, sum_of(files.contract), "count(*)"))
    return []
