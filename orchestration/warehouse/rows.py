"""Query results as rows: the one way from DuckDB to Python. Light, for whoever only looks something up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb


def rows_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Iterable[object] = ()
) -> list[dict[str, Any]]:
    """Query results as dictionaries, decimals as ``Decimal``."""
    found = connection.execute(query, list(parameters))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
