"""A department's share of a build that many departments have in common: made a build file of its own when somebody asks
for it, which after most runs nobody does. The tables are those of a build by itself, row for row.

What does not belong here: how departments are built together (``together``).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.base.files import drafts_of, locked, replacing, sweep, write_whole
from orchestration.base.locks import alone_where_small
from orchestration.base.settings import SHARE, WAREHOUSE, Settings
from orchestration.base.sql import sql_text

#: Whose every table bears the department but for dbt's seeds, which are the same for all.
_KEY = "department"


def give_share(folder: Path, shared: Path) -> None:
    """From now on the build in ``folder`` is the department's share of ``shared``; what was there before goes."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(_lock(folder), wait=False) as free:
        if free:  # what a killed run has left; else somebody is just making the file
            sweep(folder, drafts_of(folder / WAREHOUSE))
    write_whole(folder / SHARE, str(shared))
    for path in (folder / WAREHOUSE, folder / f"{WAREHOUSE}.wal"):
        path.unlink(missing_ok=True)


def forget_share(folder: Path) -> None:
    """The build is about to be made anew."""
    (folder / SHARE).unlink(missing_ok=True)


def take_share(folder: Path, department: str) -> None:
    """Make the build file of its share, where that has not been done. Nothing where it has none."""
    if not (folder / SHARE).is_file():
        return
    with locked(_lock(folder)):
        try:
            shared = Path((folder / SHARE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return  # another process has just done it
        if shared.is_file():
            _copy(shared, department, folder / WAREHOUSE)
        forget_share(folder)


def _lock(folder: Path) -> Path:
    """Held by whoever makes the build file of a share."""
    return folder / f".{SHARE}.lock"


def _copy(shared: Path, department: str, warehouse: Path) -> None:
    import duckdb  # a quarter of a second, and most builds are files of their own

    with replacing(warehouse) as draft, alone_where_small(duckdb.connect(), shared) as connection:
        connection.execute(f"attach {sql_text(str(shared))} as shared (read_only)")
        connection.execute(f"attach {sql_text(str(draft))} as own")
        connection.execute("begin")
        own = sql_text(department)
        for schema, table, sql, mine in connection.execute(_TABLES.format(department=own)).fetchall():
            connection.execute(f"create schema if not exists own.{schema}")
            connection.execute(sql.replace("CREATE TABLE ", "create table own.", 1))
            where = f" where {_KEY} = {own}" if mine else ""
            connection.execute(f'insert into own.{schema}."{table}" from shared.{schema}."{table}"{where}')
        for column, comment in connection.execute(_COMMENTS).fetchall():
            connection.execute(f"comment on column {column} is {sql_text(comment)}")
        connection.execute("commit")
        connection.execute("checkpoint own")
        connection.execute("detach own")


#: Schema, name and definition of each table, and whether it bears the department.
#: A ledger's table is there where the department has the ledger.
_TABLES = """
    select schema_name, table_name, sql,
           exists (
               select 1 from duckdb_columns() as columns
               where columns.table_oid = tables.table_oid and columns.database_name = tables.database_name
                 and column_name = 'department')
    from duckdb_tables() as tables
    where database_name = 'shared' and table_name not in (
        select 'ledger_' || ledger from shared.raw.ledger_column
        group by ledger having not bool_or(department = {department}))
    order by table_oid
"""
_COMMENTS = """
    select concat_ws('.', 'own', schema_name, '"' || table_name || '"', '"' || column_name || '"'), comment
    from duckdb_columns() as columns
    where database_name = 'shared' and comment is not null and exists (
        select 1 from duckdb_tables() as own
        where own.database_name = 'own' and own.schema_name = columns.schema_name
          and own.table_name = columns.table_name)
"""


def sweep_shared(settings: Settings, year: int) -> None:
    """Remove builds in common in which no department has a share any more; only for who holds their lock."""
    builds = settings.home / "build" / str(year)
    used = {Path(path.read_text(encoding="utf-8")).parent for path in builds.glob(f"*/{SHARE}")}
    place = settings.together(year)
    for folder in place.iterdir() if place.is_dir() else ():
        if folder.is_dir() and folder not in used:
            shutil.rmtree(folder)
