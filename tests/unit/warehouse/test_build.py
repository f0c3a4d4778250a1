"""What a build is asked without reading all of it: its content's hash, and whether anything is to be found."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.warehouse import build as builds
from orchestration.warehouse.build import Build, content_hash
from orchestration.warehouse.suspects import _OPEN


def write(build: Build, *statements: str) -> None:
    with duckdb.connect(str(build.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_content_is_hashed_once_for_each_state_of_the_file(tmp_path: Path) -> None:
    build = Build(2024, tmp_path)
    write(build, "create table one as select 1 as a union all select 2")
    builds._content_hash.cache_clear()
    first = content_hash(build, ["one"])
    assert content_hash(build, ["one"]) == first and builds._content_hash.cache_info().misses == 1
    write(build, "create or replace table one as select 2 as a union all select 1")
    assert content_hash(build, ["one"]) == first and builds._content_hash.cache_info().misses == 2
    write(build, "update one set a = 3 where a = 2")
    assert content_hash(build, ["one"]) != first
    write(build, "update one set a = 2 where a = 3")
    assert content_hash(build, ["one"]) == first


def test_what_still_stands_in_the_log_is_content_too(tmp_path: Path) -> None:
    """A connection that was killed leaves its last rows there, and the file as it was."""
    build, killed = Build(2024, tmp_path / "a"), Build(2024, tmp_path / "b")
    for each in (build, killed):
        each.folder.mkdir()
    write(build, "create table one as select 1 as a")
    shutil.copy(build.warehouse, killed.warehouse)
    first = content_hash(killed, ["one"])
    with duckdb.connect(str(build.warehouse)) as connection:
        connection.execute("insert into one values (2)")
        shutil.copy(f"{build.warehouse}.wal", f"{killed.warehouse}.wal")
    assert content_hash(killed, ["one"]) != first


@pytest.mark.parametrize(
    ("severity", "compare", "judged", "told", "something"),
    [
        ("error", "interval", "consistent", "consistent", False),
        ("error", "interval", "consistent", "corrected", False),
        ("error", "interval", "missing", "missing", False),
        ("error", "interval", "rounding", "rounding", True),
        ("error", "interval", "rounding", "corrected", True),
        ("error", "interval", "inconsistent", "inconsistent", True),
        ("error", "interval", "inconsistent", "accepted", True),
        ("warning", "interval", "inconsistent", "inconsistent", False),
        ("error", "printed", "inconsistent", "inconsistent", False),
    ],
)
def test_where_every_rule_holds_exactly_no_cell_need_be_read(
    tmp_path: Path, severity: str, compare: str, judged: str, told: str, something: bool
) -> None:
    build = Build(2024, tmp_path)
    name = "2024 as fiscal_year, 'hrss' as department, 'r' as rule_id, 'all' as instance"
    write(
        build,
        f"create table rule_judgement as select {name}, '{severity}' as severity, '{compare}' as compare, "
        f"'{judged}' as status",
        f"create table reconciliation as select {name}, '{severity}' as severity, '{told}' as status",
    )
    assert bool(build.rows(_OPEN, 2024)) is something
