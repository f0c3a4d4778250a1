"""The serving file: what is added to it stands as if the whole had been written anew."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.publication.serving import add, write_all
from orchestration.publication.versions import _another_mark
from orchestration.warehouse.current import fingerprint_of


@pytest.fixture
def folders(tmp_path: Path) -> dict[tuple[int, str], Path]:
    """Versions of three departments' years, with two tables each; 丙 has no row in the second."""
    found = {}
    for year, department in ((2023, "甲"), (2024, "甲"), (2024, "丙")):
        found[year, department] = version(tmp_path, year, department, "1", 1)
    return found


def version(place: Path, year: int, department: str, name: str, figure: int, extra: str = "") -> Path:
    folder = place / str(year) / department / name
    folder.mkdir(parents=True)
    keys = f"{year}::integer as fiscal_year, '{department}' as department"
    duckdb.sql(f"select {keys}, {figure}::decimal(20, 2) as amount {extra}").write_parquet(str(folder / "unit.parquet"))
    lines = duckdb.sql(f"select {keys}, unnest(['a', 'b']) as line")
    (lines if department == "甲" else lines.limit(0)).write_parquet(str(folder / "line.parquet"))
    (folder / ".draft.parquet").write_bytes(b"")
    return folder


def content(database: Path) -> dict[str, tuple[list[object], list[object]]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {
            name: (
                connection.execute(f"describe {name}").fetchall(),
                connection.execute(f"from {name} order by all").fetchall(),
            )
            for name in names
        }


def test_a_version_that_is_added_takes_the_place_of_its_years(
    folders: dict[tuple[int, str], Path], tmp_path: Path
) -> None:
    write_all(tmp_path / "served.duckdb", folders)
    before = content(tmp_path / "served.duckdb")
    changed = {
        (2024, "甲"): version(tmp_path, 2024, "甲", "2", 7),
        (2024, "乙"): version(tmp_path, 2024, "乙", "1", 3),
    }
    assert add(tmp_path / "served.duckdb", tmp_path / "added.duckdb", changed)
    write_all(tmp_path / "anew.duckdb", folders | changed)
    assert content(tmp_path / "added.duckdb") == content(tmp_path / "anew.duckdb") != before
    assert content(tmp_path / "served.duckdb") == before


@pytest.mark.parametrize("extra", [", 1 as more", ", 'x' as note"])
def test_a_column_that_the_file_has_not_is_not_lost(
    extra: str, folders: dict[tuple[int, str], Path], tmp_path: Path
) -> None:
    write_all(tmp_path / "served.duckdb", folders)
    changed = {(2024, "甲"): version(tmp_path, 2024, "甲", "2", 7, extra)}
    assert not add(tmp_path / "served.duckdb", tmp_path / "added.duckdb", changed)
    assert not (tmp_path / "added.duckdb").exists()


def test_a_table_that_the_file_has_not_is_not_lost(folders: dict[tuple[int, str], Path], tmp_path: Path) -> None:
    write_all(tmp_path / "served.duckdb", folders)
    new = version(tmp_path, 2024, "甲", "2", 7)
    (new / "line.parquet").rename(new / "other.parquet")
    assert not add(tmp_path / "served.duckdb", tmp_path / "added.duckdb", {(2024, "甲"): new})


def test_the_file_does_not_grow_with_what_is_published_again(
    folders: dict[tuple[int, str], Path], tmp_path: Path
) -> None:
    write_all(tmp_path / "0.duckdb", folders)
    new = version(tmp_path, 2024, "甲", "2", 7)
    for n in range(40):
        assert add(tmp_path / f"{n}.duckdb", tmp_path / f"{n + 1}.duckdb", {(2024, "甲"): new})
    sizes = [(tmp_path / f"{n}.duckdb").stat().st_size for n in (3, 40)]
    assert sizes[1] <= sizes[0]


def test_a_file_of_the_same_size_and_time_gets_another_mark(
    folders: dict[tuple[int, str], Path], tmp_path: Path
) -> None:
    """Else a switch that was killed before the rename would be taken for done."""
    draft = tmp_path / "served.duckdb"
    write_all(draft, folders)
    before, held = fingerprint_of(draft), content(draft)
    assert _another_mark(draft, before) == fingerprint_of(draft) != before
    assert _another_mark(draft, before) == fingerprint_of(draft)
    assert content(draft) == held
