"""A page that shows the drafted workbook as it is printed, with its tables, keys, totals, relations and breaks in
colour, for whoever signs for the draft. One file, no scripts, nothing from elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.drafting.draft import Draft
from orchestration.drafting.tables import DraftTable
from orchestration.drafting.writing import broken_place, evidence, undecided
from orchestration.ledgers.spreadsheet import Grid, reference

#: Rows of a table that the page shows beside those in which something breaks: the first and the last.
_SHOWN = 60
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_page(draft: Draft, path: Path) -> Path:
    """Writes the page; gives its path back."""
    path.write_text(page(draft), encoding="utf-8")
    return path


def page(draft: Draft) -> str:
    """The page as HTML."""
    return _PAGES.get_template("draft.html.j2").render(
        sheets=[_sheet(draft, grid) for grid in draft.grids],
        rules=[
            {"number": number, "title": rule.title, "check": rule.check, "evidence": evidence(rule),
             "for": rule.variables, "broken": bool(rule.breaks)}
            for number, rule in enumerate(draft.rules, 1)
        ],
        breaks=[broken_place(each) for each in draft.breaks],
        undecided=[*undecided(draft), *(broken_place(b) for amounts in draft.amounts for b in amounts.unread)],
    )  # fmt: skip


def _sheet(draft: Draft, grid: Grid) -> dict[str, Any]:
    tables = [table for table in draft.tables if table.grid is grid]
    broken = {each.cell: each.expected for each in draft.breaks if (each.file, each.sheet) == (grid.file, grid.sheet)}
    numbers = _numbers(draft, {table.name for table in tables})
    width = max((len(row) for row in grid.rows), default=0)
    hidden = _hidden_rows(tables, grid, broken)
    rows: list[dict[str, Any]] = []
    left_out = 0
    for r, row in enumerate(grid.rows):
        if r in hidden:
            left_out += 1
            continue
        if left_out:
            rows.append(
                {"number": "…", "cells": [{"text": f"另有 {left_out} 行", "kind": "more", "marks": "", "why": ""}]}
            )
            left_out = 0
        cells = [_cell(tables, r, c, row[c] if c < len(row) else "", numbers, broken) for c in range(width)]
        rows.append({"number": r + 1, "cells": cells})
    return {
        "name": " ".join(filter(None, (Path(grid.file).name, grid.sheet))),
        "letters": [reference(0, c)[:-1] for c in range(width)],
        "rows": rows,
        "tables": [f"{table.name}：{table.title}" for table in tables],
    }


def _hidden_rows(tables: Sequence[DraftTable], grid: Grid, broken: Container[str]) -> set[int]:
    """Rows within long tables that the page leaves out: neither near an end nor a total, and without a break."""
    ends = {r for table in tables for r in (*table.rows[:_SHOWN], *table.rows[-8:])}
    inside = {r for table in tables for r in table.rows}
    short = len(inside) <= 4 * _SHOWN
    totals = {r for table in tables for r in table.rows if short and table.is_total(r)}
    return {r for r in inside - ends - totals if not any(reference(r, c) in broken for c in range(len(grid.rows[r])))}


def _numbers(draft: Draft, names: set[str]) -> dict[tuple[str, int, int], list[int]]:
    """(table, row or -1, column) -> the numbers of the rules that speak of it."""
    numbers: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for number, rule in enumerate(draft.rules, 1):
        for place in dict.fromkeys(rule.operands):
            if place[0] in names:
                numbers[place].append(number)
    return numbers


def _cell(
    tables: list[DraftTable], r: int, c: int, text: str, numbers: dict[tuple[str, int, int], list[int]],
    broken: dict[str, str],
) -> dict[str, str]:  # fmt: skip
    place = reference(r, c)
    kind, marks = "outside", ""
    for table in tables:
        column = next((column for column in table.columns if column.at == c), None)
        if table.header[0] <= r <= table.header[1] and column:
            kind = "header"
            marks = " ".join(map(str, numbers[table.name, -1, c])) if r == table.header[1] else ""
        elif r in table.notes:
            kind = "note"
        elif column and r in table.rows:
            kind = "total" if table.is_total(r) else column.role
            marks = " ".join(map(str, numbers[table.name, r, c]))
    if place in broken:
        kind = "broken"
    return {"text": text, "kind": kind, "marks": marks, "why": broken.get(place, "")}
