"""Reading entries: exact, all of them, and what cannot be read is set aside with its place or refused with its file."""

from __future__ import annotations

import datetime
import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from upath import UPath

from orchestration.base.problems import InputError, Problem
from orchestration.entries import read as reader
from orchestration.entries.contract import EntryContract, read_entry_contracts
from orchestration.entries.read import EntryFile, read_entries
from orchestration.synthetic.generate import FORMATS, GeneratedEntries, generate
from orchestration.synthetic.plan import make_plan
from orchestration.synthetic.targets import Target

from .conftest import ENTRIES, SEED, YEAR

CONTRACT = EntryContract.model_validate(
    yaml.safe_load("""
    entries: payment
    title: 支付明细
    short: 支付
    columns:
      - {name: date, header: 日期, type: date}
      - {name: voucher_no, header: 凭证号, aliases: [凭证编号], type: code}
      - {name: project_no, header: 项目, type: code, required: false}
      - {name: side, header: 收支, type: text, values: {收入: income, 支出: expenditure}}
      - {name: count, header: 人次, type: integer}
      - {name: amount, header: 金额, type: money, unit: 元}
    sums:
      - {ledger: by_project, short: 各项目, prints: project_expenditure, keys: [project_no], measure: side}
    """)
)
HEADER = "日期,凭证号,项目,收支,人次,金额"
GOOD = "2024-03-01,0012,,支出,3,1234.50"


def csv_file(folder: Path, *lines: str, name: str = "a.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def read(
    tmp_path: Path, *paths: Path, contract: EntryContract = CONTRACT, memory: str = "1GB", read: list[str] | None = None
) -> list[EntryFile]:
    return read_entries(contract, paths, YEAR, tmp_path / "kept", memory, (read if read is not None else []).append)


def sums(found: list[EntryFile]) -> list[Any]:
    """Month, project, side, fen, entries: over all files."""
    return duckdb.execute("from read_parquet(?) order by all", [[str(file.sums) for file in found]]).fetchall()


def entries(found: list[EntryFile]) -> dict[str, int]:
    """Good lines by file name."""
    query = "select coalesce(sum(entries), 0) from read_parquet(?)"
    return {file.path.name: duckdb.execute(query, [str(file.sums)]).fetchall()[0][0] for file in found}


def aside(found: list[EntryFile]) -> list[tuple[str, int, str, str]]:
    """File name, line, reason and raw line of each bad line."""
    return [
        (file.path.name, *row)
        for file in found
        for row in duckdb.execute("from read_parquet(?) order by line", [str(file.aside)]).fetchall()
    ]


def refused(tmp_path: Path, *paths: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        read(tmp_path, *paths)
    return caught.value.problems


def test_sums_are_exact_and_codes_stay_text(tmp_path: Path) -> None:
    found = read(tmp_path, csv_file(tmp_path, GOOD, "2024-12-31,0007,03,收入,0,-90071992547409.93", GOOD, ""))
    assert sums(found) == [
        (3, None, "expenditure", 246900, 2),
        (12, "03", "income", -9007199254740993, 1),
    ]
    assert aside(found) == []


def test_an_amount_beyond_all_reason_is_read_all_the_same(tmp_path: Path) -> None:
    found = read(tmp_path, csv_file(tmp_path, *[GOOD.replace("1234.50", "9999999999999999.99")] * 30, GOOD))
    assert sums(found) == [(3, None, "expenditure", 30 * 999999999999999999 + 123450, 31)]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_sums(
    form: str, accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path: Path
) -> None:
    plan = make_plan(accounts, YEAR, SEED, 3_000)
    written = generate(plan, entry_contracts, tmp_path / "out", form)
    for ledger, contract in entry_contracts.items():
        found = read(tmp_path, written.folder / ledger, contract=contract)
        assert aside(found) == []
        assert sum(entries(found).values()) == sum(n for name, n in written.files.items() if name.startswith(ledger))
        assert sum(row[-2] for row in sums(found)) == sum(each.fen for each in accounts if each.ledger == ledger)


def test_a_folder_is_one_ledger(
    tmp_path: Path, synthetic: GeneratedEntries, entry_contracts: dict[str, EntryContract]
) -> None:
    found = read(tmp_path, synthetic.folder / "fund_entry", contract=entry_contracts["fund_entry"])
    assert len(found) == 12 and sum(entries(found).values()) == ENTRIES // 2


def test_only_a_file_that_is_new_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for month in range(1, 4):
        csv_file(folder, GOOD.replace("-03-", f"-0{month}-"), name=f"{month}.csv")
    first, second, third, fourth = ([] for _ in range(4))
    before = sums(read(tmp_path, folder, read=first))
    again = sums(read(tmp_path, folder, read=second))
    csv_file(folder, GOOD.replace("-03-", "-02-"), GOOD.replace("-03-", "-02-"), name="2.csv")
    (folder / "1.csv").rename(folder / "01.csv")
    after = sums(read(tmp_path, folder, read=third))
    other = CONTRACT.model_copy(update={"title": "改过的契约"})
    read(tmp_path, folder, contract=other, read=fourth)
    assert (first, second, third, len(fourth)) == (["1.csv", "2.csv", "3.csv"], [], ["2.csv"], 3)
    assert again == before and [row[-1] for row in after] == [1, 2, 1]


def test_a_file_that_is_there_twice_counts_twice(tmp_path: Path) -> None:
    read_names: list[str] = []
    found = read(tmp_path, csv_file(tmp_path, GOOD), csv_file(tmp_path, GOOD, name="b.csv"), read=read_names)
    assert sum(row[-1] for row in sums(found)) == 2 and len(read_names) == 1


BAD = {
    "2024-03-02,0013,,支出,3": "有 5 栏，应有 6 栏",
    "2024-03-02,0013,,支出,3,1.00,多": "有 7 栏，应有 6 栏",
    "2024-03-02,0013,,支出,3,1.005": "金额「1.005」不是以元计、至多两位小数的数",
    "2024-03-02,0013,,支出,3,1e5": "金额「1e5」不是以元计、至多两位小数的数",
    "2024-03-02,0013,,支出,3,": "金额空白",
    "2024-03-02,0013,,支出,三,1.00": "人次「三」不是整数",
    "2024-03-02,0013,,支出,1.5,1.00": "人次「1.5」不是整数",
    "2024-02-30,0013,,支出,3,1.00": "日期「2024-02-30」不是 年-月-日",
    "2023-12-31,0013,,支出,3,1.00": "日期「2023-12-31」不在 2024 年",
    "2024-03-02,,,支出,3,1.00": "凭证号空白",
    "2024-03-02,0013,,收支,3,1.00": "收支「收支」不是其中之一：收入、支出",
    '2024-03-02,"0013,,支出,3,1.00': "引号没有成对",
}


@pytest.mark.parametrize(("line", "reason"), BAD.items())
def test_a_bad_line_is_set_aside_with_its_number_and_reason(line: str, reason: str, tmp_path: Path) -> None:
    good = csv_file(tmp_path, GOOD, name="good.csv")
    bad = csv_file(tmp_path, GOOD, "", '2024-03-01,0012,"引""号,里",支出,3,2.00', line, GOOD, name="bad.csv")
    found = read(tmp_path, good, bad)
    assert aside(found) == [("bad.csv", 5, reason, line)]
    assert entries(found) == {"good.csv": 1, "bad.csv": 3}
    assert (3, '引"号,里', "expenditure", 200, 1) in sums(found)


def test_a_stray_quotation_mark_costs_one_line(tmp_path: Path) -> None:
    """Read as CSV it would swallow everything up to the next one, lines that are good among it."""
    stray = '2024-03-02,"0013,,支出,3,1.00'
    found = read(tmp_path, csv_file(tmp_path, GOOD, stray, *[GOOD] * 500, stray, GOOD))
    assert [(line, raw) for _, line, _, raw in aside(found)] == [(3, stray), (504, stray)]
    assert entries(found) == {"a.csv": 502}


def test_no_line_is_lost_among_many_bad_ones(tmp_path: Path) -> None:
    lines = [GOOD if n % 7 else list(BAD)[n // 7 % len(BAD)] for n in range(20_000)]
    found = read(tmp_path, csv_file(tmp_path, *lines))
    assert sum(entries(found).values()) + len(aside(found)) == len(lines)
    numbers = {line for _, line, _, _ in aside(found)}
    assert numbers == {n + 2 for n, line in enumerate(lines) if line in BAD}


def test_windows_line_ends_and_a_byte_order_mark_are_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(["\ufeff" + HEADER, GOOD, GOOD + "x", GOOD]).encode())
    found = read(tmp_path, path)
    assert entries(found) == {"a.csv": 2} and [line for _, line, _, _ in aside(found)] == [3]


def table(**columns: Any) -> pa.Table:
    known = {
        "日期": pa.array([datetime.date(2024, 3, 1)] * 2),
        "凭证号": ["0012", "0013"],
        "项目": pa.array([None, "03"], pa.string()),
        "收支": ["支出", "收入"],
        "人次": pa.array([3, 4], pa.int64()),
        "金额": pa.array([Decimal("1234.50"), Decimal("0.01")], pa.decimal128(18, 2)),
    }
    return pa.table({**known, **columns})


def test_a_bad_line_of_a_parquet_file_is_set_aside_too(tmp_path: Path) -> None:
    pq.write_table(table(收支=["支出", "别的"]), tmp_path / "a.parquet")
    found = read(tmp_path, tmp_path / "a.parquet")
    ((name, line, reason, raw),) = aside(found)
    assert (name, line, reason) == ("a.parquet", 2, "收支「别的」不是其中之一：收入、支出")
    assert '"凭证号":"0013"' in raw and sums(found) == [(3, None, "expenditure", 123450, 1)]


def test_a_half_written_parquet_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "c"):
        pq.write_table(table(), folder / f"{name}.parquet")
    whole = (folder / "b.parquet").read_bytes()
    (folder / "b.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "c.parquet").write_bytes(b"")
    problems = refused(tmp_path, folder)
    assert [Path(problem.file).name for problem in problems] == ["b.parquet", "c.parquet"]
    assert all("没有写完" in problem.found for problem in problems)


def test_a_compressed_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    """DuckDB reads it as a shorter one, without a word."""
    whole = gzip.compress(("\n".join([HEADER, *(f"{GOOD}{n % 10}" for n in range(9_000))]) + "\n").encode())
    (tmp_path / "a.csv.gz").write_bytes(whole[:-20])
    (problem,) = refused(tmp_path, tmp_path / "a.csv.gz")
    assert problem.file.endswith("a.csv.gz") and "没有写完" in problem.found


def test_a_schema_that_changes_between_files_is_refused_naming_each(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    csv_file(folder, GOOD, name="01.csv")
    csv_file(folder, GOOD, name="02.csv")
    csv_file(folder, "0012,2024-03-01,,支出,3,1.00", name="03.csv", header="凭证号,日期,项目,收支,人次,金额")
    csv_file(folder, GOOD, name="04.csv", header=HEADER.replace("凭证号", "凭证编号"))
    problems = refused(tmp_path, folder)
    assert [Path(problem.file).name for problem in problems] == ["03.csv", "04.csv"]
    assert all("01.csv" in problem.expected for problem in problems)


def test_a_type_that_changes_between_parquet_files_is_refused(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "a.parquet")
    pq.write_table(table(人次=pa.array([3, 4], pa.int32())), tmp_path / "b.parquet")
    (problem,) = refused(tmp_path, tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert problem.file.endswith("b.parquet") and "人次 INTEGER" in problem.found


def test_amounts_that_are_doubles_and_codes_that_are_numbers_are_refused(tmp_path: Path) -> None:
    pq.write_table(table(金额=[1.0, 2.0], 凭证号=[12, 13]), tmp_path / "a.parquet")
    problems = refused(tmp_path, tmp_path / "a.parquet")
    assert [(problem.cell, problem.found) for problem in problems] == [("凭证号", "BIGINT"), ("金额", "DOUBLE")]


def test_missing_and_unknown_columns_are_named_in_every_file(tmp_path: Path) -> None:
    one = csv_file(tmp_path, "x", name="one.csv", header="日期,凭证号,项目,收支,人次")
    two = csv_file(tmp_path, "x", name="two.csv", header=HEADER + ",去向,备注")
    problems = [(Path(p.file).name, p.found, p.expected) for p in refused(tmp_path, one, two)]
    assert ("one.csv", "日期、凭证号、项目、收支、人次", "支付明细的表头，缺：金额") in problems
    assert [found for file, found, _ in problems if file == "two.csv"] == ["去向"]


def test_what_is_no_entry_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    csv_file(folder, GOOD)
    csv_file(folder, GOOD, name="b.csv.part")
    pq.write_table(table(), folder / "c.parquet")
    problems = refused(tmp_path, folder, tmp_path / "nowhere")
    assert {Path(problem.file).name for problem in problems} == {"b.csv.part", "c.parquet", "nowhere"}


@pytest.mark.parametrize("at", ["header", "line"])
def test_a_file_that_is_not_utf8_is_refused(at: str, tmp_path: Path) -> None:
    header, line = (HEADER.encode("gbk"), GOOD.encode()) if at == "header" else (HEADER.encode(), GOOD.encode("gbk"))
    (tmp_path / "a.csv").write_bytes(header + b"\n" + GOOD.encode() + b"\n" + line + b"\n")
    (problem,) = refused(tmp_path, tmp_path / "a.csv")
    assert problem.cell == ("第1行" if at == "header" else "第3行")


def test_files_of_several_scans_are_all_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_BATCH", 1)  # a scan for each file
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_bytes(HEADER.encode() + b"\n" + f"{GOOD}{name}".encode("gbk") + b"\n")
    problems = refused(tmp_path, tmp_path / "a.csv", csv_file(tmp_path, GOOD, name="good.csv"), tmp_path / "b.csv")
    assert [Path(problem.file).name for problem in problems] == ["a.csv", "b.csv"]


def test_a_parquet_file_that_is_damaged_inside_is_named(tmp_path: Path) -> None:
    """Its footer is whole, so that only reading it tells."""
    for name in ("a", "b"):
        pq.write_table(table(), tmp_path / f"{name}.parquet", compression="zstd")
    content = bytearray((tmp_path / "b.parquet").read_bytes())
    content[4:200] = bytes(196)
    (tmp_path / "b.parquet").write_bytes(content)
    (problem,) = refused(tmp_path, tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert problem.file.endswith("b.parquet") and "已损坏" in problem.found


def test_what_could_be_read_of_a_refused_input_is_kept_for_the_next_time(tmp_path: Path) -> None:
    good = csv_file(tmp_path, GOOD)
    bad = tmp_path / "b.csv"
    bad.write_bytes(HEADER.encode() + b"\n" + GOOD.encode("gbk") + b"\n")
    refused(tmp_path, good, bad)
    names: list[str] = []
    csv_file(tmp_path, GOOD, GOOD, name="b.csv")
    read(tmp_path, good, bad, read=names)
    assert names == ["b.csv"]


def test_a_blank_in_a_parquet_column_that_nothing_sums_over_is_found(tmp_path: Path) -> None:
    """Such columns are not read: the statistics of their row groups tell."""
    pq.write_table(table(凭证号=["0012", ""]), tmp_path / "a.parquet")
    pq.write_table(table(人次=pa.array([None, 4], pa.int64())), tmp_path / "b.parquet")
    found = read(tmp_path, tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert [(name, line, reason) for name, line, reason, _ in aside(found)] == [
        ("a.parquet", 2, "凭证号空白"),
        ("b.parquet", 1, "人次空白"),
    ]


def test_a_wrong_contract_names_file_and_key(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("entries: b\ntitle: 甲\nshort: 甲\ncolumns: []\n", encoding="utf-8")
    (tmp_path / "c.yml").write_text("entries: c\ntitle: 甲\nshort: 甲\ncolumn: []\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_entry_contracts(tmp_path)
    assert {Path(problem.file).name for problem in caught.value.problems} == {"a.yml", "c.yml"}
    assert any(problem.cell == "column" for problem in caught.value.problems)


def test_addresses_are_read_like_folders(
    synthetic: GeneratedEntries, entry_contracts: dict[str, EntryContract], tmp_path: Path
) -> None:
    """``memory://`` stands for any filesystem that fsspec knows."""
    contract = entry_contracts["fund_entry"]
    local = synthetic.folder / "fund_entry"
    for path in local.iterdir():
        (UPath("memory://ledgers/2024") / path.name).write_bytes(path.read_bytes())
    far = read_entries(contract, [UPath("memory://ledgers/2024")], YEAR, tmp_path / "far")
    assert sums(far) == sums(read_entries(contract, [local], YEAR, tmp_path / "near")) != []


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv_file(tmp_path, GOOD)
    before = reader._sum_batch

    def slow(*arguments: Any) -> list[Problem]:
        csv_file(tmp_path, GOOD, GOOD)
        return before(*arguments)

    monkeypatch.setattr(reader, "_sum_batch", slow)
    (problem,) = refused(tmp_path, path)
    assert problem.found == "读的时候文件变了"
    monkeypatch.undo()
    assert entries(read(tmp_path, path)) == {"a.csv": 2}


def test_a_line_break_within_quotation_marks_is_a_bad_line(tmp_path: Path) -> None:
    found = read(tmp_path, csv_file(tmp_path, GOOD, '2024-03-01,"00\n12",,支出,3,1.00', GOOD))
    assert entries(found) == {"a.csv": 2} and [line for _, line, _, _ in aside(found)] == [3, 4]


def test_line_ends_of_two_kinds_in_one_file_are_no_fault(tmp_path: Path) -> None:
    """DuckDB's own parser gives up on them."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEADER}\r\n{GOOD}\r\n{GOOD}\n{GOOD}x\r\n{GOOD}\n".encode())
    found = read(tmp_path, path, csv_file(tmp_path, GOOD, name="b.csv"))
    assert entries(found) == {"a.csv": 3, "b.csv": 1} and [line for _, line, _, _ in aside(found)] == [4]
