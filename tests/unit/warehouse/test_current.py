"""What is current stands where no reader's lock reaches, and a switch that was cut off is seen."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.base import files
from orchestration.base.locks import open_database
from orchestration.base.settings import Settings
from orchestration.warehouse.current import Current, current_versions, fingerprint_of, read_current, write_current

CODE = "hunan_hrss"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(department="hunan_hrss", home=tmp_path / "the home's", raw=tmp_path / "raw")
    made.home.mkdir()
    return made


def served(settings: Settings, year: int, name: str) -> None:
    settings.home.mkdir(exist_ok=True)
    with duckdb.connect(str(settings.serving)) as connection:
        connection.execute("create table published_version (fiscal_year integer, department varchar, version varchar)")
        connection.execute("insert into published_version values (?, ?, ?)", [year, CODE, name])


def test_the_record_is_read_and_not_the_serving_file(settings: Settings) -> None:
    served(settings, 2024, "old")
    assert current_versions(settings) == {2024: "old"}  # an installation of before there was a record
    now = Current({(2024, CODE): "new", (2024, "other"): "its", (2023, CODE): "first"}, "mark")
    write_current(settings, now)
    settings.serving.write_bytes(b"no database")
    assert read_current(settings) == now
    assert current_versions(settings) == {2024: "new", 2023: "first"}
    assert current_versions(settings.of("other")) == {2024: "its"}
    assert json.loads(settings.current.read_text())["versions"] == {
        "2023": {CODE: "first"}, "2024": {CODE: "new", "other": "its"},
    }  # fmt: skip


def test_a_record_of_before_there_were_departments_is_nobodys(settings: Settings) -> None:
    settings.current.write_text('{"versions": {"2024": "old"}, "serving": "mark"}', encoding="utf-8")
    assert read_current(settings) == Current({}, "mark")
    settings.current.unlink()
    with duckdb.connect(str(settings.serving)) as connection:
        connection.execute("create table published_version as select 2024 as fiscal_year, 'old' as version")
    assert current_versions(settings) == {}


def test_a_serving_file_that_is_not_the_one_recorded_is_not_served(settings: Settings) -> None:
    served(settings, 2024, "a")
    current = Current({(2024, CODE): "a"}, fingerprint_of(settings.serving))
    shutil.copy2(settings.serving, settings.home / "copy")
    assert current.is_served(settings.serving) and current.is_served(settings.home / "copy")
    shutil.copy(settings.serving, settings.home / "copy")  # of another time: not looked into
    assert not current.is_served(settings.home / "copy")
    with duckdb.connect(str(settings.serving)) as connection:
        connection.execute("create table own as select 1 as a")  # a reader's own
    assert not current.is_served(settings.serving)
    served(replace(settings, home=settings.home / "like"), 2024, "b")
    assert not current.is_served(settings.home / "like" / settings.serving.name)  # a file of the same shape
    with files.replacing(settings.serving) as draft:
        draft.write_bytes(b"another")
    assert not current.is_served(settings.serving)
    settings.serving.unlink()
    assert not current.is_served(settings.serving)


def test_what_is_no_lock_is_raised_at_once(settings: Settings) -> None:
    begun = time.monotonic()
    with pytest.raises(duckdb.IOException):
        open_database(settings.home / "nothing.duckdb")
    assert time.monotonic() - begun < 5


def test_a_draft_that_fails_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.replacing(path) as draft:
        draft.write_text("half")
        draft.with_name(f"{draft.name}.wal").write_text("log")
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == [path.name] and path.read_text() == "old"
    files.write_whole(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == [path.name] and path.read_text() == "new"


def test_sweeping_takes_the_drafts_of_one_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    for name in (".a.duckdb-77", ".a.duckdb-77.wal", ".b.duckdb-77", "a.duckdb"):
        (tmp_path / name).write_text("")
    files.sweep(tmp_path, files.drafts_of(path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.duckdb-77", "a.duckdb"]
