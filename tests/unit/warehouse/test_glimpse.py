"""Tables in the UI's metadata: a name with a bar or a line break stays in its cell."""

from __future__ import annotations

from decimal import Decimal

from orchestration.warehouse.glimpse import markdown


def test_every_row_has_its_columns_whatever_its_names_hold() -> None:
    name = "湖南省人事、，:/|,\"'\n考试院"
    table = markdown([{"单位": name, "金额": Decimal("13448.19")}, {"单位": "a||b", "金额": None}])
    assert table.splitlines() == [
        "| 单位 | 金额 |",
        "|---|---|",
        "| 湖南省人事、，:/\\|,\"' 考试院 | 13,448.19 |",
        "| a\\|\\|b |  |",
    ]


def test_nothing_is_no_table() -> None:
    assert markdown([]) == ""
