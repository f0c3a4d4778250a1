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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa

from orchestration.base.locks import open_database
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.warehouse.engine import Session, Tables
from orchestration.warehouse.spark.entries import scanner
from orchestration.warehouse.spark.session import (
    SparkSettings,
    clear,
    file_system,
    literal,
    own_folder,
    spark_session,
    text_literal,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from orchestration.entries.read import EntryScanner

JAVA = 17
_MASTERS = ("local", "spark://", "yarn", "k8s://")


@dataclass(frozen=True)
class Spark(SparkSettings):
    """The engine over one session a build."""

    name = "spark"

    @contextmanager
    def session(self, warehouse: Path, partial: bool) -> Iterator[Session]:
        # What stands there is cleared away: the name must be nobody else's.
        shared = f"{self.folder.rstrip('/')}/ledgergate-spark-{warehouse.parent.parent.name}-{warehouse.parent.name}"
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
    def entry_scanner(self, warehouse: Path) -> Iterator[EntryScanner | None]:
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
        with open_database(self.warehouse) as connection:
            query = "select table_name from information_schema.tables where table_schema = ? order by 1"
            for (table,) in connection.execute(query, [schema]).fetchall():
                rows = connection.execute(f"from {schema}.{table}").to_arrow_table()
                address = f"{self.place}/landing/{schema}/{table}"
                files, path = file_system(address)
                files.makedirs(path, exist_ok=True)
                with files.open(f"{path}/{table}.parquet", "wb") as file:
                    pq.write_table(rows, file)
                columns = ", ".join(f"`{field.name}` {spark_type(field.type)}" for field in rows.schema)
                self.session.sql(
                    f"create table {schema}.{table} ({columns}) using parquet location {text_literal(address)}"
                )

    def export_results(self, tables: Tables) -> None:
        import pyarrow.parquet as pq

        with open_database(self.warehouse, read_only=False) as connection:
            connection.execute("begin")
            for table, required in tables.items():
                frame = self.session.table(f"main.{table}")
                columns = ", ".join(
                    f'"{field.name}" {field.dataType.simpleString()}{" not null" if field.name in required else ""}'
                    for field in frame.schema.fields
                )
                connection.execute(f"create or replace table main.{table} ({columns})")
                for address in sorted(frame.inputFiles()):  # the files of the finished table, and no other
                    files, path = file_system(unquote(address))
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
