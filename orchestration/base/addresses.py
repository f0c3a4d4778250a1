"""Where files are: local paths, and addresses of any filesystem that fsspec knows (``s3://…``), which look the same.

An address is a ``upath.UPath``; that library takes a quarter of a second to import, so only addresses pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from orchestration.base.problems import InputError, Problem

if TYPE_CHECKING:
    import duckdb


def resolve_path(text: str, base: Path) -> Path:
    """An absolute path, one relative to ``base``, or an address. Raises ``InputError`` for an address of a filesystem
    that nobody knows, or whose library is not installed.
    """
    scheme, is_one, _ = text.partition("://")
    if not (scheme and is_one):
        return base / text
    from fsspec import get_filesystem_class
    from upath import UPath

    expected = "本机的路径，或已安装的文件系统的地址"
    try:
        get_filesystem_class(scheme)
        return cast(Path, UPath(text))
    except ValueError:
        raise InputError([Problem(text, "", "", f"没有 {scheme} 这种文件系统", expected)]) from None
    except ImportError as error:
        found = f"{scheme} 所需的程序库没有安装（{error}）"
        raise InputError([Problem(text, "", "", found, expected)]) from None


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
