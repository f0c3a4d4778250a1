"""The serving file: the tables of every published year as readers open them, one DuckDB file never written in place.
Publishing costs by what is published: a copy of the file gets the rows of the versions that have changed.

What does not belong here: which versions there are, and when readers are switched (``versions``).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from orchestration.base.addresses import hand_over
from orchestration.base.sql import listed, literal, sql_text
from orchestration.warehouse.current import CURRENT

#: A version's folder, by year and department.
Folders = Mapping[tuple[int, str], Path]


class _OtherShapeError(Exception):
    """A version has a table or a column that the file has not, or has otherwise."""


def write_all(draft: Path, folders: Folders) -> None:
    """Every version anew, into a file that is not there yet."""
    with hand_over(duckdb.connect(str(draft)), folders.values()) as connection:
        connection.execute(f"create table {CURRENT} (fiscal_year integer, department varchar, version varchar)")
        connection.execute(f"insert into {CURRENT} {_stands(folders)}")
        for table, read in _tables(folders).items():
            connection.execute(f"create table {table} as from {read}")
        connection.execute("checkpoint")  # closing would do it too, but says nothing where the disk is full


def add(serving: Path, draft: Path, folders: Folders) -> bool:
    """A copy of the file with these versions in place of what their years had. Not where that can't be done, and then
    there is no copy.
    """
    if not folders:
        return False
    shutil.copyfile(serving, draft)
    with hand_over(duckdb.connect(str(draft)), folders.values()) as connection, suppress(_OtherShapeError):
        connection.execute("begin")
        own: dict[str, set[tuple[str, str]]] = {}
        for table, *column in connection.execute(_COLUMNS).fetchall():
            own.setdefault(table, set()).add(tuple(column))
        for table in own:
            for year, departments in _by_year(folders).items():
                connection.execute(
                    f"delete from {table} where fiscal_year = {year} and department in ({listed(departments)})"
                )
        connection.execute(f"insert into {CURRENT} {_stands(folders)}")
        for table, read in _tables(folders).items():
            _fits(connection, table, read, own.get(table, set()))
            connection.execute(f"insert into {table} by name from {read}")
        connection.execute("commit")
        connection.execute("checkpoint")
        return True
    draft.unlink()
    return False


def _by_year(folders: Folders) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for year, department in folders:
        found.setdefault(year, []).append(department)
    return found


_COLUMNS = "select table_name, column_name, data_type from duckdb_columns() where not internal"


def _fits(connection: duckdb.DuckDBPyConnection, table: str, read: str, there: set[tuple[str, str]]) -> None:
    """Raises ``_OtherShapeError`` where rows would not stand in a table of these columns as they are."""
    columns = {tuple(row[:2]) for row in connection.execute(f"describe from {read}").fetchall()}
    if not columns <= there:
        raise _OtherShapeError(table)


def _stands(folders: Folders) -> str:
    return "values " + ", ".join(f"({y}, {sql_text(code)}, {sql_text(at.name)})" for (y, code), at in folders.items())


def _tables(folders: Folders) -> dict[str, str]:
    """By table, how the rows of all these versions are read."""
    files: dict[str, list[str]] = {}
    for folder in folders.values():
        for path in folder.glob("[!.]*.parquet"):
            files.setdefault(path.stem, []).append(str(path))
    return {table: f"read_parquet({literal(paths)}, union_by_name = true)" for table, paths in sorted(files.items())}
