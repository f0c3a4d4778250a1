"""Spark's scan of whole files of entries: the sums of the sound ones, at the grain that the reader asks for.

Spark does what needs the machines: it cuts every line into fields, looks at each, and adds up. It vouches for a file
only where all of its lines are good beyond doubt, each of them in the plainest spelling there is. All else is left to
DuckDB, which reads such files as ever; so bad lines, odd spellings and files that are no UTF-8 are judged in one place,
and what Spark doesn't understand costs time and never a figure. What comes back is small: groups, not lines.

What does not belong here: finding and keeping files, and the check of what lines are grouped by (``entries.read``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.addresses import is_address
from orchestration.entries.contract import EntryColumn
from orchestration.entries.files import CSV, EntryFiles
from orchestration.entries.read import EntryFile, EntryScanner, Scanned
from orchestration.warehouse.spark.session import (
    SparkFailedError,
    SparkSettings,
    clear,
    literal,
    own_folder,
    spark_session,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: What Java says while entries are summed, beside the build file.
LOG = "spark-entries.log"
#: A field and the comma behind it: as in ``entries.read``, less control characters. What it may repeat it never gives
#: back, since Java's stack would not bear that in a long field.
_FIELDS = r'("[^"\x00-\x1f]*+(?:""[^"\x00-\x1f]*+)*+"|[^",\x00-\x1f]*+),'
#: A longer line is DuckDB's to refuse.
_LONGEST = 1 << 20
_BOM = b"\xef\xbb\xbf"
#: Types of Parquet columns that Spark reads as DuckDB does, besides DECIMAL(p, s).
_TYPES = {
    "VARCHAR": "string", "DATE": "date", "TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "int",
    "BIGINT": "bigint",
}  # fmt: skip
#: Spark would take these in a path for a pattern.
_PATTERN = set("*?[]{}\\")


@contextmanager
def scanner(spark: SparkSettings, warehouse: Path) -> Iterator[EntryScanner]:
    """A scan of entries for one build. Spark starts with the first new file, and ends with the reading."""
    with ExitStack() as stack:
        own = own_folder(warehouse)

        @cache
        def session() -> SparkSession:
            return stack.enter_context(spark_session(spark, warehouse, str(own), LOG))

        yield _Scanner(session, warehouse.with_name(LOG))
    clear(str(own))


@dataclass(frozen=True)
class _Scanner:
    session: Callable[[], SparkSession]
    log: Path

    def __call__(self, files: EntryFiles, new: Sequence[EntryFile], year: int) -> Scanned:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        columns = _columns(files)
        mine = [each for each in new if _suits(files, each.path)] if columns is not None else []
        try:
            mine = [each for each in mine if not is_address(each.path) or _reads(self.session(), each.path)]
            if not mine:
                return Scanned([], _empty(files))
            found = self._scan(files, [_address(each.path) for each in mine], columns or "", year).toArrow()
        except (PySparkException, Py4JError) as error:
            raise SparkFailedError(f"Spark 没有读成{files.contract.title}：见 {self.log}") from error
        return _vouched(files, mine, found)

    def _scan(self, files: EntryFiles, addresses: list[str], columns: str, year: int) -> DataFrame:
        session = self.session()
        reader = session.read.option("recursiveFileLookup", True)  # a folder's name is no value of a column
        if files.kind == CSV:
            lines = reader.option("lineSep", "\n").text(addresses)
        else:
            lines = reader.schema(columns).parquet(*addresses)
        lines.selectExpr("*", "_metadata.file_path as file").createOrReplaceTempView("entry_lines")
        return session.sql(_grouped(files, year))


def _columns(files: EntryFiles) -> str | None:
    """The contract's columns of Parquet files as Spark's schema; None where it wouldn't read a type as DuckDB does."""
    found = []
    for (title, kind), name in zip(files.header, files.columns, strict=True):
        known = kind.lower() if kind.startswith("DECIMAL(") else _TYPES.get(kind)
        if known is None and name:
            return None
        found += [f"{_quoted(title)} {known}"] if name else []
    return ", ".join(found)


def _suits(files: EntryFiles, path: Path) -> bool:
    """Whether Spark takes a file for what it is: by its name it may pass it over, or not know how it is compressed."""
    endings = (".csv", ".csv.gz") if files.kind == CSV else (".parquet",)
    odd = path.name.startswith(("_", ".")) or ".." in path.parts or _PATTERN & set(str(path))
    return path.name.endswith(endings) and not odd


def _reads(session: SparkSession, path: Path) -> bool:
    """Whether this Spark knows the filesystem of an address."""
    from py4j.protocol import Py4JJavaError

    java: Any = session.sparkContext
    scheme = str(path).partition("://")[0]
    try:
        java._jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass(scheme, java._jsc.hadoopConfiguration())
    except Py4JJavaError:
        return False
    return True


def _address(path: Path) -> str:
    return str(path) if is_address(path) else f"file://{path.absolute()}"


def _plain(address: str) -> str:
    """An address without its quoting, and with one slash where Spark writes one or three."""
    scheme, _, rest = address.partition(":")
    return f"{scheme}:/{rest.lstrip('/')}"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _grouped(files: EntryFiles, year: int) -> str:
    """SQL of the groups of all lines. Those that are no entry, or a bad one, are one group a file, whatever stands in
    them."""
    contract = files.contract
    keys = ", ".join(f"if(good, raw_{name}, null) as raw_{name}" for name in contract.grouping)
    good = " and ".join(f"coalesce({_good(column, files, year)}, false)" for column in contract.columns)
    return f"""
        with judged as (select *, is_entry and is_formed and {good} as good from ({_placed(files)}))
        select
            file, {keys}, cast(sum(if(good, {_amount(files)}, null)) as decimal(38, 2)) as amount,
            count_if(good) as entries, count_if(is_entry and not good) as bad, count_if(is_head) as heads,
            count(*) as lines, sum(bytes) as bytes, count_if(is_windows) as windows
        from judged
        group by all
    """


def _placed(files: EntryFiles) -> str:
    """SQL of all lines with the contract's columns as they stand there (``raw_…``)."""
    if files.kind != CSV:
        titles = zip(files.header, files.columns, strict=True)
        raw = ", ".join(f"{_quoted(title)} as raw_{name}" for (title, _), name in titles if name)
        return (
            f"select file, {raw}, true as is_formed, true as is_entry, false as is_head, false as is_windows, "
            "0 as bytes from entry_lines"
        )
    raw = ", ".join(f"get(fields, {place}) as raw_{name}" for place, name in enumerate(files.columns) if name)
    header = ", ".join(literal(title) for title, _ in files.header)
    return f"""
        with lines as (
            select file, octet_length(value) + 1 as bytes, endswith(value, '\\r') as is_windows,
                is_valid_utf8(value) and octet_length(value) <= {_LONGEST} as is_text,
                if(endswith(value, '\\r'), left(value, length(value) - 1), value) as raw
            from entry_lines
        ),
        cut as (
            select *, regexp_extract_all(if(is_text, raw, '') || ',', {literal(_FIELDS)}, 1) as parts from lines
        ),
        split as (
            select file, bytes, is_windows, raw = '' as is_blank,
                is_text and size(parts) = {len(files.header)}
                    and length(array_join(parts, ',')) = length(raw) as is_formed,
                transform(parts, part -> if(
                    startswith(part, '"'), replace(substr(part, 2, length(part) - 2), '""', '"'), part
                )) as fields
            from cut
        ),
        told as (select *, is_formed and fields = array({header}) as is_head from split)
        select file, bytes, is_windows, is_head, not is_head and not is_blank as is_entry, is_formed, {raw} from told
    """


def _amount(files: EntryFiles) -> str:
    return f"try_cast(raw_{files.contract.amount.name} as decimal(18, 2))"


def _good(column: EntryColumn, files: EntryFiles, year: int) -> str:
    """When a column is good beyond doubt, in its plainest spelling; null counts as not."""
    raw, is_text = f"raw_{column.name}", files.type_of(column.name) == "VARCHAR"
    blank = f"({raw} is null or {raw} = '')" if is_text else f"{raw} is null"
    if column.values:
        good = f"{raw} in ({', '.join(literal(word) for word in column.values)})"
    elif column.type == "money":
        good = f"{_amount(files)} is not null" + (f" and {raw} rlike {_number(2)}" if is_text else "")
    elif column.type == "integer":
        good = f"try_cast({raw} as bigint) is not null" + (f" and {raw} rlike {_number(0)}" if is_text else "")
    elif column.type == "date":
        day = literal(rf"\A{year}-[0-9]{{2}}-[0-9]{{2}}\z")
        return f"{raw} rlike {day}" if is_text else f"year({raw}) = {year}"
    else:
        good = f"not {blank} and not contains({raw}, '\\n')"
    return f"({good})" if column.required else f"({blank} or coalesce({good}, false))"


def _number(places: int) -> str:
    fraction = rf"([.][0-9]{{1,{places}}})?" if places else ""
    return literal(rf"\A-?[0-9]+{fraction}\z")


def _vouched(files: EntryFiles, scanned: Sequence[EntryFile], found: pa.Table) -> Scanned:
    """The files of which all is there and all is good, and their groups. Raises ``SparkFailedError``: Spark names a
    file that it was not given."""
    known = {_plain(_address(each.path)): each for each in scanned}
    named = {name: _plain(unquote(name)) for name in pc.unique(found["file"]).to_pylist()}
    if strange := sorted(name for name, plain in named.items() if plain not in known):
        raise SparkFailedError(f"Spark 读了没有交给它的文件：{'、'.join(strange)}")
    counts = ["entries", "bad", "heads", "lines", "bytes", "windows"]
    totals = found.group_by("file").aggregate([(count, "sum") for count in counts]).to_pylist()
    by_path = {named[row["file"]]: {count: row[f"{count}_sum"] for count in counts} for row in totals}
    sound = {
        plain: each
        for plain, each in known.items()
        if _adds_up(files, each, by_path.get(plain, dict.fromkeys(counts, 0)))
    }
    place = {name: str(sound[plain].path) for name, plain in named.items() if plain in sound}
    groups = found.filter(
        pc.and_(pc.is_in(found["file"], pa.array(list(place), pa.string())), pc.greater(found["entries"], 0))
    )
    paths = pa.array([place[name] for name in groups["file"].to_pylist()], pa.string())
    return Scanned(list(sound.values()), groups.set_column(0, "file", paths))


def _adds_up(files: EntryFiles, each: EntryFile, count: dict[str, int]) -> bool:
    """Whether every line of a file has been seen, and every one is good."""
    if count["bad"]:
        return False
    if files.kind != CSV:
        import pyarrow.parquet as pq

        with each.path.open("rb") as file:
            return bool(pq.ParquetFile(file).metadata.num_rows == count["entries"])
    if count["heads"] != 1:  # the first line is one; DuckDB judges another
        return False
    if not each.path.name.endswith(".csv"):  # compressed: it was read to its end when it was found
        return count["windows"] in (0, count["lines"])
    beyond = count["bytes"] - each.stamp[0]  # one, where the last line has no end
    if beyond < 0:
        with each.path.open("rb") as file:
            beyond += len(_BOM) if file.read(len(_BOM)) == _BOM else 0  # which Spark passes over
    return beyond in (0, 1) and count["windows"] in (0, count["lines"] - beyond)


def _empty(files: EntryFiles) -> pa.Table:
    """No groups."""
    names = ["file", *(f"raw_{name}" for name in files.contract.grouping)]
    fields = [(name, pa.string()) for name in names]
    return pa.schema([*fields, ("amount", pa.decimal128(38, 2)), ("entries", pa.int64())]).empty_table()
