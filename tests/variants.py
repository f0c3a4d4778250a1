"""Many altered copies of the 2024 ledgers, judged by one dbt build: each copy is landed as a fiscal year of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.base.settings import ROOT
from orchestration.ledgers.cell import Cell, folder_of
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.corrections import Correction, read_corrections
from orchestration.ledgers.money import parse_figure
from orchestration.ledgers.reader import Year, read_year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rulebook, read_rules
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.engine import DUCKDB, Engine
from orchestration.warehouse.landing import land, raw_tables

#: address (without the year) -> the text that it prints instead; None takes the cell away. An address that no cell has
#: adds one, like its neighbours of the same ledger.
Edits = Mapping[str, str | None]
FIRST_YEAR = 3000
STRIDE = 10  # so that no copy is another's prior year


@cache
def published() -> tuple[Year, Rulebook, list[Correction]]:
    """2024 as it stands in raw/."""
    year = read_year(ROOT / "raw" / "2024" / "hunan_hrss", 2024, read_contracts(ROOT / "raw" / "contracts"))
    rulebook = compile_rules(read_rules(ROOT / "expectations" / "rules"), year.contracts, 2024, cells=year.cells)
    return year, rulebook, read_corrections(ROOT / "raw" / "2024" / "hunan_hrss" / "corrections.csv", year)


def altered(year: Year, edits: Edits) -> Year:
    """The year with some cells printing something else."""
    ledgers = dict(year.ledgers)
    left = dict(edits)
    for name, ledger in ledgers.items():
        cells = []
        for cell in ledger.cells:
            place = cell.address.removeprefix(f"2024/{folder_of(year.department)}")
            if place not in left:
                cells.append(cell)
            elif (text := left.pop(place)) is not None:
                cells.append(_printing(year, cell, text))
        added = [place for place in left if place.split("/")[0] == name]
        cells += [_added(year, ledger.cells, place, left.pop(place)) for place in added]
        ledgers[name] = dataclasses.replace(ledger, cells=tuple(cells))
    assert not left, f"no such ledger: {left}"
    return dataclasses.replace(year, ledgers=ledgers)


def enlarged(year: Year, copies: int) -> Year:
    """The year with its table of projects so many times over, under numbers of their own; totals stay as printed."""
    projects = year.ledgers["project_expenditure"]
    more = [
        dataclasses.replace(cell, row_key=f"{copy * 1000 + int(cell.row_key)}")
        for cell in projects.cells
        if cell.row_kind == "detail"
        for copy in range(1, copies)
    ]
    ledger = dataclasses.replace(projects, cells=(*projects.cells, *more))
    return dataclasses.replace(year, ledgers={**year.ledgers, "project_expenditure": ledger})


def judge(
    folder: Path,
    variants: Sequence[Edits],
    *,
    correct: bool = True,
    prior: Mapping[int, Edits] | None = None,
    engine: Engine = DUCKDB,
    built: Sequence[str] | None = ("reconciliation",),
    of: tuple[Year, Rulebook, list[Correction]] | None = None,
) -> dict[int, list[dict[str, Any]]]:
    """The reconciliation rows of each variant, by its position.

    ``prior``: for a variant, how its year before, published as this year with these edits, differs. ``built``: what is
    built, with all that it is made of; None for everything. ``of``: another year than 2024 as it stands in raw/.
    """
    year, rulebook, corrections = of or published()
    tables = []
    for position, edits in enumerate(variants):
        before: list[dict[str, Any]] = []
        if prior is not None and position in prior:
            cells = altered(year, prior[position]).cells
            before = _as_year(raw_tables(dataclasses.replace(year, ledgers={}), rulebook, []) | _cells(cells), 2023)[
                "cell"
            ]
        rows = raw_tables(altered(year, edits), rulebook, corrections if correct else [], before)
        tables.append(_as_year(rows, FIRST_YEAR + STRIDE * position))
    build = Build(FIRST_YEAR, folder)
    land(build.warehouse, *tables)
    compiled.build(build.warehouse, built, tests=False, engine=engine)
    found: dict[int, list[dict[str, Any]]] = {position: [] for position in range(len(variants))}
    for row in build.rows("from reconciliation"):
        found[(row["fiscal_year"] - FIRST_YEAR) // STRIDE].append(row)
    return found


def broken(rows: list[dict[str, Any]], severity: str = "error") -> set[str]:
    """Ids of the rules that do not hold."""
    return {r["rule_id"] for r in rows if r["severity"] == severity and r["status"] in ("inconsistent", "missing")}


def _cells(cells: list[Cell]) -> dict[str, list[dict[str, Any]]]:
    year, rulebook, _ = published()
    ledger = next(iter(year.ledgers.values()))
    whole = dataclasses.replace(year, ledgers={"all": dataclasses.replace(ledger, cells=tuple(cells))})
    return {"cell": raw_tables(whole, rulebook, [])["cell"]}


def _as_year(tables: dict[str, list[dict[str, Any]]], year: int) -> dict[str, list[dict[str, Any]]]:
    moved = {}
    for name, rows in tables.items():
        stands_for = year - 1 if name == "prior_cell" else year
        moved[name] = [
            row
            | {"fiscal_year": stands_for}
            | ({"address": f"{stands_for}/{row['address'].split('/', 1)[1]}"} if "address" in row else {})
            for row in rows
        ]
    return moved


def _printing(year: Year, cell: Cell, text: str) -> Cell:
    if cell.unit == "text":
        return dataclasses.replace(cell, text=text)
    measure = year.ledgers[cell.ledger].contract.measure(cell.measure)
    assert measure is not None
    figure = parse_figure(text, measure.kind, cell.printed_unit)
    return dataclasses.replace(cell, text=text, value=figure.value, half_width=figure.half_width)


def _added(year: Year, cells: Sequence[Cell], place: str, text: str | None) -> Cell:
    assert text is not None, f"no such cell: {place}"
    ledger, row_key, measure = place.split("/")
    like = next((cell for cell in cells if cell.measure == measure), cells[0])
    contract = year.ledgers[ledger].contract
    kind = contract.measure(measure.removesuffix("_high"))  # the upper end of a range is read with the range
    fresh = dataclasses.replace(
        like, row_key=row_key, row_label=row_key, measure=measure, text=text, row_kind="detail", cell="ZZ99"
    )
    if kind is None or (kind.kind == "outcome" and not any(c.isdigit() for c in text)):
        return dataclasses.replace(fresh, unit="text", value=None, half_width=Decimal(0), printed_unit="")
    figure = parse_figure(text, kind.kind, kind.unit or contract.unit)
    return dataclasses.replace(
        fresh, unit=figure.unit, value=figure.value, half_width=figure.half_width, printed_unit=figure.printed_unit
    )
