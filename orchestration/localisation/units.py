"""Ledgers and columns that stand in another unit than they say: figures of 元 read as 万元, and the like.

One such slip breaks every rule that leads out of the ledger, and no set of cells says what happened. So each unit is
tried on a whole ledger, together with those that agree with it alone, then on each column: it is seen only where every
broken relation that it touches then holds and none breaks. Figures that print a unit of their own keep it. What does
not belong here: how a pattern is weighed against the answers (``patterns``), and a single figure of another scale
(``slips``).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

from orchestration.ledgers.money import MAGNITUDES, MONEY_UNITS, unit_kind
from orchestration.ledgers.rounding import interval, last_place_of
from orchestration.localisation.solver.exact import plain
from orchestration.localisation.solver.network import Quantity, Relation, Span, holds

_MONEY = ("元", "千元", "万元", "百万元", "亿元", "十元", "百元", "十万元", "千万元", "十亿元", "百亿元")
_SCALED = frozenset({"yuan", "person", "count"})


Group = tuple[str, str]  # a ledger, and the unit that it says: a sheet may say two


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """Figures that agree once they are read in ``unit``; ``said``: the unit in which they were. ``measures``: none of
    whole ledgers. ``relations``: the broken ones that it explains."""

    ledgers: tuple[str, ...]
    measures: tuple[str, ...]
    said: str
    unit: str
    relations: frozenset[str]


class UnitTrials:
    """The network with what is broken in it, and the trials."""

    def __init__(
        self,
        cells: Mapping[str, Quantity],
        span: dict[str, Span],
        using: Mapping[str, list[Relation]],
        broken: Mapping[str, Relation],
    ):
        self.cells, self.span, self.using, self.broken = cells, span, using, broken
        self.columns: dict[Group, dict[str, list[Quantity]]] = {}
        self.group_of: dict[str, Group] = {}
        self._last_places: dict[tuple[Group, str], Fraction] = {}
        self._disputed = {address for relation in broken.values() for address in relation.addresses}
        for cell in cells.values():
            ours = "/" not in cell.ledger  # what was published the year before has stood up to its own rules
            if ours and cell.unit in _SCALED and cell.printed_unit and cell.printed_unit not in cell.text:
                group = self.group_of[cell.address] = (cell.ledger, cell.printed_unit)
                self.columns.setdefault(group, {}).setdefault(cell.measure, []).append(cell)

    def run(self, ledgers: Sequence[str]) -> list[OtherUnit]:
        """The fewest whole ledgers that explain the same broken rules; or else single columns."""
        groups = [group for group in self.columns if group[0] in ledgers]
        whole: dict[frozenset[str], list[OtherUnit]] = {}
        for group in groups:
            for unit in _units(group[1]):
                found = self._whole(group, unit)
                if found and found not in whole.setdefault(found.relations, []):
                    whole[found.relations].append(found)
        seen = []
        for alike in whole.values():
            fewest = min(len(found.ledgers) for found in alike)
            seen += [found for found in alike if len(found.ledgers) == fewest]
        return seen or [found for group in groups for found in self._of_columns(group)]

    def _whole(self, group: Group, unit: str) -> OtherUnit | None:
        """A ledger in another unit, with those beside it that only agree with it in the same one."""
        scope = {group}
        while True:
            if not self._could_be(unit, scope):
                return None
            moved = self._read_in(unit, scope)
            mended, unsettled = tried(moved, self.span, self.using, self.broken)
            if not unsettled:
                break
            more = self._bound_by(unsettled, unit) - scope
            if not more or any(said == unit for _, said in more):
                return None
            scope |= more
        if not mended or len(moved) < 2:
            return None
        ordered = [each for each in self.columns if each in scope]
        ledgers, said = (dict.fromkeys(names) for names in zip(*ordered, strict=True))
        return OtherUnit(tuple(ledgers), (), "、".join(said), unit, mended)

    def _bound_by(self, relations: Iterable[Relation], unit: str) -> set[Group]:
        """The ledgers whose figures relations bind, and that could be in this unit."""
        addresses = (address for relation in relations for address in relation.addresses)
        groups = {self.group_of[address] for address in addresses if address in self.group_of}
        return {group for group in groups if (group[1] in MONEY_UNITS) == (unit in MONEY_UNITS)}

    def _of_columns(self, group: Group) -> Iterator[OtherUnit]:
        for measure in self.columns[group]:
            for unit in _units(group[1]):
                if not self._could_be(unit, {group}, measure):
                    continue
                moved = self._read_in(unit, {group}, measure)
                mended, unsettled = tried(moved, self.span, self.using, self.broken)
                if mended and not unsettled and len(moved) > 1:
                    yield OtherUnit((group[0],), (measure,), group[1], unit, mended)

    def _could_be(self, unit: str, scope: Set[Group], measure: str = "") -> bool:
        """Whether the broken relations leave the trial open, before every figure is read anew: some are touched, and
        each of them holds then or binds ledgers that could move too. Of a column, each must hold.
        """
        moved = self._read_in(unit, scope, measure, self._disputed)
        after = ChainMap(moved, self.span)
        touched = [r for r in self.broken.values() if any(address in moved for address in r.addresses)]
        if not touched:
            return not measure  # what it is bound to may touch some
        return all(
            holds(relation, after) or (not measure and bool(self._bound_by([relation], unit) - scope))
            for relation in touched
        )

    def _read_in(
        self, unit: str, groups: Iterable[Group], measure: str = "", among: Set[str] | None = None
    ) -> dict[str, Span]:
        """Where each figure lies once it is read in another unit; ``among`` these alone. Blanks and dashes are zero in
        any.
        """
        moved: dict[str, Span] = {}
        for group in groups:
            factor = Fraction(_size(unit), _size(group[1]))
            for name in [measure] if measure else self.columns[group]:
                place = self._place(group, name)
                for cell in self.columns[group][name]:
                    if (among is None or cell.address in among) and any(c.isdigit() for c in cell.text):
                        half_width, skew = Fraction(cell.half_width), Fraction(cell.skew)
                        last = last_place_of(half_width, skew, cell.unit, cell.rounding) or place
                        low, high = interval(factor * Fraction(cell.value), factor * last, cell.unit, cell.rounding)
                        moved[cell.address] = (plain(low), plain(high))
        return moved

    def _place(self, group: Group, measure: str) -> Fraction:
        """The last place that a column prints, in base units."""
        known = self._last_places.get((group, measure))
        if known is None:
            finest = max(_places(cell) for cell in self.columns[group][measure])
            known = self._last_places[group, measure] = Fraction(_size(group[1])) / 10**finest
        return known


def tried(
    moved: dict[str, Span],
    span: dict[str, Span],
    using: Mapping[str, list[Relation]],
    broken: Mapping[str, Relation],
) -> tuple[frozenset[str], list[Relation]]:
    """What comes of figures that lie elsewhere: the broken relations that they touch, and those touched that do not
    hold then, still or anew. ``span``: where each figure lies as printed."""
    touched = {relation.name: relation for address in moved for relation in using.get(address, ())}
    after = ChainMap(moved, span)
    unsettled = [relation for relation in touched.values() if not holds(relation, after)]
    return frozenset(touched.keys() & broken.keys()), unsettled


def set_right(
    moved: Mapping[str, Span],
    span: dict[str, Span],
    using: Mapping[str, list[Relation]],
    broken: Mapping[str, Relation],
) -> frozenset[str]:
    """The broken relations that hold once figures lie elsewhere; none where any that they touch is broken still or
    anew. The broken ones are looked at first: most trials end there.
    """
    touched = {relation.name: relation for address in moved for relation in using.get(address, ())}
    mended = frozenset(touched.keys() & broken.keys())
    after = ChainMap(dict(moved), span)
    if not mended or not all(holds(broken[name], after) for name in mended):
        return frozenset()
    rest = (relation for name, relation in touched.items() if name not in mended)
    return mended if all(holds(relation, after) for relation in rest) else frozenset()


def _units(said: str) -> list[str]:
    """The units that figures of a printed unit may really be in: of money, or of whatever is counted."""
    if said in MONEY_UNITS:
        return [unit for unit in _MONEY if unit != said]
    counted = said.lstrip("十百千万亿")
    return [f"{magnitude}{counted}" for magnitude in MAGNITUDES if f"{magnitude}{counted}" != said]


def _size(unit: str) -> int:
    known = unit_kind(unit)
    return int(known[1]) if known else 1


def _places(cell: Quantity) -> int:
    return len(cell.text.partition(".")[2].rstrip(")） "))
