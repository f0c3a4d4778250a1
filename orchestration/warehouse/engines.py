"""The choice of engine. Spark is imported only where it is chosen."""

from __future__ import annotations

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.warehouse.engine import DUCKDB, Engine


def engine_of(settings: Settings) -> Engine:
    """The engine that ``LEDGERGATE_TARGET`` names. Raises ``InputError``: no such engine, or it isn't installed."""
    if settings.target == DUCKDB.name:
        return DUCKDB
    if settings.target == "spark":
        from orchestration.warehouse.spark import engine as spark

        return spark.installed(settings)
    raise InputError([Problem("LEDGERGATE_TARGET", "", "", settings.target, "duckdb 或 spark")])
