"""Writes the tables ``finding`` and ``suspect_cell`` into a build: what the broken rules mean."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from orchestration.reconciliation.suspects import Found, find, network
from orchestration.warehouse.build import Build

_TEXT, _INT, _FLAG, _VALUE = pa.string(), pa.int32(), pa.bool_(), pa.decimal128(28, 9)
SCHEMAS = {
    "finding": pa.schema(
        {"fiscal_year": _INT, "fault": _INT, "kind": _TEXT, "severity": _TEXT, "rules": _TEXT, "answers": _INT,
         "is_unique": _FLAG, "is_complete": _FLAG, "statement": _TEXT}
    ),
    "suspect_cell": pa.schema(
        {"fiscal_year": _INT, "fault": _INT, "answer": _INT, "rank": _INT, "address": _TEXT, "ledger": _TEXT,
         "row_key": _TEXT, "measure": _TEXT, "unit": _TEXT, "printed_text": _TEXT, "printed_yuan": _VALUE,
         "implied_low_yuan": _VALUE, "implied_high_yuan": _VALUE, "witnesses": _TEXT, "slip": _TEXT,
         "statement": _TEXT}
    ),
}  # fmt: skip
_CELLS = """
    select cells.address, cells.row_kind, cells.measure, cells.unit, cells.printed_unit, cells.text, cells.value,
           cells.half_width, cells.row_label, ledger.short,
           coalesce(measure.header, cells.measure) as header
    from int_rule_cell as cells
    inner join raw.ledger as ledger using (fiscal_year, ledger)
    left join raw.measure as measure using (fiscal_year, ledger, measure)
    where cells.value is not null and ledger.file <> '' and cells.fiscal_year = ?
    order by cells.address
"""
_TERMS = """
    select term.rule_id, term.instance, term.term, term.side, term.role, term.weight, term.address, term.value,
           rule.operator, judged.status
    from rule_term as term
    inner join raw.rule as rule using (fiscal_year, rule_id)
    inner join reconciliation as judged using (fiscal_year, rule_id, instance)
    where rule.severity = 'error' and rule.compare = 'interval' and judged.status not in ('missing', 'accepted')
      and fiscal_year = ?
    order by term.rule_id, term.instance, term.term, term.address
"""


_RELIABILITY = "select ledger, reliability from raw.ledger where fiscal_year = ?"


def write_suspects(build: Build) -> Found:
    """Find out which cells must be wrong, and write it down. A year in which every rule holds has empty tables.

    What it costs to suspect a cell of a ledger is in the ledger's contract (``reliability``).
    """
    weights = {row["ledger"]: row["reliability"] for row in build.rows(_RELIABILITY, build.year)}
    cells = build.rows(_CELLS, build.year)
    quantities, relations = network(cells, build.rows(_TERMS, build.year))
    found = find(build.year, quantities, relations, {cell["address"]: _label(cell) for cell in cells}, weights)
    with duckdb.connect(str(build.warehouse)) as connection:
        connection.execute("begin")
        for name, rows in (("finding", found.findings), ("suspect_cell", found.suspects)):
            connection.register("rows", pa.Table.from_pylist(rows, schema=SCHEMAS[name]))
            connection.execute(f"create or replace table {name} as select * from rows")
            connection.unregister("rows")
        connection.execute("commit")
    return found


def _label(cell: dict[str, Any]) -> str:
    """表3 第17行 本年调整: short where the row is numbered, by its name where it is not."""
    row = cell["row_label"]
    number = row.split(" ")[0]
    return f"{cell['short']} {number if number.startswith('第') and number.endswith('行') else row} {cell['header']}"
