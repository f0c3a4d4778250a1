"""Rows of Python as a table of DuckDB, exactly. Knows no table of ours.

They go through a file of JSON lines beside the build: whatever else DuckDB takes from Python loads pandas, which costs
more than all that a small year has to say.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, Inexact
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.sql import sql_text

#: Column -> type.
Schema = Mapping[str, str]
TEXT, INT, LONG, FLAG, VALUE = "varchar", "integer", "bigint", "boolean", "decimal(28, 9)"
#: Every table's first columns: whose year a row belongs to.
KEYS: Schema = {"fiscal_year": INT, "department": TEXT}
#: How the names of the files begin that rows go through.
DRAFTS = ".rows-"
_LONGEST_ROW = 2**28  # bytes
_EXACT = Context(prec=200, traps=[Inexact])  # what is not whole after a shift has more digits than its column


def write_table(
    connection: duckdb.DuckDBPyConnection, name: str, schema: Schema, rows: Iterable[Mapping[str, Any]], folder: Path
) -> None:
    """A table in place of one of that name. What a row does not have is null. Raises ``ValueError`` for a figure that
    its column can't hold to the last digit.
    """
    places = {column: _places(kind) for column, kind in schema.items()}
    plain = [column for column, behind in places.items() if behind is None]
    exact = {column: behind for column, behind in places.items() if behind is not None}
    encode = json.JSONEncoder(default=_whole).encode
    columns = ", ".join(
        f"'{column}': '{kind if places[column] is None else 'hugeint'}'" for column, kind in schema.items()
    )
    read = ", ".join(_read(column, kind, places[column]) for column, kind in schema.items())
    descriptor, place = tempfile.mkstemp(prefix=DRAFTS, suffix=".json", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as lines:
            for row in rows:
                said = {column: value for column in plain if (value := row.get(column)) is not None}
                if any(map(_is_float, said.values())):
                    raise ValueError(f"a float is no figure: {said}")
                for column, behind in exact.items():
                    if (value := row.get(column)) is not None:
                        said[column] = _shifted(value, behind)
                lines.write(f"{encode(said)}\n")  # at once, and in C: json.dump goes piece by piece
        connection.execute(
            f"create or replace table {name} as select {read} from read_json({sql_text(place)}, "
            f"format = 'newline_delimited', columns = {{{columns}}}, maximum_object_size = {_LONGEST_ROW})"
        )
    finally:
        Path(place).unlink()


def _places(kind: str) -> int | None:
    """How many digits a type has behind the point; None where it is no decimal."""
    return int(kind.rpartition(",")[2].rstrip(")")) if kind.startswith("decimal") else None


def _read(column: str, kind: str, places: int | None) -> str:
    """A column as the table holds it, out of what its lines say."""
    if not places:
        return column if places is None else f"{column}::{kind} as {column}"
    last = f"0.{'1':0>{places}}::decimal({places}, {places})"
    return f"({column}::decimal(28, 0) * {last})::{kind} as {column}"


def _is_float(value: object) -> bool:
    return isinstance(value, float)


def _whole(value: object) -> int:
    """A Decimal in a column without decimals."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise ValueError(f"{value} has more digits than its column holds")


def _shifted(value: Any, places: int) -> str:
    """A figure as a whole number of its column's last place: DuckDB takes forty microseconds to make a decimal of a
    text with a point. As text, so that no reader of JSON makes a float of it.
    """
    if _is_float(value):
        raise ValueError(f"a float is no figure: {value}")
    try:
        return str(int(_EXACT.to_integral_exact(_EXACT.scaleb(Decimal(value), places))))
    except Inexact as error:
        raise ValueError(f"{value} has more digits than the {places} that its column holds") from error
