"""Writes a synthetic year of entries: clearly labelled, deterministic by its seed, and split in SQL, never in Python.

An entry is a function of its account and its number alone: the difference of two values of a step function that begins
at zero and ends at the account's sum, so that the entries add up to the fen without anything being summed. What stands
for chance is a mix of whole numbers (not DuckDB's ``hash``, which may change between versions). What does not belong
here: what the accounts must sum to (``targets``), how many entries they have and which faults (``plan``).
"""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.base.yaml_files import read_yaml
from orchestration.entries.contract import EntryColumn, EntryContract
from orchestration.synthetic.plan import WRONG_UNIT, Account, Plan, PlanError, PlantedFault

FORMATS = {
    "csv": ("csv", "format csv, header"),
    "csv.gz": ("csv.gz", "format csv, header, compression gzip"),
    "csv.zst": ("csv.zst", "format csv, header, compression zstd"),
    "parquet": ("parquet", "format parquet, compression zstd, row_group_size 122880"),
}
MANIFEST, KEY, README = "manifest.json", "faults.json", "README.md"
_WORDS = Path(__file__).with_name("synthetic.yml")
_ABOUT = """# 合成数据，不是任何单位的真实明细（SYNTHETIC DATA）

本文件夹由 `ledgergate generate` 生成，只供测试和量测使用，不得当作真实账目引用、报送或公布。

- 年度 {year}，种子 {seed}，{entries} 笔，格式 {format}
- 合计与 {year} 年印出的各账（更正后）在四舍五入尾差范围内相符；单笔的日期、凭证号、科目、资金来源、地区、人次都是编造的
- 一笔支出挂在哪个单位、项目、类别之下，只由各表的边际合计推出，不表示真有这样的归属
- `{manifest}` 列出每个文件和它的行数{key}
"""
_SCHEMA = pa.schema(
    {
        "number": pa.int64(), "columns": pa.map_(pa.string(), pa.string()), "fen": pa.int64(), "negative": pa.bool_(),
        "entries": pa.int64(), "first": pa.int64(), "last": pa.int64(), "large": pa.int64(), "extra": pa.int64(),
        "wrong_unit": pa.int64(), "lost_line": pa.int64(), "wrong_project": pa.int64(), "moved_to": pa.string(),
    }
)  # fmt: skip
# Stands for chance: whole numbers below 2^31 in which no order shows. Every product fits 63 bits.
_MACROS = """
create macro chance_of(line, account, salt) as
    ((line * 1103515245 + account * 7368787 + salt) % 2147483647)
    * ((line * 48271 + account * 40692 + salt * 2) % 2147483629) % 2147483587;
create macro step(line, chance, fen, entries) as
    fen // entries * line + fen % entries * line // entries
    + if(line = 0 or line = entries, 0, chance % (fen // entries));
"""


@dataclass(frozen=True)
class GeneratedEntries:
    """What was generated."""

    folder: Path
    files: dict[str, int]  # path within the folder -> lines
    faults: list[dict[str, Any]]


def generate(plan: Plan, contracts: Mapping[str, EntryContract], folder: Path, form: str = "csv") -> GeneratedEntries:
    """Write a plan to ``folder``, which must not hold anything yet; it appears whole or not at all.

    Raises ``PlanError`` where the folder is in use.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PlanError(f"{folder} 里已有文件；合成数据只写进空文件夹")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.parent / f".{folder.name}-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        files = _write(plan, contracts, fresh, form)
        key = [_described(plan, fault, form) for fault in plan.faults]
        _describe(fresh, plan, form, files, key)
        folder.mkdir(exist_ok=True)
        fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return GeneratedEntries(folder, files, key)


def file_name(ledger: str, year: int, month: int, form: str, copy: bool = False) -> str:
    """``budget_entry/budget_entry-2024-05.synthetic.csv``; a doubled file ends in ``-2``."""
    return f"{ledger}/{ledger}-{year}-{month:02d}{'-2' if copy else ''}.synthetic.{FORMATS[form][0]}"


def _write(plan: Plan, contracts: Mapping[str, EntryContract], folder: Path, form: str) -> dict[str, int]:
    """A file a month and ledger, as many at once as there are processors; returns the lines of each.

    One account's entries come from one row, and DuckDB gives a row to one thread: so each file has a thread of its own.
    """
    for ledger in plan.ledgers:
        (folder / ledger).mkdir()
    wanted = [(ledger, month) for ledger in plan.ledgers for month in plan.months(ledger)]
    with _made() as database, ThreadPoolExecutor(os.cpu_count()) as pool:
        lines = list(
            pool.map(lambda each: _write_file(database, plan, contracts[each[0]], each[1], folder, form), wanted)
        )
    files: dict[str, int] = {}
    for (ledger, month), written in zip(wanted, lines, strict=True):
        name = file_name(ledger, plan.year, month, form)
        files[name] = written
        if month in plan.doubled(ledger):
            copy = file_name(ledger, plan.year, month, form, copy=True)
            shutil.copyfile(folder / name, folder / copy)
            files[copy] = written
    return files


def _write_file(
    database: duckdb.DuckDBPyConnection, plan: Plan, contract: EntryContract, month: int, folder: Path, form: str
) -> int:
    target = _text(str(folder / file_name(contract.entries, plan.year, month, form)))
    accounts = [(account, account.lines(month)) for account in plan.of(contract.entries)]
    query = f"select {_columns(contract)} from ({_entries(plan, contract, month)})"
    with _accounts(database, accounts) as connection:
        ((lines,),) = connection.execute(f"copy ({query}) to {target} ({FORMATS[form][1]})").fetchall()
    return int(lines)


@contextmanager
def _made() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the macros. Opening one costs more than a small month does, so all files share it."""
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute(_MACROS)
        yield database


@contextmanager
def _accounts(
    database: duckdb.DuckDBPyConnection, accounts: Iterable[tuple[Account, range]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the database, with the accounts and their lines as the table ``account``."""
    rows = [_row(account, lines) for account, lines in accounts if lines]
    with database.cursor() as connection:
        connection.register("account", pa.Table.from_pylist(rows, schema=_SCHEMA))
        yield connection


def _row(account: Account, lines: range) -> dict[str, Any]:
    large, extra = account.large
    fault = account.fault
    return {
        "number": account.number, "columns": account.target.columns, "fen": abs(account.target.fen) - extra,
        "negative": account.target.fen < 0, "entries": account.entries, "first": lines.start, "last": lines.stop,
        "large": large, "extra": extra, "moved_to": fault.project_no if fault else None,
        **{kind: fault.line if fault and fault.kind == kind else None
           for kind in ("wrong_unit", "lost_line", "wrong_project")},
    }  # fmt: skip


def _entries(plan: Plan, contract: EntryContract, month: int) -> str:
    """SQL of a month's entries, one column for each of the contract: codes as words, the amount in fen."""
    words = _words()
    salt = plan.seed % 2**31
    made = {
        "date": f"make_date({plan.year}, {month}, 1 + (chance % 28)::integer)",
        "voucher_no": "concat(prefix, line::varchar)",
        "project_no": "if(line is not distinct from wrong_project, moved_to, project_no)",
        "count": "1 + (chance % 4999)::integer",
        "amount": "(step(line + 1, following, fen, entries) - step(line, chance, fen, entries)"
        f" + if(line = large, extra, 0)) * sign * if(line is not distinct from wrong_unit, {WRONG_UNIT}, 1)",
        **{
            name: f"{_list(each)}[1 + (chance // {7 + n} % {len(each)})]"
            for n, (name, each) in enumerate(words.items())
        },
    }
    columns = ", ".join(f"{made.get(column.name, column.name)} as {column.name}" for column in contract.columns)
    given = [c for c in contract.columns if c.name == "project_no" or c.name not in made]
    shared = "".join(f", {_word(column)} as {column.name}" for column in given)
    return f"""
        select {columns}
        from (
            select
                *, chance_of(line, number, {salt}) as chance, chance_of(line + 1, number, {salt}) as following
            from (
                select
                    number, fen, entries, large, extra, wrong_unit, lost_line, wrong_project, moved_to,
                    if(negative, -1, 1) as sign, format('{{:04d}}-', number) as prefix{shared},
                    unnest(range(first, last)) as line
                from account
            )
            where line is distinct from lost_line
        )
    """


@functools.cache
def _words() -> dict[str, list[str]]:
    """Words for what no printed figure says, by the column's name."""
    words: dict[str, list[str]] = read_yaml(_WORDS)
    return words


def _word(column: EntryColumn) -> str:
    """A column that the account gives: its code turned back into the word that a file prints."""
    found = f"columns['{column.name}']"
    if not column.values:
        return f"nullif({found}, '')"
    words = ", ".join(f"{_text(code)}: {_text(word)}" for word, code in column.values.items())
    return f"coalesce((map {{{words}}})[{found}], nullif({found}, ''))"


def _columns(contract: EntryContract) -> str:
    """The columns as a file prints them: Chinese headers, yuan with fen."""
    shown = {contract.amount.name: f"({contract.amount.name}::decimal(18, 0) * 0.01)::decimal(18, 2)"}
    return ", ".join(f'{shown.get(column.name, column.name)} as "{column.header}"' for column in contract.columns)


def _described(plan: Plan, fault: PlantedFault, form: str) -> dict[str, Any]:
    """One line of the key: which file, which account and line, the amount, and by how much a sum is off, in fen."""
    doubled = fault.kind == "doubled_file"
    facts: dict[str, Any] = {
        "kind": fault.kind, "ledger": fault.ledger, "month": fault.month,
        "file": file_name(fault.ledger, plan.year, fault.month, form, copy=doubled),
    }  # fmt: skip
    if fault.account is None:
        return facts
    account = plan.accounts[fault.account]
    fen = _amount(plan, account, fault.line or 0)
    off = {"wrong_unit": fen * (WRONG_UNIT - 1), "lost_line": -fen, "wrong_project": 0}[fault.kind]
    facts |= {"account": account.target.values, "number": f"{account.number:04d}-{fault.line}", "amount_fen": fen}
    return facts | {"off_fen": off} | ({"moved_to": fault.project_no} if fault.project_no else {})


def _amount(plan: Plan, account: Account, line: int) -> int:
    """The right amount of one entry, in fen."""
    sound = Account(account.number, account.target, account.entries)
    columns = (
        EntryColumn(name="date", header="日期", type="date"),
        EntryColumn(name="amount", header="金额", type="money"),
    )
    bare = EntryContract(entries="amount", title="", short="", columns=columns)
    with _made() as database, _accounts(database, [(sound, range(line, line + 1))]) as connection:
        ((_, fen),) = connection.execute(_entries(plan, bare, 1)).fetchall()
    return int(fen)


def _describe(folder: Path, plan: Plan, form: str, files: Mapping[str, int], key: list[dict[str, Any]]) -> None:
    """What says that all this is synthetic, beside it."""
    manifest = {
        "synthetic": True, "note": "合成数据，不是任何单位的真实明细",
        "year": plan.year, "seed": plan.seed, "format": form,
        "entries": sum(account.entries for account in plan.accounts), "faults": len(key), "files": files,
        "sums": [
            {"ledger": account.target.ledger, **account.target.values, "entries": account.entries,
             "fen": account.target.fen}
            for account in plan.accounts
        ],
    }  # fmt: skip
    about = _ABOUT.format(
        **{name: manifest[name] for name in ("year", "seed", "entries", "format")},
        manifest=MANIFEST,
        key=f"\n- `{KEY}` 是特意埋下的 {len(key)} 处错误的答案" if key else "",
    )
    (folder / README).write_text(about, encoding="utf-8")
    _write_json(folder / MANIFEST, manifest)
    if key:
        _write_json(folder / KEY, {"synthetic": True, "year": plan.year, "seed": plan.seed, "faults": key})


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"
