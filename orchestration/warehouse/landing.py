"""Lands a year's cells, rules and corrections in the build file, as the plain tables of schema ``raw`` that the dbt
models start from. Everything lands in one fresh file or nothing does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.locks import alone_where_small
from orchestration.entries.year import Entries
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.corrections import Correction
from orchestration.ledgers.exceptions import AcceptedException
from orchestration.ledgers.money import unit_kind
from orchestration.ledgers.narrative import Piece
from orchestration.ledgers.reader import Year
from orchestration.rules.grammar import constant
from orchestration.rules.model import COMPUTED, Rulebook, Selector
from orchestration.warehouse.tables import FLAG, INT, KEYS, LONG, TEXT, VALUE, Schema, write_table

SCHEMAS: dict[str, Schema] = {
    "cell": {**KEYS, "ledger": TEXT, "row_key": TEXT, "row_kind": TEXT, "row_label": TEXT,
        "measure": TEXT, "text": TEXT, "value": VALUE, "unit": TEXT, "half_width": VALUE, "skew": VALUE,
        "printed_unit": TEXT,
        "printed_factor": "decimal(13, 10)", "file": TEXT, "sheet": TEXT, "cell": TEXT, "address": TEXT,
        "mark": TEXT},
    "correction": {**KEYS, "address": TEXT, "printed": TEXT, "corrected": TEXT, "value": VALUE,
        "half_width": VALUE, "skew": VALUE, "reason": TEXT, "evidence": TEXT, "basis": TEXT, "confirmed_by": TEXT},
    "accepted_exception": {**KEYS, "rule_id": TEXT, "instance": TEXT, "difference": VALUE, "reason": TEXT,
        "evidence": TEXT, "confirmed_by": TEXT},
    "ledger": {**KEYS, "ledger": TEXT, "title": TEXT, "short": TEXT, "on_duty": TEXT, "file": TEXT,
        "sha256": TEXT, "document": TEXT, "section": TEXT, "department_name": TEXT, "cells": INT, "reliability": VALUE},
    "measure": {**KEYS, "ledger": TEXT, "measure": TEXT, "header": TEXT, "published_table": TEXT,
        "total_published": FLAG, "rounding": TEXT},
    "ledger_column": {**KEYS, "ledger": TEXT, "place": INT, "role": TEXT, "name": TEXT, "header": TEXT,
        "kind": TEXT, "part": INT},
    "narrative": {**KEYS, "slot": TEXT, "position": INT, "kind": TEXT, "text": TEXT},
    "entry_ledger": {**KEYS, "ledger": TEXT, "prints": TEXT, "entries": TEXT, "label": TEXT,
        "allowed_bad_lines": LONG, "contract": TEXT},
    "entry_place": {**KEYS, "file": TEXT, "path": TEXT, "sums": TEXT},
    "entry_file": {**KEYS, "ledger": TEXT, "file": TEXT, "content": TEXT, "entries": LONG,
        "fen": "decimal(28, 0)", "bad_lines": LONG, "same_as": TEXT},
    "bad_line": {**KEYS, "ledger": TEXT, "file": TEXT, "line": LONG, "reason": TEXT, "raw": TEXT},
    "rule": {**KEYS, "rule_id": TEXT, "title": TEXT, "severity": TEXT, "operator": TEXT, "compare": TEXT,
        "only_where_broken": TEXT, "companion_of": TEXT, "says": TEXT,
        "matters": VALUE, "advice": TEXT},
    "rule_hint": {**KEYS, "rule_id": TEXT, "text": TEXT, "unless": TEXT},
    "rule_variant": {**KEYS, "rule_id": TEXT, "variant": TEXT, "left_label": TEXT, "right_label": TEXT},
    "rule_selector": {**KEYS, "rule_id": TEXT, "variant": TEXT, "term": INT, "side": TEXT, "role": TEXT,
        "weight": INT, "constant": VALUE, "year_offset": INT, "ledger": TEXT, "key_1": TEXT, "key_2": TEXT,
        "key_3": TEXT, "slot_1": INT, "slot_2": INT, "slot_3": INT, "detail_only": FLAG, "measure": TEXT,
        "label": TEXT, "needed": FLAG, "row_name": TEXT, "where_measure": TEXT, "where_operator": TEXT,
        "where_text": TEXT, "where_value": VALUE, "share": VALUE},
}  # fmt: skip
#: What records of which there are thousands hold: ``asdict`` copies each value of each, which takes ten times as long.
_CELL, _SELECTOR = ([field.name for field in dataclasses.fields(record)] for record in (Cell, Selector))
SCHEMAS["prior_cell"] = SCHEMAS["cell"]
SCHEMAS["prior_judged"] = {**KEYS, "rule_id": TEXT, "title": TEXT, "severity": TEXT, "instances": LONG}


def raw_tables(
    year: Year,
    rulebook: Rulebook,
    corrections: Sequence[Correction],
    prior: Sequence[dict[str, Any]] = (),
    exceptions: Sequence[AcceptedException] = (),
    narrative: Sequence[Piece] = (),
    entries: Sequence[Entries] = (),
    entry_files: Sequence[dict[str, Any]] = (),
    bad_lines: Sequence[dict[str, Any]] = (),
    prior_judged: Sequence[dict[str, Any]] = (),
) -> dict[str, list[dict[str, Any]]]:
    """Rows of every raw table of a department's year. ``prior``: rows of last year's published cells, as ``cell``;
    ``prior_judged``: the rules that were judged last year.
    """
    tables = {
        "cell": [_cell_row(cell) for cell in year.cells],
        "prior_cell": list(prior),
        "prior_judged": list(prior_judged),
        "correction": [dataclasses.asdict(correction) for correction in corrections],
        "accepted_exception": [dataclasses.asdict(accepted) for accepted in exceptions],
        "narrative": [{"fiscal_year": year.year, **dataclasses.asdict(piece)} for piece in narrative],
        "ledger": _ledger_rows(year),
        "measure": _measure_rows(year),
        "ledger_column": _column_rows(year),
        **_entry_tables(year.year, entries),
        "entry_file": list(entry_files),
        "bad_line": [{"fiscal_year": year.year, **line} for line in bad_lines],
        **_rule_tables(year.year, rulebook),
    }
    for rows in tables.values():
        for row in rows:
            row["department"] = year.department
    return tables


def _ledger_rows(year: Year) -> list[dict[str, Any]]:
    """The ledgers of the year, and those that are computed."""
    return [
        {"fiscal_year": year.year, "ledger": name, "title": ledger.contract.title, "short": ledger.contract.short,
         "on_duty": year.on_duty(ledger), "file": ledger.source.file, "sha256": ledger.sha256,
         "document": ledger.source.document, "section": ledger.source.section,
         "department_name": year.sources.department, "cells": len(ledger.cells),
         "reliability": ledger.contract.reliability}
        for name, ledger in year.ledgers.items()
    ] + [
        {"fiscal_year": year.year, "ledger": name, "title": short, "short": short, "on_duty": "", "file": "",
         "sha256": "", "document": "", "section": "", "department_name": "", "cells": 0, "reliability": Decimal(1)}
        for name, (short, _) in COMPUTED.items()
    ]  # fmt: skip


def _measure_rows(year: Year) -> list[dict[str, Any]]:
    """What cells of each ledger may hold: figures, and the names beside them, which are published in no table."""
    return [
        {"fiscal_year": year.year, "ledger": name, "measure": measure.name, "header": measure.header,
         "published_table": None if measure.name in ledger.contract.unpublished else ledger.contract.table,
         "total_published": ledger.contract.total_published, "rounding": ledger.contract.rounding_of(measure.name)}
        for name, ledger in year.ledgers.items() for measure in ledger.contract.measures
    ] + [
        {"fiscal_year": year.year, "ledger": name, "measure": column.name, "header": column.header,
         "published_table": None, "total_published": False, "rounding": "half_up"}
        for name, ledger in year.ledgers.items() for column in (*ledger.contract.keys, *ledger.contract.texts)
    ]  # fmt: skip


def _entry_tables(year: int, entries: Sequence[Entries]) -> dict[str, list[dict[str, Any]]]:
    """Which ledgers' figures single entries add up to, and which files these stand in."""
    return {
        "entry_ledger": [
            {"fiscal_year": year, "ledger": each.ledger, "prints": each.prints, "entries": entry.contract.entries,
             "label": entry.contract.title, "allowed_bad_lines": entry.source.bad_lines,
             "contract": entry.contract.model_dump_json()}
            for entry in entries for each in entry.contract.sums
        ],
        "entry_place": [
            {"fiscal_year": year, "file": entry.name(file), "path": str(file.path), "sums": str(file.sums)}
            for entry in entries for file in entry.files
        ],
    }  # fmt: skip


def _rule_tables(year: int, rulebook: Rulebook) -> dict[str, list[dict[str, Any]]]:
    """The rules that can be judged, with their selectors."""
    return {
        "rule": [
            {"fiscal_year": year, "rule_id": rule.id, "title": rule.title, "severity": rule.severity,
             "operator": rulebook.operators[rule.id], "compare": rule.compare,
             "only_where_broken": rule.only_where_broken, "companion_of": rulebook.companions.get(rule.id),
             "says": None if rule.id in rulebook.companions else rule.says,
             "matters": constant(rule.matters) if rule.matters else None, "advice": rule.advice}
            for rule in rulebook.rules
        ],
        "rule_hint": [
            {"fiscal_year": year, "rule_id": rule.id, "text": text, "unless": other}
            for rule in rulebook.rules for text, others in rule.hint.items() for other in others
        ],
        "rule_variant": [
            {"fiscal_year": year, "rule_id": rule_id, "variant": variant, "left_label": left, "right_label": right}
            for (rule_id, variant), (left, right) in rulebook.labels().items()
        ],
        "rule_selector": [
            {**{name: getattr(s, name) for name in _SELECTOR}, "fiscal_year": year,
             "weight": 1 if s.role == "constant" else int(s.weight),
             "constant": s.weight if s.role == "constant" else None}
            for s in rulebook.selectors
        ],
    }  # fmt: skip


def land(warehouse: Path, *years: dict[str, list[dict[str, Any]]]) -> None:
    """Write raw tables into a fresh build file; an existing one is replaced in one step.

    Several years, and departments, may be landed side by side: every table and every model keeps ``fiscal_year`` and
    ``department`` apart.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    # DuckDB names the catalogue after the file, and dbt's relations carry it: the new file has the old one's name.
    # One process at a time builds in a folder, so what a killed one left here is used and goes.
    fresh = warehouse.parent / ".landing"
    fresh.mkdir(exist_ok=True)
    try:
        (fresh / warehouse.name).unlink(missing_ok=True)
        with alone_where_small(duckdb.connect(str(fresh / warehouse.name)), fresh / warehouse.name) as connection:
            connection.execute("begin")
            connection.execute("create schema raw")
            for name, schema in SCHEMAS.items():
                rows = (row for tables in years for row in tables[name])
                write_table(connection, f"raw.{name}", schema, rows, fresh)
            connection.execute("commit")
            connection.execute("checkpoint")  # the file alone is moved; closing says nothing where the disk is full
        (warehouse.parent / f"{warehouse.name}.wal").unlink(missing_ok=True)
        (fresh / warehouse.name).replace(warehouse)
    finally:
        for path in fresh.iterdir():
            path.unlink()
        fresh.rmdir()


def _column_rows(year: Year) -> list[dict[str, Any]]:
    """The columns of each ledger in the order in which its contract lists them; ``part``: of the row key."""
    return [
        {"fiscal_year": year.year, "ledger": name, "place": place, "role": role, "name": column.name,
         "header": column.header, "kind": getattr(column, "kind", "text"), "part": part}
        for name, ledger in year.ledgers.items()
        for place, (role, part, column) in enumerate(
            [
                *(("key", part, key) for part, key in enumerate(ledger.contract.keys, 1)),
                *(("text", 0, text) for text in ledger.contract.texts),
                *(("measure", 0, measure) for measure in ledger.contract.measures),
            ]
        )
    ]  # fmt: skip


def _cell_row(cell: Cell) -> dict[str, Any]:
    return {
        **{name: getattr(cell, name) for name in _CELL},
        "address": cell.address,
        "printed_factor": factor(cell.printed_unit),
    }


def factor(printed_unit: str) -> Decimal | None:
    """What a base value is multiplied by to stand in its printed unit: 0.000001 turns fen into 万元. Rates are shown in
    hundredths, also where ‰ is printed.
    """
    known = unit_kind(printed_unit) if printed_unit else None
    if known and known[0] == "ratio":
        return Decimal(100)
    return Decimal(1) / known[1] if known else None
