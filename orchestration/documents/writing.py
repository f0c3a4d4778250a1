"""A document's ledgers as a year's folder: one CSV a ledger as reported, sources.yml, and evidence.csv with the place
of every figure. Never writes over a file.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.files import write_whole
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
    contents = [_csv_text(csv_rows(reading.sheets[name])) for name in ledgers]
    about = f"# 由文档读出：{Path(reading.document.name).name}。每个数的位置见 {EVIDENCE}。\n"
    contents.append(about + yaml.safe_dump(_sources(reading), allow_unicode=True, sort_keys=False, width=120))
    contents.append(_csv_text(_evidence(reading)))
    try:
        for path, content in zip(targets, contents, strict=True):
            write_whole(path, content)
    except BaseException:  # a full disk, or somebody who stops it: a half-written year would only be in the way
        for path in targets:
            path.unlink(missing_ok=True)
        raise
    return targets


def _csv_text(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


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
