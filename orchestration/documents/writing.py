"""A document's ledgers as a year's folder: one CSV a ledger as reported, sources.yml, and evidence.csv with the place
of every figure. Never writes over a file.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.problems import InputError, Problem
from orchestration.documents.reader import DocumentReading
from orchestration.documents.sheets import Sheet, csv_rows
from orchestration.ledgers.reader import Ledger
from orchestration.ledgers.sources import EVIDENCE

_DOCUMENT = "report"


def write_year(reading: DocumentReading, folder: Path) -> list[Path]:
    """The files written. Raises ``InputError`` with each file that is there already; then nothing is written."""
    ledgers = reading.year.ledgers
    targets = [folder / name for name in (*(f"{ledger}.csv" for ledger in ledgers), "sources.yml", EVIDENCE)]
    if there := [path for path in targets if path.exists()]:
        raise InputError([Problem(str(path), "", "", "已有这个文件", "新的文件夹；不覆盖已有的账") for path in there])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ledgers:
        _write_rows(folder / f"{name}.csv", csv_rows(reading.sheets[name]))
    _write_rows(folder / EVIDENCE, _evidence(reading))
    sources = _sources(reading)
    text = f"# 由文档读出：{Path(reading.document.name).name}。每个数的位置见 {EVIDENCE}。\n"
    text += yaml.safe_dump(sources, allow_unicode=True, sort_keys=False, width=120)
    (folder / "sources.yml").write_text(text, encoding="utf-8")
    return targets


def _write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _evidence(reading: DocumentReading) -> list[list[str]]:
    rows = [["地址", "列示", "位置"]]
    for ledger in reading.year.ledgers.values():
        rows += [[cell.address, cell.text, cell.cell] for cell in ledger.cells if cell.value is not None]
    return rows


def _sources(reading: DocumentReading) -> dict[str, Any]:
    document = reading.document
    title = "".join(paragraph.text for paragraph in reading.paragraphs[:2])[:80]
    files = [_source(f"{name}.csv", ledger, reading.sheets[name]) for name, ledger in reading.year.ledgers.items()]
    return {
        "year": reading.year.year,
        "documents": {_DOCUMENT: {"title": title, "sha256": document.sha256}},
        "required": list(reading.year.ledgers),
        "files": files,
    }


def _source(file: str, ledger: Ledger, sheet: Sheet) -> dict[str, str]:
    places = list(dict.fromkeys(cell.cell for cell in ledger.cells if cell.value is not None))
    where = places[0] if len(places) == 1 else f"{places[0]} 至 {places[-1]}" if places else ""
    entry = {"file": file, "ledger": ledger.contract.ledger, "document": _DOCUMENT, "section": sheet.name}
    return entry | ({"note": f"取自 {where}"} if where else {})
