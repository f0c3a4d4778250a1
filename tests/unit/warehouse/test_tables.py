"""Rows become a table to the last digit, whatever they say."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.warehouse.rows import rows_of
from orchestration.warehouse.tables import FLAG, INT, LONG, TEXT, VALUE, write_table

SCHEMA = {"name": TEXT, "place": INT, "line": LONG, "is_right": FLAG, "value": VALUE, "fen": "decimal(28, 0)"}
ROW = {"name": "a", "place": 1, "line": 2**40, "is_right": True, "value": Decimal("0.1"), "fen": 3}


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    rows = [
        ROW,
        {"name": "引号\"'，换行\n\\ \u0001 😀 2024-01-01", "value": Decimal("-9999999999999999999.999999999")},
        {"name": "", "is_right": False, "value": Decimal("1E+3"), "fen": 10**27 + 1, "no column": "left out"},
    ]
    with duckdb.connect() as connection:
        write_table(connection, "t", SCHEMA, rows, tmp_path)
        assert rows_of(connection, "from t") == [{column: row.get(column) for column in SCHEMA} for row in rows]
        write_table(connection, "t", SCHEMA, [], tmp_path)
        assert rows_of(connection, "from t") == []
        types = {row["column_name"]: row["column_type"].lower() for row in rows_of(connection, "describe t")}
        assert types == {column: kind.replace(", ", ",") for column, kind in SCHEMA.items()}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": Decimal("0.0000000001")},
        {"value": Decimal(f"1.{'0' * 300}1")},
        {"value": 0.1},
        {"fen": Decimal("0.5")},
        {"name": 0.1},
        {"name": np.float64(0.1)},
        {"place": Decimal("2024.5")},
    ],
)
def test_a_figure_that_its_column_cannot_hold_is_not_rounded(tmp_path: Path, wrong: dict[str, object]) -> None:
    with duckdb.connect() as connection, pytest.raises(ValueError, match=r"digits|float"):
        write_table(connection, "t", SCHEMA, [ROW | wrong], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"value": 10**19}, {"value": Decimal("-1E+40")}, {"fen": 10**28}])
def test_a_figure_too_large_for_its_column_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match=r"(?i)cast|decimal"):
        write_table(connection, "t", SCHEMA, [ROW | wrong], tmp_path)


@given(st.decimals(min_value=-(10**19) + 1, max_value=10**19 - 1, places=9), st.decimals(-99, 99, places=10))
def test_every_figure_of_a_column_is_kept_to_the_last_digit(value: Decimal, rate: Decimal) -> None:
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        schema = {"value": VALUE, "rate": "decimal(13, 10)"}
        write_table(connection, "t", schema, [{"value": value, "rate": rate}], Path(folder))
        assert rows_of(connection, "from t") == [{"value": value, "rate": rate}]


def test_parameters_of_a_query_say_what_they_are(tmp_path: Path) -> None:
    hostile = "'; drop table t; --"
    with duckdb.connect() as connection:
        write_table(connection, "t", SCHEMA, [ROW | {"name": hostile}], tmp_path)
        for _ in range(2):  # a statement of the same name may be prepared again
            found = rows_of(connection, "select value from t where name = ? and place = ?", [hostile, 1])
            assert found == [{"value": Decimal("0.1")}]
        assert rows_of(connection, "select ? as texts, ? as none", [[hostile], []]) == [
            {"texts": [hostile], "none": []}
        ]
        with pytest.raises(TypeError):
            rows_of(connection, "select ?", [0.5])
