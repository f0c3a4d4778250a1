"""Accounts: what entries of one combination of dimensions sum to, and the network that binds those sums to print.

An account is the finest thing that printed figures can accuse: one unit, project, category and kind of entry. The
rules on sums of entries are rewritten here so that accounts stand in them instead of the sums, exactly. What does not
belong here: which accounts are wrong (``diagnose``), which of their lines (``lines``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import duckdb

from orchestration.entries.contract import EntryContract, EntrySum
from orchestration.entries.sums import TOTAL, plain_key
from orchestration.ledgers.cell import folder_of
from orchestration.localisation.solver.network import Quantity, Relation

Values = tuple[str | None, ...]  # of the contract's dimensions, in their order, as codes
Months = dict[tuple[int, int], tuple[int, int]]  # (number of the file, month) -> (fen, entries)
MEASURE = "amount"


@dataclass(frozen=True)
class PlacedFile:
    """A file of entries: how people call it, where it lies, where its sums are kept, and what it holds."""

    name: str
    path: Path
    sums: Path
    content: str
    bad_lines: int = 0


@dataclass(frozen=True)
class AccountIndex:
    """One ledger of entries, summed by account, file and month."""

    year: int
    contract: EntryContract
    files: tuple[PlacedFile, ...]
    accounts: dict[Values, Months] = field(default_factory=dict)
    department: str = ""

    @classmethod
    def read(
        cls, year: int, contract: EntryContract, files: Sequence[PlacedFile], department: str = ""
    ) -> AccountIndex:
        """Read the kept sums; lines are not looked at."""
        index = cls(year, contract, tuple(files), department=department)
        columns = ", ".join([*contract.dimensions, "month", "fen", "entries"])
        with duckdb.connect() as connection:
            for number, file in enumerate(files):
                rows = connection.execute(f"select {columns} from read_parquet(?)", [str(file.sums)]).fetchall()
                for *values, month, fen, entries in rows:
                    index.accounts.setdefault(tuple(values), {})[number, month] = (int(fen), entries)
        return index

    def without(self, number: int) -> AccountIndex:
        """The same less one file."""
        kept = {
            values: {place: held for place, held in months.items() if place[0] != number}
            for values, months in self.accounts.items()
        }
        return replace(self, accounts={values: months for values, months in kept.items() if months})

    def of(self, values: Values) -> dict[str, str | None]:
        return dict(zip(self.contract.dimensions, values, strict=True))

    def fen(self, values: Values) -> int:
        return sum(fen for fen, _ in self.accounts.get(values, {}).values())

    def holding(self, values: Collection[Values]) -> list[int]:
        """The files that hold any of the accounts."""
        return sorted({number for each in values for number, _ in self.accounts.get(each, {})})

    def held(self, number: int) -> dict[tuple[Values, int], tuple[int, int]]:
        """What one file holds: (account, month) -> (fen, entries)."""
        return {
            (values, month): held
            for values, months in self.accounts.items()
            for (file, month), held in months.items()
            if file == number
        }

    def months(self, values: Iterable[Values]) -> set[int]:
        return {month for each in values for _, month in self.accounts.get(each, {})}

    def file_of(self, months: Collection[int]) -> str | None:
        """The name of the one file that has entries in a month, where there is one such file and one month."""
        found = {number for held in self.accounts.values() for number, month in held if month in months}
        return self.files[found.pop()].name if len(months) == len(found) == 1 else None

    def group(self, values: Values) -> str:
        """The kind of entry that an account is of, where the ledger has kinds: those of one kind share a season."""
        kinds = {each.measure for each in self.contract.sums if each.measure in self.contract.names}
        return "、".join(str(value) for name, value in self.of(values).items() if name in kinds)

    def word(self, name: str, value: str | None) -> str:
        """What a file prints for a code."""
        return next(
            (word for word, code in self.contract.column(name).values.items() if code == value), value or "空白"
        )

    def label(self, values: Values) -> str:
        """An account as people call it: the words of its dimensions; a project by its header and number."""
        said = []
        for name, value in self.of(values).items():
            if value is not None:
                header = self.contract.column(name).header if self.contract.column(name).type == "code" else ""
                said.append(header + self.word(name, value))
        return " ".join(said)

    def address(self, values: Values) -> str:
        key = ":".join(plain_key(value or "") for value in values)
        return f"{self.year}/{folder_of(self.department)}{self.contract.entries}/{key}/{MEASURE}"

    def sums(self, values: Values) -> list[str]:
        """Addresses of the sums that an account is in."""
        return [address for each in self.contract.sums for address in self._sums(each, values)]

    def _sums(self, each: EntrySum, values: Values) -> Iterable[str]:
        known = self.of(values)
        if any(known[name] != code for name, code in each.only.items()):
            return
        keys = [known[key] for key in each.keys]
        measure = known[each.measure] if each.measure in self.contract.names else each.measure
        if measure is None or any(key is None for key in keys):
            return
        rows = [keys]
        if each.total:
            at = each.keys.index(each.total)
            rows.append([*keys[:at], TOTAL, *keys[at + 1 :]])
        for row in rows:
            key = ":".join(plain_key(part or "") for part in row)
            yield f"{self.year}/{folder_of(self.department)}{each.ledger}/{key}/{measure}"


@dataclass
class Network:
    """Printed figures and accounts, and the rules over them.

    ``accounts``: by address, ledger and dimensions; ``totals``: names of rules on total rows.
    """

    quantities: list[Quantity]
    relations: list[Relation]
    accounts: dict[str, tuple[AccountIndex, Values]]
    totals: frozenset[str]


def sum_ledgers(indexes: Sequence[AccountIndex]) -> set[str]:
    return {each.ledger for index in indexes for each in index.contract.sums}


def expand(
    quantities: Sequence[Quantity],
    relations: Sequence[Relation],
    indexes: Sequence[AccountIndex],
    broken: Collection[str] = (),
    lacking: Mapping[str, Quantity] = MappingProxyType({}),
) -> Network:
    """The network with accounts in place of the sums. ``lacking``: by address of an account, what else is in its sums.

    Where nothing is in any sum that a ``broken`` rule asks for, there are accounts of nothing, made of those that share
    keys with it: an entry may be missing there.
    """
    summed = sum_ledgers(indexes)
    members: dict[str, list[str]] = {}
    found: dict[str, tuple[AccountIndex, Values]] = {}

    def add(index: AccountIndex, values: Values) -> None:
        address = index.address(values)
        if address not in found:
            found[address] = (index, values)
            for total in index.sums(values):
                members.setdefault(total, []).append(address)

    for index in indexes:
        for values in sorted(index.accounts, key=str):
            add(index, values)
    asked = _without_entries(relations, set(broken), members, summed)
    for index in indexes:
        for values in _empty(index, asked):
            add(index, values)

    def parts(address: str) -> Iterator[str]:
        for part in members.get(address, []) if _ledger(address) in summed else [address]:
            yield part
            if part in lacking:
                yield lacking[part].address

    def spelled(terms: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
        whole: dict[str, Decimal] = {}
        for address, weight in terms:
            for part in parts(address):
                whole[part] = whole.get(part, Decimal(0)) + weight
        return tuple((address, weight) for address, weight in whole.items() if weight)

    kept = [quantity for quantity in quantities if quantity.ledger not in summed]
    own = [_quantity(index, values) for index, values in found.values()]
    spelt = [replace(r, terms=spelled(r.terms), denominator=spelled(r.denominator)) for r in relations]
    totals = {r.name for r in relations if any(TOTAL in a.split("/")[-2].split(":") for a in r.addresses)}
    return Network([*kept, *own, *lacking.values()], spelt, found, frozenset(totals))


def _without_entries(
    relations: Iterable[Relation], broken: Set[str], members: Mapping[str, object], summed: Set[str]
) -> set[str]:
    """The sums of broken rules that have no entries in any sum that they ask for."""
    bare = [r for r in relations if r.name in broken and members.keys().isdisjoint(r.addresses)]
    return {address for relation in bare for address in relation.addresses if _ledger(address) in summed}


def _empty(index: AccountIndex, asked: Set[str]) -> Iterable[Values]:
    """Accounts without entries that sums in question would be made of."""
    names = index.contract.dimensions
    for each in index.contract.sums:
        codes = index.contract.column(each.measure).values.values() if each.measure in names else ()
        for values in list(index.accounts):
            for code in codes:
                other = tuple(
                    code if name == each.measure else value for name, value in zip(names, values, strict=True)
                )
                if other not in index.accounts and not asked.isdisjoint(index.sums(other)):
                    yield other


def _ledger(address: str) -> str:
    return address.split("/")[-3]


def _quantity(index: AccountIndex, values: Values) -> Quantity:
    fen = Decimal(index.fen(values))
    return Quantity(
        address=index.address(values), value=fen, half_width=Decimal(0), ledger=index.contract.entries,
        row_key=index.label(values), row_kind="detail", measure=MEASURE, unit="yuan", printed_unit="元",
        text=f"{fen.scaleb(-2):.2f}",
    )  # fmt: skip
