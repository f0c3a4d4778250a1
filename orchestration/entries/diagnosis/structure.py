"""Whole files out of place: one that was handed in twice, and a month that nothing was handed in for.

Both are looked for in what the files sum to, before any single account is suspected: either one moves every account
that it touches. Seasons are what the data shows: a kind of entry that ends in March misses nothing in May.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestration.entries.diagnosis.accounts import MEASURE, AccountIndex, Network, Values, expand
from orchestration.localisation.solver.exact import Number, exact, magnitude
from orchestration.localisation.solver.network import Quantity, Relation

MONTHS = range(1, 13)
#: So many entries in every other month, and that a month has none is no chance.
DENSE = 3


@dataclass(frozen=True)
class Doubled:
    """A file that repeats another one. ``same``: byte for byte, else in all its sums."""

    index: AccountIndex  # with both
    copy: int
    original: int
    same: bool

    @property
    def fen(self) -> int:
        return sum(fen for fen, _ in self.index.held(self.copy).values())

    @property
    def entries(self) -> int:
        return sum(entries for _, entries in self.index.held(self.copy).values())


@dataclass(frozen=True)
class MissingMonth:
    """A month without entries. ``accounts``: whose season the month lies in, so that entries may be missing there.

    ``whole``: nothing of the ledger is there; else ``among`` says of whom (湖南省人事考试院).
    """

    index: AccountIndex
    month: int
    accounts: frozenset[Values]
    whole: bool
    among: str = ""


def gaps(relations: Sequence[Relation], spans: Mapping[str, tuple[Number, Number]]) -> dict[str, Number]:
    """By relation ``sum(weight * x) + constant = 0``: how far the nearest value within all intervals is from zero."""
    found: dict[str, Number] = {}
    for relation in relations:
        if relation.rate is None and relation.operator == "=":
            low = high = exact(relation.constant)
            for address, weight in relation.terms:
                edges = [exact(weight) * edge for edge in spans[address]]
                low, high = low + min(edges), high + max(edges)
            found[relation.name] = low if low > 0 else high if high < 0 else 0
    return found


def spans_of(quantities: Sequence[Quantity]) -> dict[str, tuple[Number, Number]]:
    return {quantity.address: (exact(quantity.low), exact(quantity.high)) for quantity in quantities}


def doubled_files(
    indexes: Sequence[AccountIndex], quantities: Sequence[Quantity], relations: Sequence[Relation]
) -> tuple[list[Doubled], list[AccountIndex]]:
    """Files that repeat others, and the indexes without them. Only ledgers in which something is off are asked for.

    A file repeats another where its content is the same; or where all its sums are, of more than one entry; or where
    without it everything that is off in its ledger holds, and another file covers its months.
    """
    found: list[Doubled] = []
    rest: list[AccountIndex] = []
    for index in indexes:
        left = index
        for copy, original in _repeats(index):
            found.append(Doubled(index, copy, original, index.files[copy].content == index.files[original].content))
            left = left.without(copy)
        if not _off(left, indexes, quantities, relations):
            rest.append(left)
            continue
        for number in range(len(index.files)):
            mends = _covered(left, number)
            if mends is not None and not _off(left.without(number), indexes, quantities, relations):
                found.append(Doubled(index, number, mends, same=False))
                left = left.without(number)
                break
        rest.append(left)
    return found, rest


def _repeats(index: AccountIndex) -> list[tuple[int, int]]:
    """(copy, original): of two files of one content, the copy has the longer name, or is the later one."""
    seen: dict[object, int] = {}
    found = []
    for number in sorted(range(len(index.files)), key=lambda n: (len(index.files[n].name), index.files[n].name)):
        held = index.held(number)
        if sum(entries for _, entries in held.values()) > 1:
            mark = frozenset(held.items())
            if mark in seen:
                found.append((number, seen[mark]))
            seen.setdefault(mark, number)
    return found


def _covered(index: AccountIndex, number: int) -> int | None:
    """Another file that has entries in all the months that a file has."""
    months = {month for _, month in index.held(number)}
    others = (n for n in range(len(index.files)) if n != number)
    return next((n for n in others if months and months <= {month for _, month in index.held(n)}), None)


def _off(
    index: AccountIndex, indexes: Sequence[AccountIndex], quantities: Sequence[Quantity], relations: Sequence[Relation]
) -> bool:
    """Whether any rule on sums of a ledger does not hold."""
    whole = [index if each.contract == index.contract else each for each in indexes]
    ledgers = {each.ledger for each in index.contract.sums}
    own = [r for r in relations if any(address.split("/")[-3] in ledgers for address in r.addresses)]
    network = expand(quantities, own, whole)
    return any(gaps(network.relations, spans_of(network.quantities)).values())


def missing_months(indexes: Sequence[AccountIndex], network: Network) -> list[MissingMonth]:
    """Months without entries where sums fall short: of a whole ledger, or of all that share one dimension's value.

    A whole ledger's month is missing where a quarter of the printed rows that it would touch are short: a ledger that
    happens to be idle for a month, and in which one line is lost, does not look so.
    """
    sides = _sides(network)
    found: list[MissingMonth] = []
    for index in indexes:
        own = {values: sides[address] for address, (each, values) in network.accounts.items() if each is index}
        if not any(-1 in side for side in own.values()):
            continue
        seasons = _seasons(index)
        whole = list(_whole_months(index, own, seasons))
        told = {values for each in whole for values in each.accounts}
        short = {values for values, side in own.items() if side and set(side) == {-1} and values in index.accounts}
        found += [*whole, *_partial(index, short - told, seasons)]
    return found


def _whole_months(
    index: AccountIndex, own: Mapping[Values, Sequence[int]], seasons: Mapping[str, set[int]]
) -> Iterator[MissingMonth]:
    """Months in which the ledger has no entries at all, and enough of what they would touch is short."""
    for month in sorted(set(MONTHS) - index.months(index.accounts)):
        touched = frozenset(v for v in own if month in seasons.get(index.group(v), ()))
        if sum(-1 in own[v] for v in touched) * 4 >= len(touched) > 0:
            yield MissingMonth(index, month, touched, whole=True)


def _sides(network: Network) -> dict[str, list[int]]:
    """By account, for each printed row that it is in (totals apart): whether the entries there are too few (-1), right
    (0) or too many (1), measured against the account's own sign."""
    off = gaps(network.relations, spans_of(network.quantities))
    sides: dict[str, list[int]] = {address: [] for address in network.accounts}
    for relation in network.relations:
        own = [(address, weight) for address, weight in relation.terms if address in network.accounts]
        if relation.name in off and relation.name not in network.totals and len({weight for _, weight in own}) == 1:
            gap = off[relation.name] * exact(own[0][1])  # a balance has weights of both signs: it says nothing here
            for address, _ in own:
                index, values = network.accounts[address]
                sides[address].append(0 if not gap else 1 if (gap > 0) == (index.fen(values) >= 0) else -1)
    return sides


def _seasons(index: AccountIndex) -> dict[str, set[int]]:
    """By kind of entry, the months that entries may be in: from the first to the last, and one to each side of them
    where the ledger as a whole has a month without entries there."""
    whole = index.months(index.accounts)
    found: dict[str, set[int]] = {}
    for values in index.accounts:
        found.setdefault(index.group(values), set()).update(index.months([values]))
    for kind, months in found.items():
        span = set(range(min(months), max(months) + 1))
        for edge, step in ((min(months), -1), (max(months), 1)):
            while edge + step in MONTHS and edge + step not in whole:
                edge += step
                span.add(edge)
        found[kind] = span
    return found


def _partial(index: AccountIndex, short: Collection[Values], seasons: Mapping[str, set[int]]) -> list[MissingMonth]:
    """Months in which all entries of one unit, fund or account are missing that has several in every other month."""
    found: list[MissingMonth] = []
    left = set(short)
    for name in (*index.contract.dimensions, ""):
        shared: dict[str, set[Values]] = {}
        for values in sorted(left, key=str):
            shared.setdefault(str(index.of(values)[name]) if name else index.label(values), set()).add(values)
        for key, members in shared.items():
            everyone = {v for v in index.accounts if str(index.of(v)[name]) == key} if name else members
            if key != "None" and (not name or len(members) > 1):
                found += _without(index, name, members, everyone, seasons)
        left -= {values for each in found for values in each.accounts}
    return found


def _without(
    index: AccountIndex,
    name: str,
    short: Collection[Values],
    everyone: Collection[Values],
    seasons: Mapping[str, set[int]],
) -> list[MissingMonth]:
    """The one month in which none of ``everyone`` has entries, though they have ``DENSE`` in every other one."""
    month = _one_absent(index, everyone, seasons)
    if month is None:
        return []
    touched = frozenset(values for values in everyone if month in seasons[index.group(values)])
    if not touched >= set(short):
        return []
    one = next(iter(touched))
    among = tuple(v if d == name or not name else None for d, v in zip(index.contract.dimensions, one, strict=True))
    return [MissingMonth(index, month, touched, whole=False, among=index.label(among))]


def _one_absent(index: AccountIndex, everyone: Collection[Values], seasons: Mapping[str, set[int]]) -> int | None:
    """The only month of their seasons without entries, where every other one has ``DENSE``."""
    expected = set().union(*(seasons[index.group(values)] for values in everyone))
    entries = dict.fromkeys(expected, 0)
    for values in everyone:
        for (_, month), (_, number) in index.accounts[values].items():
            entries[month] += number
    absent = [month for month, number in entries.items() if not number]
    if len(absent) != 1 or min(number for month, number in entries.items() if month not in absent) < DENSE:
        return None
    return absent[0]


def lacking(missing: Sequence[MissingMonth], network: Network) -> dict[str, Quantity]:
    """For each account that a missing month touches, what may be missing there: from nothing up, of the account's sign.

    The upper end is the greatest shortfall of any sum that the account is in: no amount that print allows is beyond it.
    """
    spans = spans_of(network.quantities)
    off = gaps(network.relations, spans)
    reach: dict[str, list[Number]] = {}
    for relation in network.relations:
        printed = [max(magnitude(edge) for edge in spans[a]) for a, _ in relation.terms if a not in network.accounts]
        for address, _ in relation.terms:
            if address in network.accounts:
                reach.setdefault(address, []).append(magnitude(off.get(relation.name, 0)) + max(printed, default=0))
    found: dict[str, Quantity] = {}
    for each in missing:
        for values in each.accounts:
            address = each.index.address(values)
            if address in found:
                continue
            most = Decimal(int(max(reach.get(address, [0]))) // 2 * 2 + 2)
            signs = _signs(each.index, values)
            low, high = (-most if True in signs else Decimal(0)), (most if False in signs else Decimal(0))
            found[address] = _unknown(each.index, values, low, high)
    return found


def _signs(index: AccountIndex, values: Values) -> set[bool]:
    """Whether amounts of an account are below zero, by its months; of one without entries, by those of its kind."""
    alike = (
        [values] if values in index.accounts else [v for v in index.accounts if index.group(v) == index.group(values)]
    )
    return {fen < 0 for each in alike for fen, _ in index.accounts[each].values()}


def _unknown(index: AccountIndex, values: Values, low: Decimal, high: Decimal) -> Quantity:
    return Quantity(
        address=f"{index.address(values)}?", value=(low + high) / 2, half_width=(high - low) / 2,
        ledger=f"{index.contract.entries}?", row_key=index.label(values), row_kind="detail", measure=MEASURE,
        unit="yuan", printed_unit="元", text="",
    )  # fmt: skip


def file_like(index: AccountIndex, month: int) -> str:
    """The name that a month's file would have, by its neighbours' names; empty where they show no pattern."""
    names: dict[int, str] = {}
    for number, file in enumerate(index.files):
        months = {held for _, held in index.held(number)}
        if len(months) == 1:
            names.setdefault(months.pop(), file.name)
    for near in sorted(names, key=lambda other: abs(other - month)):
        for form in ("{:02d}", "{}"):
            digits = form.format(near)  # alone, or behind a year
            for match in re.finditer(rf"(?<!\d){digits}(?!\d)|(?<=\d\d\d\d){digits}(?!\d)", names[near]):
                cut = names[near][: match.start()], names[near][match.end() :]
                if all(cut[0] + form.format(other) + cut[1] == name for other, name in names.items()):
                    return f"{cut[0]}{form.format(month)}{cut[1]}"
    return ""
