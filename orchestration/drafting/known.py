"""Tables whose columns are those of a ledger that has a contract already: what the contract says of them holds for the
draft too. Knows headers, and reads no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from orchestration.drafting.columns import DraftColumn
from orchestration.ledgers.contract import Column, Contract, Key, Measure
from orchestration.ledgers.texts import fold, without_unit


def fitting(headers: Iterable[str], contracts: Mapping[str, Contract], names: Sequence[str] = ()) -> Contract | None:
    """The contract that has all of these columns, and needs no other; of several the one with most of them, and of
    these the one that is called like the sheet or file (``names``).
    """
    labels = [label for header in headers if (label := _label(header))]
    found = [
        (len(named), is_called(contract, names), contract)
        for contract in contracts.values() if (named := _fit(labels, contract))
    ]  # fmt: skip
    return max(found, key=lambda each: each[:2])[2] if found else None


def is_called(contract: Contract, names: Sequence[str]) -> bool:
    return any(fold(name) in contract.known_titles for name in names)


def _label(header: str) -> str:
    return without_unit(fold(header).replace("/", ""))[0]


def _wanted(contract: Contract) -> dict[str, Column]:
    return {without_unit(path)[0]: column for column in contract.printed_columns for path in column.paths}


def _fit(labels: Sequence[str], contract: Contract) -> set[str]:
    """The names of the contract's columns that these labels are; none where one is another, or a needed one is not."""
    wanted = _wanted(contract)
    named = {wanted[label].name for label in labels if label in wanted}
    if contract.is_of_sheets or not all(label in wanted for label in labels):
        return set()
    return named if all(column.name in named for column in contract.required_columns) else set()


def as_known(columns: Sequence[DraftColumn], contract: Contract) -> list[DraftColumn]:
    """The columns by what the contract calls them."""
    wanted = _wanted(contract)
    return [_as(column, wanted[_label(column.header)]) for column in columns]


def _as(column: DraftColumn, known: Column) -> DraftColumn:
    if isinstance(known, Measure):
        unit = column.unit if known.kind == "money" else known.unit or column.unit
        return replace(column, name=known.name, role="measure", kind=known.kind, unit=unit, why="")
    kind = known.type if isinstance(known, Key) and known.type == "integer" else "text"
    return replace(column, name=known.name, role="text", kind=kind, unit="", why="")


def keys_of(columns: Sequence[DraftColumn], contract: Contract) -> list[DraftColumn]:
    """The columns that are the contract's keys, in its order."""
    by_name = {column.name: column for column in columns}
    return [by_name[key.name] for key in contract.key_columns if key.name in by_name]
