"""Opening a database while others move files. What needs a second process is in ``tests/pipeline``."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.base.locks import open_database


def test_a_file_that_is_replaced_while_it_is_opened_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "ledgergate.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table t as select 7 as figure")
    connect = duckdb.connect

    def moved_behind(*args: str, **options: object) -> duckdb.DuckDBPyConnection:
        connection = connect(*args, **options)
        database.rename(tmp_path / "moved.duckdb")
        return connection

    monkeypatch.setattr(duckdb, "connect", moved_behind)
    with open_database(database) as connection:
        assert connection.execute("select figure from t").fetchall() == [(7,)]
