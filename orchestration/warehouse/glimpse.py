"""What a person wants to see of a table at a glance: how many rows, totals, the first rows, and bars where one column
is a share. Markdown, exact figures, nothing fetched. Knows nothing of Dagster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.base.locks import open_database
from orchestration.warehouse.build import Build
from orchestration.warehouse.rows import rows_of

_ROWS, _COLUMNS, _BARS, _WIDTH = 8, 8, 40, 20
#: Columns that say little at a glance, on every table.
_DULL = ("fiscal_year", "department", "row_address")
#: Columns whose value lies between nothing and the whole, and that are worth a picture.
_SHARES = ("execution_rate", "completion_rate")


@dataclass(frozen=True)
class Glimpse:
    """One table at a glance; ``totals`` and ``chart`` are empty where there is nothing of the kind."""

    rows: int
    totals: str
    preview: str
    chart: str


def glimpses(build: Build, tables: Sequence[str]) -> dict[str, Glimpse]:
    """All of these tables of a build, over one connection."""
    with open_database(build.warehouse) as connection:
        return {table: _glimpse(connection, table) for table in tables}


def _glimpse(connection: duckdb.DuckDBPyConnection, table: str) -> Glimpse:
    types = {row["column_name"]: row["column_type"] for row in rows_of(connection, f"describe {table}")}
    shown = [name for name in types if name not in _DULL][:_COLUMNS]
    money = [name for name, kind in types.items() if kind == "DECIMAL(20,2)"]
    sums = "".join(f", sum({name}) as {name}" for name in money)
    (whole,) = rows_of(connection, f"select count(*) as table_rows{sums} from {table}")
    first = rows_of(connection, f"select {', '.join(shown) or '*'} from {table} order by all limit {_ROWS}")
    totals = [{"栏": name, "各行之和（元）": whole[name]} for name in money if whole[name] is not None]
    return Glimpse(whole["table_rows"], markdown(totals), markdown(first), _chart(connection, table, types))


def _chart(connection: duckdb.DuckDBPyConnection, table: str, types: dict[str, Any]) -> str:
    """Bars of the table's share, one a row, lowest first; a bar that is full has reached the whole."""
    share = next((name for name in _SHARES if name in types), "")
    label = next((name for name, kind in types.items() if kind == "VARCHAR" and name not in _DULL), "")
    if not share or not label:
        return ""
    rows = rows_of(
        connection,
        f"select {label} as label, {share} as share from {table} where {share} is not null order by all limit {_BARS}",
    )
    rows.sort(key=lambda row: row["share"])
    return markdown([{label: row["label"], share: f"{row['share']:.2%}", "": _bar(row["share"])} for row in rows])


def _bar(share: Decimal) -> str:
    full = int(min(max(share, Decimal(0)), Decimal(1)) * _WIDTH)
    return "█" * full + "░" * (_WIDTH - full)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a Markdown table; empty where there are none."""
    if not rows:
        return ""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(_text(value) for value in row.values()) + " |" for row in rows]
    return "\n".join(lines)


def _text(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:,f}" if isinstance(value, Decimal) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
