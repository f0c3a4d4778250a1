"""Dagster's records in SQLite: made cheap to write. What they hold, and where, belongs to Dagster (``resources``).

Dagster opens and closes a connection for each event. Closing the last one of a database in WAL mode copies the log
back, syncs twice and deletes two files: some 1,750 syncs a run. So one idle connection to each database stays open in
the process that writes; then closing costs nothing, and the log is copied back when it is long, and at the end.

It also makes an engine of SQLAlchemy for each, 2,600 a run, and an engine compiles every statement that it has not
seen. So one engine is made for each database, and compiles each statement once.
"""

from __future__ import annotations

import functools
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy import Engine, Pool, event

#: Databases kept open at once: those of the instance, and those of a few runs.
KEPT = 8
_kept: OrderedDict[str, sqlite3.Connection] = OrderedDict()
_guard = threading.Lock()


def write_cheaply() -> None:
    """Every SQLite database that SQLAlchemy opens in this process from now on is patient and cheap to write."""
    if not event.contains(Engine, "connect", _on_connect):
        event.listen(Engine, "connect", _on_connect)
    for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
        assert "create_engine" in vars(storage)  # the one name by which each of them makes its engines
        vars(storage)["create_engine"] = create_engine


def create_engine(url: str, *, poolclass: type[Pool], connect_args: Mapping[str, Any] = {}) -> Engine:
    """The engine of a database: the same each time. With a pool that keeps nothing, disposing of it ends nothing."""
    return _engine(url, poolclass.__name__, tuple(connect_args.items()))


@functools.lru_cache(maxsize=KEPT)
def _engine(url: str, pool: str, connect_args: tuple[tuple[str, Any], ...]) -> Engine:
    poolclass: type[Pool] = getattr(sqlalchemy.pool, pool)
    return sqlalchemy.create_engine(url, poolclass=poolclass, connect_args=dict(connect_args))


@contextmanager
def kept_open() -> Iterator[None]:
    """What is opened meanwhile stays open until the end, and not longer."""
    try:
        yield
    finally:
        with _guard:
            while _kept:
                _kept.popitem()[1].close()


def _on_connect(connection: object, _: object) -> None:
    """A run records some 300 events, each a transaction of its own. In WAL mode SQLite stays whole without a sync for
    each; only the last moments of a run's record could be lost with the machine. What is published syncs by itself.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma busy_timeout = 60000")  # another year's run may be writing its record
        connection.execute("pragma synchronous = normal")
        path = connection.execute("pragma database_list").fetchone()[2]
        if path:  # one in memory has none
            _keep(path)


def _keep(path: str) -> None:
    with _guard:
        if path in _kept:
            _kept.move_to_end(path)
            return
        idle = sqlite3.connect(path, timeout=60, check_same_thread=False)
        if idle.execute("pragma journal_mode").fetchone() != ("wal",):
            idle.close()  # just being made: kept from the next time on
            return
        idle.execute("select count(*) from sqlite_master").fetchall()  # a connection counts from its first look
        _kept[path] = idle
        if len(_kept) > KEPT:
            _kept.popitem(last=False)[1].close()
