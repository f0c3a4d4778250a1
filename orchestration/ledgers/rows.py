"""One row of a table: its key, its kind and its figures, read exactly. Knows one row at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Column, Contract, Measure
from orchestration.ledgers.header import Header
from orchestration.ledgers.indicators import indicator_cells
from orchestration.ledgers.money import FigureError, is_dash, parse_figure, squeeze
from orchestration.ledgers.spreadsheet import Grid, reference

# The colon tells a note from a row whose name begins with the same word (审核备案数).
_NOTE = re.compile(r"(?:注\d*|备注|说明|资料来源|(?:填表|填报|制表|编制|审核|复核)(?:人|单位|日期|时间)?)[：:]")


@dataclass(frozen=True)
class Row:
    key: str
    cells: list[Cell]


def is_note(row: list[str]) -> bool:
    texts = [squeeze(text) for text in row if squeeze(text)]
    notes = [bool(_NOTE.match(text)) for text in texts]
    return bool(texts) and notes[0] and (len(set(texts)) <= 2 or all(notes))


def read_row(grid: Grid, r: int, contract: Contract, header: Header, year: int, unit: str) -> Row:
    row = grid.rows[r]
    problems: list[Problem] = []

    def text_of(column: Column) -> str:
        c = header.columns.get(column.name)
        return row[c] if c is not None and c < len(row) else ""

    def at(column: Column) -> str:
        return reference(r, header.columns[column.name])

    def bad(column: Column, found: str, expected: str) -> None:
        problems.append(Problem(grid.file, grid.sheet, at(column), found, expected))

    beyond = [c for c in range(header.width, len(row)) if squeeze(row[c])]
    problems += [Problem(grid.file, grid.sheet, reference(r, c), row[c], "表头之内的列") for c in beyond]
    names = {column.name: squeeze(text_of(column)) for column in (*contract.keys, *contract.texts)}
    is_total = any(name in contract.total for name in names.values())
    is_memo = any(name in contract.memo for name in names.values())
    parts: list[str] = []
    for key in contract.keys:
        last = key is contract.keys[-1]
        name = names[key.name]
        if is_total and last:
            parts.append("total")
        elif key.values and name not in key.values:
            bad(key, name or "空白", f"{'、'.join(key.values)}{'、' + contract.total[0] if last else ''}")
        elif not name:
            bad(key, "空白", f"{key.header}（或 {contract.total[0]}）")
        elif key.type == "integer" and not name.isdecimal():
            bad(key, name, f"{key.header}：整数")
        else:
            part = key.values.get(name, str(int(name)) if key.type == "integer" else name)
            parts.append(part.replace("/", "／").replace(":", "："))
    for column in contract.texts:
        if column.allowed and column.name in header.columns and names[column.name] not in column.allowed:
            bad(column, names[column.name] or "空白", " 或 ".join(column.allowed))
        elif column.required and not names[column.name]:
            bad(column, "空白", column.header)
    row_key = ":".join(parts)
    single_total = is_total and len(contract.keys) == 1
    label = contract.total[0] if single_total else contract.label.format(**names).strip() or "，".join(names.values())
    blueprint = Cell(
        fiscal_year=year, ledger=contract.ledger, row_key=row_key,
        row_kind="total" if is_total else "memo" if is_memo else "detail", row_label=label,
        measure="", text="", value=None, unit="text", half_width=Decimal(0), printed_unit="",
        file=grid.file, sheet=grid.sheet, cell="",
    )  # fmt: skip
    cells = [
        replace(blueprint, measure=column.name, text=names[column.name], cell=at(column))
        for column in contract.texts
        if names[column.name] and column.name in header.columns
    ]
    for measure in contract.measures:
        if measure.name not in header.columns:
            continue
        try:
            cells += _read_figure(
                text_of(measure),
                measure,
                contract,
                header.units.get(measure.name) or measure.unit or (unit if measure.kind == "money" else ""),
                replace(blueprint, measure=measure.name, cell=at(measure)),
                "".join(text_of(column) for column in contract.measures if column.kind == "target"),
            )
        except FigureError as error:
            bad(measure, text_of(measure) or "空白", str(error))
    if not contract.measures:
        cells.append(replace(blueprint, measure=contract.keys[-1].name, text=names[contract.keys[-1].name],
                             cell=at(contract.keys[-1])))  # fmt: skip
    if problems:
        raise InputError(problems)
    return Row(row_key, cells)


def _read_figure(
    text: str, measure: Measure, contract: Contract, unit: str, blank: Cell, target: str = ""
) -> list[Cell]:
    """The cell of one printed figure; none where the contract says that a blank is not printed; several for a target
    or an outcome (``indicators``). ``target``: what stands in the row's target column.
    """
    stripped = squeeze(text)
    kind_unit = {"money": "yuan", "number": "count", "target": "count", "outcome": "count"}.get(
        measure.kind, measure.kind
    )
    zero_unit = "%" if measure.kind == "ratio" else unit
    zero = replace(blank, text=stripped, value=Decimal(0), unit=kind_unit, printed_unit=zero_unit)
    if stripped in measure.zero_words:
        return [zero]
    if not stripped or is_dash(stripped):
        return [zero] if (measure.blank or contract.blank) == "zero" else []
    if measure.kind in ("target", "outcome"):
        return indicator_cells(text, measure.kind, blank, target)
    figure = parse_figure(text, measure.kind, unit)
    return [
        replace(
            blank, text=stripped, value=figure.value, unit=figure.unit, half_width=figure.half_width,
            printed_unit=figure.printed_unit,
        )
    ]  # fmt: skip
