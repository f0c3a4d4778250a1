"""SQL of the lines of entry files as they stand there, and of their values: what both the sums and the search for
single lines are made of. Money goes from text to whole fen by way of DECIMAL; no value is ever a double.

What does not belong here: what makes a line bad (``line_faults``), and running any of it (``read``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestration.base.sql import sql_text
from orchestration.entries.contract import EntryColumn, EntryContract
from orchestration.entries.files import CSV, EntryFiles
from orchestration.ledgers.money import MONEY_UNITS

#: What a typed column is. Money is whole fen.
SQL_TYPES = {"date": "date", "text": "varchar", "code": "varchar", "money": "bigint", "integer": "bigint"}
_DIALECT = """delim = ',', quote = '"', escape = '"'"""
# One field of a line and the comma behind it; a line is well-formed where its fields leave nothing out.
_FIELDS = """regexp_extract_all(raw || ',', '("(?:[^"]|"")*"|[^",]*),', 1)"""
REJECTS = ", store_rejects = true, rejects_table = 'rejected', rejects_scan = 'rejected_scan', rejects_limit = 1"


def summed(files: EntryFiles, source: str, fen: str = "sum(fen)", entries: str = "sum(entries)") -> str:
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


def source_of(files: EntryFiles, paths: Sequence[Path], rejects: str = REJECTS) -> str:
    """SQL of the lines of some of the files as they stand there; CSV lines that have too few or too many fields are not
    among them, but in the table ``rejected``."""
    listed = ", ".join(sql_text(str(path)) for path in paths)
    if files.kind == CSV:
        names = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in place_names(files))
        return (
            f"read_csv([{listed}], auto_detect = false, header = true, {_DIALECT}, columns = {{{names}}}, "
            f"filename = 'file'{rejects})"
        )
    return f"read_parquet([{listed}], filename = 'file', file_row_number = true)"


def place_names(files: EntryFiles) -> list[str]:
    """Names for the columns of a file in their order."""
    return [f"c{place}" for place in range(len(files.header))]


def raw_columns(files: EntryFiles) -> str:
    """The contract's columns as they stand in the file, under the contract's names with ``raw_`` before them."""
    titles = place_names(files) if files.kind == CSV else [title for title, _ in files.header]
    found = [f'"{title}" as raw_{name}' for title, name in zip(titles, files.columns, strict=True) if name]
    return ", ".join([*found, "file"] + (["file_row_number"] if files.kind != CSV else []))


def typed(column: EntryColumn, files: EntryFiles) -> str:
    """The value of a column, null where there is none or where it cannot be."""
    raw = f"raw_{column.name}"
    if column.values:
        words = " ".join(f"when {sql_text(word)} then {sql_text(code)}" for word, code in column.values.items())
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


def plain_amount(column: EntryColumn) -> str:
    """An amount in its own unit, null where it can't be one."""
    return f"try_cast(raw_{column.name} as decimal(18, 2))"


def sum_of(contract: EntryContract) -> str:
    """Whole fen, exact: summed in the amounts' own unit, then turned into fen; cheaper than line by line."""
    return fen_of(contract, f"sum({plain_amount(contract.amount)})")


def fen_of(contract: EntryContract, amount: str) -> str:
    """Whole fen of a sum of amounts, DECIMAL(38, 2)."""
    return f"({amount} * {MONEY_UNITS[contract.amount.unit or '元']})::hugeint"


def parquet_rows(files: EntryFiles, path: Path) -> str:
    """SQL of the rows of a Parquet file, which has no lines: shown as JSON, numbered from 1."""
    shown = ", ".join(f"{sql_text(column.header)}: raw_{column.name}" for column in files.contract.columns)
    return (
        f"select *, file_row_number + 1 as line, to_json({{{shown}}})::varchar as raw "
        f"from (select {raw_columns(files)} from {source_of(files, [path])})"
    )


def csv_lines(files: EntryFiles, path: Path, rejects: str) -> str:
    """SQL of the lines of a CSV file, numbered as in the file. The raw reader knows no quotation marks, so its rows are
    the file's lines, in their order."""
    file = sql_text(str(path))
    fields = [
        f"""if(fields[{n}][1:1] = '"', replace(fields[{n}][2:-2], '""', '"'), fields[{n}]) as {place}"""
        for n, place in enumerate(place_names(files), 1)
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
            line, raw, {raw_columns(files)},
            case
                when not formed then '引号没有成对'
                when width <> {len(files.header)} then concat('有 ', width, ' 栏，应有 {len(files.header)} 栏')
            end as broken
        from placed
    """
