"""Tables 1-3 and the annexes as grids, laid out by ``templates/forms.yml``: once for the document, the workbook and the
page alike. A form's cells keep their figures; how a cell looks in a medium belongs to that medium.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import Field as Setting
from pydantic import TypeAdapter, ValidationError, model_validator

from orchestration.base.foreign import expected_by_pydantic
from orchestration.base.records import StrictRecord
from orchestration.base.wording import NOT_PROVIDED
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import OPEN, TOKEN, FieldError, MissingFigure, ReportFigure, amount, places, plain

FORMS = Path(__file__).parent / "templates" / "forms.yml"
#: The sheet rows above a form's grid: its title, its unit.
ABOVE = 2
_KINDS = ("head", "section", "row", "subtotal", "total", "check")
#: What is this short in the first column is a row's number, or a word like 合计.
_ROW_NUMBER = 3
#: What stands where a form asks for no figure.
_NONE_HERE = ("—", "——")
_ADDED = ("yuan", "person", "count")
_BRACED = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Sum:
    """A figure that a form works out itself: of the cells ``plus`` (grid rows of this column) less ``minus``."""

    value: Decimal
    unit: str
    plus: tuple[int, ...]
    minus: int | None


@dataclass
class FormCell:
    """One cell of a grid. ``value``: None where blank. ``merged``: part of the cell to the left or above."""

    value: str | ReportFigure | MissingFigure | Sum | None
    text: str
    merged: bool = False
    columns: int = 1
    rows: int = 1


@dataclass
class FormRow:
    kind: str  # head | section | row | subtotal | total | check
    cells: list[FormCell]


@dataclass
class Form:
    """One table. ``notes``: what corrections changed in it. ``inferred``: what in it no ledger reports."""

    id: str
    title: str
    unit: str
    money: str
    widths: list[int]
    rows: list[FormRow]
    zero: str = ""  # how an exact zero of money is written, where not as 0.00
    notes: list[str] = field(default_factory=list)
    inferred: list[str] = field(default_factory=list)
    rounded: bool = False

    @property
    def remarks(self) -> list[str]:
        """What stands below the table."""
        return [*(f"＊{note}" for note in self.notes), *(f"◇推定：{text}" for text in self.inferred)]

    @property
    def is_annex(self) -> bool:
        return self.id.startswith("附件")

    @property
    def is_rounded(self) -> bool:
        """Whether details of it may differ from their printed total by rounding."""
        return self.rounded or (any(row.kind == "check" for row in self.rows) and any(self.figures()))

    def published(self) -> Form:
        """As it is published: without the rows that only check."""
        kept = [row for row in self.rows if row.kind != "check"]
        return replace(self, rows=kept, rounded=self.is_rounded)

    def figures(self) -> Iterator[tuple[int, int, ReportFigure]]:
        """Grid row, column and figure, reading order."""
        for r, row in enumerate(self.rows):
            for c, cell in enumerate(row.cells):
                if isinstance(cell.value, ReportFigure):
                    yield r, c, cell.value

    def place(self, row: int, column: int) -> str:
        """Where a grid cell stands in the workbook, and so in the report: 表3!E19."""
        return f"{self.id}!{chr(ord('A') + column)}{row + ABOVE + 1}"


class _WrittenLine(StrictRecord):
    """One line of a form: its kind with its cells, or ``each`` with the cells of every row of it. ``merge``: in so many
    of its first columns a text that is that of the row above is one cell with it; ``none``: the rows or lines
    that stand there where it has none. ``when``: it, or the lines of ``body``,
    stand there only where this is not missing, empty or false.
    """

    head: tuple[str | int, ...] | None = None
    section: tuple[str | int, ...] | None = None
    row: tuple[str | int, ...] | None = None
    subtotal: tuple[str | int, ...] | None = None
    total: tuple[str | int, ...] | None = None
    check: tuple[str | int, ...] | None = None
    each: str | None = None
    merge: int = 0
    none: tuple[tuple[str | int, ...] | _WrittenLine, ...] = ()
    when: str | None = None
    body: tuple[_WrittenLine, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> _WrittenLine:
        said = sorted(self.model_fields_set - {"merge", "none", "when"})
        if said == ["body"] and self.when is not None:
            return self
        if said != ["each", "row"] and (len(said) != 1 or said == ["each"]):
            raise ValueError(f"{'、'.join(_KINDS)} 之一，或带 row 的 each")
        return self


class _WrittenForm(StrictRecord):
    """One form as ``forms.yml`` writes it. ``copies``: forms of the same layout, each with parameters of its own;
    ``further``: copies without a number of their own, one without ``form`` for each form that nothing else names.
    """

    id: str = ""
    title: str = ""
    unit: str
    money: str = ""
    zero: str = ""
    widths: tuple[int, ...] = Setting(min_length=1)
    body: tuple[_WrittenLine, ...] = Setting(min_length=1)
    copies: tuple[dict[str, str], ...] = ()
    further: tuple[dict[str, str], ...] = ()  # copies that stand behind all others, where such a form was read
    labels: dict[str, str] = Setting(default_factory=dict)  # how rows are called here, by their key

    @model_validator(mode="after")
    def _is_called_something(self) -> _WrittenForm:
        if not all(each.get("id", self.id) and each.get("title", self.title) for each in self.copies or ({},)):
            raise ValueError("每张表都有 id 和 title")
        return self


_FORMS_FILE = TypeAdapter(tuple[_WrittenForm, ...])


def read_forms(path: Path = FORMS) -> list[dict[str, Any]]:
    """The forms as they are written. Raises ``FieldError`` naming form, line and every key that no form has."""
    content = read_yaml(path)
    try:
        _FORMS_FILE.validate_python(content)
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, each['loc']))}：{expected_by_pydantic(each['type'], each.get('ctx'))}"
            for each in error.errors(include_url=False)
        ]
        raise FieldError("；".join(said), path.name) from None
    known: list[dict[str, Any]] = content
    return known


def build_forms(fields: Fields) -> list[Form]:
    """All forms of a version, in the order of ``forms.yml``, then the annexes of what was read beside these. Raises
    ``FieldError`` naming form and cell.
    """
    known = read_forms()
    copies = [(form, copy) for form in known for copy in form.get("copies", [form])]
    named = {copy["form"] for _, copy in copies if "form" in copy} | {"department"}
    read = [row.键 for row in fields.ledgers["自评总分"].rows if row.键 not in named]
    number = sum(copy["id"].startswith("附件") for _, copy in copies)
    further = [(form, one) for form in known for one in form.get("further", ())]
    for form, one in sorted(further, key=lambda each: "form" not in each[1]):
        for key in [key for key in read if one.get("form", key) == key]:
            number += 1
            read.remove(key)
            title = one["title"].replace("{form}", key)
            copies.append((form, {"类别": "", **one, "id": f"附件{number}", "title": title, "form": key}))
    return [_form(fields, {**form, **copy}, copy) for form, copy in copies]


def _form(fields: Fields, known: dict[str, Any], copy: dict[str, Any]) -> Form:
    money = known.get("money", known["unit"])
    layout = _FormLayout(fields, known, copy, money if money in MONEY_UNITS else "万元")
    rows = layout.rows()
    form = Form(known["id"], known["title"], known["unit"], layout.money, known["widths"], rows, known.get("zero", ""))
    _merge(form)
    notes = dict.fromkeys(figure.note for _, _, figure in form.figures() if figure.note)
    form.notes = list(notes)
    form.inferred = list(dict.fromkeys(figure.inferred for _, _, figure in form.figures() if figure.inferred))
    return form


class _FormLayout:
    """Turns one form's lines into rows."""

    def __init__(self, fields: Fields, known: dict[str, Any], copy: dict[str, Any], money: str):
        self.fields, self.known, self.copy, self.money = fields, known, copy, money
        self.width = len(known["widths"])
        self.made: list[FormRow] = []
        self.details: list[int] = []  # grid rows added up by the next subtotal, total or check
        self.total: int | None = None

    def rows(self) -> list[FormRow]:
        for line in self.known["body"]:
            self._line(line)
        return self.made

    def _line(self, line: dict[str, Any]) -> None:
        if "when" in line and not self._value(line["when"], {}):
            return
        if "body" in line:
            for each in line["body"]:
                self._line(each)
            return
        if "each" in line:
            self._each(line)
            return
        (kind,) = (name for name in _KINDS if name in line)
        if kind in ("subtotal", "check"):
            self._sum(kind, line[kind])
        else:
            self._add(kind, line[kind])

    def _each(self, line: dict[str, Any]) -> None:
        found = self._value(line["each"], {})
        above: list[Any] = []
        for row in found:
            self._add("row", line["row"], 行=row)
            above = self._merged_levels(above, line.get("merge", 0))
        if not found:
            for instead in line.get("none", [["　分项", *["?"] * (self.width - 1)]]):
                self._line(instead if isinstance(instead, dict) else {"row": instead})

    def _merged_levels(self, above: list[Any], levels: int) -> list[Any]:
        """Merge the first cells of the last row into those above that say the same; what the row says itself."""
        cells = self.made[-1].cells[:levels]
        said = [cell.value for cell in cells]
        for cell, mine, other in zip(cells, said, above, strict=False):
            if mine != other:
                break
            cell.value, cell.text, cell.merged = "^", "", True
        return said

    def _add(self, kind: str, cells: Sequence[str], **local: Any) -> None:
        if kind in ("head", "section"):
            self.details, self.total = [], None
        if kind == "row":
            self.details.append(len(self.made))
        if kind == "total":
            self.total = len(self.made)
        self.made.append(FormRow(kind, self._cells(cells, local)))

    def _cells(self, cells: Sequence[str], local: dict[str, Any]) -> list[FormCell]:
        if len(cells) > self.width:
            raise FieldError(f"{self.known['id']} 的一行有 {len(cells)} 格，表宽 {self.width} 格", FORMS.name)
        cells = [*cells, *[""] * (self.width - len(cells))]
        return [
            FormCell(cell, "", merged=True) if cell in ("<", "^") else self._cell(self._value(cell, local))
            for cell in cells
        ]

    def _value(self, cell: str, local: dict[str, Any]) -> Any:
        if not isinstance(cell, str):
            return str(cell)
        where = f"{FORMS.name} {self.known['id']} "
        local = {"本表": {"labels": self.known.get("labels", {}), **self.copy}, **local}
        if cell == "?":
            return MissingFigure("")
        if cell.startswith("="):
            return self.fields.evaluate(cell[1:], where, **local)
        return _BRACED.sub(lambda found: _said(self.fields.evaluate(found[1], where, **local)), cell)

    def _cell(self, value: Any) -> FormCell:
        if isinstance(value, ReportFigure):
            return FormCell(value, self._text(value.value, value.unit, value))
        if isinstance(value, MissingFigure):
            return FormCell(value, NOT_PROVIDED)
        return FormCell(value or None, str(value or ""))

    def _text(self, value: Decimal, unit: str, figure: ReportFigure | None = None) -> str:
        if unit == "yuan":
            return self.known["zero"] if value == 0 and "zero" in self.known else amount(value, self.money)
        if figure is not None:
            return figure.text
        return plain(value)

    def _sum(self, kind: str, cells: Sequence[str]) -> None:
        row = self._cells(cells, {})
        for column in range(1, self.width):
            if not row[column].merged and row[column].value is None:
                row[column] = self._summed(kind, column)
        self.made.append(FormRow(kind, row))

    def _summed(self, kind: str, column: int) -> FormCell:
        """The sum of a column's details, or for a check that sum less the printed total; blank where nothing adds."""
        cells = [(r, self.made[r].cells[column].value) for r in self.details]
        figures = [(r, value) for r, value in cells if isinstance(value, ReportFigure) and value.unit in _ADDED]
        total = self._total_value(kind, column)
        if kind == "subtotal" and all(isinstance(value, MissingFigure) for _, value in cells):
            return FormCell(MissingFigure(""), NOT_PROVIDED)
        if not figures or (kind == "check" and not isinstance(total, ReportFigure)):
            return FormCell(None, "")
        value = sum((figure.value for _, figure in figures), Decimal(0))
        unit = figures[0][1].unit
        minus = None
        if isinstance(total, ReportFigure):
            value, minus = value - total.value, self.total
        made = Sum(value, unit, tuple(r for r, _ in figures), minus)
        return FormCell(made, amount(value, self.money) if unit == "yuan" else plain(value))

    def _total_value(self, kind: str, column: int) -> Any:
        """What a check compares with: the figure of the total row above it, if there is one."""
        return self.made[self.total].cells[column].value if kind == "check" and self.total is not None else None


def _said(value: Any) -> str:
    """A value inside a cell's text: only words. A figure stands in a cell of its own."""
    if isinstance(value, ReportFigure):
        raise FieldError("格内文字不夹数字，数字单独占一格", FORMS.name)
    text = NOT_PROVIDED if isinstance(value, MissingFigure) else str(value)
    assert OPEN not in text and not TOKEN.search(text)
    return text


def _merge(form: Form) -> None:
    """Give each cell the span of those merged into it."""
    for r, row in enumerate(form.rows):
        for c, cell in enumerate(row.cells):
            if cell.merged and cell.value == "<":
                next(left for left in reversed(row.cells[:c]) if left.value != "<").columns += 1
            if cell.merged and cell.value == "^":
                above = (over.cells[c] for over in reversed(form.rows[:r]))
                next(owner for owner in above if owner.value != "^").rows += 1


def alignment(row: FormRow, cell: FormCell, column: int) -> str:
    """How a cell's content lies in it: heads, totals over several columns and row numbers in the middle, words at the
    left, figures at the right."""
    is_number = column == 0 and len(cell.text) <= _ROW_NUMBER and cell.text == cell.text.strip()
    if row.kind == "head" or is_number or isinstance(cell.value, MissingFigure) or cell.text in _NONE_HERE:
        return "center"
    if cell.value is None or isinstance(cell.value, str):
        return "center" if row.kind == "total" and cell.columns > 1 else "left"
    return "right"


def number_places(value: Decimal, unit: str, money: str) -> int:
    """Decimals that a cell's number needs in its form's unit."""
    if unit == "yuan":
        return max(2, places(value * 100 / Decimal(MONEY_UNITS[money])))
    return places(value)


def in_form_unit(value: Decimal, unit: str, money: str) -> Decimal:
    """A published value as the number that stands in a form: yuan in the form's money unit."""
    return value * 100 / Decimal(MONEY_UNITS[money]) if unit == "yuan" else value
