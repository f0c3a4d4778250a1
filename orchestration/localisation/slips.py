"""Slips that explain a wrong figure: typing slips of its digits, sign or scale, and figures that were exchanged.

All arithmetic is exact: on printed digits, and on the closed intervals that print implies (XBRL Calculations 1.1). What
does not belong here: slips of sums (``sum_slips``), and which answer they speak for (``ranking``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from orchestration.ledgers.money import DASHES, squeeze, unit_kind
from orchestration.ledgers.rounding import interval
from orchestration.localisation.knowledge import Kind, Knowledge
from orchestration.localisation.localise import Answer, Change, Fault
from orchestration.localisation.solver.network import Quantity

_PRINTED = re.compile(r"(?P<negative>[(-])?(?P<whole>[\d,]+)(?:\.(?P<part>\d+))?")


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip that explains one wrong cell: ``text`` is what would have been printed (in its printed unit)."""

    address: str
    kind: str
    name: str
    text: str
    value: Fraction  # of that text, in the cell's base unit
    source: str = ""  # where figures were exchanged: the cell whose figure belongs here


@dataclass(frozen=True, slots=True)
class _Digits:
    """A printed number: its digits, how many of them follow the point, its sign."""

    digits: str
    places: int
    negative: bool

    @property
    def number(self) -> Fraction:
        size = Fraction(int(self.digits)) / Fraction(10) ** self.places
        return -size if self.negative else size

    def show(self) -> str:
        digits = self.digits + "0" * max(0, -self.places)
        places = max(0, self.places)
        digits = digits.rjust(places + 1, "0")
        whole = f"{int(digits[: len(digits) - places]):,}"
        return ("-" if self.negative else "") + whole + (f".{digits[len(digits) - places :]}" if places else "")


def _digits(text: str) -> _Digits | None:
    plain = squeeze(unicodedata.normalize("NFKC", text))
    if plain[:1] in DASHES:
        plain = "-" + plain[1:]
    match = _PRINTED.match(plain)
    if match is None:
        return None
    part = match["part"] or ""
    return _Digits(match["whole"].replace(",", "") + part, len(part), match["negative"] is not None)


def _transposed(d: _Digits, _: Kind) -> Iterator[_Digits]:
    for i in range(len(d.digits) - 1):
        if d.digits[i] != d.digits[i + 1]:
            swapped = d.digits[:i] + d.digits[i + 1] + d.digits[i] + d.digits[i + 2 :]
            yield _Digits(swapped, d.places, d.negative)


def _digit_wrong(d: _Digits, _: Kind) -> Iterator[_Digits]:
    for i, old in enumerate(d.digits):
        for new in "0123456789":
            if new != old:
                yield _Digits(d.digits[:i] + new + d.digits[i + 1 :], d.places, d.negative)


def _digit_missing(d: _Digits, _: Kind) -> Iterator[_Digits]:
    whole = len(d.digits) - d.places
    for i in range(len(d.digits) + 1):
        for new in "0123456789":
            longer = d.digits[:i] + new + d.digits[i:]
            if i <= whole:
                yield _Digits(longer, d.places, d.negative)
            if i >= whole and d.places:
                yield _Digits(longer, d.places + 1, d.negative)


def _digit_extra(d: _Digits, _: Kind) -> Iterator[_Digits]:
    whole = len(d.digits) - d.places
    for i in range(len(d.digits) if len(d.digits) > 1 else 0):
        yield _Digits(d.digits[:i] + d.digits[i + 1 :], d.places - (i >= whole), d.negative)


def _sign_lost(d: _Digits, _: Kind) -> Iterator[_Digits]:
    yield _Digits(d.digits, d.places, not d.negative)


def _scaled(d: _Digits, kind: Kind) -> Iterator[_Digits]:
    for power in kind.powers:
        yield _Digits(d.digits, d.places - power, d.negative)


_MAKERS: Mapping[str, Callable[[_Digits, Kind], Iterator[_Digits]]] = {
    "transposed": _transposed,
    "digit_wrong": _digit_wrong,
    "digit_missing": _digit_missing,
    "digit_extra": _digit_extra,
    "sign_lost": _sign_lost,
    "money_unit": _scaled,
    "decimal_shifted": _scaled,
}


def typing_slips(
    quantity: Quantity, low: Fraction | None, high: Fraction | None, knowledge: Knowledge
) -> tuple[Slip, ...]:
    """Slips of the fingers that turn a figure of the implied interval [low, high] (base unit) into the printed text.

    A corrected text fits where its own closed printed interval meets the implied one. None where the implied interval
    is open on a side (anything would fit) or the cell prints no digits.
    """
    printed = _digits(quantity.text)
    if printed is None or low is None or high is None:
        return ()
    scale = _scale(quantity, printed)
    slips = []
    for kind in knowledge.kinds:
        if kind.kind not in _MAKERS or (kind.kind == "money_unit" and quantity.unit != "yuan"):
            continue
        for candidate in dict.fromkeys(_MAKERS[kind.kind](printed, kind)):
            value = candidate.number * scale
            least, most = _interval(quantity, value, scale / Fraction(10) ** candidate.places)
            if value != printed.number * scale and least <= high and most >= low:
                slips.append(Slip(quantity.address, kind.kind, kind.name, candidate.show(), value))
    return tuple(slips)


def _scale(quantity: Quantity, printed: _Digits) -> Fraction:
    """Base units in one printed unit."""
    if printed.number != 0:
        return Fraction(quantity.value) / printed.number
    known = unit_kind(quantity.printed_unit) if quantity.printed_unit else None
    return Fraction(known[1]) if known else Fraction(1)


def _interval(quantity: Quantity, value: Fraction, last_place: Fraction) -> tuple[Fraction, Fraction]:
    """Where the true value lies if ``value`` had been printed in this cell."""
    place = Fraction(0) if quantity.unit in ("point", "date") else last_place
    return interval(value, place, quantity.unit, quantity.rounding)


def _carries(change: Change, source: Quantity, quantities: Mapping[str, Quantity]) -> bool:
    """Whether the figure printed at ``source`` is right for the changed cell."""
    if change.low is None or change.high is None or source.unit != quantities[change.address].unit:
        return False
    other = source.address != change.address and source.value != quantities[change.address].value
    return other and Fraction(source.low) <= change.high and Fraction(source.high) >= change.low


def exchanged(
    answer: Answer, beside: Iterable[Change], quantities: Mapping[str, Quantity], knowledge: Knowledge
) -> tuple[Slip, ...]:
    """Whether cells carry each other's figures: a swapped pair, or two swapped rows or columns.

    Either every cell of the answer takes the figure of another one of it, or a cell and one of ``beside`` (cells that
    other faults settle) take each other's. A figure fits where its printed interval meets the implied one.
    """
    changes = answer.changes

    def assign(n: int, used: tuple[str, ...]) -> tuple[str, ...] | None:
        if n == len(changes):
            return used
        for other in changes:
            if other.address not in used and _carries(changes[n], quantities[other.address], quantities):
                found = assign(n + 1, (*used, other.address))
                if found:
                    return found
        return None

    if all(known.kind != "exchanged" for known in knowledge.kinds):
        return ()
    within = zip(changes, assign(0, ()) or (), strict=False)
    pairs = [
        *((change.address, source) for change, source in within),
        *(
            (change.address, other.address)
            for change in changes
            for other in beside
            if _carries(change, quantities[other.address], quantities)
            and _carries(other, quantities[change.address], quantities)
        ),
    ]
    name = knowledge.name("exchanged")
    return tuple(
        Slip(to, "exchanged", name, quantities[source].text, Fraction(quantities[source].value), source)
        for to, source in pairs
    )


def settled(faults: Iterable[Fault]) -> tuple[Change, ...]:
    """The changes of faults that have but one answer."""
    return tuple(change for fault in faults if fault.unique for change in fault.answers[0].changes)
