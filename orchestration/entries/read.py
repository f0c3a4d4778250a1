"""Sums entry ledgers set-wise by DuckDB, a file at a time; bad lines are counted, and set aside with line and reason.

One scan of a file groups its lines by what the contract sums over, by day, and by file; no line ever becomes a Python
object or a row of a table. The columns that lines are grouped by are checked in the few groups, the others in the scan.
Only a CSV file with a bad line is read again, line by line, still in SQL: there a line is what stands between two line
breaks, so that its number is right and a stray quotation mark costs one line and not the rest of the file. Money goes
from text to whole fen by way of DECIMAL; no value is ever a double.

What a file sums to is kept under the hash of its content, so that a year in which one file is new reads one file. What
does not belong here: whether files are whole and have the right columns (``files``), what the sums are compared with.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
from blake3 import blake3

from orchestration.base.addresses import connect, is_address
from orchestration.base.problems import InputError, Problem
from orchestration.entries.contract import EntryColumn, EntryContract
from orchestration.entries.files import CSV, EntryFiles, find_files
from orchestration.ledgers.money import MONEY_UNITS

#: What a typed column is. Money is whole fen.
SQL_TYPES = {"date": "date", "text": "varchar", "code": "varchar", "money": "bigint", "integer": "bigint"}
#: How much of the machine reading takes before it spills to disk.
MEMORY = "2GB"
#: Part of every kept sum's name: another number, and all files are summed anew.
_READER = 1
#: So many bytes of files are summed in one scan; their sums are kept when it is done.
_BATCH = 1 << 30
#: So many files another engine scans at once.
_PART = 500
_CHUNK = 4 << 20
_DIALECT = """delim = ',', quote = '"', escape = '"'"""
# One field of a line and the comma behind it; a line is well-formed where its fields leave nothing out.
_FIELDS = """regexp_extract_all(raw || ',', '("(?:[^"]|"")*"|[^",]*),', 1)"""
_NOTHING = "select 0::bigint as line, '' as reason, '' as raw limit 0"
_REJECTS = ", store_rejects = true, rejects_table = 'rejected', rejects_scan = 'rejected_scan', rejects_limit = 1"


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
        select file, {raw}, {_fen(contract, "amount")} as fen, entries from scanned
    """)
    connection.unregister("scanned")
    wrong = " or ".join(_in_groups(files, year))
    dirty = {row[0] for row in connection.execute(f"select distinct file from grouped where {wrong}").fetchall()}
    sound = [each for each in scanned.files if str(each.path) not in dirty and _stamp(each.path) == each.stamp]
    for each in sound:
        _keep(connection, each, _NOTHING, _summed(files, f"grouped where file = {_text(str(each.path))}"))
        on_file(each.path.name)
    kept = {each.sums for each in sound}
    return [each for each in part if each.sums not in kept]


def limit(connection: duckdb.DuckDBPyConnection, memory: str, temporary: Path) -> None:
    """Bound what DuckDB holds in memory; the rest goes to disk."""
    connection.execute(f"set memory_limit = {_text(memory)}")
    connection.execute(f"set temp_directory = {_text(str(temporary))}")


def _sum_batch(
    connection: duckdb.DuckDBPyConnection,
    files: EntryFiles,
    batch: Sequence[EntryFile],
    year: int,
    on_file: Callable[[str], None],
) -> list[Problem]:
    """Sum some files in one scan and keep the sums of each; returns what is wrong with those that can't be read."""
    contract = files.contract
    by = contract.grouping
    raw = ", ".join(f"raw_{name}" for name in by)
    source = _source(files, [each.path for each in batch])
    beside = [column for column in contract.columns if column.name not in by]
    counted = [column for column in beside if _is_counted(column, files, batch[0].quoted)]
    in_scan = [c for column in beside if column not in counted for c in _conditions(column, files, year)]
    bad = [f"count_if({' or '.join(in_scan) or 'false'})"]
    bad += [f"count(*) - count(raw_{column.name})" for column in counted if column.required]
    try:
        connection.execute(f"""
            create or replace temp table grouped as
            select file, {raw}, {_sum_of(contract)} as fen, count(*) as entries,
                {" + ".join(bad)} as bad
            from (select {_raw(files)} from {source}) group by all
        """)
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
            its = "grouped" if alone else f"grouped where file = {_text(str(each.path))}"
            _keep(connection, each, _NOTHING, _summed(files, its))
        on_file(each.path.name)
    return problems


def _dirty(connection: duckdb.DuckDBPyConnection, files: EntryFiles, year: int, source: str) -> set[str]:
    """The files of a scan that have a bad line."""
    wrong = f"select file from grouped where bad > 0 or {' or '.join(_in_groups(files, year))}"
    blanks = [f"select file from (select {_raw(files)} from {source}) where {each}" for each in _pruned(files)]
    dirty = {row[0] for row in connection.execute(" union ".join([wrong, *blanks])).fetchall()}
    if files.kind == CSV:
        query = "select distinct file_path from rejected_scan inner join rejected using (scan_id, file_id)"
        dirty |= {row[0] for row in connection.execute(query).fetchall()}
        _forget(connection)
    return dirty


def _in_groups(files: EntryFiles, year: int) -> list[str]:
    """What makes lines bad because of a column that they are grouped by."""
    contract = files.contract
    return [condition for name in contract.grouping for condition in _conditions(contract.column(name), files, year)]


def _summed(files: EntryFiles, source: str, fen: str = "sum(fen)", entries: str = "sum(entries)") -> str:
    """SQL of a file's sums. Grouped twice, since words and dates of many days become codes and months."""
    contract = files.contract
    columns = [f"month({typed(contract.date, files)})::integer as month"]
    columns += [f"{typed(contract.column(name), files)} as {name}" for name in contract.dimensions]
    by = ", ".join(["month", *contract.dimensions])
    return f"""
        select {by}, sum(fen)::decimal(38, 0) as fen, sum(entries)::bigint as entries
        from (
            select {", ".join(columns)}, {fen} as fen, {entries} as entries
            from {source} group by all
        )
        group by all order by all
    """


def _keep(connection: duckdb.DuckDBPyConnection, each: EntryFile, aside: str, sums: str) -> None:
    """Write both files beside their places, and move the sums last: where they stand, all of it stands."""
    for query, target in ((aside, each.aside), (sums, each.sums)):
        draft = target.with_name(f".{target.name}-{os.getpid()}")
        try:
            connection.execute(f"copy ({query}) to {_text(str(draft))} (format parquet)")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _source(files: EntryFiles, paths: Sequence[Path], rejects: str = _REJECTS) -> str:
    """SQL of the lines of some of the files as they stand there; CSV lines that have too few or too many fields are not
    among them, but in the table ``rejected``."""
    listed = ", ".join(_text(str(path)) for path in paths)
    if files.kind == CSV:
        names = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in _places(files))
        return (
            f"read_csv([{listed}], auto_detect = false, header = true, {_DIALECT}, columns = {{{names}}}, "
            f"filename = 'file'{rejects})"
        )
    return f"read_parquet([{listed}], filename = 'file', file_row_number = true)"


def _places(files: EntryFiles) -> list[str]:
    """Names for the columns of a file in their order."""
    return [f"c{place}" for place in range(len(files.header))]


def _raw(files: EntryFiles) -> str:
    """The contract's columns as they stand in the file, under the contract's names with ``raw_`` before them."""
    titles = _places(files) if files.kind == CSV else [title for title, _ in files.header]
    found = [f'"{title}" as raw_{name}' for title, name in zip(titles, files.columns, strict=True) if name]
    return ", ".join([*found, "file"] + (["file_row_number"] if files.kind != CSV else []))


def typed(column: EntryColumn, files: EntryFiles) -> str:
    """The value of a column, null where there is none or where it cannot be."""
    raw = f"raw_{column.name}"
    if column.values:
        words = " ".join(f"when {_text(word)} then {_text(code)}" for word, code in column.values.items())
        return f"case {raw} {words} end"
    if column.type == "money":
        # In 38 digits, since the product of a great amount would not fit 18, and DuckDB stops there; but that takes
        # five times as long, so amounts of any ordinary size go by 18, where a product by 100 always fits.
        factor = MONEY_UNITS[column.unit or "元"]
        wide = f"try_cast(try_cast({raw} as decimal(18, 2))::decimal(38, 2) * {factor} as bigint)"
        return f"coalesce((try_cast({raw} as decimal(16, 2)) * 100)::bigint, {wide})" if factor == 100 else wide
    if column.type in ("date", "integer"):
        return f"try_cast({raw} as {SQL_TYPES[column.type]})"
    return f"nullif({raw}, '')"


def _plain(column: EntryColumn) -> str:
    """An amount in its own unit, null where it can't be one."""
    return f"try_cast(raw_{column.name} as decimal(18, 2))"


def _sum_of(contract: EntryContract) -> str:
    """Whole fen, exact: summed in the amounts' own unit, then turned into fen; cheaper than line by line."""
    return _fen(contract, f"sum({_plain(contract.amount)})")


def _fen(contract: EntryContract, amount: str) -> str:
    """Whole fen of a sum of amounts, DECIMAL(38, 2)."""
    return f"({amount} * {MONEY_UNITS[contract.amount.unit or '元']})::hugeint"


def faults(column: EntryColumn, files: EntryFiles, year: int) -> list[tuple[str, str]]:
    """What can be wrong with a column: (condition, true for a bad line and never null; Chinese reason in SQL)."""
    raw, is_text = f"raw_{column.name}", files.type_of(column.name) == "VARCHAR"
    named = f"{_text(column.header + '「')} || left({raw}::varchar, 60) || '」'"
    value = typed(column, files)
    blank = f"({raw} is null or {raw} = '')" if is_text else f"{raw} is null"
    found = [(blank, _text(f"{column.header}空白"))] if column.required else []
    given = f"not {blank}"
    if is_text:
        found.append((f"coalesce(contains({raw}, chr(10)), false)", f"{_text(column.header)} || '里有换行'"))
    if column.values:
        expected = _text(f"不是其中之一：{'、'.join(column.values)}")
        found.append((f"({given} and {value} is null)", f"{named} || {expected}"))
    elif column.type == "money":
        value, exact = _plain(column), _plain_number(raw, 2) if is_text else "true"
        expected = _text(f"不是以{column.unit or '元'}计、至多两位小数的数")
        found.append((f"({given} and ({value} is null or not {exact}))", f"{named} || {expected}"))
    elif column.type == "integer":
        exact = _plain_number(raw, 0) if is_text else "true"
        found.append((f"({given} and ({value} is null or not {exact}))", f"{named} || '不是整数'"))
    elif column.type == "date":
        exact = f"length({raw}) = 10" if is_text else "true"
        found.append((f"({given} and ({value} is null or not {exact}))", f"{named} || '不是 年-月-日'"))
        found.append((f"coalesce(year({value}) <> {year}, false)", f"{named} || '不在 {year} 年'"))
    return found


def _plain_number(raw: str, places: int) -> str:
    """Whether a text is digits with so many places at most: a cast alone would round, and takes 1e5."""
    fraction = f"([.][0-9]{{1,{places}}})?" if places else ""
    return f"regexp_full_match({raw}, '-?[0-9]+{fraction}')"


def _conditions(column: EntryColumn, files: EntryFiles, year: int) -> list[str]:
    """What makes a line bad because of a column, less what ``_pruned`` asks."""
    if _is_pruned(column, files):
        return []
    if column.type in ("money", "integer") and column.required and files.type_of(column.name) == "VARCHAR":
        # All that can be wrong in one look: what is blank or holds a line break is no plain number.
        raw, is_money = f"raw_{column.name}", column.type == "money"
        value = _plain(column) if is_money else typed(column, files)
        return [f"not coalesce({_plain_number(raw, 2 if is_money else 0)} and {value} is not null, false)"]
    return [condition for condition, _ in faults(column, files, year)]


def _is_counted(column: EntryColumn, files: EntryFiles, quoted: bool) -> bool:
    """Whether a text column of CSV can be wrong only by being null, so that counting does instead of looking: an empty
    field is null, and without quotation marks there is no other blank and no line break."""
    return files.kind == CSV and not quoted and column.type in ("text", "code") and not column.values


def _is_pruned(column: EntryColumn, files: EntryFiles) -> bool:
    """Whether a column of a Parquet file is neither grouped by nor summed, and can be wrong only by being blank: then
    the statistics of its row groups say so, and it need not be read."""
    contract = files.contract
    plain = column.type in ("text", "code") or files.type_of(column.name) != "VARCHAR"
    return files.kind != CSV and plain and column.name not in (*contract.grouping, contract.amount.name)


def _pruned(files: EntryFiles) -> list[str]:
    """Conditions for bad lines that DuckDB answers from the statistics of Parquet row groups, each for itself."""
    found = []
    for column in files.contract.columns:
        if _is_pruned(column, files) and column.required:
            found.append(f"raw_{column.name} is null")
            found += [f"raw_{column.name} = ''"] if files.type_of(column.name) == "VARCHAR" else []
    return found


def _reason(files: EntryFiles, year: int) -> str:
    """The first thing that is wrong with a line; null where nothing is."""
    known = [fault for column in files.contract.columns for fault in faults(column, files, year)]
    return f"case {' '.join(f'when {condition} then {said}' for condition, said in known)} end"


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table if exists rejected; drop table if exists rejected_scan")


def _sum_lines(connection: duckdb.DuckDBPyConnection, files: EntryFiles, each: EntryFile, year: int) -> list[Problem]:
    """One file again, a line at a time; what is wrong with the file as a whole."""
    lines = _csv_lines(files, each.path, _REJECTS) if files.kind == CSV else _parquet_rows(files, each.path)
    broken = "coalesce(broken, " if files.kind == CSV else "("
    reason = f"{broken}{_reason(files, year)})"
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
        lines = _csv_lines(files, each.path, "")
    good = f"({lines}) where {reason} is null"
    _keep(connection, each, "from aside order by line", _summed(files, good, _sum_of(files.contract), "count(*)"))
    return []


def _parquet_rows(files: EntryFiles, path: Path) -> str:
    """SQL of the rows of a Parquet file, which has no lines: shown as JSON, numbered from 1."""
    shown = ", ".join(f"{_text(column.header)}: raw_{column.name}" for column in files.contract.columns)
    return (
        f"select *, file_row_number + 1 as line, to_json({{{shown}}})::varchar as raw "
        f"from (select {_raw(files)} from {_source(files, [path])})"
    )


def _csv_lines(files: EntryFiles, path: Path, rejects: str) -> str:
    """SQL of the lines of a CSV file, numbered as in the file. The raw reader knows no quotation marks, so its rows are
    the file's lines, in their order."""
    file = _text(str(path))
    fields = [
        f"""if(fields[{n}][1:1] = '"', replace(fields[{n}][2:-2], '""', '"'), fields[{n}]) as {place}"""
        for n, place in enumerate(_places(files), 1)
    ]
    return f"""
        with lines as (
            select row_number() over () as line, rtrim(raw, chr(13)) as raw
            from read_csv(
                {file}, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '',
                strict_mode = false, columns = {{'raw': 'VARCHAR'}}{rejects}
            )
        ),
        split as (select line, raw, {_FIELDS} as fields from lines where line > 1 and raw is not null),
        placed as (
            select line, raw, len(fields) as width, length(array_to_string(fields, ',')) = length(raw) as formed,
                {file} as file, {", ".join(fields)}
            from split
        )
        select
            line, raw, {_raw(files)},
            case
                when not formed then '引号没有成对'
                when width <> {len(files.header)} then concat('有 ', width, ' 栏，应有 {len(files.header)} 栏')
            end as broken
        from placed
    """


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
