"""The same ledgers on DuckDB and on Spark: the same tables to the fen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.pipeline.run import run_year
from orchestration.warehouse import compiled, models
from orchestration.warehouse.build import Build
from orchestration.warehouse.engine import DUCKDB
from orchestration.warehouse.engines import engine_of
from tests.spark.conftest import columns, contents, installation
from tests.variants import FIRST_YEAR, Edits, judge

pytestmark = pytest.mark.spark


@pytest.fixture
def quiet_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, to see that nothing is left in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_published_tables_are_equal_to_the_fen(quiet_folder: Path) -> None:
    settings = installation(quiet_folder)
    duckdb = run_year(settings, 2024)
    spark = run_year(replace(settings, home=settings.home.with_name("data-spark"), target="spark"), 2024)
    assert duckdb.version and spark.version, spark
    assert contents(duckdb.build) == contents(spark.build)
    assert columns(duckdb.build) == columns(spark.build)
    assert duckdb.version.manifest["content_sha256"] == spark.version.manifest["content_sha256"]
    for table in compiled.published_tables():
        ours, theirs = (version.folder / f"{table}.parquet" for version in (duckdb.version, spark.version))
        assert ours.read_bytes() == theirs.read_bytes(), table
    assert [path.name for path in quiet_folder.iterdir()] == ["年度 账"]  # no metastore_db, no derby.log
    assert not (spark.build.folder / "spark" / "tables").exists()


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
