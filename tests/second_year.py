"""A synthetic 2025 for tests: the real 2024 ledgers, moved on by a year so that every rule holds, those
across years too. Nothing of it was ever printed; its department's name says so.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl

from orchestration.ledgers.reader import Year
from orchestration.ledgers.sources import read_sources
from tests.conftest import edit

SYNTHETIC = "合成数据（测试用）"
#: file -> what 2024 prints there, and what the synthetic 2025 does.
EDITS: dict[str, dict[str, str]] = {
    # The cell that corrections.csv puts right in 2024.
    "project_expenditure.csv": {"-362.20": "-362.69"},
    # Openings are 2024's closings.
    "fund_balance.csv": {"11.87,3.85,15.71": "15.71,3.85,19.56", "108.86,4.84,113.70": "113.70,4.84,118.54"},
    # As many insured more than in 2024 as the column of changes says.
    "insured.csv": {"5458.08万人": "5484.76万人", "1027万人": "1059.53万人", "750.7万人": "760.97万人"},
    "restatement.csv": {"5,458.08万": "5,484.76万", "1,027万": "1,059.53万", "750.7万": "760.97万"},
    "operating_cost.csv": {"182.95,79.72%,不变,23.63,14.83%": "206.58,90.01%,不变,23.63,12.92%"},
}


def add_2025(raw: Path) -> Path:
    """Put ``raw/2025`` beside ``raw/2024``; gives its folder."""
    folder = Path(shutil.copytree(raw / "2024" / "hunan_hrss", raw / "2025" / "hunan_hrss"))
    (folder / "corrections.csv").unlink()
    (folder / "narrative.yml").unlink()
    sources = (folder / "sources.yml").read_text(encoding="utf-8")
    sources = sources.replace("year: 2024", "year: 2025").replace("湖南省人力资源和社会保障厅", SYNTHETIC)
    (folder / "sources.yml").write_text(sources, encoding="utf-8")
    dates = (folder / "report_date.csv").read_text(encoding="utf-8")
    dates = dates.replace("2025年", "2026年").replace("2024年", "2025年")
    (folder / "report_date.csv").write_text(dates, encoding="utf-8")
    for name, edits in EDITS.items():
        for before, after in edits.items():
            edit(folder / name, before, after)
    return folder


def fill(folder: Path, year: int, figures: Year) -> None:
    """Print every text of a year that was read where the workbooks of a new one have its column and its row."""
    sources, problems = read_sources(folder, year)
    assert problems == []
    sheets = {source.ledger: source for source in sources.files}
    for name, ledger in figures.ledgers.items():
        source = sheets[name]
        book = openpyxl.load_workbook(folder / source.file)
        page = book[source.sheet]
        cells = [cell for row in page.iter_rows(max_row=4) for cell in row]
        head = next(cell.row for cell in cells if cell.value == ledger.contract.printed_columns[0].header)
        columns = {str(cell.value): cell.column for cell in cells if cell.row == head}
        rows = {key: head + 1 + n for n, key in enumerate(dict.fromkeys(cell.row_key for cell in ledger.cells))}
        headers = {column.name: column.header for column in ledger.contract.columns}
        for cell in (cell for cell in ledger.cells if cell.measure in headers):
            page.cell(rows[cell.row_key], columns[headers[cell.measure]]).value = cell.text
        book.save(folder / source.file)
