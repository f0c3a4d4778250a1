"""Why a figure is wrong, and which answer to look at first: typing slips, slips of sums, witnesses, ranking.

The order of criteria and the kinds of slip are data (``slips.yml``). All arithmetic is exact: on printed digits, and on
the closed intervals that print implies (XBRL Calculations 1.1). What does not belong here: finding the answers
(``localise``) and wording the finding.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from string import Formatter

from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.money import DASHES, squeeze, unit_kind
from orchestration.localisation.localise import Answer, Change, Fault
from orchestration.localisation.patterns import KINDS as PATTERN_KINDS
from orchestration.localisation.solver.network import Quantity, Relation, plain_sum
from orchestration.localisation.solver.system import WHOLE_UNITS

_FILE = Path(__file__).with_name("slips.yml")
_PRINTED = re.compile(r"(?P<negative>[(-])?(?P<whole>[\d,]+)(?:\.(?P<part>\d+))?")
#: What a sentence about a pattern may name.
PLACES = ("ledger", "rows", "columns", "figures")
CRITERIA = ("witness", "slip", "totals")
TYPING_KINDS = (
    "transposed",
    "digit_wrong",
    "digit_missing",
    "digit_extra",
    "sign_lost",
    "money_unit",
    "decimal_shifted",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of slip: its name for people, and the powers of ten that correct it where it is one of scale."""

    kind: str
    name: str
    powers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    criteria: tuple[str, ...]
    kinds: tuple[Kind, ...]
    sums: Mapping[str, str]  # kind -> name
    patterns: Mapping[str, str]  # kind -> sentence with places for what was seen

    def name(self, kind: str) -> str:
        return next(known.name for known in self.kinds if known.kind == kind)


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
class Witness:
    """A printed cell, or the value that a relation implies for one, inside the implied interval of ``suspect``."""

    suspect: str
    address: str
    low: Fraction
    high: Fraction
    same_measure: bool
    relation: str = ""  # the sum that implies the value; empty: the cell is printed so


@dataclass(frozen=True, slots=True)
class SumSlip:
    """A row that explains broken sums: left out, doubled or missing. ``row``: ledger and row key of that row."""

    kind: str
    name: str
    row: tuple[str, str]
    relations: tuple[str, ...]
    addresses: tuple[str, ...]  # one a relation: the cell whose value equals the difference


@dataclass(frozen=True, slots=True)
class Ranked:
    """An answer with what speaks for it. Answers that nothing tells apart share a ``rank`` (from 1)."""

    rank: int
    answer: Answer
    witnesses: tuple[Witness, ...]
    slips: tuple[Slip, ...]


def read_knowledge(path: Path = _FILE) -> Knowledge:
    """Read ``slips.yml``. Raises ``ValueError`` where it names a criterion or a kind that does not exist."""
    data = read_yaml(path)
    kinds = tuple(Kind(k["kind"], k["name"], tuple(k.get("powers", ()))) for k in data["slips"])
    unknown = {k.kind for k in kinds} - {*TYPING_KINDS, "exchanged"} | set(data["criteria"]) - set(CRITERIA)
    unknown |= set(data["sums"]) - {"row_duplicated", "row_left_out", "row_counted_twice", "row_missing"}
    patterns = dict(data.get("patterns", {}))
    unknown |= set(patterns) - set(PATTERN_KINDS)
    unknown |= {place for sentence in patterns.values() for place in _places(sentence)} - set(PLACES)
    if unknown:
        raise ValueError(f"{path}：不认识的条目 {'、'.join(sorted(unknown))}")
    return Knowledge(tuple(data["criteria"]), kinds, dict(data["sums"]), patterns)


def _places(sentence: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]


# --- typing slips -------------------------------------------------------------------------------------------------


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
            half = _half_width(quantity, scale / Fraction(10) ** candidate.places)
            if value != printed.number * scale and value - half <= high and value + half >= low:
                slips.append(Slip(quantity.address, kind.kind, kind.name, candidate.show(), value))
    return tuple(slips)


def _scale(quantity: Quantity, printed: _Digits) -> Fraction:
    """Base units in one printed unit."""
    if printed.number != 0:
        return Fraction(quantity.value) / printed.number
    known = unit_kind(quantity.printed_unit) if quantity.printed_unit else None
    return Fraction(known[1]) if known else Fraction(1)


def _half_width(quantity: Quantity, last_place: Fraction) -> Fraction:
    exact = quantity.unit in ("point", "date") or (quantity.unit in WHOLE_UNITS and last_place <= 1)
    return Fraction(0) if exact else last_place / 2


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


# --- slips of sums ------------------------------------------------------------------------------------------------


def sum_slips(
    broken: Iterable[str], quantities: Sequence[Quantity], relations: Sequence[Relation], knowledge: Knowledge
) -> tuple[SumSlip, ...]:
    """Rows that explain broken sums (by relation name): the difference of a total equals a row within rounding.

    The row that explains most sums comes first: a row doubled as a whole explains the total of each of its columns.
    Cells that are zero or blank explain nothing.
    """
    cells = {q.address: q for q in quantities}
    wanted = set(broken)
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for relation in relations:
        parts = plain_sum(relation) if relation.name in wanted else None
        if parts is not None:
            for kind, address in _explained(parts[0], parts[1], Fraction(relation.constant), cells):
                cell = cells[address]
                found.setdefault((kind, cell.ledger, cell.row_key), []).append((relation.name, address))
    order = list(knowledge.sums)
    slips = [
        SumSlip(kind, knowledge.sums[kind], (ledger, row), tuple(r for r, _ in hits), tuple(a for _, a in hits))
        for (kind, ledger, row), hits in found.items()
        if kind in knowledge.sums
    ]
    return tuple(sorted(slips, key=lambda slip: (-len(slip.relations), order.index(slip.kind), slip.row)))


def _explained(
    total: str, rows: Sequence[str], constant: Fraction, cells: Mapping[str, Quantity]
) -> Iterator[tuple[str, str]]:
    """(kind, address of the cell) of whatever equals the difference between the rows and their total."""
    over = Fraction(sum(cells[a].value for a in rows)) - Fraction(cells[total].value) + constant
    spread = Fraction(sum(cells[a].half_width for a in rows) + cells[total].half_width)
    own = False
    for address in rows:
        row = cells[address]
        value, half = Fraction(row.value), Fraction(row.half_width)
        if value == 0:
            continue
        if abs(over - value) <= spread - half:
            twin = any(a != address and cells[a].value == row.value for a in rows)
            own = True
            yield ("row_duplicated" if twin else "row_left_out"), address
        if abs(over + value) <= spread + half:
            own = True
            yield "row_counted_twice", address
    if own:
        return
    known = {total, *rows}
    for address, other in cells.items():
        like = other.unit == cells[total].unit and other.measure == cells[total].measure
        counts = like and other.value != 0 and other.row_kind == "detail" and address not in known
        if counts and abs(over + Fraction(other.value)) <= spread + Fraction(other.half_width):
            yield "row_missing", address


# --- witnesses ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Testimony:
    low: Fraction
    high: Fraction
    address: str
    relation: str
    involved: frozenset[str]


class Corroboration:
    """All printed cells and all values that sums imply, by unit and lower end, to be asked for many answers.

    A value implied by a sum ignores the print of the cell that it is implied for. Blanks, zeros and dates bear no
    witness.
    """

    def __init__(self, quantities: Sequence[Quantity], relations: Sequence[Relation]):
        self.cells = {q.address: q for q in quantities}
        self.terms = {r.name: frozenset(a for a, _ in (*r.terms, *r.denominator)) for r in relations}
        heard: dict[str, list[_Testimony]] = {}
        for q in quantities:
            if q.value != 0 and q.unit != "date":
                alone = frozenset({q.address})
                heard.setdefault(q.unit, []).append(_Testimony(Fraction(q.low), Fraction(q.high), q.address, "", alone))
        for relation in relations:
            for testimony in self._implied(relation):
                heard.setdefault(self.cells[testimony.address].unit, []).append(testimony)
        self.heard = {unit: sorted(all_, key=lambda t: (t.low, t.high, t.address)) for unit, all_ in heard.items()}
        self.starts = {unit: [t.low for t in all_] for unit, all_ in self.heard.items()}

    def _implied(self, relation: Relation) -> Iterator[_Testimony]:
        parts = plain_sum(relation)
        if parts is None or any(self.cells[a].unit == "date" for a, _ in relation.terms):
            return
        total, rows = parts
        value = Fraction(sum(self.cells[a].value for a in rows))
        half = Fraction(sum(self.cells[a].half_width for a in rows))
        if value != 0 and sum(self.cells[a].value != 0 for a in rows) > 1:
            yield _Testimony(value - half, value + half, total, relation.name, frozenset({total, *rows}))

    def witnesses(self, change: Change, answer: Iterable[str], broken: Iterable[str]) -> tuple[Witness, ...]:
        """Who shows a value inside the implied interval of one cell of an answer; same measure first, print first.

        Cells of the answer do not count. Nor do the cells of the only broken relation (by name) that the suspect is
        in: they are the other party to the dispute, and agree with the implied value because it was implied by them.
        """
        if change.low is None or change.high is None:
            return ()
        suspect = self.cells[change.address]
        disputes = [self.terms[name] for name in broken if change.address in self.terms[name]]
        barred = frozenset(answer).union(*disputes[:1] if len(disputes) == 1 else ())
        starts = self.starts.get(suspect.unit, [])
        near = self.heard.get(suspect.unit, [])[bisect_left(starts, change.low) : bisect_right(starts, change.high)]
        found = [
            Witness(
                change.address,
                t.address,
                t.low,
                t.high,
                self.cells[t.address].measure == suspect.measure,
                t.relation,
            )
            for t in near
            if t.high <= change.high and t.involved.isdisjoint(barred)
        ]
        return tuple(sorted(found, key=lambda w: (not w.same_measure, w.relation != "", w.address)))


# --- ranking ------------------------------------------------------------------------------------------------------


def rank(
    fault: Fault, evidence: Corroboration, knowledge: Knowledge, beside: Sequence[Change] = ()
) -> tuple[Ranked, ...]:
    """The answers of a fault, the likeliest first by the criteria in the order that ``slips.yml`` gives.

    ``witness``: fewest cells without one (then without one of the same measure); ``slip``: fewest cells that no slip
    explains; ``totals``: fewest cells printed in total rows. ``beside``: what other faults settle (``settled``), for
    figures that were exchanged between two faults.
    """
    judged = []
    for answer in fault.answers:
        witnesses = tuple(w for c in answer.changes for w in evidence.witnesses(c, answer.addresses, fault.relations))
        typed = (s for c in answer.changes for s in typing_slips(evidence.cells[c.address], c.low, c.high, knowledge))
        slips = (*exchanged(answer, beside, evidence.cells, knowledge), *typed)
        scores = {
            "witness": (_lacking(answer, witnesses), _lacking(answer, (w for w in witnesses if w.same_measure))),
            "slip": (_lacking_slip(answer, slips),),
            "totals": (sum(evidence.cells[a].row_kind == "total" for a in answer.addresses),),
        }
        judged.append((tuple(scores[criterion] for criterion in knowledge.criteria), answer, witnesses, slips))
    places = sorted({score for score, _, _, _ in judged})
    ranked = [Ranked(places.index(score) + 1, answer, seen, slips) for score, answer, seen, slips in judged]
    return tuple(sorted(ranked, key=lambda r: r.rank))


def _lacking(answer: Answer, witnesses: Iterable[Witness]) -> int:
    return len(set(answer.addresses) - {w.suspect for w in witnesses})


def _lacking_slip(answer: Answer, slips: Iterable[Slip]) -> int:
    return len(set(answer.addresses) - {s.address for s in slips})
