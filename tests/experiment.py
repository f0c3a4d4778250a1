"""The seeded experiment on localisation: 2024's network from the rules as data, slips put into it, and a brute force.

The network here mirrors ``rule_term`` and ``rule_judgement`` for experiments only; a year is judged by the dbt models.
Nothing in the brute force comes from the engine: it decides by itself, exactly, whether some cells suffice.
Used by ``tests/unit/localisation/test_experiment.py`` (a sample) and ``tests/bench.py`` (all of it).
"""

from __future__ import annotations

import itertools
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil, floor

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack

from orchestration.ledgers.cell import Cell
from orchestration.ledgers.corrections import Correction
from orchestration.ledgers.money import FigureError, parse_figure
from orchestration.ledgers.reader import Year
from orchestration.localisation.corroboration import Corroboration
from orchestration.localisation.knowledge import read_knowledge
from orchestration.localisation.localise import Localisation, localise
from orchestration.localisation.ranking import rank
from orchestration.localisation.slips import settled
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.rules.model import COMPUTED, KEY_PARTS, Rulebook, Selector
from tests.variants import published

Network = tuple[list[Quantity], list[Relation]]
WHOLE = frozenset({"yuan", "person", "count"})  # units of which there are no parts (money in fen)


# --- the network of a year, from the rules as data -----------------------------------------------------------------


def network(year: Year, rulebook: Rulebook, corrections: Iterable[Correction]) -> Network:
    """Quantities, and the instances of every error-severity rule that is linear or a rate.

    Left out: rules that reach back a year or to what the warehouse computes; instances with a term that is not there.
    """
    right = {correction.address: correction for correction in corrections}
    cells = [_after(cell, right.get(cell.address)) for cell in year.cells]
    quantities = [
        Quantity(
            c.address,
            c.value,
            c.half_width,
            c.ledger,
            c.row_key,
            c.row_kind,
            c.measure,
            c.unit,
            c.printed_unit,
            c.text,
        )
        for c in cells
        if c.value is not None
    ]
    columns: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        columns[cell.ledger, cell.measure].append(cell)
    barred = {s.rule_id for s in rulebook.selectors if s.year_offset != 0 or s.ledger in COMPUTED}
    wanted = {r.id for r in rulebook.rules if r.severity == "error" and rulebook.operators[r.id] in ("=", "<=", ">=")}
    variants: dict[tuple[str, str], list[Selector]] = defaultdict(list)
    for selector in rulebook.selectors:
        if selector.rule_id in wanted - barred:
            variants[selector.rule_id, selector.variant].append(selector)
    relations = [
        relation
        for (rule, variant), selectors in variants.items()
        for relation in _instances(rule, variant, rulebook.operators[rule], selectors, columns)
    ]
    return quantities, relations


def _after(cell: Cell, correction: Correction | None) -> Cell:
    if correction is None:
        return cell
    return replace(cell, text=correction.corrected, value=correction.value, half_width=correction.half_width)


def _instances(
    rule: str,
    variant: str,
    operator: str,
    selectors: Sequence[Selector],
    columns: Mapping[tuple[str, str], Sequence[Cell]],
) -> Iterator[Relation]:
    """One relation for each way in which the captured variables are bound, as ``rule_term`` spells them out."""
    found = {selector.term: _matches(selector, columns) for selector in selectors}
    captures = any(selector.width for selector in selectors)
    bound = (
        {slots: None for s in selectors if s.width for slots in found[s.term]} if captures else {("",) * KEY_PARTS: 0}
    )
    for slots in bound:
        name = "/".join(part for part in (variant, *slots) if part) or "all"
        terms: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        constant, there = Decimal(0), True
        for selector in selectors:
            sign = 1 if selector.side == "left" or selector.role in ("numerator", "denominator") else -1
            cells = found[selector.term].get(slots if selector.width else ("",) * KEY_PARTS, [])
            if selector.role == "constant":
                constant += sign * selector.weight
            elif selector.role == "count":
                constant += sign * selector.weight * len(cells)
                there = there and bool(cells)
            else:
                terms[selector.role] += [(cell.address, sign * selector.weight) for cell in cells]
                there = there and bool(cells)
        if not there:
            continue
        if "rate" in terms:
            ((rate, _),) = terms["rate"]
            above, below = tuple(terms["numerator"]), tuple(terms["denominator"])
            yield Relation(rule, name, above, operator, constant, rate, below)
        else:
            yield Relation(rule, name, tuple(terms["term"]), operator, constant)


def _matches(
    selector: Selector, columns: Mapping[tuple[str, str], Sequence[Cell]]
) -> dict[tuple[str, ...], list[Cell]]:
    """The cells of a selector by what its slots capture."""
    found: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in columns.get((selector.ledger, selector.measure), ()):
        keys = (*cell.row_key.split(":"), "", "")[:KEY_PARTS]
        literals = (selector.key_1, selector.key_2, selector.key_3)
        fits = all(literal is None or literal == key for literal, key in zip(literals, keys, strict=True))
        printed = cell.value is not None or selector.role == "count"
        if fits and printed and (not selector.detail_only or cell.row_kind == "detail"):
            at = (selector.slot_1, selector.slot_2, selector.slot_3)
            found[tuple(keys[slot - 1] if slot else "" for slot in at)].append(cell)
    return found


@cache
def corrected_2024() -> Network:
    return network(*published())


# --- the judgement of intervals ------------------------------------------------------------------------------------

Edge = Fraction | None  # None: without end


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """``low <= sum(weight * cell) <= high``, a side of a relation; void where its rate cell is free."""

    relation: str
    weights: tuple[tuple[str, Fraction], ...]
    low: Edge
    high: Edge
    rate: str | None = None


def rows_of(relation: Relation, quantities: Mapping[str, Quantity]) -> list[Row]:
    return _rows(relation, quantities[relation.rate] if relation.rate else None)


@cache
def _rows(relation: Relation, rate: Quantity | None) -> list[Row]:
    """A linear relation as it stands; of a printed rate in [lo, hi] the pair ``lo*b <= a <= hi*b``."""
    side = -Fraction(relation.constant)
    low = side if relation.operator in ("=", ">=") else None
    high = side if relation.operator in ("=", "<=") else None
    if rate is None:
        return [Row(relation.name, _net(relation.terms), low, high)]
    return [
        Row(relation.name, _net(relation.terms, relation.denominator, edge), least, most, relation.rate)
        for edge, least, most in ((rate.low, low, None), (rate.high, None, high))
        if least is not None or most is not None
    ]


def _net(
    terms: Iterable[tuple[str, Decimal]], less: Iterable[tuple[str, Decimal]] = (), times: Decimal = Decimal(0)
) -> tuple[tuple[str, Fraction], ...]:
    weights: dict[str, Fraction] = defaultdict(Fraction)
    for address, weight in terms:
        weights[address] += Fraction(weight)
    for address, weight in less:
        weights[address] -= Fraction(weight) * Fraction(times)
    return tuple((address, weight) for address, weight in weights.items() if weight)


def violated(relations: Iterable[Relation], quantities: Iterable[Quantity]) -> set[str]:
    """Names of the relations that no values within the closed printed intervals satisfy."""
    known = {q.address: q for q in quantities}
    boxes = {a: (Fraction(q.low), Fraction(q.high)) for a, q in known.items()}
    return {r.name for r in relations if any(_reach(row, boxes) is None for row in rows_of(r, known))}


def _reach(row: Row, boxes: Mapping[str, tuple[Edge, Edge]]) -> tuple[Edge, Edge] | None:
    """Least and greatest sum over the boxes; None where the row's interval is not met."""
    least: Edge = Fraction(0)
    most: Edge = Fraction(0)
    for address, weight in row.weights:
        low, high = boxes[address] if weight > 0 else boxes[address][::-1]
        least = None if least is None or low is None else least + weight * low
        most = None if most is None or high is None else most + weight * high
    if (row.high is not None and least is not None and least > row.high) or (
        row.low is not None and most is not None and most < row.low
    ):
        return None
    return least, most


# --- slips ---------------------------------------------------------------------------------------------------------


def _transposed(digits: str, places: int) -> list[tuple[str, int]]:
    pairs = ((digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]) for i in range(len(digits) - 1))
    return [(swapped, places) for swapped in pairs]


def _wrong(digits: str, places: int) -> list[tuple[str, int]]:
    return [(digits[:i] + new + digits[i + 1 :], places) for i in range(len(digits)) for new in "0123456789"]


def _missing(digits: str, places: int) -> list[tuple[str, int]]:
    whole = len(digits) - places
    return [(digits[:i] + digits[i + 1 :], places - (i >= whole)) for i in range(len(digits))] if digits[1:] else []


def _shifted(digits: str, places: int) -> list[tuple[str, int]]:
    return [(digits, places + 1), (digits, places - 1)]


def _unit(digits: str, places: int) -> list[tuple[str, int]]:
    return [(digits + "0" * 4, places)]


#: Kind of slip -> (digits, places after the point) of a printed figure -> those that the slip can print instead.
KINDS: Mapping[str, Callable[[str, int], list[tuple[str, int]]]] = {
    "two digits transposed": _transposed,
    "one digit wrong": _wrong,
    "one digit missing": _missing,
    "sign lost or gained": lambda digits, places: [(digits, places)],
    "decimal point shifted": _shifted,
    "wrong unit, ×10^4": _unit,
}


_SHOWN = re.compile(r"(?P<before>[≥≤><=]*)(?P<sign>-?)(?P<number>\d[\d,]*(?:\.\d+)?)(?P<after>.*)")


def _pointed(digits: str, places: int) -> str:
    """Digits with the point before the last ``places``; zeros where it lies outside them."""
    digits = (digits + "0" * -places).rjust(places + 1, "0")
    return digits[:-places] + "." + digits[-places:] if places > 0 else digits


@dataclass(frozen=True, slots=True)
class Corruption:
    """A cell that prints something else than the truth, by a slip."""

    address: str
    kind: str
    printed: Quantity


def slips_of(true: Quantity, kind: str) -> list[Corruption]:
    """Every way in which the slip changes the figure and the reader still takes it for one."""
    shown = _SHOWN.fullmatch(true.text)
    if shown is None:
        return []  # blank, or a dash
    whole, _, part = shown["number"].replace(",", "").partition(".")
    negative = (shown["sign"] == "-") != kind.startswith("sign")
    measure = published()[0].ledgers[true.ledger].contract.measure(true.measure)
    assert measure is not None
    found = {}
    for digits, places in KINDS[kind](whole + part, len(part)):
        text = shown["before"] + "-" * negative + _pointed(digits, places) + shown["after"]
        try:
            figure = parse_figure(text, measure.kind, true.printed_unit)
        except FigureError:
            continue
        if figure.value != true.value:
            printed = replace(true, value=figure.value, half_width=figure.half_width, text=text)
            found[text] = Corruption(true.address, kind, printed)
    return list(found.values())


def single_corruptions(seed: int) -> list[Corruption]:
    """Of each amount cell of the corrected 2024, one slip of each kind that it admits, drawn by the seed."""
    rng = random.Random(seed)
    return [
        rng.choice(possible)
        for quantity in corrected_2024()[0]
        if quantity.unit == "yuan"
        for kind in KINDS
        if (possible := slips_of(quantity, kind))
    ]


def stratified(corruptions: Iterable[Corruption], size: int, seed: int) -> list[Corruption]:
    """About ``size`` of them, spread evenly over kinds and ledgers."""
    strata: dict[tuple[str, str], list[Corruption]] = defaultdict(list)
    for corruption in corruptions:
        strata[corruption.kind, corruption.printed.ledger].append(corruption)
    rng = random.Random(seed)
    for stratum in strata.values():
        rng.shuffle(stratum)
    rounds = itertools.zip_longest(*strata.values())
    return [corruption for layer in rounds for corruption in layer if corruption is not None][:size]


def several(corruptions: Sequence[Corruption], at_once: int, count: int, seed: int) -> list[tuple[Corruption, ...]]:
    """``count`` sets of that many corrupted cells, no cell twice in a set."""
    rng = random.Random(seed)
    sets: list[tuple[Corruption, ...]] = []
    while len(sets) < count:
        chosen = tuple(rng.sample(corruptions, at_once))
        if len({c.address for c in chosen}) == at_once:
            sets.append(chosen)
    return sets


def corrupted(quantities: Iterable[Quantity], corruptions: Iterable[Corruption]) -> list[Quantity]:
    wrong = {c.address: c.printed for c in corruptions}
    return [wrong.get(q.address, q) for q in quantities]


# --- brute force ---------------------------------------------------------------------------------------------------


class UndecidedError(Exception):
    """Neither a point nor a proof that there is none was found."""


def _parties(relation: Relation) -> set[str]:
    return {a for a, _ in (*relation.terms, *relation.denominator)} | ({relation.rate} if relation.rate else set())


class BruteForce:
    """Whether freeing given cells lets every relation hold, proved in exact arithmetic either way.

    Yes: by a point at which every row holds, whole where units are whole. No: by bounds that are passed on until a cell
    has no value left, or by a combination of rows (an LP's dual proposes it) that no values satisfy.
    """

    def __init__(self, quantities: Sequence[Quantity], relations: Sequence[Relation], near: Mapping[str, Fraction]):
        """``near``: a point from which to look for others; any will do, a true one is quickest."""
        self.cells = {q.address: q for q in quantities}
        self.near = near
        self.rows = [row for relation in relations for row in rows_of(relation, self.cells)]
        self.rows_of: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            for address, _ in row.weights:
                self.rows_of[address].append(row)
        self.relations = relations
        self.box = {a: (Fraction(q.low), Fraction(q.high)) for a, q in self.cells.items()}
        self.broken = violated(relations, quantities)
        self.near_holds = {row for row in self.rows if self._holds(row, near)}
        self.decided_by: dict[str, int] = defaultdict(int)

    def single_answers(self) -> set[str]:
        """Every cell that suffices alone; none where nothing need change.

        One that does is a party to every broken relation. Where each relation holds by itself but not all together, it
        is in the part of the network that hangs together with what moved. Every such cell is tried.
        """
        if self.broken:
            parties = [_parties(relation) for relation in self.relations if relation.name in self.broken]
            return {a for a in set.intersection(*parties) if self.suffice(frozenset({a}))}
        if self.suffice(frozenset()):
            return set()
        return {a for a in self._hanging_together() if self.suffice(frozenset({a}))}

    def _hanging_together(self) -> set[str]:
        part = {a for a, (low, high) in self.box.items() if not low <= self.near[a] <= high}
        size = 0
        while size < len(part):
            size = len(part)
            part = part.union(*(p for p in map(_parties, self.relations) if not p.isdisjoint(part)))
        return part

    def suffice(self, free: frozenset[str]) -> bool:
        """Whether every relation holds for some values, those in ``free`` anything, the others within print."""
        for name, verdict, prove in (
            ("point near by", True, self.near_point),
            ("bounds", False, self.contradiction),
            ("integer program's point", True, self.point),
            ("combination of rows", False, self.combination),
        ):
            if prove(free):
                self.decided_by[name] += 1
                return verdict
        raise UndecidedError(f"free: {sorted(free)}; broken: {sorted(self.broken)}")

    def _bounds(self, free: frozenset[str]) -> dict[str, tuple[Edge, Edge]]:
        return {a: (None, None) if a in free else box for a, box in self.box.items()}

    def _holds(self, row: Row, point: Mapping[str, Fraction]) -> bool:
        value = sum((w * point[a] for a, w in row.weights), Fraction(0))
        return (row.low is None or value >= row.low) and (row.high is None or value <= row.high)

    def _is_point(self, point: Mapping[str, Fraction], free: frozenset[str]) -> bool:
        """Every row holds, what is not free is within print, what is whole is whole."""
        inside = all(low <= point[a] <= high for a, (low, high) in self.box.items() if a not in free)
        whole = all(point[a].denominator == 1 for a, q in self.cells.items() if q.unit in WHOLE)
        moved = {row for a, value in point.items() if value != self.near[a] for row in self.rows_of[a]}
        left = (row for row in self.rows if row.rate not in free and (row in moved or row not in self.near_holds))
        return inside and whole and all(self._holds(row, point) for row in left)

    def _start(self, free: frozenset[str]) -> dict[str, Fraction]:
        """``near`` within print; each free cell moved to where the rows that it is in would have it."""
        point = {a: min(max(self.near[a], low), high) for a, (low, high) in self.box.items()}
        for address in sorted(free):
            low, high = self._implied(address, free, lambda other: (point[other], point[other]))
            edge = low if low is not None else high
            if edge is not None:
                point[address] = Fraction(ceil(edge)) if self.cells[address].unit in WHOLE else edge
        return point

    def _implied(
        self, address: str, free: frozenset[str], box: Callable[[str], tuple[Edge, Edge]]
    ) -> tuple[Edge, Edge]:
        """The interval that rows leave to a cell, given those of the others."""
        low: Edge = None
        high: Edge = None
        for row in self.rows_of[address]:
            if row.rate in free:
                continue
            weight = dict(row.weights)[address]
            others = {a: box(a) for a, _ in row.weights if a != address}
            reach = _reach(
                replace(row, weights=tuple(p for p in row.weights if p[0] != address), low=None, high=None), others
            )
            assert reach is not None
            least, most = reach
            edges = (
                None if row.low is None or most is None else (row.low - most) / weight,
                None if row.high is None or least is None else (row.high - least) / weight,
            )
            down, up = edges if weight > 0 else edges[::-1]
            low = down if low is None or (down is not None and down > low) else low
            high = up if high is None or (up is not None and up < high) else high
        return low, high

    def near_point(self, free: frozenset[str]) -> bool:
        return self._is_point(self._start(free), free)

    def contradiction(self, free: frozenset[str], visits: int = 3000) -> bool:
        """Whether bounds, passed on from row to row, leave a cell without a value. At most so many rows are visited."""
        box = self._bounds(free)
        moved = [a for a, (low, high) in self.box.items() if not low <= self.near[a] <= high] + sorted(free)
        queue = list(dict.fromkeys(row for a in moved for row in self.rows_of[a] if row.rate not in free))
        queue += [row for row in self.rows if row.relation in self.broken and row not in queue and row.rate not in free]
        while queue and visits:
            row, visits = queue.pop(0), visits - 1
            reach = _reach(row, box)
            if reach is None:
                return True
            for address, weight in row.weights:
                fresh = self._tightened(row, address, weight, reach, box)
                if fresh != box[address]:
                    box[address] = fresh
                    low, high = fresh
                    if low is not None and high is not None and low > high:
                        return True
                    queue += [r for r in self.rows_of[address] if r.rate not in free and r not in queue]
        return False

    def _tightened(
        self, row: Row, address: str, weight: Fraction, reach: tuple[Edge, Edge], box: Mapping[str, tuple[Edge, Edge]]
    ) -> tuple[Edge, Edge]:
        """A cell's bounds after one row; ``reach``: that of the row, the cell included."""
        low, high = box[address]
        least, most = reach
        own = (low, high) if weight > 0 else (high, low)
        if low is None and high is None:  # what the others reach, without this cell
            rest = tuple(p for p in row.weights if p[0] != address)
            outer = _reach(Row(row.relation, rest, None, None), box)
            assert outer is not None
            least, most = outer
        else:
            least = None if least is None or own[0] is None else least - weight * own[0]
            most = None if most is None or own[1] is None else most - weight * own[1]
        down = None if row.low is None or most is None else (row.low - most) / weight
        up = None if row.high is None or least is None else (row.high - least) / weight
        if weight < 0:
            down, up = up, down
        if self.cells[address].unit in WHOLE:
            down = None if down is None else Fraction(ceil(down))
            up = None if up is None else Fraction(floor(up))
        return (
            down if low is None or (down is not None and down > low) else low,
            up if high is None or (up is not None and up < high) else high,
        )

    def point(self, free: frozenset[str]) -> dict[str, Fraction] | None:
        """A point that an integer program proposes near the start, verified; None where it proposes none that holds."""
        start = self._start(free)
        rows = [row for row in self.rows if row.rate not in free]
        cells = sorted({a for row in rows for a, _ in row.weights})
        for margin in (2, 0):  # rates kept off their edges by some fen first, so that rounding does not overstep them
            matrix, low, high = self._matrix(rows, cells, start, margin)
            result = milp(
                np.zeros(len(cells)),
                constraints=LinearConstraint(matrix, low, high),
                bounds=Bounds(*self._steps(cells, start, free)),
                integrality=[self.cells[a].unit in WHOLE for a in cells],
                options={"time_limit": 10},
            )
            if result.x is None:
                continue
            point = dict(start)
            for address, step in zip(cells, result.x, strict=True):
                whole = self.cells[address].unit in WHOLE
                point[address] += round(step) if whole else Fraction(step).limit_denominator(10**9)
            if self._is_point(point, free):
                return point
        return None

    def _matrix(
        self, rows: Sequence[Row], cells: Sequence[str], start: Mapping[str, Fraction], margin: int = 0
    ) -> tuple[csr_array, list[float], list[float]]:
        """Rows on the differences from ``start``, so that great figures leave no trace in the doubles."""
        place = {address: n for n, address in enumerate(cells)}
        entries = [(float(w), n, place[a]) for n, row in enumerate(rows) for a, w in row.weights]
        low, high = [], []
        for row in rows:
            value = sum((w * start[a] for a, w in row.weights), Fraction(0))
            inward = margin if row.rate else 0
            low.append(-np.inf if row.low is None else float(row.low - value) + inward)
            high.append(np.inf if row.high is None else float(row.high - value) - inward)
        data, down, across = zip(*entries, strict=True)
        return csr_array((data, (down, across)), shape=(len(rows), len(cells))), low, high

    def _steps(
        self, cells: Sequence[str], start: Mapping[str, Fraction], free: frozenset[str]
    ) -> tuple[list[float], list[float]]:
        low = [-np.inf if a in free else float(self.box[a][0] - start[a]) for a in cells]
        high = [np.inf if a in free else float(self.box[a][1] - start[a]) for a in cells]
        return low, high

    def combination(self, free: frozenset[str]) -> bool:
        """Whether rows, added up with some multipliers, state what no values satisfy. An LP's dual proposes them."""
        start = self._start(free)
        rows = [row for row in self.rows if row.rate not in free]
        cells = sorted({a for row in rows for a, _ in row.weights})
        matrix, low, high = self._matrix(rows, cells, start)
        sides = [(n, 1, edge) for n, edge in enumerate(high) if edge < np.inf]
        sides += [(n, -1, -edge) for n, edge in enumerate(low) if edge > -np.inf]
        pick = [n for n, _, _ in sides]
        signed = matrix.tocsr()[pick].multiply(np.array([[s] for _, s, _ in sides])).tocsr()
        over = csr_array((np.full(len(sides), -1.0), (range(len(sides)), range(len(sides)))))
        least, most = self._steps(cells, start, free)
        result = linprog(
            np.array([0.0] * len(cells) + [1.0] * len(sides)),
            A_ub=hstack([signed, over]).tocsr(),
            b_ub=[edge for _, _, edge in sides],
            bounds=[*zip(least, most, strict=True), *((0, None) for _ in sides)],
            method="highs",
        )
        if result.x is None:
            return False
        for precision in (1, 10, 1000, 10**6, 10**9):
            multipliers: dict[int, Fraction] = defaultdict(Fraction)
            for (n, sign, _), dual in zip(sides, result.ineqlin.marginals, strict=True):
                multipliers[n] += sign * Fraction(-dual).limit_denominator(precision)
            if self._refutes([(rows[n], m) for n, m in multipliers.items() if m], free):
                return True
        return False

    def _refutes(self, multiples: Sequence[tuple[Row, Fraction]], free: frozenset[str]) -> bool:
        """Whether the sum of the multiples of rows holds for no values. A single free cell is made to cancel."""
        for pivot in range(len(multiples)) if len(free) == 1 else [-1]:
            tried = list(multiples)
            if pivot >= 0:
                (address,) = free
                row, _ = tried[pivot]
                own = dict(row.weights).get(address)
                if own is None and any(address in dict(r.weights) for r, _ in tried):
                    continue
                if own is not None:
                    rest = sum(
                        (dict(r.weights).get(address, Fraction(0)) * m for r, m in tried if r is not row), Fraction(0)
                    )
                    tried[pivot] = (row, -rest / own)
            weights: dict[str, Fraction] = defaultdict(Fraction)
            bound: Edge = Fraction(0)
            for row, m in tried:
                edge = row.high if m > 0 else row.low
                if m == 0:
                    continue
                bound = None if bound is None or edge is None else bound + m * edge
                for a, w in row.weights:
                    weights[a] += m * w
            if bound is None:
                continue
            total = Row("sum", tuple((a, w) for a, w in weights.items() if w), None, bound)
            if _reach(total, self._bounds(free)) is None:
                return True
        return False


# --- trials --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What the engine made of some corrupted cells."""

    corruptions: tuple[Corruption, ...]
    broken: frozenset[str]  # relations that do not hold within rounding
    found: Localisation
    seconds: float
    listed: bool  # every fault lists an answer of nothing but corrupted cells
    first: bool  # that answer alone has rank 1, in every fault
    shared: bool  # it has rank 1, perhaps with others that nothing tells apart

    @property
    def wrong(self) -> frozenset[str]:
        return frozenset(c.address for c in self.corruptions)

    @property
    def detected(self) -> bool:
        """A fault covers every broken relation, and so the corrupted cells, which are parties to them."""
        return self.broken <= {name for fault in self.found.faults for name in fault.relations}

    @property
    def cost(self) -> Fraction:
        return sum((fault.at_least for fault in self.found.faults), Fraction(0))

    @property
    def capped(self) -> bool:
        return any(fault.capped for fault in self.found.faults)

    def offers(self, cells: frozenset[str]) -> bool:
        """Whether the answers listed, one a fault, add up to exactly these cells."""
        chosen = [[a for a in fault.answers if cells.issuperset(a.addresses)] for fault in self.found.faults]
        return all(chosen) and cells == {a for one in chosen for answer in one for a in answer.addresses}


_knowledge = cache(read_knowledge)


def attempt(corruptions: Iterable[Corruption]) -> Trial:
    """Corrupt the corrected 2024 and localise."""
    corruptions = tuple(corruptions)
    quantities, relations = corrected_2024()
    quantities = corrupted(quantities, corruptions)
    begun = time.perf_counter()
    found = localise(quantities, relations)
    seconds = time.perf_counter() - begun
    wrong = {c.address for c in corruptions}
    evidence, knowledge, beside = Corroboration(quantities, relations), _knowledge(), settled(found.faults)
    ranks = []  # by fault: ranks of all answers, ranks of those of corrupted cells alone
    for fault in found.faults:
        ranked = rank(fault, evidence, knowledge, beside)
        ranks.append(([r.rank for r in ranked], [r.rank for r in ranked if wrong.issuperset(r.answer.addresses)]))
    return Trial(
        corruptions,
        frozenset(violated(relations, quantities)),
        found,
        seconds,
        listed=all(true for _, true in ranks),
        first=all(true[:1] == [1] and every.count(1) == 1 for every, true in ranks),
        shared=all(true[:1] == [1] for _, true in ranks),
    )


@cache
def true_point() -> Mapping[str, Fraction]:
    """A point at which every relation of the corrected 2024 holds."""
    quantities, relations = corrected_2024()
    point = BruteForce(quantities, relations, {q.address: Fraction(q.value) for q in quantities}).point(frozenset())
    assert point is not None
    return point


def brute_force(corruptions: Iterable[Corruption]) -> BruteForce:
    quantities, relations = corrected_2024()
    return BruteForce(corrupted(quantities, corruptions), relations, true_point())


def misses(trial: Trial) -> list[str]:
    """What the engine should have said and did not, by brute force; nothing where all is well.

    One corrupted cell: the answers must be exactly the single cells that suffice, each tried. That the corrupted cell
    is one of them is the brute force's finding, not a premise. Where it is the only one, it must be ranked first.
    Several: of their subsets, each tried, the smallest that suffices bounds the cost; the engine's total may be less (a
    cheaper answer exists, and is verified to suffice), never more; where it is equal, every subset of that size that
    suffices must be among the answers, unless there are more than the engine lists.
    """
    said = []
    if not trial.detected:
        said.append(f"not covered: {sorted(trial.broken)}")
    oracle = brute_force(trial.corruptions)
    wrong = trial.wrong
    if len(wrong) == 1:
        enough = {frozenset({a}) for a in oracle.single_answers()}
        listed = {frozenset(a.addresses) for fault in trial.found.faults for a in fault.answers}
        if not trial.capped and listed != enough:
            said.append(f"lists {sorted(map(sorted, listed))}, brute force {sorted(map(sorted, enough))}")
        if enough == {wrong} and not trial.first:
            said.append("the unique minimal answer is not ranked first")
        if enough and wrong not in enough:
            said.append("brute force does not find the corrupted cell")
        return said
    subsets = [frozenset(s) for n in range(len(wrong) + 1) for s in itertools.combinations(sorted(wrong), n)]
    least: int | None = None
    for subset in subsets:
        if least is not None and len(subset) > least:
            break
        if oracle.suffice(subset):
            least = len(subset)
            if trial.cost == least and not trial.capped and not trial.offers(subset):
                said.append(f"not listed: {sorted(subset)}")
    if least is None or trial.cost > least:
        said.append(f"costs {trial.cost}, though {least} corrupted cells suffice")
    first = frozenset(a for fault in trial.found.faults for a in fault.answers[0].addresses)
    if not oracle.suffice(first):
        said.append(f"does not suffice: {sorted(first)}")
    return said
