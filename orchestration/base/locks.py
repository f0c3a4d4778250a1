"""Opening a DuckDB file that another process may have open: waits a little, then says in one line who holds it.

DuckDB lets one process write or several read. A reader of a build file, or a run that writes one, is done in a moment;
a program that somebody has left open is not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.problems import InputError, Problem

if TYPE_CHECKING:
    import duckdb

#: How long to wait for a file that another process has open.
WAIT_SECONDS = 20.0
_PAUSE = 0.05
#: Bytes of a file in which nothing is gained by threads: some hundred thousand cells.
SMALL = 32 * 2**20
_HOLDER = re.compile(r"Conflicting lock is held in (.*?) \(PID (\d+)\)")


class LockedError(InputError):
    """Another process holds the file: nothing is wrong with it, and a later try works."""


def open_database(
    path: Path, *, read_only: bool = True, wait: float = WAIT_SECONDS, config: Mapping[str, str] = {}
) -> duckdb.DuckDBPyConnection:
    """Raises ``LockedError`` where another process still holds the file after ``wait`` seconds."""
    import duckdb  # a quarter of a second, and some commands ask no database

    until = time.monotonic() + wait
    while True:
        try:
            connection = duckdb.connect(str(path), read_only=read_only, config=dict(config))
        except duckdb.IOException as error:
            if not is_lock(error):
                raise
            if time.monotonic() >= until:
                raise locked_error(path, error) from None
        else:
            return alone_where_small(connection, path)
        time.sleep(_PAUSE)


def alone_where_small(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    """One thread for a small file, whose tables are of one row group or few: waiting for others costs more processor
    time than all the work in it. A file that was replaced since it was opened has any size: it is still read.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_size < SMALL:
            connection.execute("set threads = 1")
    return connection


def is_lock(error: BaseException) -> bool:
    return "Could not set lock on file" in str(error)


def locked_error(path: Path, error: BaseException) -> LockedError:
    """The one line, with the process that holds the file."""
    found = _HOLDER.search(str(error))
    holder = f"被进程 {found[2]}（{Path(found[1]).name}）打开着" if found else "被另一个进程打开着"
    return LockedError([Problem(str(path), "", "", holder, "没有程序独占的文件；关闭后再试")])
