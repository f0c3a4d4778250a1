"""What a ledger of single entries looks like, read from ``raw/contracts/entries/*.yml``: the second kind of contract.

A printed ledger has cells; an entry ledger has lines, and its sums are what printed cells are compared with. What
belongs here is the shape of a line. How lines are read is in ``read``, what they are summed to in ``rules``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from orchestration.base.problems import InputError, Problem
from orchestration.base.records import StrictRecord
from orchestration.ledgers.contract import read_model
from orchestration.ledgers.layout import Name
from orchestration.ledgers.money import MONEY_UNITS, squeeze

#: ``code`` is text that looks like a number and never becomes one: its leading zeros count.
ColumnType = Literal["date", "text", "code", "money", "integer"]


class EntryColumn(StrictRecord):
    """A column of an entry ledger. ``values`` maps what stands in a file to a code; then nothing else is allowed."""

    name: Name
    header: str
    aliases: tuple[str, ...] = ()
    type: ColumnType
    required: bool = True  # whether a line without a value is a bad line; the column itself must always be there
    values: dict[str, str] = Field(default_factory=dict)
    unit: str = ""

    @property
    def headers(self) -> frozenset[str]:
        return frozenset(squeeze(text) for text in (self.header, *self.aliases, self.name))

    @field_validator("unit")
    @classmethod
    def _unit_suits_the_type(cls, unit: str, info: ValidationInfo) -> str:
        if unit and (info.data.get("type") != "money" or unit not in MONEY_UNITS):
            raise ValueError(f"金额栏的金额单位（{'、'.join(MONEY_UNITS)}）")
        return unit

    @field_validator("values")
    @classmethod
    def _values_are_words(cls, values: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if values and info.data.get("type") not in ("text", "code"):
            raise ValueError("只有文字和代码写 values")
        return values


class EntrySum(StrictRecord):
    """A ledger of sums: entries grouped by some columns, the exact counterpart of a printed ledger.

    ``prints`` names that ledger: its rows have the same keys, its measures the same names. ``measure`` names a column
    whose codes are the measures, or the one measure that all amounts are of. ``only`` leaves out entries of other
    codes. ``total`` names the key that total rows are summed over, where the printed ledger has such rows.
    """

    ledger: Name
    short: str
    prints: Name
    keys: tuple[Name, ...] = Field(min_length=1, max_length=3)
    measure: Name
    only: dict[Name, str] = Field(default_factory=dict)
    total: Name | None = None


class EntryContract(StrictRecord):
    """One ledger of entries."""

    entries: Name
    title: str
    short: str
    columns: tuple[EntryColumn, ...] = Field(min_length=1)
    sums: tuple[EntrySum, ...] = ()
    ignored: tuple[str, ...] = ("备注",)  # columns that nothing is taken from
    on_duty: str = ""

    @model_validator(mode="after")
    def _columns_are_told_apart(self) -> EntryContract:
        headers = [header for column in self.columns for header in column.headers]
        if doubled := sorted({header for header in headers if headers.count(header) > 1}):
            raise ValueError(f"各栏不同的名字与表头（重复的有 {'、'.join(doubled)}）")
        for kind in ("money", "date"):
            if [column.type for column in self.columns].count(kind) != 1:
                raise ValueError(f"恰有一栏是 {kind}")
        return self

    @model_validator(mode="after")
    def _sums_are_over_columns(self) -> EntryContract:
        for each in self.sums:
            if unknown := {*each.keys, *each.only} - set(self.names):
                raise ValueError(f"{each.ledger}：键都是栏名（没有 {'、'.join(sorted(unknown))}）")
            if each.total is not None and each.total not in each.keys:
                raise ValueError(f"{each.ledger}：total 为它的键之一，不是 {each.total}")
            if each.measure in self.names and not self.column(each.measure).values:
                raise ValueError(f"{each.ledger}：数栏所在的栏 {each.measure} 写明 values")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def amount(self) -> EntryColumn:
        return next(column for column in self.columns if column.type == "money")

    @property
    def date(self) -> EntryColumn:
        return next(column for column in self.columns if column.type == "date")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The columns that any sum groups by, in the contract's order: the finest grain at which sums are kept."""
        used = {name for each in self.sums for name in (*each.keys, each.measure, *each.only)}
        return tuple(name for name in self.names if name in used)

    @property
    def grouping(self) -> tuple[str, ...]:
        """What lines are grouped by as they are read: the dimensions and the day."""
        return (self.date.name, *self.dimensions)

    def column(self, name: str) -> EntryColumn:
        return next(column for column in self.columns if column.name == name)


def read_entry_contract(path: Path) -> EntryContract:
    """One contract file. Raises ``InputError`` naming the file and each wrong key."""
    contract = read_model(path, EntryContract)
    if contract.entries != path.stem:
        raise InputError([Problem(str(path), "", "entries", contract.entries, f"与文件同名：{path.stem}")])
    return contract


def read_entry_contracts(folder: Path) -> dict[str, EntryContract]:
    """All entry contracts of a folder, by ledger; none where there is no folder. Every wrong file is reported."""
    contracts: dict[str, EntryContract] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            contracts[path.stem] = read_entry_contract(path)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return contracts
