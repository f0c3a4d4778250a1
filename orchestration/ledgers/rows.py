"""One row of a table: its key, its kind and its figures, read exactly. Knows one row, and the rows above it only where
a row is part of one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import partial
from typing import Any

from orchestration.base.problems import InputError, Problem
from orchestration.base.wording import NOT_PROVIDED
from orchestration.ledgers import commas
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.commas import as_point
from orchestration.ledgers.contract import Column, Contract, Key, Measure, Text
from orchestration.ledgers.header import Header
from orchestration.ledgers.hierarchy import set_in
from orchestration.ledgers.indicators import indicator_cells
from orchestration.ledgers.keys import NameReader
from orchestration.ledgers.money import COMPARATORS, FigureError, half_width_text, is_dash, parse_figure, squeeze
from orchestration.ledgers.register import Register
from orchestration.ledgers.row_kinds import kind_of
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import is_among, key_text, looked_up


@dataclass(frozen=True)
class Row:
    parts: tuple[str, ...]  # of the key
    kind: str  # as in Cell
    at: str  # where it begins
    cells: list[Cell]
    parent: str = ""
    names: dict[str, str] = field(default_factory=dict)  # what its keys and texts say
    indent: int = 0  # how far the name that tells its place in a hierarchy is set in

    @property
    def key(self) -> str:
        return ":".join(self.parts)

    @property
    def group(self) -> tuple[str, ...]:
        """The key without its last part: what a total is a total of."""
        return self.parts[:-1]


@dataclass
class RowReader:
    """Reads the rows of one table, from the top down."""

    grid: Grid
    contract: Contract
    header: Header
    year: int
    unit: str
    register: Register = field(default_factory=Register)
    sheets: Mapping[str, str] = field(default_factory=dict)  # what keys of the whole sheet say, by their name
    department: str = ""
    _subtotals: int = 0
    _numbered: Counter[tuple[str, ...]] = field(
        default_factory=Counter
    )  # rows of each group without a key of their own
    _whole: Row | None = None  # the row above that “of which” rows are part of
    _problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._names = NameReader(self.grid, self.contract, self.header, self.sheets)
        self._decimals = {measure.name: self._decimal(measure) for measure in self.contract.measures}
        self._told = self.contract.total_column
        self._printed_measures = [measure for measure in self.contract.measures if measure.name in self.header.columns]
        self._unreadable = {problem.cell for problem in self.grid.problems}
        self._begin = min(self.header.columns.values())

    def _decimal(self, measure: Measure) -> commas.DecimalMark:
        if self.contract.decimal or self.grid.separator == "," or measure.name not in self.header.columns:
            return self.contract.decimal or "point"
        rows = range(self.header.last + 1, len(self.grid.rows))
        return commas.of_column([self._printed(r, measure) for r in rows])

    def read(self, r: int) -> Row:
        """One row. Raises ``InputError`` with all that is wrong in it."""
        self._problems = self._outside(r)
        names = self._names.names(r)
        self._name_total(r, names)
        for key in self.contract.keys:
            if key.type == "text" and not key.values:
                names[key.name] = self.register.of(names[key.name])
        kind, said = kind_of(names, self.contract, self._names.text(r, self._told) if self._told else None)
        parts = tuple(self._parts(r, names, kind, said))
        self._check_texts(r, names)
        parent = self._whole.key if kind == "of_which" and self._whole else ""
        blueprint = Cell(
            fiscal_year=self.year, ledger=self.contract.ledger, row_key=":".join(parts), row_kind=kind,
            row_label=self._label(names, kind, said), measure="", text="", value=None, unit="text",
            half_width=Decimal(0), printed_unit="", file=self.grid.file, sheet=self.grid.sheet, cell="", parent=parent,
            department=self.department,
        )  # fmt: skip
        cells = self._texts(r, names, blueprint) + self._figures(r, blueprint)
        self._check_figures(r, names)
        if self._problems:
            raise InputError(self._problems)
        at = reference(r, self._begin)
        row = Row(parts, kind, at, cells, parent, names, self._indent(r))
        if kind == "detail":
            self._whole = row
        return row

    def _name_total(self, r: int, names: dict[str, str]) -> None:
        """A total may be told left of the table's own columns, as 总分 stands under 绩效指标."""
        printed = [key.name for key in self.contract.keys if key.printed]
        first = next((text for text in self.grid.rows[r] if squeeze(text)), "")
        if printed and not any(names[name] for name in printed) and is_among(first, self.contract.total.words):
            names[printed[0]] = first

    def _indent(self, r: int) -> int:
        hierarchy = self.contract.hierarchy
        if hierarchy is None or hierarchy.by != "indent":
            return 0
        columns = {column.name: column for column in (*self.contract.keys, *self.contract.texts)}
        column = columns[hierarchy.key]
        return set_in(self._names.printed(r, column)) + 2 * self.grid.indents.get(self._at(r, column), 0)

    def other_kind(self, r: int) -> str:
        """What a row is that is none of this table, empty where it is one: ``blank`` where its keys and figures are
        blank beside a longer half, ``empty`` where it names what a form provides for and says nothing of it.
        """
        if any(self._says_something(r, measure) for measure in self.contract.measures):
            return ""
        if self.contract.no_figures == "skip":
            self._names.names(r)  # the rows below may carry on from it
            return "empty"
        return "blank" if self.contract.blank_key == "skip" and self._names.is_blank(r) else ""

    def _says_something(self, r: int, measure: Measure) -> bool:
        """Whether a cell of figures holds anything: no word for nothing, and no name that is merged over the row."""
        text = squeeze(self._names.printed(r, measure))
        if not text or is_among(text, self.contract.not_printed_words):
            return False
        over = self.grid.merged.get(self._at(r, measure))
        return over is None or over not in {self.grid.merged.get(self._at(r, key)) for key in self.contract.keys}

    def _printed(self, r: int, column: Column) -> str:
        return self._names.printed(r, column)

    def _at(self, r: int, column: Column) -> str:
        return self._names.at(r, column)

    def _bad(self, r: int, column: Column, found: str, expected: str) -> None:
        self._problems.append(Problem(self.grid.file, self.grid.sheet, self._at(r, column), found, expected))

    def _outside(self, r: int) -> list[Problem]:
        if self.contract.others:
            return []
        row = self.grid.rows[r]
        beyond = [c for c in range(self.header.width, len(row)) if squeeze(row[c])]
        return [Problem(self.grid.file, self.grid.sheet, reference(r, c), row[c], "表头之内的列") for c in beyond]

    def _parts(self, r: int, names: dict[str, str], kind: str, said: str) -> list[str]:
        """The parts of the row's key. A row that is part of the one above takes that row's leading keys."""
        if kind == "of_which" and self._whole is None:
            self._bad(r, self.contract.keys[0], said, "“其中”之前有它所属的那一行")
            return []
        if kind == "of_which" and self._whole:
            return [*self._whole.group, f"{self._whole.parts[-1]}·{key_text(said)}"]
        leading = [self._leading(r, key, names[key.name], kind) for key in self.contract.keys[:-1]]
        if kind == "total":
            return [*leading, "total"]
        if kind == "subtotal":
            self._subtotals += 1
            return [*leading, f"subtotal_{self._subtotals}"]
        key = self.contract.keys[-1]
        if key.number:
            self._numbered[tuple(leading)] += 1
            names[key.name] = str(self._numbered[tuple(leading)])
        return [*leading, self._part(r, key, names[key.name], last=True)]

    def _leading(self, r: int, key: Key, name: str, kind: str) -> str:
        """One of a key's leading parts; a total that stands in place of a group is the total of all."""
        if kind == "total" and key.values and is_among(name, self.contract.total.words):
            return "total"
        return self._part(r, key, name, last=False)

    def _part(self, r: int, key: Key, name: str, *, last: bool) -> str:
        total = self.contract.total.name
        code = looked_up(name, key.values)
        if code is not None:
            return code
        if key.values and not key.open:
            self._bad(r, key, name or "空白", f"{'、'.join(key.values)}{'、' + total if last else ''}")
        elif not name:
            self._bad(r, key, "空白", f"{key.header}（或 {total}）")
        elif key.type == "integer" and not squeeze(name).isdecimal():
            self._bad(r, key, name, f"{key.header}：整数")
        elif key.type == "integer":
            return str(int(squeeze(name)))
        return key_text(name)

    def _check_texts(self, r: int, names: dict[str, str]) -> None:
        for column in self.contract.texts:
            name = names[column.name]
            if column.allowed and column.name in self.header.columns and not is_among(name, column.allowed):
                self._bad(r, column, name or "空白", " 或 ".join(column.allowed))
            elif column.required and not name:
                self._bad(r, column, "空白", column.header)

    def _check_figures(self, r: int, names: dict[str, str]) -> None:
        """A row with a name and no figure at all is half a name, or a heading: never a row of zeros by itself."""
        if self.contract.no_figures == "read" or not self._lacks_figures(r):
            return
        if any(names[text.name] for text in self.contract.texts) and self.contract.blank == "not_printed":
            return  # the row says in words what it has to say
        key = next((key for key in (*self.contract.keys, *self.contract.texts) if names[key.name]), None)
        if key is not None and not self._problems:
            above = f"（上一行是 {self._whole.cells[0].row_label}）" if self._whole and self._whole.cells else ""
            self._bad(
                r, key, f"{names[key.name]}，有名称，没有一个数",
                f"数字；名称断成两行的，并成一行{above}；确实没有数的，写 0 或 -",
            )  # fmt: skip

    def _lacks_figures(self, r: int) -> bool:
        """Whether nothing stands in any of the table's columns of figures, not even what can't be read."""
        return bool(self._printed_measures) and not any(
            squeeze(self._printed(r, measure)) or self._at(r, measure) in self._unreadable
            for measure in self._printed_measures
        )

    def _label(self, names: dict[str, str], kind: str, said: str) -> str:
        single = len(self.contract.keys) == 1
        if kind == "total" and single:
            return self.contract.total.name
        if kind == "subtotal" and single:
            return f"{said}（第{self._subtotals}个）"
        if kind == "of_which" and self._whole and self._whole.cells:
            return f"{self._whole.cells[0].row_label} {said}"
        return self.contract.label.format(**names).strip() or "，".join(names.values())

    def _texts(self, r: int, names: dict[str, str], blueprint: Cell) -> list[Cell]:
        known = _known(blueprint)
        cells = [
            _cell_like(known, measure=column.name, text=names[column.name], cell=self._at(r, column))
            for column in self.contract.texts
            if names[column.name] and column.name in self.header.columns and not self._is_of_total(r, column, blueprint)
        ]
        if not self.contract.measures:
            key = self.contract.keys[-1]
            cells.append(_cell_like(known, measure=key.name, text=names[key.name], cell=self._at(r, key)))
        return cells

    def _figures(self, r: int, blueprint: Cell) -> list[Cell]:
        cells: list[Cell] = []
        known = _known(blueprint)
        target = "".join(self._target(r, column) for column in self.contract.measures if column.kind == "target")
        for measure in self._printed_measures:
            if self._is_of_total(r, measure, blueprint):
                continue
            text = self._target(r, measure) if measure.kind == "target" else self._printed(r, measure)
            unit = self.header.units.get(measure.name) or measure.unit or (self.unit if measure.kind == "money" else "")
            at = self._at(r, measure)
            cell_of = partial(_cell_like, known, measure=measure.name, cell=at)
            try:
                if at not in self.grid.places:
                    text = as_point(text, self._decimals[measure.name])
                cells += _read_figure(text, measure, self.contract, unit, cell_of, target)
            except FigureError as error:
                self._bad(r, measure, text or "空白", str(error))
        return cells + self._points(r, blueprint)

    def _target(self, r: int, measure: Measure) -> str:
        """A target as one text: a bare number with the comparator and the unit that stand in columns of their own."""
        text = self._printed(r, measure)
        if not _BARE.fullmatch(squeeze(text)):
            return text
        texts = {column.name: column for column in self.contract.texts}
        sign, unit = (self._names.text(r, texts[name]) if name else "" for name in (measure.sign_in, measure.unit_in))
        return f"{sign if half_width_text(sign) in COMPARATORS else ''}{text}{'' if is_among(unit, _NO_UNIT) else unit}"

    def _is_of_total(self, r: int, column: Column, blueprint: Cell) -> bool:
        """Whether what stands in a column of a total's row is the total's own name, merged over the columns before its
        figures; or was carried from the rows above, of which it is the total.
        """
        if blueprint.row_kind != "total":
            return False
        merged = self._at(r, column) in self.grid.merged and is_among(
            self._printed(r, column), self.contract.total.words
        )
        return merged or (isinstance(column, Text) and column.carried)

    def _points(self, r: int, blueprint: Cell) -> list[Cell]:
        """The points that stand behind the name of a group."""
        cells = []
        for column in self.contract.naming:
            if column.points and (text := self._names.points.pop(column.points, "")):
                points = parse_figure(text, "point", "")
                at = self._at(r, column)
                cells.append(
                    replace(
                        blueprint, measure=column.points, text=text, value=points.value, unit=points.unit,
                        half_width=points.half_width, printed_unit=points.printed_unit, cell=at,
                    )
                )  # fmt: skip
        return cells


_BARE = re.compile(r"-?[\d,]+(?:\.\d+)?", re.ASCII)
_NO_UNIT = ("/", "-", "—", "无")
_FIELDS = tuple(field.name for field in fields(Cell))


def _known(blueprint: Cell) -> dict[str, Any]:
    return {name: getattr(blueprint, name) for name in _FIELDS}


def _cell_like(known: Mapping[str, Any], **changes: Any) -> Cell:
    """As ``replace`` makes a cell, for many of one row: their fields are taken from it once."""
    return Cell(**{**known, **changes})


def _read_figure(
    text: str, measure: Measure, contract: Contract, unit: str, cell_of: Callable[..., Cell], target: str = ""
) -> list[Cell]:
    """The cell of one printed figure; none where the contract says that a blank is not printed; several for a target
    or an outcome (``indicators``). ``cell_of`` makes the cell at this place of what it holds; ``target``: what stands
    in the row's target column.
    """
    stripped = squeeze(text)
    kind_unit = {"money": "yuan", "number": "count", "target": "count", "outcome": "count"}.get(
        measure.kind, measure.kind
    )
    zero_unit = "%" if measure.kind == "ratio" else unit
    if stripped == NOT_PROVIDED or is_among(stripped, contract.not_printed_words):
        return []
    is_blank = not stripped or is_dash(stripped)
    if is_among(stripped, measure.zero_words) or (is_blank and (measure.blank or contract.blank) == "zero"):
        return [cell_of(text=stripped, value=Decimal(0), unit=kind_unit, printed_unit=zero_unit)]
    if is_blank:
        return []
    if measure.kind in ("target", "outcome"):
        return indicator_cells(text, measure.kind, cell_of(), target)
    figure = parse_figure(text, measure.kind, unit)
    return [
        cell_of(
            text=stripped, value=figure.value, unit=figure.unit, half_width=figure.half_width,
            printed_unit=figure.printed_unit,
        )
    ]  # fmt: skip
