"""The folder of a year to come: one workbook an office with the sheets that it fills in, a sheet of checks, what
``sources.yml`` must say, and a page for whoever fills them in. Written whole or not at all; never over a folder.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.base.departments import beside
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import CONTRACTS, RULES, Settings
from orchestration.drafting.blank_sheets import BlankSheet, blank_sheet
from orchestration.drafting.check_formulas import CheckFormula, check_formulas
from orchestration.ledgers.contract import Column, Contract, Measure, read_contracts
from orchestration.ledgers.reader import Year, read_year
from orchestration.ledgers.sources import CHECKS, GUIDE, NAMES
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rulebook, rules_beside

#: The workbook of ledgers that no office is named for.
ANYBODY = "账表"
_FORMATS = {"money": "#,##0.00", "ratio": "0.00%", "person": "#,##0", "count": "#,##0", "point": "0.00"}
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip


@dataclass(frozen=True)
class NewYear:
    """What was written: each workbook with the titles of its sheets, and its number of checks."""

    folder: Path
    year: int
    before: int | None
    workbooks: Mapping[str, tuple[str, ...]]
    checks: int


def new_year(settings: Settings, year: int, before: int | None = None) -> NewYear:
    """Make ``raw/<year>/<department>``. ``before``: the year whose ledgers, units and row names it takes over; without
    it every ledger that a contract requires. Raises ``InputError`` where the folder is there, or that year can't be
    read.
    """
    folder = settings.ledgers(year)
    if folder.exists():
        raise InputError([Problem(str(folder), "", "", "已有这个文件夹", "还没有的年度；要重做，先移走这个文件夹")])
    source = settings.ledgers(before) if before else None
    if before and not settings.ledgers(before).is_dir():
        raise InputError([Problem(str(settings.ledgers(before)), "", "", "没有这个年度", "--from 指明已有账表的年度")])
    contracts = read_contracts(settings.contracts, *(beside(source, before, CONTRACTS) if source and before else ()))
    rules = rules_beside(settings.rules, *(beside(source, before, RULES) if source and before else ()))
    earlier = read_year(source, before, contracts) if source and before else None
    wanted = _wanted(contracts, earlier)
    book = compile_rules(rules, wanted, year, str(settings.rules), known=contracts)
    totals = {s.ledger for s in book.selectors if "total" in (s.key_1, s.key_2, s.key_3)}
    sheets = {
        name: blank_sheet(
            contract, year, earlier.ledgers.get(name) if earlier else None, source, has_total=name in totals
        )
        for name, contract in wanted.items()
    }
    return _write(folder, year, before, sheets, book, earlier, source)


def _wanted(contracts: Mapping[str, Contract], earlier: Year | None) -> dict[str, Contract]:
    """The ledgers that get a sheet to fill in; forms of which each sheet is one are handed in as they are."""
    tables = {name: contract for name, contract in contracts.items() if not contract.is_of_sheets}
    if earlier:
        return {name: earlier.ledgers[name].contract for name in earlier.ledgers if name in tables}
    return {name: contract for name, contract in tables.items() if contract.required} or tables


def _write(
    folder: Path, year: int, before: int | None, sheets: Mapping[str, BlankSheet], book: Rulebook, earlier: Year | None,
    source: Path | None,
) -> NewYear:  # fmt: skip
    offices: dict[str, dict[str, BlankSheet]] = {}
    for name, sheet in sheets.items():
        office = _on_duty(sheet.contract, earlier).replace("/", " ").strip(". ") or ANYBODY
        offices.setdefault(office, {})[name] = sheet
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as draft:
        made = Path(draft) / folder.name
        made.mkdir()
        checks = {office: check_formulas(own, book) for office, own in offices.items()}
        for office, own in offices.items():
            _write_workbook(made / f"{office}.xlsx", list(own.values()), checks[office])
        _write_sources(made, year, offices, earlier)
        _take_over(made, source, before)
        has_forms = any(ledger.contract.is_of_sheets for ledger in earlier.ledgers.values()) if earlier else False
        page = _PAGES.get_template("new_year.html.j2").render(
            year=year, offices=offices, checks=CHECKS, has_forms=has_forms
        )
        (made / GUIDE).write_text(page, encoding="utf-8")
        made.rename(folder)
    titles = {f"{office}.xlsx": tuple(sheet.name for sheet in own.values()) for office, own in offices.items()}
    return NewYear(folder, year, before, titles, sum(map(len, checks.values())))


def _on_duty(contract: Contract, earlier: Year | None) -> str:
    """Who fills in a ledger: whoever did the year before, else the office that its contract names."""
    before = earlier.ledgers.get(contract.ledger) if earlier else None
    return earlier.on_duty(before) if earlier and before else contract.on_duty


def _take_over(made: Path, source: Path | None, before: int | None) -> None:
    """What stands beside a year's ledgers, the department's own and what its departments share, and holds for the next
    one too.
    """
    if source is None or before is None:
        return
    if (source / NAMES).is_file():
        shutil.copy(source / NAMES, made / NAMES)
    for name in (CONTRACTS, RULES):
        for folder in filter(Path.is_dir, beside(source, before, name)):
            shutil.copytree(folder, made / name, dirs_exist_ok=True)


def _write_sources(
    made: Path, year: int, offices: Mapping[str, Mapping[str, BlankSheet]], earlier: Year | None
) -> None:
    content: dict[str, Any] = {"year": year}
    if earlier and earlier.sources.department:
        content["department"] = earlier.sources.department
    if earlier and earlier.sources.required is not None:
        content["required"] = list(earlier.sources.required)
    if earlier and earlier.sources.on_duty:
        content["on_duty"] = earlier.sources.on_duty
    offices_of = {each.ledger: each.on_duty for each in (earlier.sources.files if earlier else ()) if each.on_duty}
    content["files"] = [
        {"file": f"{office}.xlsx", "ledger": name, "sheet": sheet.name}
        | ({"unit": sheet.unit} if sheet.unit else {})
        | ({"on_duty": offices_of[name]} if name in offices_of else {})
        for office, own in offices.items()
        for name, sheet in own.items()
    ]
    about = "# 各本账在哪个文件的哪张表，金额单位是什么。取自哪份文件、哪一节，填报后补在 documents 与 section。\n"
    text = about + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
    (made / "sources.yml").write_text(text, encoding="utf-8")


def _write_workbook(path: Path, sheets: Sequence[BlankSheet], checks: Sequence[CheckFormula]) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        for sheet in sheets:
            _write_sheet(book, sheet)
        if checks:
            _write_checks(book, checks)


def _write_sheet(book: Any, sheet: BlankSheet) -> None:
    page = book.add_worksheet(sheet.name)
    title = book.add_format({"bold": True, "font_size": 14})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#E7EDF3", "align": "center", "text_wrap": True})
    first_head = len(sheet.lines) - sheet.header_rows
    for r, line in enumerate(sheet.lines):
        for c, text in enumerate(line):
            page.write_string(r, c, text, head if r >= first_head else title if r == 0 else None)
    formats = [book.add_format({"border": 1, "num_format": _format_of(column)}) for column in sheet.columns]
    for r, row in enumerate(sheet.rows, len(sheet.lines)):
        for c, column in enumerate(sheet.columns):
            text = row.texts.get(column.name, "")
            if text.isascii() and text.isdigit() and getattr(column, "type", "") == "integer":
                page.write_number(r, c, int(text), formats[c])
            elif text:
                page.write_string(r, c, text, formats[c])
            else:
                page.write_blank(r, c, None, formats[c])
    for n, text in enumerate(sheet.below, len(sheet.lines) + len(sheet.rows) + 1):
        page.write_string(n, 0, text)
    for c, column in enumerate(sheet.columns):
        page.set_column(c, c, max(12, min(40, 2 * len(column.header), 40)) if isinstance(column, Measure) else 24)
    page.freeze_panes(len(sheet.lines), 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)


def _format_of(column: Column) -> str:
    if isinstance(column, Measure):
        return _FORMATS.get(column.kind, "@" if column.kind in ("target", "outcome", "date") else "General")
    return "0" if getattr(column, "type", "") == "integer" else "@"


def _write_checks(book: Any, checks: Sequence[CheckFormula]) -> None:
    page = book.add_worksheet(CHECKS)
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#E7EDF3"})
    body = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    red = book.add_format({"bg_color": "#F6C7C7"})
    for c, text in enumerate(("规则", "关系", "差额，或不符的行数", "结果")):
        page.write_string(0, c, text, head)
    for r, check in enumerate(checks, 1):
        page.write_string(r, 0, check.rule, body)
        page.write_string(r, 1, check.relation, body)
        if check.counts:
            page.write_array_formula(r, 2, r, 2, f"{{{check.formula}}}", body, 0)
        else:
            page.write_formula(r, 2, check.formula, body, 0)
        page.write_formula(r, 3, f'=IF(C{r + 1}=0,"相符",IF(ISTEXT(C{r + 1}),C{r + 1},"不符"))', body, "相符")
    page.conditional_format(1, 3, len(checks), 3, {"type": "cell", "criteria": "==", "value": '"不符"', "format": red})
    page.set_column(0, 0, 40)
    page.set_column(1, 1, 70)
    page.set_column(2, 3, 18)
    page.freeze_panes(1, 0)
