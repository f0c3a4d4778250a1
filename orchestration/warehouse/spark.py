"""Apache Spark as the engine of the models: on this machine, or on a cluster by its address.

Three steps. What was landed in the build file is written as Parquet where Spark and its workers can read it; dbt builds
the models in a Spark session of this process; their results come back into the build file with their exact types. The
results of a year are small, whatever the size of its ledgers, so all that follows is the same on either engine.

The catalogue lives in the session and its files in the build's own folder: years never wait for each other, and
nothing is left behind. pyspark and dbt-spark are the extra ``spark``; nothing else imports them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from orchestration.ledgers.cell import InputError, Problem
from orchestration.settings import Settings
from orchestration.warehouse.engines import Session, Tables, environment

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from orchestration.entries.read import Scan

JAVA = 17
_MASTERS = ("local", "spark://", "yarn", "k8s://")
#: What a session always runs with. None of it is about size: that is for spark-defaults.conf (SPARK_CONF_DIR) to say.
_ALWAYS = {
    "spark.sql.ansi.enabled": "true",  # what overflows or can't be cast is an error, never a null
    # Products keep all their decimals, and decimals that are compared or united keep theirs, as on DuckDB.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.legacy.decimal.retainFractionDigitsOnTruncate": "true",
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
class Spark:
    """``driver``: this machine's address as workers reach it, and the only one that Spark listens on. ``folder``: where
    landing and results lie, an address that Spark and fsspec both know; empty for the build's own folder.
    """

    master: str
    driver: str
    folder: str
    name = "spark"

    @contextmanager
    def at_work(self, warehouse: Path, partial: bool) -> Iterator[Session]:
        # What stands there is cleared away: the name must be nobody else's.
        shared = f"{self.folder.rstrip('/')}/ledgergate-spark-{warehouse.parent.name}"
        place = shared if self.folder else str(own_folder(warehouse))
        clear(place)
        with spark_session(self, warehouse, place) as session, _dbt_uses(session):
            built = Built(session, warehouse, place)
            built.land("raw")
            if partial:
                built.land("main")
            yield built
        clear(place)

    @contextmanager
    def reading(self, warehouse: Path) -> Iterator[Scan | None]:
        from orchestration.warehouse.spark_entries import scanner

        with scanner(self, warehouse) as scan:
            yield scan


@dataclass(frozen=True)
class Built:
    """A build as Spark sees it: databases ``raw``, which was landed, and ``main``, which dbt builds."""

    session: SparkSession
    warehouse: Path
    place: str

    def land(self, schema: str) -> None:
        """Make every table of a schema of the build file a table of Spark."""
        import pyarrow.parquet as pq

        self.session.sql(f"create database if not exists {schema}")
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            query = "select table_name from information_schema.tables where table_schema = ? order by 1"
            for (table,) in connection.execute(query, [schema]).fetchall():
                rows = connection.execute(f"from {schema}.{table}").to_arrow_table()
                address = f"{self.place}/landing/{schema}/{table}"
                files, path = _files(address)
                files.makedirs(path, exist_ok=True)
                with files.open(f"{path}/{table}.parquet", "wb") as file:
                    pq.write_table(rows, file)
                columns = ", ".join(f"`{field.name}` {spark_type(field.type)}" for field in rows.schema)
                self.session.sql(
                    f"create table {schema}.{table} ({columns}) using parquet location {_literal(address)}"
                )

    def hand_back(self, tables: Tables) -> None:
        import pyarrow.parquet as pq

        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("begin")
            for table, required in tables.items():
                frame = self.session.table(f"main.{table}")
                columns = ", ".join(
                    f'"{field.name}" {field.dataType.simpleString()}{" not null" if field.name in required else ""}'
                    for field in frame.schema.fields
                )
                connection.execute(f"create or replace table main.{table} ({columns})")
                for address in sorted(frame.inputFiles()):  # the files of the finished table, and no other
                    files, path = _files(unquote(address))
                    with files.open(path, "rb") as file:
                        connection.register("built", pq.read_table(file))
                        connection.execute(f"insert into main.{table} by name from built")
                        connection.unregister("built")
            connection.execute("commit")


def installed(settings: Settings) -> Spark:
    """Spark as the settings want it. Raises ``InputError`` where something that it needs is missing."""
    missing = [name for name in ("pyspark", "dbt.adapters.spark") if not _is_there(name)]
    if missing:
        found = "spark，但没有装 " + "、".join(missing)
        raise _unusable(found, "先安装：make spark（或 pip install -r requirements-spark.lock）")
    found_java = java_version()
    if found_java is None or found_java < JAVA:
        found = "spark，但没有 Java" if found_java is None else f"spark，但 Java 是 {found_java}"
        raise _unusable(found, f"Java {JAVA} 以上：apt-get install openjdk-{JAVA}-jre-headless（或设 JAVA_HOME）")
    if not settings.spark_master.startswith(_MASTERS):
        problem = Problem("LEDGERGATE_SPARK_MASTER", "", "", settings.spark_master, "local[2]、spark://主机:7077 之类")
        raise InputError([problem])
    return Spark(settings.spark_master, settings.spark_driver, settings.spark_folder)


def _unusable(found: str, expected: str) -> InputError:
    return InputError([Problem("LEDGERGATE_TARGET", "", "", found, expected)])


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def java_version() -> int | None:
    """The major version of the Java that Spark would start; None where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    if not java:
        return None
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    numbers = told.partition('version "')[2].split(".")
    first = "".join(digit for digit in numbers[0] if digit.isdecimal())
    return int(first) if first else None


@contextmanager
def spark_session(spark: Spark, warehouse: Path, place: str, said_in: str = "spark.log") -> Iterator[SparkSession]:
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


@contextmanager
def _dbt_uses(session: SparkSession) -> Iterator[None]:
    """Let dbt run on this session, as it is.

    dbt-spark 1.11 switches ANSI mode off with every statement (its own macros run without it too, so nothing here needs
    that), and writes a seed's numbers as floats and its blanks as the word None.
    """
    from dbt.adapters.contracts.connection import Connection, ConnectionState
    from dbt.adapters.spark.connections import SparkConnectionManager
    from dbt.adapters.spark.impl import SparkAdapter
    from dbt.adapters.spark.session import Cursor, SessionConnectionWrapper
    from dbt_common.exceptions import DbtDatabaseError
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    class OurCursor(Cursor):  # type: ignore[misc]
        def execute(self, sql: str, *parameters: str) -> None:
            try:
                self._df = session.sql(sql % parameters if parameters else sql)
            except (PySparkException, Py4JError) as error:
                raise DbtDatabaseError(str(error)) from error

    class OurHandle:
        def cursor(self) -> Cursor:
            return OurCursor()

    class OurConnection(SessionConnectionWrapper):  # type: ignore[misc]
        @classmethod
        def _fix_binding(cls, value: object) -> str:
            return literal(value)

    class OurConnections(SparkConnectionManager):  # type: ignore[misc]
        @classmethod
        def open(cls, connection: Connection) -> Connection:
            connection.handle = OurConnection(OurHandle())
            connection.state = ConnectionState.OPEN
            return connection

    before = SparkAdapter.ConnectionManager
    SparkAdapter.ConnectionManager = OurConnections
    try:
        yield
    finally:
        SparkAdapter.ConnectionManager = before


def literal(value: object) -> str:
    """A value of a seed in SQL, exact: dbt reads numbers as ``Decimal``."""
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return _literal(str(value))


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def spark_type(kind: pa.DataType) -> str:
    """Spark's name of a type of the build file. Raises ``KeyError`` for one that no landed table has."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return _TYPES[kind]


_TYPES = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.date32(): "date",
}


def own_folder(warehouse: Path) -> Path:
    """The folder beside the build file for what Spark needs while it runs."""
    return warehouse.parent / "spark"


def _files(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path there."""
    from fsspec.core import url_to_fs

    found: tuple[Any, str] = url_to_fs(address)
    return found


def clear(place: str) -> None:
    files, path = _files(place)
    if files.exists(path):
        files.rm(path, recursive=True)
