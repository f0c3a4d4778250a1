"""What several tests of the reader need: small contracts, grids and workbooks, and the real 2024 ledgers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import ROOT
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.ledgers.reader import Year, read_grid, read_year
from orchestration.ledgers.spreadsheet import Grid

TABLE = """
ledger: spending
title: 支出表
short: 支出表
unit: 万元
keys:
  - {name: unit_name, header: 单位名称, aliases: [单位, 预算单位]}
measures:
  - {name: budget, header: 预算数, aliases: [全年预算]}
  - {name: actual, header: 决算数, aliases: [决算支出]}
label: "{unit_name}"
"""


def contract(text: str = TABLE, **changes: Any) -> Contract:
    """A contract from YAML, some of its keys changed."""
    return Contract.model_validate({**yaml.safe_load(text), **changes})


def cells_of(rows: Sequence[Sequence[str]], by: Contract | None = None, unit: str = "") -> dict[str, Cell]:
    """The cells of a grid of texts, by row key and measure."""
    read = read_grid(Grid("账.csv", "", [list(row) for row in rows]), by or contract(), 2024, unit)
    return {f"{cell.row_key}/{cell.measure}": cell for cell in read}


def problems_of(call: Callable[..., object], *args: Any, **kwargs: Any) -> list[Problem]:
    """The problems that a call raises."""
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return caught.value.problems


def refused(rows: Sequence[Sequence[str]], by: Contract | None = None) -> list[tuple[str, str]]:
    """Where and what a grid of texts is refused for."""
    return [(problem.cell, problem.found) for problem in problems_of(cells_of, rows, by)]


Sheet = Sequence[Sequence[Any]]


def workbook(path: Path, sheets: dict[str, Sheet], merged: Sequence[str] = (), hidden: Sequence[str] = ()) -> Path:
    """Write an xlsx. A cell is a value, ``(value, number format)``, or ``{"formula": ..., "value": ...}``.

    ``merged``: ranges of the first sheet (``A1:C1``), each keeping the value of its first cell.
    """
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if isinstance(value, dict):
                        sheet.write_formula(r, c, value["formula"], None, value.get("value", ""))
                    elif isinstance(value, tuple):
                        sheet.write(r, c, value[0], book.add_format({"num_format": value[1]}))
                    elif value is not None:
                        sheet.write(r, c, value)
            if name in hidden:
                sheet.hide()
        for place in merged:
            sheet = book.worksheets()[0]
            first, _, last = place.partition(":")
            r, c = xlsxwriter.utility.xl_cell_to_rowcol(first)
            sheet.merge_range(f"{first}:{last}", next(iter(sheets.values()))[r][c])
    return path


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """The real contracts."""
    return read_contracts(ROOT / "raw" / "contracts")


@pytest.fixture(scope="session")
def real(contracts: dict[str, Contract]) -> Year:
    """The real 2024 ledgers."""
    return read_year(ROOT / "raw" / "2024" / "hunan_hrss", 2024, contracts)
