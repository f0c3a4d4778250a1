"""What the tests of Spark share: a light Java, and ledgers to build, and what a build holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.warehouse.build import Build, content_hash

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def light_java() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(HERE / "conf"))
        yield


def installation(folder: Path) -> Settings:
    """An installation with ledgers of its own, in a folder whose name is people's own."""
    home = folder / "年度 账"
    shutil.copytree(ROOT / "raw", home / "raw")
    return Settings(department="hunan_hrss", home=home / "data", raw=home / "raw")


def columns(build: Build) -> list[tuple[object, ...]]:
    """Every column of every table of a build: its name, exact type, and whether it may be null."""
    query = """
        select table_name, column_name, data_type, is_nullable from information_schema.columns
        where table_schema = 'main' order by table_name, ordinal_position
    """
    return [tuple(row.values()) for row in build.rows(query)]


def contents(build: Build) -> dict[str, str]:
    """Each table of a build -> the hash of its rows."""
    return {str(table): content_hash(build, [str(table)]) for table in dict.fromkeys(row[0] for row in columns(build))}
