"""The same entries read by DuckDB and by Spark: the same sums, counts and bad lines, file by file."""

from __future__ import annotations

import datetime
import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.base.addresses import resolve_path
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import ROOT, Settings
from orchestration.entries import read as reader
from orchestration.entries.contract import EntryContract, read_entry_contracts
from orchestration.entries.files import EntryFiles, find_files
from orchestration.entries.read import EntryFile, EntryScanner, Scanned, read_entries
from orchestration.synthetic.generate import generate
from orchestration.synthetic.plan import Plan, make_plan
from orchestration.synthetic.targets import targets
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.spark import entries as spark_entries
from orchestration.warehouse.spark.session import SparkFailedError
from tests.unit.entries.test_read import BAD, CONTRACT, GOOD, HEADER, csv_file, table

pytestmark = pytest.mark.spark

YEAR, SEED, ENTRIES = 2024, 7, 20_000
#: Lines that are good in a spelling of their own, or that are none.
ODD = [
    "",
    '"2024-03-01","0012","","支出","3","1234.50"',
    '2024-03-01,"00""1""2，",,收入,-3,-0.01',
    "2024-03-01,0012, 03 ,支出,0003,0000000000000000000000001234.5",
    "2024-03-01,0012,𠮷,支出,3,9999999999999999.99",
    "2024-03-01,00\t12,,支出,3,7",
    "2024/03/01,0012,,支出,3,7",
    '2024-03-01, "0012",,支出,3,1.00',
    f"2024-03-01,{'长' * 5_000},,支出,3,7",
    f'2024-03-01,"{"长，" * 20_000}",,支出,3,7',
]


class Told:
    """A scan that remembers which files it has vouched for."""

    def __init__(self, scan: EntryScanner) -> None:
        self.scan, self.vouched = scan, set[str]()

    def __call__(self, files: EntryFiles, new: Any, year: int) -> Scanned:
        scanned = self.scan(files, new, year)
        self.vouched |= {each.path.name for each in scanned.files}
        return scanned


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EntryScanner]:
    folder = tmp_path_factory.mktemp("年度 账%20")
    engine = engine_of(Settings(department="hunan_hrss", home=folder, raw=ROOT / "raw", target="spark"))
    build = folder / "build"
    with engine.entry_scanner(build / "warehouse.duckdb") as found:
        assert found is not None and not build.exists()  # nothing starts before there is a file to read
        yield found
    assert sorted(path.name for path in build.iterdir()) == ["spark-entries.log"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    settings = Settings(department="hunan_hrss", home=tmp_path_factory.mktemp("home"), raw=ROOT / "raw")
    return make_plan(targets(settings, YEAR), YEAR, SEED, ENTRIES)


@pytest.fixture
def told(scan: EntryScanner) -> Told:
    return Told(scan)


def content(path: Path) -> tuple[Any, list[Any]]:
    """Columns with their types, and rows, of a kept file."""
    return pq.read_schema(path), duckdb.execute("from read_parquet(?)", [str(path)]).fetchall()


def both(tmp_path: Path, scan: EntryScanner, *paths: Path, contract: EntryContract = CONTRACT) -> list[EntryFile]:
    """Read on either engine, find the same, and return what was read."""
    theirs = read_entries(contract, paths, YEAR, tmp_path / "by-duckdb")
    heard: list[str] = []
    before = set((tmp_path / "by-spark").glob("*.sums.parquet"))
    ours = read_entries(contract, paths, YEAR, tmp_path / "by-spark", on_file=heard.append, scan=scan)
    for spark, other in zip(ours, theirs, strict=True):
        assert (spark.path, spark.content) == (other.path, other.content)
        assert content(spark.sums) == content(other.sums), spark.path.name
        assert content(spark.aside) == content(other.aside), spark.path.name
    assert len(heard) == len({each.sums for each in ours} - before)
    return ours


def bad(files: list[EntryFile]) -> int:
    return sum(len(content(each.aside)[1]) for each in files)


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_generated_entries_are_summed_by_spark_to_the_fen(form: str, plan: Plan, told: Told, tmp_path: Path) -> None:
    contracts = read_entry_contracts(ROOT / "raw" / "contracts" / "entries")
    written = generate(plan, contracts, tmp_path / "out", form)
    for ledger, contract in contracts.items():
        found = both(tmp_path, told, written.folder / ledger, contract=contract)
        assert told.vouched >= {each.path.name for each in found} and bad(found) == 0


def test_every_kind_of_bad_line_is_set_aside_alike(told: Told, tmp_path: Path) -> None:
    lines = [*BAD, '2024-03-01,"00\n12",,支出,3,1.00', HEADER, ",,,,,"]
    paths = [csv_file(tmp_path, GOOD, line, GOOD, name=f"{number}.csv") for number, line in enumerate(lines)]
    paths.append(csv_file(tmp_path, GOOD, *lines, *[GOOD] * 500, name="all.csv"))
    good = csv_file(tmp_path, GOOD, GOOD, name="good.csv")
    found = both(tmp_path, told, *paths, good)
    thirtieth = next(path.name for path, line in zip(paths, lines, strict=False) if "02-30" in line)
    assert told.vouched == {"good.csv", thirtieth}  # no such day: found in the groups
    assert bad(found) == 2 * len(lines) + 2


def test_odd_spellings_and_line_ends_cost_time_and_no_figure(told: Told, tmp_path: Path) -> None:
    paths = [csv_file(tmp_path, GOOD, line, GOOD, name=f"{number}.csv") for number, line in enumerate(ODD)]
    whole = {
        "windows": "\r\n".join(["\ufeff" + HEADER, GOOD, "", GOOD, ""]),
        "windows-without-an-end": "\r\n".join(["\ufeff" + HEADER, GOOD]),
        "mark": "\n".join(["\ufeff" + HEADER, GOOD, ""]),
        "without-an-end": "\n".join([HEADER, "", GOOD + "1"[:0]]),
        "no-lines": HEADER + "\n",
        "header-alone": HEADER,
        "quoted-header": "\n".join([f'"{HEADER.replace(",", chr(34) + "," + chr(34))}"', GOOD, ""]),
        "_hidden": "\n".join([HEADER, GOOD, GOOD, GOOD, ""]),
        "a%20b c#+": "\n".join([HEADER, GOOD, GOOD, GOOD, GOOD, ""]),
    }
    for name, text in whole.items():
        (tmp_path / f"{name}.csv").write_bytes(text.encode())
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
    found = both(tmp_path, told, *paths, *(path for name in whole for path in sorted(tmp_path.glob(f"{name}.csv*"))))
    assert bad(found) == 0
    left = {each.path.name for each in found} - told.vouched
    assert left <= {"5.csv", "6.csv", "7.csv", "_hidden.csv", "_hidden.csv.gz", "windows-without-an-end.csv.gz"}, left


def test_parquet_of_any_exact_type_is_read_alike(told: Told, tmp_path: Path) -> None:
    day = [datetime.date(2024, 3, 1)] * 2
    tables: dict[str, dict[str, Any]] = {
        "plain": {},
        "words": {"日期": ["2024-03-01", "2024-12-31"], "金额": ["1.5", "-90071992547409.93"], "人次": ["3", "-4"]},
        "small": {"金额": pa.array([Decimal("1.5"), None], pa.decimal128(5, 1))},
        "whole": {"金额": pa.array([7, -8], pa.int32()), "人次": pa.array([3, 4], pa.int8())},
        "blank": {"凭证号": ["0012", ""]},
        "null": {"人次": pa.array([None, 4], pa.int64())},
        "year": {"日期": pa.array([day[0], datetime.date(2023, 12, 31)])},
        "word": {"收支": ["支出", "别的"]},
    }
    for name, columns in tables.items():
        pq.write_table(table(**columns), tmp_path / f"{name}.parquet")
        pq.write_table(table(**columns).slice(0, 0), tmp_path / f"{name}-empty.parquet")
        both(tmp_path, told, tmp_path / f"{name}.parquet", tmp_path / f"{name}-empty.parquet")
    sound = {"plain", "words", "whole"}
    empty = {name for name in told.vouched if "-empty" in name}  # once for all that have the same content
    assert told.vouched - empty == {f"{name}.parquet" for name in sound}
    assert empty >= {f"{name}-empty.parquet" for name in ("plain", "words", "small", "whole")}


def test_files_that_are_refused_are_refused_in_the_same_words(told: Told, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEADER.encode() + b"\n" + GOOD.encode() + b"\n" + GOOD.encode("gbk") + b"\n")
    good = csv_file(tmp_path, GOOD, GOOD, name="good.csv")
    said: list[list[Problem]] = []
    for scan in (None, told):
        with pytest.raises(InputError) as caught:
            read_entries(CONTRACT, [tmp_path / "a.csv", good], YEAR, tmp_path / f"{scan is None}", scan=scan)
        said.append(caught.value.problems)
    assert said[0] == said[1] and said[0][0].cell == "第3行" and told.vouched == {"good.csv"}


def test_a_file_that_changes_while_spark_reads_it_is_refused(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv_file(tmp_path, GOOD)
    before = spark_entries._vouched

    def slow(*arguments: Any) -> Scanned:
        csv_file(tmp_path, GOOD, GOOD)
        return before(*arguments)

    monkeypatch.setattr(spark_entries, "_vouched", slow)
    with pytest.raises(InputError) as caught:
        read_entries(CONTRACT, [path], YEAR, tmp_path / "kept", scan=told)
    assert caught.value.problems[0].found == "读的时候文件变了"


def test_what_spark_was_not_given_or_has_not_seen_is_never_passed_over(scan: EntryScanner, tmp_path: Path) -> None:
    files = find_files(CONTRACT, [csv_file(tmp_path, GOOD), csv_file(tmp_path, GOOD, GOOD, name="b.csv")])
    new = [reader._named(path, files, YEAR, tmp_path) for path in files.paths]
    found = scan(files, new, YEAR)
    assert [each.path.name for each in found.files] == ["a.csv", "b.csv"]
    counts = {"bad": 0, "heads": 1, "lines": 2, "windows": 0, "bytes": new[0].stamp[0]}
    rows = [{"file": "file:///elsewhere/a.csv", "entries": 1, **counts}]
    with pytest.raises(SparkFailedError, match="elsewhere"):
        spark_entries._vouched(files, new, pa.Table.from_pylist(rows))
    for spoiled in ({"bad": 1}, {"heads": 0}, {"bytes": new[0].stamp[0] - 60}, {"windows": 1}):
        name = f"file://{new[0].path}".replace(" ", "%20")
        rows = [{"file": name, "entries": 1, **counts, **spoiled}]
        assert spark_entries._vouched(files, new, pa.Table.from_pylist(rows)).files == []


def test_an_address_that_spark_does_not_know_is_left_to_duckdb(told: Told, tmp_path: Path) -> None:
    path = csv_file(tmp_path, GOOD)
    far = resolve_path("memory://spark/b.csv", tmp_path)
    far.write_bytes(path.read_bytes() + GOOD.encode())
    found = both(tmp_path, told, path, far)
    assert len(found) == 2 and told.vouched == {"a.csv"}


def test_another_unit_than_yuan_is_exact_too(told: Told, tmp_path: Path) -> None:
    columns = [c.model_copy(update={"unit": "万元"}) if c.type == "money" else c for c in CONTRACT.columns]
    contract = CONTRACT.model_copy(update={"columns": tuple(columns)})
    (found,) = both(tmp_path, told, csv_file(tmp_path, *[GOOD] * 3), contract=contract)
    assert told.vouched == {"a.csv"} and content(found.sums)[1][0][-2:] == (3 * 1234_500_000, 3)
