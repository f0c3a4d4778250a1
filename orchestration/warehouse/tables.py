"""Rows of Python as a table of DuckDB, exactly. Knows no table of ours.

They go through a file of JSON lines beside the build: whatever else DuckDB takes from Python loads pandas, which costs
more than all that a small year has to say.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.sql import sql_text

#: Column -> type.
Schema = Mapping[str, str]
TEXT, INT, LONG, FLAG, VALUE = "varchar", "integer", "bigint", "boolean", "decimal(28, 9)"
#: How the names of the files begin that rows go through.
DRAFTS = ".rows-"
_LONGEST_ROW = 2**28  # bytes


def write_table(
    connection: duckdb.DuckDBPyConnection, name: str, schema: Schema, rows: Iterable[Mapping[str, Any]], folder: Path
) -> None:
    """A table in place of one of that name. What a row does not have is null. Raises ``ValueError`` for a figure that
    its column can't hold to the last digit.
    """
    columns = ", ".join(f"'{column}': '{kind}'" for column, kind in schema.items())
    descriptor, place = tempfile.mkstemp(prefix=DRAFTS, suffix=".json", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as lines:
            places = {column: _places(kind) for column, kind in schema.items()}
            for row in rows:
                said = {column: _said(row.get(column), behind) for column, behind in places.items()}
                lines.write(f"{json.dumps(said)}\n")  # at once, and in C: json.dump goes piece by piece
        connection.execute(
            f"create or replace table {name} as from read_json({sql_text(place)}, format = 'newline_delimited', "
            f"columns = {{{columns}}}, maximum_object_size = {_LONGEST_ROW})"
        )
    finally:
        Path(place).unlink()


def _places(kind: str) -> int | None:
    """How many digits a type has behind the point; None where it is no decimal."""
    return int(kind.rpartition(",")[2].rstrip(")")) if kind.startswith("decimal") else None


def _said(value: Any, places: int | None) -> object:
    """A value as JSON says it; decimals as text, which DuckDB reads digit by digit. ``places``: those of its column."""
    if isinstance(value, float):
        raise ValueError(f"a float is no figure: {value}")
    if value is None or places is None:
        return int(value) if isinstance(value, Decimal) else value
    figure = Decimal(value)
    if figure != round(figure, places):
        raise ValueError(f"{value} has more digits than the {places} that its column holds")
    return format(figure, "f")
