"""The choice of the engine: what is missing is said before anything is read or built."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.warehouse.check import check_paths
from orchestration.warehouse.engine import DUCKDB
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.spark import engine as spark


@pytest.fixture
def on_spark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A machine on which everything that Spark needs is installed."""
    monkeypatch.setattr(spark, "_is_there", lambda module: True)
    monkeypatch.setattr(spark, "java_version", lambda: 17)
    return replace(settings, target="spark")


def said(settings: Settings) -> str:
    with pytest.raises(InputError) as error:
        engine_of(settings)
    (problem,) = error.value.problems
    return str(problem)


def test_duckdb_is_the_default_and_needs_nothing(settings: Settings) -> None:
    assert engine_of(settings) is DUCKDB
    assert Settings.from_environment({}).target == "duckdb"


def test_an_unknown_engine_is_refused_before_anything_is_built(settings: Settings, tmp_path: Path) -> None:
    wrong = replace(settings, target="flink")
    assert said(wrong) == "LEDGERGATE_TARGET：读到 flink；应为 duckdb 或 spark"
    with pytest.raises(InputError):
        check_paths(wrong, [settings.ledgers(2024)], tmp_path / "check")


def test_missing_packages_are_named(on_spark: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "_is_there", lambda module: module != "pyspark")
    assert "没有装 pyspark" in said(on_spark) and "make spark" in said(on_spark)


@pytest.mark.parametrize(("found", "words"), [(None, "没有 Java"), (11, "Java 是 11")])
def test_java_that_is_missing_or_old_is_named(
    on_spark: Settings, monkeypatch: pytest.MonkeyPatch, found: int | None, words: str
) -> None:
    monkeypatch.setattr(spark, "java_version", lambda: found)
    assert words in said(on_spark) and "openjdk-17-jre-headless" in said(on_spark)


def test_a_cluster_is_named_by_an_address_that_spark_knows(on_spark: Settings) -> None:
    chosen = engine_of(replace(on_spark, spark_master="spark://10.0.0.1:7077", spark_driver="10.0.0.2"))
    assert chosen == spark.Spark("spark://10.0.0.1:7077", "10.0.0.2", "")
    assert said(replace(on_spark, spark_master="http://10.0.0.1")).startswith("LEDGERGATE_SPARK_MASTER：读到 http://")


def test_values_of_seeds_are_written_exactly() -> None:
    values = [None, True, 9999, Decimal("0.8"), Decimal("1E+2"), "部分达成", "it's \\n"]
    assert [spark.literal(v) for v in values] == ["null", "true", "9999", "0.8", "100", "'部分达成'", r"'it\'s \\n'"]


def test_a_type_that_spark_would_round_is_refused() -> None:
    assert spark.spark_type(pa.decimal128(28, 9)) == "decimal(28, 9)"
    with pytest.raises(KeyError):
        spark.spark_type(pa.float64())
