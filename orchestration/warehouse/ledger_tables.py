"""The published table of each ledger, ``ledger_<name>``: keys, texts and measures, typed, a row for each detail row.

What a contract says is all it takes: a ledger that no mart knows is published too. Money stands in whole units of its
currency (yuan), as cells now hold after corrections; what is not printed is null. Totals and groups live in ``cell``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestration.base.locks import open_database
from orchestration.base.sql import sql_text
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build

PREFIX = "ledger_"
#: What a measure of each kind is in SQL; any other is a plain number.
TYPES = {"money": "decimal(20, 2)", "ratio": "decimal(18, 6)", "date": "date"}
_NUMBER = "decimal(28, 9)"
_DAY = "cast('1970-01-01' as date) + cast({value} as integer)"


def table_of(ledger: str) -> str:
    return f"{PREFIX}{ledger}"


def type_of(kind: str) -> str:
    return TYPES.get(kind, _NUMBER)


def write_ledger_tables(build: Build) -> dict[str, int]:
    """Make the table of each ledger of the build, described by its headers; how many rows each has.

    Departments that share a build share their contracts too, and each table is one for all of them.
    """
    query = "select distinct * exclude (department) from raw.ledger_column where fiscal_year = ? order by ledger, place"
    ledgers: dict[str, list[dict[str, Any]]] = {}
    for row in build.rows(query, build.year):
        ledgers.setdefault(row["ledger"], []).append(row)
    counts = {}
    with open_database(build.warehouse, read_only=False) as connection:
        connection.execute("begin")
        for ledger, columns in ledgers.items():
            table = table_of(ledger)
            connection.execute(f"create or replace table {table} as {_select(columns, build.year, ledger)}")
            for column in columns:
                said = column["header"].replace("'", "''")
                connection.execute(f"""comment on column {table}."{column["name"]}" is '{said}'""")
            counts[table] = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
        connection.execute("commit")
    return counts


def published_tables(build: Build) -> list[str]:
    """All that is published of a build: the models' tables, and those of its ledgers."""
    query = "select distinct ledger from raw.ledger_column where fiscal_year = ?"
    return published_with(row["ledger"] for row in build.rows(query, build.year))


def published_with(ledgers: Iterable[str]) -> list[str]:
    """All that is published of a year that has these ledgers."""
    return [*compiled.published_tables(), *(table_of(ledger) for ledger in sorted(ledgers))]


def _select(columns: Iterable[Mapping[str, Any]], year: int, ledger: str) -> str:
    listed = ", ".join(f'{_expression(column)} as "{column["name"]}"' for column in columns)
    return f"""
        select fiscal_year, department, row_key, max(row_label) as row_label, {listed}
        from cell where fiscal_year = {year} and ledger = {sql_text(ledger)} and row_kind = 'detail'
        group by fiscal_year, department, row_key order by min(rowid)
    """


def _expression(column: Mapping[str, Any]) -> str:
    """A column of a contract, out of the cells of one row. Names are those of the contract: letters and digits."""
    if column["role"] == "key":
        return f"split_part(row_key, ':', {column['part']})"
    of_column = f"filter (measure = '{column['name']}')"
    if column["role"] == "text":
        return f"max(text) {of_column}"
    value = f"max(value) {of_column}"
    return _DAY.format(value=value) if column["kind"] == "date" else f"cast({value} as {type_of(column['kind'])})"
