"""Writes what the broken rules mean into a build: findings, suspect cells and suspect entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.addresses import resolve_path
from orchestration.base.locks import open_database
from orchestration.entries.contract import EntryContract
from orchestration.localisation.findings import Finding, Findings, Label, SuspectCell, SuspectEntry
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.suspects import find, network
from orchestration.warehouse.build import Build
from orchestration.warehouse.tables import FLAG, INT, KEYS, LONG, TEXT, VALUE, Schema, write_table

if TYPE_CHECKING:
    from orchestration.entries.diagnosis.accounts import AccountIndex, PlacedFile

Rows = list[dict[str, Any]]
SCHEMAS: dict[str, Schema] = {
    "finding": {**KEYS, "fault": INT, "kind": TEXT, "severity": TEXT, "rules": TEXT, "answers": INT,
        "is_unique": FLAG, "is_complete": FLAG, "pattern": TEXT, "pattern_kind": TEXT, "statement": TEXT},
    "finding_rule": {**KEYS, "fault": INT, "place": INT, "rule_id": TEXT, "instance": TEXT},
    "suspect_cell": {**KEYS, "fault": INT, "answer": INT, "rank": INT, "address": TEXT, "ledger": TEXT,
        "row_key": TEXT, "measure": TEXT, "unit": TEXT, "printed_text": TEXT, "printed_yuan": VALUE,
        "implied_low_yuan": VALUE, "implied_high_yuan": VALUE, "witnesses": TEXT, "slip": TEXT, "statement": TEXT},
    "suspect_witness": {**KEYS, "fault": INT, "answer": INT, "address": TEXT, "place": INT,
        "witness": TEXT},
    "suspect_entry": {**KEYS, "fault": INT, "rank": INT, "kind": TEXT, "ledger": TEXT, "file": TEXT,
        "line": LONG, "month": INT, "account": TEXT, "amount_yuan": VALUE, "implied_low_yuan": VALUE,
        "implied_high_yuan": VALUE, "statement": TEXT},
}  # fmt: skip
_CELLS = """
    select department, cells.address, cells.year_offset, cells.row_kind, cells.measure, cells.unit,
           cells.printed_unit, cells.text,
           cells.value, cells.half_width, cells.skew, coalesce(measure.rounding, 'half_up') as rounding,
           cells.row_label, ledger.short,
           coalesce(measure.header, cells.measure) as header, coalesce(printed.place, 0) as place,
           coalesce(printed.mark, '') as mark
    from int_rule_cell as cells
    left join (select fiscal_year, department, address, rowid as place, mark from raw.cell) as printed
        using (fiscal_year, department, address)
    inner join raw.ledger as ledger using (fiscal_year, department, ledger)
    left join raw.measure as measure using (fiscal_year, department, ledger, measure)
    where cells.value is not null and ledger.file <> '' and cells.fiscal_year = ?
    order by cells.address
"""
_TERMS = """
    select department, term.rule_id, term.instance, term.term, term.side, term.role, term.weight, term.address,
           term.ledger, term.value, rule.operator, judged.status
    from rule_term as term
    inner join raw.rule as rule using (fiscal_year, department, rule_id)
    inner join reconciliation as judged using (fiscal_year, department, rule_id, instance)
    where rule.severity = 'error' and rule.compare = 'interval' and rule.operator <> 'rows'
      and judged.status not in ('missing', 'accepted', 'undefined')
      and fiscal_year = ?
    order by term.rule_id, term.instance, term.term, term.address
"""


_UNPRINTED = """
    select distinct department, term.instance, term.variant, selector.ledger, selector.key_1, selector.key_2,
           selector.key_3, selector.slot_1, selector.slot_2, selector.slot_3
    from rule_term as term
    inner join raw.rule_selector as selector using (fiscal_year, department, rule_id, variant, term)
    where term.is_missing and not selector.detail_only and selector.year_offset = 0 and fiscal_year = ?
"""
#: What it costs to suspect a published cell of the year before, in cells of this year: it has stood up to all rules
#: of its own year, so two or three slips of this year are likelier. Where nothing else explains, it is still named.
PRIOR_PRICE = Decimal(4)
_RELIABILITY = "select department, ledger, reliability from raw.ledger where fiscal_year = ?"
# Rules on sums of entries that do not hold, and all the others, in the judge's order.
_BROKEN = """
    select department, judged.rule_id, judged.instance, bool_or(summed.ledger is not null) as on_entries
    from reconciliation as judged
    inner join rule_term as term using (fiscal_year, department, rule_id, instance)
    inner join raw.rule as rule using (fiscal_year, department, rule_id)
    left join (select distinct fiscal_year, department, ledger from raw.entry_ledger) as summed
        using (fiscal_year, department, ledger)
    where judged.status = 'inconsistent' and rule.severity = 'error' and rule.compare = 'interval' and fiscal_year = ?
    group by all order by department, judged.rule_id, judged.instance
"""
# A rule that a correction mends may still hold within rounding only, so the judge's own status is asked.
_OPEN = """
    select distinct department from rule_judgement as judged
    inner join reconciliation using (fiscal_year, department, rule_id, instance)
    where judged.severity = 'error' and judged.compare = 'interval'
      and judged.status not in ('consistent', 'missing', 'undefined') and fiscal_year = ?
"""
_ENTRY_FILES = """
    select department, file.ledger, file.file, place.path, place.sums, file.content, file.bad_lines,
           (select max(contract) from raw.entry_ledger as known
            where known.department = file.department and known.entries = file.ledger) as contract
    from raw.entry_file as file inner join raw.entry_place as place using (fiscal_year, department, file)
    where fiscal_year = ? order by file.rowid
"""


def write_suspects(build: Build) -> Findings:
    """The same of the build of one department."""
    (found,) = write_suspects_of_all(build).values()
    return found


def write_suspects_of_all(build: Build) -> dict[str, Findings]:
    """Find out which cells or entries must be wrong, of each department of the build by itself, and write it down. One
    in which every rule holds has nothing in the tables. Entries are looked at where a rule on their sums does not hold,
    and not otherwise.

    What it costs to suspect a cell of a ledger is in the ledger's contract (``reliability``).
    """
    with build.opened():
        found = dict.fromkeys(build.departments, Findings())
        # Where every rule holds without rounding, the figures as reported satisfy all of them at once: nothing is to
        # be found, and the cells need not be read.
        if open_ := {row["department"] for row in build.rows(_OPEN, build.year)}:
            found |= _find(build, open_)
    with open_database(build.warehouse, read_only=False) as connection:
        connection.execute("begin")
        tables = [(department, _tables(findings)) for department, findings in found.items()]
        for name in SCHEMAS:
            rows = ({**row, "department": department} for department, own in tables for row in own[name])
            write_table(connection, name, SCHEMAS[name], rows, build.folder)
        connection.execute("commit")
    return found


def _find(build: Build, departments: Collection[str]) -> dict[str, Findings]:
    """What is to be found in these departments' figures; a question is asked once for all of them."""
    asked = {
        name: _by_department(build, query)
        for name, query in {
            "cells": _CELLS, "terms": _TERMS, "weights": _RELIABILITY, "unprinted": _UNPRINTED, "broken": _BROKEN,
        }.items()
    }  # fmt: skip
    return {
        department: _find_one(build, department, {name: rows.get(department, []) for name, rows in asked.items()})
        for department in sorted(departments)
    }


def _by_department(build: Build, query: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in build.rows(query, build.year):
        found.setdefault(row["department"], []).append(row)
    return found


def _find_one(build: Build, department: str, rows: Mapping[str, Rows]) -> Findings:
    quantities, relations = network(rows["cells"], rows["terms"])
    weights, labels = _weights(rows["weights"], build.year), _labels(rows["cells"])
    broken, unprinted = rows["broken"], _unprinted(rows["unprinted"])
    if not any(row["on_entries"] for row in broken):
        return find(build.year, quantities, relations, labels, weights, unprinted)
    from orchestration.entries.diagnosis.diagnose import DiagnosisInput, diagnose  # most years have no entries

    names = [f"{row['rule_id']}/{row['instance']}" for row in broken]
    asked = DiagnosisInput(build.year, quantities, relations, names, labels, weights, unprinted)
    return diagnose(asked, _account_indexes(build, department), build.folder / "temporary")


def _tables(found: Findings) -> dict[str, list[dict[str, Any]]]:
    """What was found as rows of the tables; a list is a table of its own, a row for each of its members."""
    return {
        "finding": [_row(finding, "finding") for finding in found.findings],
        "finding_rule": [
            {"fiscal_year": finding.fiscal_year, "fault": finding.fault, "place": place, "rule_id": rule_id,
             "instance": instance}
            for finding in found.findings
            for place, relation in enumerate(finding.relations, 1)
            for rule_id, _, instance in [relation.partition("/")]
        ],
        "suspect_cell": [_row(suspect, "suspect_cell") for suspect in found.suspects],
        "suspect_witness": [
            {"fiscal_year": suspect.fiscal_year, "fault": suspect.fault, "answer": suspect.answer,
             "address": suspect.address, "place": place, "witness": witness}
            for suspect in found.suspects
            for place, witness in enumerate(suspect.corroborating, 1)
        ],
        "suspect_entry": [_row(entry, "suspect_entry") for entry in found.entries],
    }  # fmt: skip


def _row(found: Finding | SuspectCell | SuspectEntry, table: str) -> dict[str, Any]:
    return {name: getattr(found, name) for name in SCHEMAS[table] if name != "department"}


def _account_indexes(build: Build, department: str) -> list[AccountIndex]:
    """The department's ledgers of entries, as they were read."""
    from orchestration.entries.diagnosis.accounts import AccountIndex, PlacedFile

    files: dict[str, list[PlacedFile]] = {}
    contracts: dict[str, EntryContract] = {}
    for row in _by_department(build, _ENTRY_FILES).get(department, []):
        contracts[row["ledger"]] = EntryContract.model_validate_json(row["contract"])
        path = resolve_path(row["path"], build.folder)
        placed = PlacedFile(row["file"], path, Path(row["sums"]), row["content"], row["bad_lines"])
        files.setdefault(row["ledger"], []).append(placed)
    return [AccountIndex.read(build.year, contracts[ledger], found, department) for ledger, found in files.items()]


def read_network(build: Build) -> tuple[list[Quantity], list[Relation]]:
    """The printed figures of a build, after corrections, and the rules of error severity that bind them."""
    return network(build.rows(_CELLS, build.year), build.rows(_TERMS, build.year))


def read_labels(build: Build) -> dict[str, Label]:
    """What people call each cell of a build."""
    return _labels(build.rows(_CELLS, build.year))


def _labels(cells: list[dict[str, Any]]) -> dict[str, Label]:
    return {cell["address"]: _label(cell) for cell in cells}


def read_weights(build: Build) -> dict[str, Decimal]:
    """By ledger, what it costs to suspect a cell."""
    return _weights(build.rows(_RELIABILITY, build.year), build.year)


def _weights(rows: Rows, year: int) -> dict[str, Decimal]:
    """By ledger; ledgers of the year before bear its number."""
    own = {row["ledger"]: row["reliability"] for row in rows}
    return own | {f"{year - 1}/{ledger}": price * PRIOR_PRICE for ledger, price in own.items()}


def _unprinted(rows: Rows) -> dict[str, set[str]]:
    """By ledger, the keys of rows that rules name and that are not there."""
    found: dict[str, set[str]] = {}
    for row in rows:
        captured = dict(enumerate(row["instance"].removeprefix(row["variant"]).strip("/").split("/"), 1))
        keys = [row[f"key_{n}"] or captured.get(row[f"slot_{n}"], "") for n in (1, 2, 3)]
        if keys[0]:
            found.setdefault(row["ledger"], set()).add(":".join(key for key in keys if key))
    return found


def _label(cell: dict[str, Any]) -> Label:
    """表3 第17行 本年调整: short where the row is numbered, by its name where it is not; another year's says which."""
    row = cell["row_label"]
    number = row.split(" ")[0]
    name = number if number.startswith("第") and number.endswith("行") else row
    short = f"{cell['address'].split('/')[0]}年度{cell['short']}" if cell["year_offset"] else cell["short"]
    return Label(short, name, cell["header"], cell["place"], cell["mark"])
