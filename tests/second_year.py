"""A synthetic 2025 for tests: the real 2024 ledgers, moved on by a year so that every rule holds, those
across years too. Nothing of it was ever printed; its department's name says so.
"""

from __future__ import annotations

import shutil
from pathlib import Path

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
    folder = Path(shutil.copytree(raw / "2024", raw / "2025"))
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
