"""What the index of figures calls them."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest

from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import ReportFigure
from orchestration.reporting.layout import called


@pytest.mark.parametrize(
    ("row_label", "header", "name"),
    [
        ("甲项目", "决算支出", "表3 甲项目 决算支出"),
        ("甲项目", None, "表3 甲项目 final"),
        (None, "决算支出", "表3 决算支出"),
    ],
)
def test_a_figure_without_a_header_is_called_by_its_measure(
    row_label: str | None, header: str | None, name: str
) -> None:
    """Contracts need not give a column a header, nor a row a label."""
    cell = {"ledger_label": "表3", "row_label": row_label, "header": header, "measure": "final"}
    figure = ReportFigure(Decimal(1), "yuan", ("t", "r", "c"), ("2024/a/r/c",), "1.00")
    assert called(cast(Fields, SimpleNamespace(cells={"2024/a/r/c": cell})), [figure]) == name
