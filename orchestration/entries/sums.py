"""Sums of entries as ledgers of their own: cells with half-width 0, which rules bind to printed cells like any other.

So entries need no judge of their own: the models under ``dbt_project/models/reconciliation`` compare exact sums with
printed intervals, and error localisation names the cell. What is summed by which columns is in the entry contracts.
What does not belong here: reading lines (``read``), rules (``expectations/rules/entries.yml``).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import duckdb

from orchestration.base.sql import sql_text
from orchestration.entries.contract import EntryContract, EntrySum
from orchestration.entries.read import EntryFile
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, Key, Measure
from orchestration.ledgers.reader import Ledger, Source

TOTAL = "total"


def sum_ledgers(
    contract: EntryContract, files: Sequence[EntryFile], year: int, place: str, department: str = ""
) -> list[Ledger]:
    """What entries sum to, as ledgers of the year. ``place``: what stands as the file of each cell.

    Every measure of a row that has entries is there, and so is every row whose keys are all codes of the contract: what
    has no entries is an exact zero there. An entry without a key (basic expenditure has no project) is in no sum over
    that key.
    """
    sha256 = hashlib.sha256("".join(sorted(file.content for file in files)).encode()).hexdigest()
    ledgers = []
    with duckdb.connect() as connection:
        for each in contract.sums:
            rows = connection.execute(_grouped(contract, each), [[str(file.sums) for file in files]]).fetchall()
            found = {(tuple(row[:-2]), row[-2]): int(row[-1]) for row in rows}
            described = sum_contract(contract, each)
            cells = (
                replace(cell, department=department) for cell in _cells(contract, each, described, found, year, place)
            )
            source = Source(file=place, ledger=each.ledger, note="由单笔明细相加")
            ledgers.append(Ledger(described, source, sha256, tuple(cells)))
    return ledgers


def _grouped(contract: EntryContract, each: EntrySum) -> str:
    """SQL of one grouping, over the kept sums of all files."""
    measure = each.measure if each.measure in contract.names else sql_text(each.measure)
    wanted = [f"{key} is not null" for key in each.keys] + [
        f"{name} = {sql_text(code)}" for name, code in each.only.items()
    ]
    return f"""
        select {", ".join(each.keys)}, {measure}, sum(fen) from read_parquet(?)
        where {" and ".join(wanted)} group by all
    """


def sum_contract(contract: EntryContract, each: EntrySum) -> Contract:
    """What the ledger of sums looks like, for rules and labels."""
    columns = [contract.column(name) for name in each.keys]
    if each.measure in contract.names:
        measures = {code: word for word, code in contract.column(each.measure).values.items()}
    else:
        measures = {each.measure: contract.amount.header}
    return Contract(
        ledger=each.ledger, title=each.short, short=each.short, unit="元", required=False, on_duty=contract.on_duty,
        keys=tuple(Key(name=column.name, header=column.header, values=column.values) for column in columns),
        measures=tuple(Measure(name=code, header=word) for code, word in measures.items()),
    )  # fmt: skip


def _cells(
    contract: EntryContract,
    each: EntrySum,
    described: Contract,
    found: dict[tuple[tuple[str, ...], str], int],
    year: int,
    place: str,
) -> Iterable[Cell]:
    rows = {keys for keys, _ in found}
    codes = [list(contract.column(name).values.values()) for name in each.keys]
    rows |= set(itertools.product(*codes)) if all(codes) else set()
    for keys in sorted(rows):
        for measure in described.measures:
            yield _cell(contract, each, keys, measure.name, found.get((keys, measure.name), 0), year, place)
    if not each.total:
        return
    at = each.keys.index(each.total)
    others = [{keys[n] for keys in rows} | set(known) for n, known in enumerate(codes)]
    others[at] = {TOTAL}
    for keys in sorted(itertools.product(*others)):
        for measure in described.measures:
            yield _cell(contract, each, keys, measure.name, _total(found, keys, at, measure.name), year, place)


def _total(found: dict[tuple[tuple[str, ...], str], int], keys: tuple[str, ...], at: int, measure: str) -> int:
    """The sum over all values of one key, the others being as they are."""
    return sum(
        amount
        for (row, name), amount in found.items()
        if name == measure and row[:at] + row[at + 1 :] == keys[:at] + keys[at + 1 :]
    )


def _cell(
    contract: EntryContract, each: EntrySum, keys: tuple[str, ...], measure: str, fen: int, year: int, place: str
) -> Cell:
    words = [
        {code: word for word, code in contract.column(name).values.items()}.get(key, key)
        for name, key in zip(each.keys, keys, strict=True)
    ]
    return Cell(
        fiscal_year=year, ledger=each.ledger, row_key=":".join(plain_key(key) for key in keys),
        row_kind="total" if TOTAL in keys else "detail",
        row_label=" ".join("合计" if word == TOTAL else word for word in words), measure=measure,
        text=f"{Decimal(fen).scaleb(-2):.2f}", value=Decimal(fen), unit="yuan", half_width=Decimal(0),
        printed_unit="元", file=place, sheet="", cell="",
    )  # fmt: skip


def plain_key(key: str) -> str:
    """A key as printed ledgers have it in addresses."""
    return key.replace("/", "／").replace(":", "：")
