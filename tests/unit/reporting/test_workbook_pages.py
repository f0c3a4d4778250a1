"""How a table lies on paper: whole on one sheet where its letters stay readable."""

from __future__ import annotations

import pytest

from orchestration.reporting.workbook import _orientation


@pytest.mark.parametrize(
    ("width", "height", "lies"),
    [
        (572, 400, "landscape"),
        (572, 560, "portrait"),  # annexes 10, 12 and 13: two or three rows stood on a second sheet
        (655, 800, "portrait"),
        (900, 1500, ""),  # longer than a sheet: it goes over, under its head
    ],
)
def test_a_table_lies_the_way_in_which_it_is_whole(width: float, height: float, lies: str) -> None:
    assert _orientation(width, height) == lies
