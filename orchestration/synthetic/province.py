"""A synthetic province: the printed ledgers of a year, for as many departments as wanted, exact to the fen.

Every department is a copy of the real one under names of its own, with the exact amounts behind its printed ones
(``targets``); totals are printed as the exact sums that they are. So entries can equal every printed figure, which
those of the real year can't. Everything says that it is synthetic. What does not belong here: entries (``generate``).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import yaml

from orchestration.base.settings import Settings
from orchestration.entries.contract import EntryContract
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Ledger, Year
from orchestration.synthetic.targets import ReportedYear, Target, point, targets_of

#: Ledgers that list what each department has by itself, and those that only the whole prints.
_LISTED = ("unit_basic_expenditure", "unit_project_expenditure", "project_expenditure")
_WHOLE = ("category_expenditure", "department_summary")
_SAME = ("fund_statement",)  # the funds are the province's, whatever departments it has
_NOTE = "合成的省：{departments} 个部门，数字由 {year} 年推出，不是任何单位的真实账目（SYNTHETIC DATA）"
_PROJECTS = 1000  # project numbers of a department: its own number times this, and the project's


def department_targets(printed: ReportedYear, year: int, departments: int) -> list[Target]:
    """The accounts of all departments; those of the funds once."""
    found = []
    for target in targets_of(printed, year):
        copies = range(1, departments + 1) if target.ledger == "budget_entry" else (0,)
        found += [replace(target, columns=tuple(_renamed(target.columns, n))) for n in copies]
    return found


def _renamed(columns: Iterable[tuple[str, str]], department: int) -> Iterator[tuple[str, str]]:
    for name, code in columns:
        yield name, _own(name, code, department) if department and code else code


def _own(name: str, code: str, department: int) -> str:
    """What a department calls its own unit or project."""
    if name == "unit_name":
        return f"{code}·{department:03d}"
    return str(department * _PROJECTS + int(code)) if name == "project_no" else code


def write_ledgers(
    settings: Settings,
    year: Year,
    printed: ReportedYear,
    departments: int,
    entries: Mapping[str, EntryContract],
    raw: Path,
) -> Path:
    """Write ``raw``: contracts, and the printed ledgers of the year after ``year``, with a ``sources.yml`` that names
    its entries. Returns the year's folder; entries belong into ``entries/`` there.
    """
    fen = point(printed, year.year)
    shutil.copytree(settings.contracts, raw / "contracts")
    folder = raw / str(year.year + 1) / year.department
    shutil.copytree(
        settings.ledgers(year.year),
        folder,
        ignore=shutil.ignore_patterns("corrections.csv", "exceptions.csv", "entries"),
    )
    files = []
    for name, ledger in year.ledgers.items():
        if name in (*_LISTED, *_WHOLE, *_SAME):
            files.append({"file": ledger.source.file, "ledger": name, "unit": "元"})
            _write(folder / ledger.source.file, ledger, fen, departments)
        else:
            files += _as_stated(year, name)
    _rename_units(folder, year, departments)
    _drop_restatements(folder, year)
    about = _NOTE.format(departments=departments, year=year.year)
    sources = {
        "year": year.year + 1, "department": about, "files": files,
        "entries": [{"ledger": name, "paths": [f"entries/{name}"]} for name in entries],
    }  # fmt: skip
    text = yaml.safe_dump(sources, allow_unicode=True, sort_keys=False)
    (folder / "sources.yml").write_text(f"# {about}\n{text}", encoding="utf-8")
    return folder


def _as_stated(year: Year, ledger: str) -> list[dict[str, str]]:
    """The files of a ledger that is left as it is: one, or one for each sheet or part that it is joined of."""
    told = {"file", "ledger", "sheet", "unit"}
    return [
        each.model_dump(include=told, exclude_defaults=True) for each in year.sources.files if each.ledger == ledger
    ]


def _write(path: Path, ledger: Ledger, fen: Mapping[str, int], departments: int) -> None:
    """One ledger again, in 元: its rows for each department, or its totals for all of them together."""
    contract = ledger.contract
    rows: dict[str, list[Cell]] = {}
    for cell in ledger.cells:
        rows.setdefault(cell.row_key, []).append(cell)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.header for column in contract.columns])
        for cells in rows.values():
            own = contract.ledger in _LISTED and cells[0].row_kind == "detail"
            times = 1 if own or contract.ledger in _SAME else departments
            for department in range(1, departments + 1) if own else (0,):
                writer.writerow(_row(contract, cells, fen, department, times))


def _row(contract: Contract, cells: list[Cell], fen: Mapping[str, int], department: int, times: int) -> list[str]:
    known = {cell.measure: cell for cell in cells}
    row = []
    for key, code in zip(contract.keys, cells[0].row_key.split(":"), strict=True):
        words = {code: word for word, code in key.values.items()} | {"total": contract.total.name}
        row.append(_own(key.name, code, department) if department else words.get(code, code))
    for column in (*contract.texts, *contract.measures):
        cell = known.get(column.name)
        exact = fen.get(cell.address) if cell and cell.text.strip() else None
        text = cell.text if cell else ""
        row.append(text if exact is None else f"{Decimal(exact * times).scaleb(-2):.2f}")
    return row


def _rename_units(folder: Path, year: Year, departments: int) -> None:
    """The list of accounting units, and how many the report says there are."""
    path = folder / year.ledgers["organisation"].source.file
    key = next(key for key in year.ledgers["organisation"].contract.keys if "accounting_unit" in key.values.values())
    word = next(word for word, code in key.values.items() if code == "accounting_unit")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    units = sum(line[:1] == [word] for line in lines)
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in lines:
            own = range(1, departments + 1) if line[:1] == [word] else (0,)
            csv.writer(file).writerows([*line[:1], f"{line[1]}·{n:03d}", *line[2:]] if n else line for n in own)
    path = folder / year.ledgers["stated_count"].source.file
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace(f"{word},{units}个", f"{word},{units * departments}个"), encoding="utf-8")


def _drop_restatements(folder: Path, year: Year) -> None:
    """Rows that restate a figure of a ledger written anew: the real report's sentences are not this province's."""
    anew = [year.ledgers[name].contract for name in (*_LISTED, *_WHOLE)]
    names = {word for contract in anew for word in (contract.ledger, contract.short)}
    for name in ("restatement", "performance_fact"):
        path = folder / year.ledgers[name].source.file
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = csv.reader(file)
        place = header.index(next(text.header for text in year.ledgers[name].contract.texts if text.name == "restates"))
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *(line for line in lines if line[place].split("/")[0] not in names)])
