"""Copies of a published version to change: tests of what a report does with other figures."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from orchestration.reporting.published import Published as Version
from orchestration.reporting.published import open_version
from tests.conftest import Published


def copy_of(published: Published, folder: Path) -> Version:
    """The published 2024 in a folder of the test's own."""
    original = open_version(published.settings, 2024)
    copied = Path(shutil.copytree(original.folder, folder / original.name))
    return Version(2024, original.name, copied, original.contracts)


def rewrite(version: Version, table: str, *, replace: str = "", where: str = "true", union: str = "") -> None:
    """Write a table anew: ``replace`` columns, keep the rows ``where``, add those of ``union``."""
    path, new = version.folder / f"{table}.parquet", version.folder / ".new.parquet"
    columns = f"* replace ({replace})" if replace else "*"
    added = f"union all by name {union}" if union else ""
    path.chmod(0o644)
    version.folder.chmod(0o755)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select {columns} from read_parquet('{path}') where {where} {added}) to '{new}' (format parquet)"
        )
    new.replace(path)
