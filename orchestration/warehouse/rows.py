"""Query results as rows: the one way from DuckDB to Python. Light, for whoever only looks something up.

Parameters are handed over as SQL says them, to a prepared statement: handed over from Python, a single one makes DuckDB
import pandas, which costs more than a query.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from orchestration.base.sql import literal


def rows_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Iterable[object] = ()
) -> list[dict[str, Any]]:
    """Query results as dictionaries, decimals as ``Decimal``."""
    said = ", ".join(map(literal, parameters))
    if said:
        connection.execute(f"prepare asked as {query}")
    found = connection.execute(f"execute asked({said})" if said else query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
