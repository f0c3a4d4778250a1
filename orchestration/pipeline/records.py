"""Dagster's records in SQLite: made cheap to write. What they hold, and where, belongs to Dagster (``resources``).

Dagster makes an engine of SQLAlchemy and a connection for each event and each question, 2,600 a run, and lets both go.
An engine compiles every statement that it has not seen; a connection reads the schema anew; and closing the last one to
a database in WAL mode copies the log back, syncs twice and deletes two files: some 1,750 syncs a run. So each database
has one engine, whose connections stay open until the end: closing costs once, and the log is copied back once.
Events go in by statements that are compiled once; what is recorded is the same (``data_versions``: what is read back).
"""

from __future__ import annotations

import functools
import itertools
import logging
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.events import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    EVENT_TYPE_TO_PIPELINE_RUN_STATUS,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._serdes import serialize_value
from sqlalchemy import Connection, Engine, Pool, QueuePool, event
from sqlalchemy.dialects import sqlite

from orchestration.pipeline.data_versions import recall_versions, remember

#: Databases kept open at once: those of the instance, and those of a few runs.
KEPT = 8
#: Events that Dagster hands over together where it has them together: what a run plans to make.
BATCH = 1000


class Kept(QueuePool):
    """A pool that outlives what Dagster says after each use: that it needs the engine no more."""

    def dispose(self) -> None:
        pass

    def recreate(self) -> Kept:
        return self

    def end(self) -> None:
        """Close what nobody uses just now."""
        super().dispose()


_engines: OrderedDict[str, tuple[Engine, Kept]] = OrderedDict()
_guard = threading.Lock()


def write_cheaply() -> None:
    """Every SQLite database that Dagster opens in this process from now on is patient and cheap to write."""
    if not event.contains(Engine, "connect", _on_connect):
        event.listen(Engine, "connect", _on_connect)
    for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
        assert "create_engine" in vars(storage)  # the one name by which each of them makes its engines
        vars(storage)["create_engine"] = create_engine
    SqliteEventLogStorage.store_event = _store_event  # type: ignore[assignment, method-assign]
    SqliteEventLogStorage.store_event_batch = _store_event_batch  # type: ignore[assignment, method-assign]
    SqliteEventLogStorage._store_asset_event = _store_asset_event  # type: ignore[assignment, method-assign]
    ScriptDirectory.from_config = _script_directory  # type: ignore[method-assign]
    recall_versions()
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH))


def create_engine(url: str, *, poolclass: type[Pool], connect_args: Mapping[str, Any] = {}) -> Engine:
    """The engine of a database: the same each time, with connections that stay."""
    del poolclass  # Dagster's keeps nothing
    with _guard:
        if url in _engines:
            _engines.move_to_end(url)
        else:
            arguments = {**connect_args, "check_same_thread": False}  # a pool hands a connection on, never shares it
            engine = sqlalchemy.create_engine(url, poolclass=Kept, max_overflow=-1, connect_args=arguments)
            assert isinstance(engine.pool, Kept)
            _engines[url] = engine, engine.pool
            if len(_engines) > KEPT:
                _engines.popitem(last=False)[1][1].end()
        return _engines[url][0]


@contextmanager
def kept_open() -> Iterator[None]:
    """What is opened meanwhile stays open until the end, and not longer."""
    try:
        yield
    finally:
        with _guard:
            while _engines:
                _engines.popitem()[1][1].end()


def record_materializations(
    instance: dg.DagsterInstance, run: dg.DagsterRun, step: str, found: Iterable[dg.AssetMaterialization]
) -> None:
    """Record what a step of a run has materialised, an asset's partitions at once: one by one they cost 4 ms each."""
    by_asset: dict[dg.AssetKey, list[EventLogEntry]] = {}
    for each in found:
        entry = _entry(run, step, DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(each, []))
        by_asset.setdefault(each.asset_key, []).append(entry)
    for entries in by_asset.values():
        instance.event_log_storage.store_event_batch(entries)


def latest_materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Iterable[str]
) -> dict[str, int]:
    """By partition, the number of an asset's newest materialisation."""
    kind = DagsterEventType.ASSET_MATERIALIZATION
    return dict(instance.event_log_storage.get_latest_storage_id_by_partition(key, kind, {*partitions}))


def record_checks(
    instance: dg.DagsterInstance, run: dg.DagsterRun, step: str, found: Iterable[dg.AssetCheckEvaluation]
) -> None:
    """Record what a step of a run has checked, where nothing had been planned."""
    storage = instance.event_log_storage
    entries = [(_entry(run, step, DagsterEventType.ASSET_CHECK_EVALUATION, each), each) for each in found]
    if entries and isinstance(storage, SqliteEventLogStorage):
        _store_checks(storage, entries)
        return
    for entry, _ in entries:
        storage.store_event(entry)


def _entry(run: dg.DagsterRun, step: str, kind: DagsterEventType, said: Any) -> EventLogEntry:
    event = DagsterEvent(kind.value, run.job_name, step_key=step, event_specific_data=said)
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None, level=logging.INFO, user_message="", run_id=run.run_id, timestamp=time.time(), step_key=step,
        job_name=run.job_name, dagster_event=event,
    )  # fmt: skip


def _store_checks(
    storage: SqliteEventLogStorage, entries: Sequence[tuple[EventLogEntry, dg.AssetCheckEvaluation]]
) -> None:
    """Evaluations as Dagster stores them one by one: as events, and as what is known of the checks."""
    with storage.run_connection(entries[0][0].run_id) as connection:
        connection.execute(SqlEventLogStorageTable.insert(), [storage._event_to_row(event) for event, _ in entries])
    with storage.index_transaction() as connection:
        ids = _inserted(connection, [storage._event_to_row(event) for event, _ in entries])
        connection.execute(
            AssetCheckExecutionsTable.insert(),
            [
                {
                    "asset_key": each.asset_key.to_string(),
                    "check_name": each.check_name,
                    "partition": each.partition,
                    "run_id": event.run_id,
                    "execution_status": (_SUCCEEDED if each.passed else _FAILED).value,
                    "evaluation_event": serialize_value(event),
                    "evaluation_event_timestamp": storage._event_insert_timestamp(event),  # type: ignore[no-untyped-call]
                    "evaluation_event_storage_id": storage_id,
                    "materialization_event_storage_id": each.target_materialization_data
                    and each.target_materialization_data.storage_id,
                }
                for (event, each), storage_id in zip(entries, ids, strict=True)
            ],
        )


_SUCCEEDED, _FAILED = AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED


def _inserted(connection: Connection, rows: list[dict[str, Any]]) -> list[int]:
    """Insert events into the index; their numbers there."""
    table = SqlEventLogStorageTable
    return [
        row.id for row in connection.execute(table.insert().returning(table.c.id, sort_by_parameter_order=True), rows)
    ]


def _store_event(storage: SqliteEventLogStorage, entry: EventLogEntry) -> None:
    """An event as Dagster stores it, with statements that are compiled once: 380 of a run's 400 are of these."""
    kind = entry.dagster_event_type if entry.is_dagster_event else None
    if kind in ASSET_EVENTS:
        _store_asset_events(storage, [entry])
    elif kind in ASSET_CHECK_EVENTS or kind in EVENT_TYPE_TO_PIPELINE_RUN_STATUS:
        _dagster_stores(storage, entry)
    else:
        with storage.run_connection(entry.run_id) as connection:
            connection.execute(SqlEventLogStorageTable.insert(), [storage._event_to_row(entry)])


def _store_event_batch(storage: SqliteEventLogStorage, entries: Sequence[EventLogEntry]) -> None:
    """Events of one run as Dagster stores them one by one. (Its own batches are for PostgreSQL alone.)"""
    for of_assets, group in itertools.groupby(entries, lambda entry: entry.dagster_event_type in ASSET_EVENTS):
        if of_assets:
            _store_asset_events(storage, list(group))
        else:
            for entry in group:
                _dagster_stores(storage, entry)


def _store_asset_events(storage: SqliteEventLogStorage, entries: Sequence[EventLogEntry]) -> None:
    """Events in the run's database, and in the index, where each asset knows its last one."""
    rows = [storage._event_to_row(entry) for entry in entries]
    with storage.run_connection(entries[0].run_id) as connection:
        connection.execute(SqlEventLogStorageTable.insert(), rows)
    with storage.index_transaction() as connection:
        found = _inserted(connection, rows)
        storage._store_asset_event_tags(connection, entries, found)
        last = {row["asset_key"]: place for place, row in enumerate(rows)}
        for place in last.values():
            storage._store_asset_event(connection, entries[place], found[place])
    remember(entries, found)


def _store_asset_event(
    storage: SqliteEventLogStorage, connection: Connection, event: EventLogEntry, event_id: int
) -> None:
    """What an asset knows of its last event, as one statement: Dagster's looks what columns there are, inserts, fails
    and updates. The columns are there: the database is set up by the same release.
    """
    key = event.dagster_event.asset_key if event.dagster_event else None
    values = storage._get_asset_entry_values(event, event_id, True) if key else None
    if key and values:
        connection.execute(_upsert(tuple(values)), [{"asset_key": key.to_string(), **values}])


@functools.cache
def _upsert(columns: tuple[str, ...]) -> sqlite.Insert:
    statement = sqlite.insert(AssetKeyTable)
    return statement.on_conflict_do_update(
        index_elements=[AssetKeyTable.c.asset_key], set_={name: statement.excluded[name] for name in columns}
    )


_dagster_stores = SqliteEventLogStorage.store_event
_dagster_stores_asset = SqliteEventLogStorage._store_asset_event


def _script_directory(config: Config) -> ScriptDirectory:
    """Where the revisions of a database's tables stand: read once, and not for each database of each run."""
    location = config.get_main_option("script_location") or ""
    if location not in _script_directories:
        _script_directories[location] = _read_script_directory(config)
    return _script_directories[location]


_script_directories: dict[str, ScriptDirectory] = {}
_read_script_directory = ScriptDirectory.from_config


def _on_connect(connection: object, _: object) -> None:
    """A run records some 300 events, each a transaction of its own. In WAL mode SQLite stays whole without a sync for
    each; only the last moments of a run's record could be lost with the machine. What is published syncs by itself.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma busy_timeout = 60000")  # another year's run may be writing its record
        connection.execute("pragma synchronous = normal")
