"""The identities of a row, as the rules state them: 全年预算＝上年结转＋年初预算＋本年调整. They tell which column a
figure belongs to where the layout doesn't. Judges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orchestration.rules.model import Rulebook, Selector

#: measure -> weight; the weighted figures of a row sum to zero.
Identity = Mapping[str, Decimal]


@dataclass(frozen=True)
class Identities:
    """Of every ledger: what holds within each row, and which measures' details sum to the total row."""

    of_row: Mapping[str, tuple[Identity, ...]]
    summed: Mapping[str, frozenset[str]]


def identities_of(book: Rulebook) -> Identities:
    """What the rules that can be judged say of single rows and of columns."""
    of_row: dict[str, list[Identity]] = defaultdict(list)
    summed: dict[str, set[str]] = defaultdict(set)
    for selectors in _sums_of_one_ledger(book):
        ledger = selectors[0].ledger
        if all(each.width and not each.detail_only for each in selectors):
            of_row[ledger].append(_identity(selectors))
        elif _is_column_total(selectors):
            summed[ledger].add(selectors[0].measure)
    return Identities(
        {ledger: tuple(found) for ledger, found in of_row.items()},
        {ledger: frozenset(found) for ledger, found in summed.items()},
    )


def _sums_of_one_ledger(book: Rulebook) -> Iterator[list[Selector]]:
    """The selectors of each variant of a rule that says = and only adds, within one ledger and this year."""
    variants: dict[tuple[str, str], list[Selector]] = defaultdict(list)
    for selector in book.selectors:
        if book.operators.get(selector.rule_id) == "=" and selector.rule_id not in book.companions:
            variants[selector.rule_id, selector.variant].append(selector)
    for selectors in variants.values():
        adds = {each.role for each in selectors} == {"term"} and not any(each.year_offset for each in selectors)
        if adds and len({each.ledger for each in selectors}) == 1:
            yield selectors


def _identity(selectors: list[Selector]) -> Identity:
    weights: dict[str, Decimal] = defaultdict(Decimal)
    for each in selectors:
        weights[each.measure] += each.weight if each.side == "left" else -each.weight
    return dict(weights)


def _is_column_total(selectors: list[Selector]) -> bool:
    """账/合计/栏 = sum(账/*/栏)."""
    return (
        len(selectors) == 2
        and {each.detail_only for each in selectors} == {True, False}
        and len({each.measure for each in selectors}) == 1
        and not any(each.width for each in selectors)
    )
