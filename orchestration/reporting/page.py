"""``report.html``: a published year to look at. One file that fetches nothing: charts, the wall of rules, corrections,
and every form, each figure with the way back to the cell it was read from.

What a figure is traced to stands once, as JSON, and is looked up by address; the figures themselves carry their address
and place as attributes. Looks are in ``templates/report.css``, behaviour in ``templates/report.js``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import cache
from importlib import metadata
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.base.clock import shown_stamp
from orchestration.base.files import write_whole
from orchestration.base.wording import NOT_PROVIDED, SECTIONS, STATUSES
from orchestration.ledgers.money import MONEY_UNITS, day_of
from orchestration.reporting.desk import build_desk
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import BASES, MissingFigure, ReportFigure, amount, chinese_date, places, plain
from orchestration.reporting.forms import Form, FormCell, FormRow, Sum
from orchestration.reporting.layout import TextBlock
from orchestration.reporting.page_aids import inlined, script_json, with_aids
from orchestration.reporting.prose import marks_note
from orchestration.rules.model import COMPUTED
from orchestration.warehouse.models import TARGET

if TYPE_CHECKING:
    from orchestration.reporting.drawing import Chart

_FOLDER = Path(__file__).parent / "templates"
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
#: What a status looks like without its colour, the gravest last.
MARKS = {
    "consistent": "=",
    "rounding": "≈",
    "corrected": "改",
    "accepted": "认",
    "undefined": "0",
    "missing": "缺",
    "inconsistent": "≠",
}
_GRAVITY = {status: place for place, status in enumerate(MARKS)}
_SEVERITIES = {"error": "必须成立的规则", "warning": "提示的规则"}
_COUNTED = {"person": " 人", "point": " 分"}
#: A file that the page would have to fetch is not there to fetch: browsers refuse it.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
Rows: TypeAlias = Sequence[Mapping[str, Any]]


def render_page(fields: Fields, forms: Sequence[Form], charts: Sequence[Chart], body: Sequence[TextBlock] = ()) -> str:
    """The page as HTML text. The same version gives the same text. ``body``: the document's text."""
    from orchestration.reporting.drawing import VEGA_LITE  # Altair takes a second: only whoever draws waits for it

    tables = fields.version.tables
    drawn = [chart for chart in charts if chart.rows]
    labels = fields.labels
    found, specs = facts(tables, labels), {chart.id: chart.spec() for chart in drawn}
    html = _TEMPLATES.get_template("report.html.j2").render(
        year=fields.version.year,
        department=fields.version.department,
        code=fields.version.code if fields.version.has_neighbours else "",
        version=fields.version.name,
        published_at=shown_stamp(fields.version.name),
        signed=chinese_date(fields.version.signed) if fields.version.signed else "",
        headline=_headline(fields),
        charts=drawn,
        wall=_wall(tables["reconciliation"]),
        counts=_counts(tables["reconciliation"]),
        apart=_apart(tables["reconciliation"]),
        corrections=[{**row, "label": labels.get(row["address"], row["address"])} for row in tables["correction"]],
        exceptions=_exceptions(tables),
        desk=build_desk(fields, forms),
        sections=_sections(body),
        forms=forms,
        titles={form.id: form.title for form in forms},
        parts=_parts,
        tag=_tag,
        figure_places=_places_of(forms),
        statuses={status: name for status, (name, _) in STATUSES.items()},
        marks=MARKS,
        bases=BASES,
        marks_note=marks_note(fields),
        policy=POLICY,
        not_provided=NOT_PROVIDED,
        facts=script_json(found),
        specs=script_json(specs),
        style=inlined("report.css"),
        script=inlined("report.js"),
        library=_library(VEGA_LITE),
    )
    return with_aids(fields, html, found, specs)


# --- the head -------------------------------------------------------------------------------------------------------


def _headline(fields: Fields) -> list[tuple[str, ReportFigure, str]]:
    """The few figures that say the year: name, figure, and what stands behind it."""
    from orchestration.reporting.drawing import figure_of, table_rows

    total = next((r for r in table_rows(fields, "score_summary") if r.published["section"] == "total"), None)
    budget = next(
        (r for r in table_rows(fields, "department_summary") if r.published["expenditure_kind"] == "total"), None
    )
    said = [("自评得分", total, "score", f"分　{total.published['grade'] or ''}" if total else "")]
    said += [
        (name, budget, column, "")
        for name, column in (
            ("全年预算", "total_budget"), ("决算支出", "final_expenditure"),
            ("预算执行率", "execution_rate"), ("结转结余", "balance"),
        )
    ]  # fmt: skip
    found = [(name, figure_of(row, column), after) for name, row, column, after in said if row is not None]
    return [(name, figure, after) for name, figure, after in found if isinstance(figure, ReportFigure)]


# --- the wall of rules ----------------------------------------------------------------------------------------------


def _wall(reconciliation: Rows) -> list[dict[str, Any]]:
    """Every instance under its rule, its rule under its severity; rules that say most first."""
    numbered = list(enumerate(reconciliation))
    wall = []
    for severity, name in _SEVERITIES.items():
        of_severity = [each for each in numbered if each[1]["severity"] == severity]
        rules = [
            {"id": rule, "title": instances[0][1]["title"], "instances": instances}
            for rule, instances in _grouped(of_severity)
        ]
        rules.sort(key=lambda rule: -max(_GRAVITY[row["status"]] for _, row in rule["instances"]))
        wall.append({"severity": severity, "title": name, "rules": rules, "count": len(of_severity)})
    return wall


def _grouped(numbered: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterable[tuple[str, list[tuple[int, Any]]]]:
    in_order = sorted(numbered, key=lambda each: (each[1]["rule_id"], _natural(each[1]["instance"])))
    return ((rule, list(instances)) for rule, instances in groupby(in_order, key=lambda each: each[1]["rule_id"]))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts row 2 before row 19."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _counts(reconciliation: Rows) -> dict[str, dict[str, int]]:
    """Instances by severity and status; every status is there."""
    found = Counter((row["severity"], row["status"]) for row in reconciliation)
    return {severity: {status: found[severity, status] for status in STATUSES} for severity in _SEVERITIES}


def _apart(reconciliation: Rows) -> list[Mapping[str, Any]]:
    """What is not simply equal as printed, the gravest first."""
    rows = [row for row in reconciliation if row["status"] != "consistent"]
    return sorted(rows, key=lambda row: (row["severity"], -_GRAVITY[row["status"]], row["rule_id"], row["instance"]))


def _exceptions(tables: Mapping[str, Rows]) -> list[dict[str, Any]]:
    titles = {row["rule_id"]: row["title"] for row in tables["reconciliation"]}
    statements = {(row["rule_id"], row["instance"]): row["statement"] for row in tables["reconciliation"]}
    return [
        {
            **row,
            "title": titles.get(row["rule_id"], row["rule_id"]),
            "statement": statements.get((row["rule_id"], row["instance"]), ""),
        }
        for row in tables["accepted_exception"]
    ]


def _sections(body: Sequence[TextBlock]) -> list[tuple[str, list[TextBlock]]]:
    """The text under its headings of the first level; what stands before the first has none."""
    sections: list[tuple[str, list[TextBlock]]] = []
    for block in body:
        if block.level == 1 or not sections:
            sections.append((block.text if block.level == 1 else "", []))
        if block.level != 1:
            sections[-1][1].append(block)
    return sections


# --- the facts that figures are looked up in ------------------------------------------------------------------------


def facts(tables: Mapping[str, Rows], labels: Mapping[str, str]) -> dict[str, Any]:
    """Every printed figure and every rule instance, each once; they name each other by number.

    ``cells``: address, label, as printed, file, sheet, cell, value after correction, rules. ``rules``: id, instance,
    title, severity, status, statement, both sides, difference, allowed, cells on the left and on the right.
    """
    used = {row["address"] for row in tables["rule_cell"]}
    cells = [cell for cell in tables["cell"] if cell["value"] is not None or cell["address"] in used]
    labels = {**labels, **{address: _unprinted_label(address) for address in used - labels.keys()}}
    cells += [{**_UNPRINTED, "address": address} for address in sorted(used - {cell["address"] for cell in cells})]
    corrected = {row["address"]: row["corrected"] for row in tables["correction"]}
    rules_of, sides = _bound(tables, cells)
    files = sorted({cell["file"] for cell in cells})
    return {
        "files": files,
        "cells": [_cell_facts(cell, labels, files, corrected, rules_of) for cell in cells],
        "rules": [
            [
                row["rule_id"],
                row["instance"],
                row["title"],
                row["severity"],
                row["status"],
                row["statement"],
                *_sides(row, [cells[c] for c in (*sides[n]["left"], *sides[n]["right"])]),
                sides[n]["left"],
                sides[n]["right"],
            ]
            for n, row in enumerate(tables["reconciliation"])
        ],
        "statuses": {status: [name, MARKS[status]] for status, (name, _) in STATUSES.items()},
    }


def _cell_facts(
    cell: Mapping[str, Any], labels: Mapping[str, str], files: Sequence[str], corrected: Mapping[str, str],
    rules_of: Mapping[str, Sequence[int]],
) -> list[Any]:  # fmt: skip
    address = cell["address"]
    return [
        address,
        labels[address],
        printed_text(cell["text"], cell["printed_unit"]) if cell["file"] else "",
        files.index(cell["file"]),
        cell["sheet"],
        cell["cell"],
        printed_text(corrected[address], cell["printed_unit"]) if address in corrected else "",
        sorted(rules_of.get(address, ())),
    ]


def _bound(
    tables: Mapping[str, Rows], cells: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, list[int]], dict[int, dict[str, list[int]]]]:
    """By address, the numbers of the rules that bind a cell; by rule, the numbers of the cells on either side of it."""
    numbers = {(row["rule_id"], row["instance"]): n for n, row in enumerate(tables["reconciliation"])}
    cell_numbers = {cell["address"]: n for n, cell in enumerate(cells)}
    rules_of: dict[str, list[int]] = defaultdict(list)
    sides: dict[int, dict[str, list[int]]] = defaultdict(lambda: {"left": [], "right": []})
    for row in tables["rule_cell"]:
        number = numbers.get((row["rule_id"], row["instance"]))
        if number is None or row["address"] not in cell_numbers:
            continue
        if number not in rules_of[row["address"]]:
            rules_of[row["address"]].append(number)
        sides[number][row["side"]].append(cell_numbers[row["address"]])
    return rules_of, sides


#: What a rule binds without its being printed in the year's ledgers: computed scores, last year's figures.
_UNPRINTED = {"text": "", "printed_unit": "", "file": "", "sheet": "", "cell": ""}


def _unprinted_label(address: str) -> str:
    """按公式计算的得分（产出）; 2023 年度 fund_balance unemployment closing."""
    year, *_, ledger, row, measure = address.split("/")
    if ledger not in COMPUTED:
        return f"{year} 年度 {ledger} {row} {measure}"
    short, measures = COMPUTED[ledger]
    return f"{short}{measures.get(measure, measure)}（{SECTIONS.get(row, row.split(':')[-1])}）"


def _sides(row: Mapping[str, Any], cells: Rows) -> list[str]:
    """Both sides' labels and values, the difference and what is allowed, in the unit that the cells print."""
    units = {cell["printed_unit"] for cell in cells if cell["printed_unit"] in MONEY_UNITS}
    money = min(units, key=lambda unit: MONEY_UNITS[unit], default="万元")
    left, right, difference, allowed = (
        quantity_text(row[name], row["unit"], money, is_difference=name in ("difference", "allowed"))
        for name in ("left_value", "right_value", "difference", "allowed")
    )
    return [row["left_label"] or "", left, row["right_label"] or "", right, difference, allowed]


def quantity_text(value: Decimal | None, unit: str | None, money: str, *, is_difference: bool = False) -> str:
    """A rule's quantity, exact to its last digit: 13,448.19 万元, 86.5973%, 2025-04-18; — where there is none."""
    if value is None:
        return "—"
    if unit == "yuan":
        return f"{amount(value, money)} {money}"
    if unit == "ratio":
        shown = value * 100
        return f"{shown:,.{max(2, places(shown))}f}{' 个百分点' if is_difference else '%'}"
    if unit == "date":
        return f"{int(value)} 天" if is_difference else day_of(value).isoformat()
    return f"{plain(value)}{_COUNTED.get(unit or '', '')}"


def printed_text(text: str, unit: str) -> str:
    """As printed, with its unit: -362.20 万元; 空白."""
    if not text:
        return "空白"
    return text if not unit or unit in text else f"{text} {unit}"


# --- forms ----------------------------------------------------------------------------------------------------------


def _places_of(forms: Sequence[Form]) -> dict[tuple[Any, ...], str]:
    """Where each published figure is printed in the forms, for figures that are shown elsewhere too."""
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for form in forms:
        for row, column, figure in form.figures():
            found[figure.place, figure.addresses].append(form.place(row, column))
    return {key: "\n".join(places) for key, places in found.items()}


def _parts(form: Form) -> list[tuple[str, list[tuple[int, FormRow]]]]:
    """A form's rows as the parts of a table: each run of head rows opens a part, and the first stands as its head."""
    parts: list[tuple[str, list[tuple[int, FormRow]]]] = []
    for is_head, run in groupby(enumerate(form.rows), key=lambda each: each[1].kind == "head"):
        rows = list(run)
        if is_head and not parts:
            parts.append(("thead", rows))
        elif is_head or parts[-1][0] == "thead":
            parts.append(("tbody", rows))
        else:
            parts[-1][1].extend(rows)
    return parts


def _tag(row: FormRow, column: int) -> Markup:
    """What a cell is in HTML: its tag, span and scope; heads say what they are the head of."""
    cell = row.cells[column]
    span = (f' colspan="{cell.columns}"' if cell.columns > 1 else "") + (
        f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    )
    if row.kind == "head" and cell.text:
        return Markup(f'th scope="{"colgroup" if cell.columns > 1 else "col"}"{span}')  # noqa: S704 -- numbers only
    if row.kind != "head" and column == _head_column(row):
        return Markup(f'th scope="{"rowgroup" if cell.rows > 1 else "row"}"{span}')  # noqa: S704
    kind = ' class="n"' if isinstance(cell.value, ReportFigure | Sum | MissingFigure) else ""
    return Markup(f"td{kind}{span}")  # noqa: S704


def _head_column(row: FormRow) -> int:
    """The column that names the row: the first one with words; a bare number only counts it."""
    for column, cell in enumerate(row.cells):
        if _names(cell):
            return column
    return -1


def _names(cell: FormCell) -> bool:
    return not cell.merged and isinstance(cell.value, str) and not re.fullmatch(r"\d+", cell.text.strip())


# --- what the file carries ------------------------------------------------------------------------------------------


@cache
def _library(vega_lite: str) -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script. Making it takes three seconds, a third of a whole report, and gives
    the same for the same libraries: it is kept beside what dbt compiled.
    """
    kept = TARGET / f"vega-{metadata.version('vl-convert-python')}-{vega_lite}.js"
    if kept.is_file():
        text = kept.read_text(encoding="utf-8")
    else:
        import vl_convert

        text = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vega_lite)
        with suppress(OSError):  # where the program may not be written to, it is made each time
            TARGET.mkdir(parents=True, exist_ok=True)
            write_whole(kept, text)
    assert "</script" not in text.lower() and "<!--" not in text
    return Markup(text)  # noqa: S704 -- checked above
