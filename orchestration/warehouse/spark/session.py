"""One Spark session for one build: its settings, its Java process from start to end, and where its files lie.

What does not belong here: what is done in the session (``engine`` builds models, ``entries`` sums entries).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.warehouse.engine import environment

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: What a session always runs with. None of it is about size: that is for spark-defaults.conf (SPARK_CONF_DIR) to say.
_ALWAYS = {
    "spark.sql.ansi.enabled": "true",  # what overflows or can't be cast is an error, never a null
    # Products keep all their decimals, and decimals that are compared or united keep theirs, as on DuckDB.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.legacy.decimal.retainFractionDigitsOnTruncate": "true",
    # What holds of nested cases and sums is inferred anew with every pass of the planner: 20 s of a year, for filters
    # that these models already state.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",  # no metastore to share, to lock or to leave lying about
    "spark.sql.sources.default": "parquet",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executorEnv.LC_ALL": "C.UTF-8",  # names of files are Chinese where people's folders are
}


class SparkFailedError(Exception):
    """Spark did not start, or the cluster was not to be reached."""


@dataclass(frozen=True)
class SparkSettings:
    """``driver``: this machine's address as workers reach it, and the only one that Spark listens on. ``folder``: where
    landing and results lie, an address that Spark and fsspec both know; empty for the build's own folder.
    """

    master: str
    driver: str
    folder: str


@contextmanager
def spark_session(
    spark: SparkSettings, warehouse: Path, place: str, said_in: str = "spark.log"
) -> Iterator[SparkSession]:
    """A session of this build's own, in a Java process of its own that ends with it. What Java says stands in
    ``said_in`` beside the build file. Raises ``SparkFailedError``."""
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    own = own_folder(warehouse)
    log = warehouse.with_name(said_in)
    chosen = _ALWAYS | {
        "spark.master": spark.master,
        "spark.app.name": f"ledgergate-{warehouse.parent.name}",
        "spark.driver.host": spark.driver,
        "spark.driver.bindAddress": spark.driver,
        "spark.sql.warehouse.dir": f"{place}/tables",
        "spark.local.dir": str(own / "scratch"),
    }
    (own / "scratch").mkdir(parents=True, exist_ok=True)
    conf = SparkConf(loadDefaults=False).setAll(list(chosen.items()))
    gateway: Any = None
    with log.open("wb") as said:
        try:
            with environment(LC_ALL="C.UTF-8", SPARK_LOCAL_IP=spark.driver):
                gateway = launch_gateway(conf, {"stdout": said, "stderr": said})
                context = SparkContext(conf=conf, gateway=gateway)
        except (Py4JError, PySparkException) as error:
            _end(gateway)
            raise SparkFailedError(f"Spark（{spark.master}）没有启动：见 {log}") from error
    try:
        yield SparkSession(context)
    finally:
        with closing(_Ended(gateway)):
            context.stop()


@dataclass(frozen=True)
class _Ended:
    gateway: Any

    def close(self) -> None:
        _end(self.gateway)


def _end(gateway: Any) -> None:
    """End the Java process, and let pyspark forget it: the next session starts one with settings of its own."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None
    if gateway is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()  # Java ends with its standard input
    try:
        gateway.proc.wait(20)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()


def own_folder(warehouse: Path) -> Path:
    """The folder beside the build file for what Spark needs while it runs."""
    return warehouse.parent / "spark"


def file_system(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path there."""
    from fsspec.core import url_to_fs

    found: tuple[Any, str] = url_to_fs(address)
    return found


def clear(place: str) -> None:
    files, path = file_system(place)
    if files.exists(path):
        files.rm(path, recursive=True)


def literal(value: object) -> str:
    """A value of a seed in SQL, exact: dbt reads numbers as ``Decimal``."""
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return text_literal(str(value))


def text_literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
