"""Where files are: local paths, and addresses of any filesystem that fsspec knows (``s3://…``), which look the same.

An address is a ``upath.UPath``; that library takes a quarter of a second to import, so only addresses pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import duckdb


def resolve_path(text: str, base: Path) -> Path:
    """An absolute path, one relative to ``base``, or an address."""
    if "://" not in text:
        return base / text
    from upath import UPath

    return cast(Path, UPath(text))


def is_address(path: Path) -> bool:
    return hasattr(path, "fs")


def connect(paths: Iterable[Path]) -> duckdb.DuckDBPyConnection:
    """An empty DuckDB that reads these files, wherever they are: it knows local ones, and is handed the filesystems of
    addresses."""
    import duckdb  # settings are read by commands that ask no database

    return hand_over(duckdb.connect(), paths)


def hand_over(connection: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> duckdb.DuckDBPyConnection:
    """Let a connection read addresses."""
    for filesystem in {id(fs): fs for path in paths if (fs := getattr(path, "fs", None))}.values():
        connection.register_filesystem(filesystem)
    return connection


def spelled(path: str) -> str:
    """A path or address as DuckDB gives it back, which may have more slashes than it was given."""
    scheme, found, rest = path.partition("://")
    return f"{scheme}://{rest.lstrip('/')}" if found else path
