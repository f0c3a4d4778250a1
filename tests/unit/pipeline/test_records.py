"""Writing Dagster's records costs no sync and no deleted file for each event."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType

import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from orchestration.pipeline import records


def write_events(path: Path, events: int) -> list[int]:
    """Write as Dagster does, an engine and a connection for each event; the log's inode after each, 0 for none."""
    log = path.with_name(f"{path.name}-wal")
    seen = []
    for number in range(events):
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection, connection.begin():
            connection.execute(text("insert into event values (:number)"), {"number": number})
        engine.dispose()
        seen.append(log.stat().st_ino if log.exists() else 0)
    return seen


def database(folder: Path, mode: str = "wal") -> Path:
    path = folder / "events.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"pragma journal_mode = {mode}")
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


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize(("mode", "keeping"), [("wal", nullcontext()), ("delete", records.kept_open())])
def test_without_a_kept_connection_each_event_deletes_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, keeping: AbstractContextManager[None]
) -> None:
    """What the kept connection is for; one in another mode has no log, and is left alone."""
    if mode == "wal":
        monkeypatch.setattr(records, "_keep", lambda path: None)
    with keeping:
        assert write_events(database(tmp_path, mode), 3) == [0, 0, 0]
        assert not records._kept


@pytest.mark.usefixtures("listening")
def test_no_more_databases_are_kept_than_a_few(tmp_path: Path) -> None:
    with records.kept_open():
        for number in range(records.KEPT + 3):
            folder = tmp_path / str(number)
            folder.mkdir()
            write_events(database(folder), 1)
        assert len(records._kept) == records.KEPT
    assert not records._kept


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
