"""Reads entry ledgers set-wise by DuckDB into a typed table; bad lines are counted, and written to a quarantine file.

A first scan reads all files with DuckDB's own CSV parser (or Parquet reader), casts each column exactly and marks the
lines that do not fit the contract. Only a CSV file with such a line is read again, line by line, still in SQL: there
a line is what stands between two line breaks, so that its number is right and a stray quotation mark costs one line
and not the rest of the file. Money goes from text to whole fen by way of DECIMAL; no value is ever a double.

What does not belong here: whether files are whole and have the right columns (``files``), what entries are summed to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.entries.contract import EntryColumn, EntryContract
from orchestration.entries.files import CSV, EntryFiles, find_files
from orchestration.ledgers.cell import InputError, Problem
from orchestration.ledgers.money import MONEY_UNITS

#: What a typed column is in the table. Money is whole fen.
SQL_TYPES = {"date": "date", "text": "varchar", "code": "varchar", "money": "bigint", "integer": "bigint"}
#: How much of the machine reading takes before it spills to disk.
MEMORY = "2GB"
_DIALECT = """delim = ',', quote = '"', escape = '"'"""
# One field of a line and the comma behind it; a line is well-formed where its fields leave nothing out.
_FIELDS = """regexp_extract_all(raw || ',', '("(?:[^"]|"")*"|[^",]*),', 1)"""
_REJECTS = "store_rejects = true, rejects_table = 'rejected', rejects_scan = 'rejected_scan', rejects_limit = 1"


@dataclass(frozen=True)
class Entries:
    """What was read."""

    table: str
    rows: dict[str, int]  # file -> good lines
    bad: dict[str, int]  # file -> bad lines, only where there are some
    quarantine: Path | None  # the bad lines: file, line, reason, raw; none where there are none


def read_entries(
    warehouse: Path,
    contract: EntryContract,
    paths: Iterable[Path],
    year: int,
    quarantine: Path,
    memory: str = MEMORY,
) -> Entries:
    """Read files or folders into the table ``raw.<ledger>`` of a DuckDB file, replacing it.

    Each line is in the table or in the quarantine (Parquet), never in neither. Raises ``InputError`` naming each file
    that is not whole, not UTF-8, or has other columns; then the table is as it was.
    """
    files = find_files(contract, list(paths))
    table = f"raw.{contract.entries}"
    with duckdb.connect(str(warehouse)) as connection:
        limit(connection, memory, warehouse.parent / "spill")
        connection.execute("begin")
        connection.execute("create schema if not exists raw")
        connection.execute(f"create or replace table {table} as {scan(files, files.paths, year)}")
        dirty = _dirty(connection, files, table)
        quarantine.unlink(missing_ok=True)
        bad: dict[str, int] = {}
        if dirty:
            bad = _set_aside(connection, files, dirty, year, table, quarantine)
        connection.execute(f"alter table {table} drop column bad")
        counted = connection.execute(f"select file, count(*) from {table} group by file order by file").fetchall()
        connection.execute("commit")
    return Entries(table, {str(path): 0 for path in files.paths} | dict(counted), bad, quarantine if bad else None)


def limit(connection: duckdb.DuckDBPyConnection, memory: str, spill: Path) -> None:
    """Bound what DuckDB holds in memory; the rest goes to disk."""
    connection.execute(f"set memory_limit = {_text(memory)}")
    connection.execute(f"set temp_directory = {_text(str(spill))}")


def scan(files: EntryFiles, paths: Sequence[Path], year: int) -> str:
    """SQL of the typed lines of some of the files, with ``file`` and ``bad``; CSV lines that have too few or too many
    fields are not among them, but in the table ``rejected``."""
    listed = ", ".join(_text(str(path)) for path in paths)
    if files.kind == CSV:
        names = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in _places(files))
        source = (
            f"read_csv([{listed}], auto_detect = false, header = true, {_DIALECT}, columns = {{{names}}}, "
            f"filename = 'file', {_REJECTS})"
        )
    else:
        source = f"read_parquet([{listed}], filename = 'file', file_row_number = true)"
    columns = ", ".join(f"{typed(column, files)} as {column.name}" for column in files.contract.columns)
    return f"select {columns}, file, {_bad(files, year)} as bad from (select {_raw(files)} from {source})"


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
        exact = _plain_number(raw, 2) if is_text else "true"
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


def _bad(files: EntryFiles, year: int) -> str:
    return " or ".join(condition for column in files.contract.columns for condition, _ in faults(column, files, year))


def _reason(files: EntryFiles, year: int) -> str:
    """The first thing that is wrong with a line; null where nothing is."""
    known = [fault for column in files.contract.columns for fault in faults(column, files, year)]
    return f"case {' '.join(f'when {condition} then {said}' for condition, said in known)} end"


def _dirty(connection: duckdb.DuckDBPyConnection, files: EntryFiles, table: str) -> list[Path]:
    """Files with a bad line."""
    found = {row[0] for row in connection.execute(f"select distinct file from {table} where bad").fetchall()}
    if files.kind == CSV:
        query = "select distinct file_path from rejected_scan inner join rejected using (scan_id, file_id)"
        found |= {row[0] for row in connection.execute(query).fetchall()}
        _forget(connection)
    return [path for path in files.paths if str(path) in found]


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table if exists rejected; drop table if exists rejected_scan")


def _set_aside(
    connection: duckdb.DuckDBPyConnection, files: EntryFiles, dirty: Sequence[Path], year: int, table: str, target: Path
) -> dict[str, int]:
    """Put the bad lines of the dirty files into the quarantine file, and their good ones into the table."""
    connection.execute("create or replace temp table aside (file varchar, line bigint, reason varchar, raw varchar)")
    problems: list[Problem] = []
    for path in dirty:
        if files.kind == CSV:
            problems += _read_lines(connection, files, path, year, table)
        else:
            _set_rows_aside(connection, files, path, year)
    if problems:
        raise InputError(problems)
    if files.kind != CSV:
        connection.execute(f"delete from {table} where bad")
    target.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy (from aside order by file, line) to {_text(str(target))} (format parquet)")
    return dict(connection.execute("select file, count(*) from aside group by file order by file").fetchall())


def _set_rows_aside(connection: duckdb.DuckDBPyConnection, files: EntryFiles, path: Path, year: int) -> None:
    """The bad rows of one Parquet file, which have no lines: shown as JSON, numbered from 1."""
    shown = ", ".join(f"{_text(column.header)}: raw_{column.name}" for column in files.contract.columns)
    source = f"read_parquet({_text(str(path))}, filename = 'file', file_row_number = true)"
    connection.execute(
        f"insert into aside select file, file_row_number + 1, {_reason(files, year)}, to_json({{{shown}}})::varchar "
        f"from (select {_raw(files)} from {source}) where {_bad(files, year)}"
    )


def _read_lines(
    connection: duckdb.DuckDBPyConnection, files: EntryFiles, path: Path, year: int, table: str
) -> list[Problem]:
    """One CSV file again, a line at a time; its good lines replace those of the first scan."""
    file = _text(str(path))
    connection.execute(f"delete from {table} where file = {file}")
    fields = [
        f"""if(fields[{n}][1:1] = '"', replace(fields[{n}][2:-2], '""', '"'), fields[{n}]) as {place}"""
        for n, place in enumerate(_places(files), 1)
    ]
    # The raw reader knows no quotation marks, so its rows are the file's lines, in their order.
    connection.execute(f"""
        create or replace temp table line as
        with lines as (
            select row_number() over () as line, raw
            from read_csv(
                {file}, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '',
                columns = {{'raw': 'VARCHAR'}}, {_REJECTS}
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
    """)
    unread = connection.execute("select line, error_message from rejected limit 1").fetchall()
    _forget(connection)
    if unread:
        return [Problem(str(path), "", f"第{line}行", said.splitlines()[0], "UTF-8 的一行") for line, said in unread]
    reason = f"coalesce(broken, {_reason(files, year)})"
    connection.execute(f"insert into aside select file, line, {reason}, raw from line where {reason} is not null")
    columns = ", ".join(typed(column, files) for column in files.contract.columns)
    connection.execute(f"insert into {table} select {columns}, file, false from line where {reason} is null")
    connection.execute("drop table line")
    return []


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
