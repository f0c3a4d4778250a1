"""Writing Dagster's records costs no sync and no deleted file for each event."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy import event, text
from sqlalchemy.pool import NullPool

from orchestration.pipeline import records


def engine_by_dagster(url: str, **options: Any) -> sqlalchemy.Engine:
    made: sqlalchemy.Engine = vars(sqlite_event_log)["create_engine"](url, **options)
    return made


def write_events(path: Path, events: int) -> list[int]:
    """Write as Dagster does, an engine and a connection for each event; the log's inode after each, 0 for none."""
    log = path.with_name(f"{path.name}-wal")
    seen = []
    for number in range(events):
        engine = engine_by_dagster(f"sqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection, connection.begin():
            connection.execute(text("insert into event values (:number)"), {"number": number})
        engine.dispose()
        seen.append(log.stat().st_ino if log.exists() else 0)
    return seen


def database(folder: Path) -> Path:
    path = folder / "events.db"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table event (number integer)")
    connection.close()
    return path


@pytest.fixture
def listening() -> None:
    records.write_cheaply()


@pytest.mark.usefixtures("listening")
def test_the_log_stays_from_event_to_event_and_is_copied_back_at_the_end(tmp_path: Path) -> None:
    path = database(tmp_path)
    with records.kept_open():
        seen = write_events(path, 5)
    assert len(set(seen)) == 1 and 0 not in seen
    assert not path.with_name(f"{path.name}-wal").exists()
    with sqlite3.connect(path) as connection:
        assert connection.execute("select number from event order by 1").fetchall() == [(n,) for n in range(5)]
    connection.close()


def test_without_kept_connections_each_event_deletes_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they are kept for."""
    monkeypatch.setattr(sqlite_event_log, "create_engine", sqlalchemy.create_engine)
    assert write_events(database(tmp_path), 3) == [0, 0, 0]


@pytest.mark.usefixtures("listening")
def test_a_run_connects_to_a_database_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = []
    path = database(tmp_path)
    with records.kept_open():
        engine = engine_by_dagster(f"sqlite:///{path}", poolclass=NullPool)
        event.listen(engine, "connect", lambda connection, _: connected.append(connection))
        write_events(path, 5)
    assert len(connected) == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        connected[0].execute("select 1")


@pytest.mark.usefixtures("listening")
def test_threads_write_side_by_side_and_another_process_reads_what_stands(tmp_path: Path) -> None:
    path = database(tmp_path)
    with records.kept_open():
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: write_events(path, 10), range(4)))
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("select count(*) from event").fetchone() == (40,)
            other.execute("delete from event where number > 0")
            other.commit()
        engine = engine_by_dagster(f"sqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection:
            assert connection.execute(text("select count(*) from event")).scalar() == 4


@pytest.mark.usefixtures("listening")
def test_no_more_databases_are_kept_than_a_few(tmp_path: Path) -> None:
    def logs() -> int:
        return len(list(tmp_path.glob("*/events.db-wal")))

    with records.kept_open():
        for number in range(records.KEPT + 3):
            folder = tmp_path / str(number)
            folder.mkdir()
            write_events(database(folder), 1)
        assert logs() == records.KEPT
    assert logs() == 0


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("storage", [sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage])
def test_dagster_makes_one_engine_for_each_database(storage: ModuleType, tmp_path: Path) -> None:
    """It asks for one at each event; an engine compiles every statement that it has not seen."""
    made = [storage.create_engine(f"sqlite:///{tmp_path}/a.db", poolclass=NullPool) for _ in range(3)]
    other = storage.create_engine(f"sqlite:///{tmp_path}/b.db", poolclass=NullPool)
    assert made[0] is made[1] is made[2] is not other
    made[0].dispose()
    with made[0].connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1
