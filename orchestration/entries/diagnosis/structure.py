"""Whole files out of place: one that was handed in twice, and a month that nothing was handed in for.

Both are looked for in what the files sum to, before any single account is suspected: either one moves every account
that it touches. Seasons are what the data shows: a kind of entry that ends in March misses nothing in May.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestration.entries.diagnosis.accounts import MEASURE, Book, Network, Values, expand
from orchestration.localisation.solver.exact import Number, exact, magnitude
from orchestration.localisation.solver.network import Quantity, Relation

MONTHS = range(1, 13)
#: So many entries in every other month, and that a month has none is no chance.
DENSE = 3


@dataclass(frozen=True)
class Doubled:
    """A file that repeats another one. ``same``: byte for byte, else in all its sums."""

    book: Book  # with both
    copy: int
    original: int
    same: bool

    @property
    def fen(self) -> int:
        return sum(fen for fen, _ in self.book.held(self.copy).values())

    @property
    def entries(self) -> int:
        return sum(entries for _, entries in self.book.held(self.copy).values())


@dataclass(frozen=True)
class Missing:
    """A month without entries. ``accounts``: whose season the month lies in, so that entries may be missing there.

    ``whole``: nothing of the ledger is there; else ``among`` says of whom (湖南省人事考试院).
    """

    book: Book
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
    books: Sequence[Book], quantities: Sequence[Quantity], relations: Sequence[Relation]
) -> tuple[list[Doubled], list[Book]]:
    """Files that repeat others, and the books without them. Only ledgers in which something is off are asked for.

    A file repeats another where its content is the same; or where all its sums are, of more than one entry; or where
    without it everything that is off in its ledger holds, and another file covers its months.
    """
    found: list[Doubled] = []
    rest: list[Book] = []
    for book in books:
        left = book
        for copy, original in _repeats(book):
            found.append(Doubled(book, copy, original, book.files[copy].content == book.files[original].content))
            left = left.without(copy)
        if not _off(left, books, quantities, relations):
            rest.append(left)
            continue
        for number in range(len(book.files)):
            mends = _covered(left, number)
            if mends is not None and not _off(left.without(number), books, quantities, relations):
                found.append(Doubled(book, number, mends, same=False))
                left = left.without(number)
                break
        rest.append(left)
    return found, rest


def _repeats(book: Book) -> list[tuple[int, int]]:
    """(copy, original): of two files of one content, the copy has the longer name, or is the later one."""
    seen: dict[object, int] = {}
    found = []
    for number in sorted(range(len(book.files)), key=lambda n: (len(book.files[n].name), book.files[n].name)):
        held = book.held(number)
        if sum(entries for _, entries in held.values()) > 1:
            mark = frozenset(held.items())
            if mark in seen:
                found.append((number, seen[mark]))
            seen.setdefault(mark, number)
    return found


def _covered(book: Book, number: int) -> int | None:
    """Another file that has entries in all the months that a file has."""
    months = {month for _, month in book.held(number)}
    others = (n for n in range(len(book.files)) if n != number)
    return next((n for n in others if months and months <= {month for _, month in book.held(n)}), None)


def _off(book: Book, books: Sequence[Book], quantities: Sequence[Quantity], relations: Sequence[Relation]) -> bool:
    """Whether any rule on sums of a ledger does not hold."""
    whole = [book if each.contract == book.contract else each for each in books]
    ledgers = {each.ledger for each in book.contract.sums}
    own = [r for r in relations if any(address.split("/")[1] in ledgers for address in r.addresses)]
    network = expand(quantities, own, whole)
    return any(gaps(network.relations, spans_of(network.quantities)).values())


def missing_months(books: Sequence[Book], network: Network) -> list[Missing]:
    """Months without entries where sums fall short: of a whole ledger, or of all that share one dimension's value.

    A whole ledger's month is missing where a quarter of the printed rows that it would touch are short: a ledger that
    happens to be idle for a month, and in which one line is lost, does not look so.
    """
    sides = _sides(network)
    found: list[Missing] = []
    for book in books:
        own = {values: sides[address] for address, (each, values) in network.accounts.items() if each is book}
        if not any(-1 in side for side in own.values()):
            continue
        seasons = _seasons(book)
        whole = []
        for month in sorted(set(MONTHS) - book.months(book.accounts)):
            touched = frozenset(v for v in own if month in seasons.get(book.group(v), ()))
            if sum(-1 in own[v] for v in touched) * 4 >= len(touched) > 0:
                whole.append(Missing(book, month, touched, whole=True))
        told = {values for each in whole for values in each.accounts}
        short = {values for values, side in own.items() if side and set(side) == {-1} and values in book.accounts}
        found += [*whole, *_partial(book, short - told, seasons)]
    return found


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
                book, values = network.accounts[address]
                sides[address].append(0 if not gap else 1 if (gap > 0) == (book.fen(values) >= 0) else -1)
    return sides


def _seasons(book: Book) -> dict[str, set[int]]:
    """By kind of entry, the months that entries may be in: from the first to the last, and one to each side of them
    where the ledger as a whole has a month without entries there."""
    whole = book.months(book.accounts)
    found: dict[str, set[int]] = {}
    for values in book.accounts:
        found.setdefault(book.group(values), set()).update(book.months([values]))
    for kind, months in found.items():
        span = set(range(min(months), max(months) + 1))
        for edge, step in ((min(months), -1), (max(months), 1)):
            while edge + step in MONTHS and edge + step not in whole:
                edge += step
                span.add(edge)
        found[kind] = span
    return found


def _partial(book: Book, short: Collection[Values], seasons: Mapping[str, set[int]]) -> list[Missing]:
    """Months in which all entries of one unit, fund or account are missing that has several in every other month."""
    found: list[Missing] = []
    left = set(short)
    for name in (*book.contract.dimensions, ""):
        shared: dict[str, set[Values]] = {}
        for values in sorted(left, key=str):
            shared.setdefault(str(book.of(values)[name]) if name else book.label(values), set()).add(values)
        for key, members in shared.items():
            everyone = {v for v in book.accounts if str(book.of(v)[name]) == key} if name else members
            if key != "None" and (not name or len(members) > 1):
                found += _without(book, name, members, everyone, seasons)
        left -= {values for each in found for values in each.accounts}
    return found


def _without(
    book: Book, name: str, short: Collection[Values], everyone: Collection[Values], seasons: Mapping[str, set[int]]
) -> list[Missing]:
    """The one month in which none of ``everyone`` has entries, though they have ``DENSE`` in every other one."""
    expected = set().union(*(seasons[book.group(values)] for values in everyone))
    entries = dict.fromkeys(expected, 0)
    for values in everyone:
        for (_, month), (_, number) in book.accounts[values].items():
            entries[month] += number
    absent = [month for month, number in entries.items() if not number]
    if len(absent) != 1 or min(number for month, number in entries.items() if month not in absent) < DENSE:
        return []
    touched = frozenset(values for values in everyone if absent[0] in seasons[book.group(values)])
    if not touched >= set(short):
        return []
    one = next(iter(touched))
    among = tuple(v if d == name or not name else None for d, v in zip(book.contract.dimensions, one, strict=True))
    return [Missing(book, absent[0], touched, whole=False, among=book.label(among))]


def lacking(missing: Sequence[Missing], network: Network) -> dict[str, Quantity]:
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
            address = each.book.address(values)
            if address in found:
                continue
            most = Decimal(int(max(reach.get(address, [0]))) // 2 * 2 + 2)
            signs = _signs(each.book, values)
            low, high = (-most if True in signs else Decimal(0)), (most if False in signs else Decimal(0))
            found[address] = _unknown(each.book, values, low, high)
    return found


def _signs(book: Book, values: Values) -> set[bool]:
    """Whether amounts of an account are below zero, by its months; of one without entries, by those of its kind."""
    alike = [values] if values in book.accounts else [v for v in book.accounts if book.group(v) == book.group(values)]
    return {fen < 0 for each in alike for fen, _ in book.accounts[each].values()}


def _unknown(book: Book, values: Values, low: Decimal, high: Decimal) -> Quantity:
    return Quantity(
        address=f"{book.address(values)}?", value=(low + high) / 2, half_width=(high - low) / 2,
        ledger=f"{book.contract.entries}?", row_key=book.label(values), row_kind="detail", measure=MEASURE, unit="yuan",
        printed_unit="元", text="",
    )  # fmt: skip


def file_like(book: Book, month: int) -> str:
    """The name that a month's file would have, by its neighbours' names; empty where they show no pattern."""
    names: dict[int, str] = {}
    for number, file in enumerate(book.files):
        months = {held for _, held in book.held(number)}
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
