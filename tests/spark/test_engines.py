"""The same ledgers on DuckDB and on Spark: the same tables to the fen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.warehouse import models
from orchestration.warehouse.build import Build
from orchestration.warehouse.engine import DUCKDB
from orchestration.warehouse.engines import engine_of
from tests.spark.conftest import columns, contents, installation
from tests.variants import FIRST_YEAR, Edits, judge

pytestmark = pytest.mark.spark


def test_years_side_by_side_are_equal_whatever_is_wrong_with_them(tmp_path: Path) -> None:
    """Several years in one build: sound, with a year before it, a slip, a cell and a total gone, a total of nought."""
    variants: list[Edits] = [
        {},
        {"unit_basic_expenditure/total/final_expenditure": "13,037.25", "insured/pension/persons": None},
        {"department_summary/total/total_budget": "0.00", "fund_statement/work_injury:income:total/actual": None},
    ]
    shared = tmp_path / "shared"
    spark = engine_of(replace(installation(tmp_path), target="spark", spark_folder=f"file://{shared}"))
    for name, engine in (("duckdb", DUCKDB), ("spark", spark)):
        judge(tmp_path / name, variants, prior={0: {}}, engine=engine, built=None)
    ours, theirs = (Build(FIRST_YEAR, tmp_path / name) for name in ("duckdb", "spark"))
    assert contents(ours) == contents(theirs)
    assert columns(ours) == columns(theirs)
    assert list(shared.iterdir()) == []
    models.build(theirs.warehouse, "score_summary", engine=spark)  # a part, on what stands
    assert contents(ours) == contents(theirs)
    statuses = {row["status"] for row in theirs.rows("select distinct status from reconciliation")}
    assert statuses == {"consistent", "rounding", "inconsistent", "missing", "corrected"}
