"""Rows and columns out of place: a row missing or printed twice, rows or columns whose figures are exchanged.

One such slip breaks many sums, and no set of wrong cells says what happened. So each is tried as a whole: a pattern is
seen only where undoing it lets every broken relation that it touches hold within print, breaks none, and where the
faults that it covers would take two cells or more to mend otherwise. It is told beside the answers, never in their
place. What does not belong here: wording (``slips.yml`` has the sentences, ``suspects`` fills them in), slips of a
single cell (``slips``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from orchestration.localisation.localise import Fault
from orchestration.localisation.solver.exact import exact
from orchestration.localisation.solver.network import Quantity, Relation, Span, holds, plain_sum
from orchestration.localisation.units import UnitTrials, set_right

#: Kinds, the one that proves most first: of two that explain the same, the earlier is told.
KINDS = (
    "ledger_unit",
    "column_unit",
    "row_duplicated",
    "columns_swapped",
    "detail_columns_swapped",
    "columns_swapped_in_row",
    "rows_swapped",
    "rows_partly_swapped",
    "row_counted_twice",
    "row_left_out",
    "row_missing",
)
#: Pairs of rows beyond which none is tried: two exchanged rows break few relations, and few rows are in those.
_MOST_PAIRS = 4000
#: Columns up to which every choice of them is tried for two exchanged rows.
_MOST_COLUMNS = 7


@dataclass(frozen=True, slots=True)
class Pattern:
    """What seems to have happened. ``rows``: row keys, of a missing row only where something names it.

    ``measures``: the columns exchanged (none: whole rows). ``figures``: of a missing row, where each of its figures
    must lie, by measure. ``relations``: the broken ones that it explains. ``units``: the one that is said, and the one
    in which the figures agree; ``beside``: further ledgers of which the same is true.
    """

    kind: str
    ledger: str
    rows: tuple[str, ...]
    measures: tuple[str, ...]
    relations: frozenset[str]
    figures: tuple[tuple[str, Span], ...] = ()
    units: tuple[str, str] = ("", "")
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """Patterns that explain the same broken relations equally well, and the places (from 0) of the faults covered."""

    patterns: tuple[Pattern, ...]
    faults: tuple[int, ...]


def patterns(
    faults: Sequence[Fault],
    quantities: Sequence[Quantity],
    relations: Sequence[Relation],
    unprinted: Mapping[str, Iterable[str]] | None = None,
) -> tuple[PatternMatch, ...]:
    """The patterns seen across faults; each fault is told by one at most.

    ``unprinted``: row keys by ledger that rules name and that are not printed.
    """
    book = _TableIndex(faults, quantities, relations, unprinted or {})
    found: dict[tuple[int, ...], list[Pattern]] = {}
    for pattern in book.candidates():
        covered = _covered(pattern, faults)
        if sum(_least_cells(faults[n]) for n in covered) >= 2:
            found.setdefault(covered, []).append(pattern)
    seen: list[PatternMatch] = []
    for covered in sorted(found, key=lambda places: (-len(book.of(places)), places)):
        if not {n for other in seen for n in other.faults} & set(covered):
            best = min(KINDS.index(pattern.kind) for pattern in found[covered])
            told = (pattern for pattern in found[covered] if KINDS.index(pattern.kind) == best)
            seen.append(PatternMatch(tuple(dict.fromkeys(told)), covered))
    return tuple(sorted(seen, key=lambda each: each.faults))


def _covered(pattern: Pattern, faults: Sequence[Fault]) -> tuple[int, ...]:
    """The faults that a pattern explains as a whole; none where it leaves a part of one unexplained."""
    touched = [n for n, fault in enumerate(faults) if not pattern.relations.isdisjoint(fault.relations)]
    return tuple(touched) if all(pattern.relations.issuperset(faults[n].relations) for n in touched) else ()


def _least_cells(fault: Fault) -> int:
    return min((len(answer.changes) for answer in fault.answers), default=0)


class _TableIndex:
    """The printed cells by ledger, row and column; which relations they are in; which of those are broken."""

    def __init__(
        self,
        faults: Sequence[Fault],
        quantities: Sequence[Quantity],
        relations: Sequence[Relation],
        unprinted: Mapping[str, Iterable[str]],
    ):
        self.faults, self.relations, self.unprinted = faults, relations, unprinted
        self.cells = {q.address: q for q in quantities}
        self.span = {q.address: (exact(q.low), exact(q.high)) for q in quantities}
        self.at = {(q.ledger, q.row_key, q.measure): q.address for q in quantities}
        self.rows: dict[str, dict[str, None]] = {}  # by ledger, in order
        self.measures: dict[str, dict[str, None]] = {}
        self.details: dict[tuple[str, str], set[str]] = {}  # by ledger and measure: detail rows that print it
        for q in quantities:
            self.rows.setdefault(q.ledger, {})[q.row_key] = None
            self.measures.setdefault(q.ledger, {})[q.measure] = None
            if q.row_kind == "detail":
                self.details.setdefault((q.ledger, q.measure), set()).add(q.row_key)
        named = {name for fault in faults for name in fault.relations}
        suspects = (relation for relation in relations if relation.name in named)
        self.broken = {r.name: r for r in suspects if not holds(r, self.span)}
        self.using: dict[str, list[Relation]] = {}
        for relation in relations:
            for address in relation.addresses:
                self.using.setdefault(address, []).append(relation)

    def of(self, places: Iterable[int]) -> set[str]:
        return {name for n in places for name in self.faults[n].relations}

    def candidates(self) -> Iterator[Pattern]:
        worth = self._worth_a_pattern()
        yield from self._other_units(worth)
        for ledger in worth:
            rows, measures = list(self.rows[ledger]), list(self.measures[ledger])
            yield from self._swapped_columns(ledger, rows, measures)
            yield from self._swapped_rows(ledger, rows, measures)
            for group in self._groups(ledger):
                yield from self._sums(group)

    def _worth_a_pattern(self) -> list[str]:
        """Ledgers whose faults take two cells or more to mend: a single wrong cell is no pattern."""
        cells: dict[str, int] = {}
        for fault in self.faults:
            broken = (self.broken[name] for name in fault.relations if name in self.broken)
            ledgers = dict.fromkeys(self.cells[a].ledger for relation in broken for a in relation.addresses)
            for ledger in ledgers:
                cells[ledger] = cells.get(ledger, 0) + _least_cells(fault)
        return [ledger for ledger, least in cells.items() if least > 1]

    # other units

    def _other_units(self, ledgers: Sequence[str]) -> Iterator[Pattern]:
        for each in UnitTrials(self.cells, self.span, self.using, self.broken).run(ledgers) if ledgers else ():
            kind, units = "column_unit" if each.measures else "ledger_unit", (each.said, each.unit)
            yield Pattern(kind, each.ledgers[0], (), each.measures, each.relations, (), units, each.ledgers[1:])

    # exchanges

    def _mended(self, moved: Mapping[str, str]) -> frozenset[str]:
        """The broken relations that hold when each cell has the figure of another one, if all that they touch do."""
        return set_right({to: self.span[source] for to, source in moved.items()}, self.span, self.using, self.broken)

    def _is_whole(self, mended: frozenset[str]) -> bool:
        """Whether a pattern that mends these leaves no part of a fault over."""
        touched = [fault for fault in self.faults if not mended.isdisjoint(fault.relations)]
        return bool(touched) and all(mended.issuperset(fault.relations) for fault in touched)

    def _exchange(self, pairs: Iterable[tuple[tuple[str, str, str], tuple[str, str, str]]]) -> dict[str, str] | None:
        """Which cell takes whose figure, by address, where figures differ; None where a partner is missing."""
        moved: dict[str, str] = {}
        for one, other in pairs:
            if one not in self.at or other not in self.at:
                return None
            a, b = self.at[one], self.at[other]
            if self.cells[a].unit != self.cells[b].unit:
                return None
            if self.span[a] != self.span[b]:
                moved |= {a: b, b: a}
        return moved

    def _swapped_columns(self, ledger: str, rows: Sequence[str], measures: Sequence[str]) -> Iterator[Pattern]:
        printed = set[str]().union(*(self.details.get((ledger, measure), set()) for measure in measures))
        details = [row for row in rows if row in printed]
        scopes: list[tuple[str, Sequence[str], tuple[str, ...]]]
        scopes = [("columns_swapped", rows, ()), ("detail_columns_swapped", details, ())]
        scopes += [("columns_swapped_in_row", [row], (row,)) for row in rows]
        for a, b in itertools.combinations(measures, 2):
            for kind, scope, named in scopes:
                moved = self._exchange(((ledger, row, a), (ledger, row, b)) for row in scope)
                if moved and (len(scope) == 1 or len(moved) > 2):
                    mended = self._mended(moved)
                    if mended:
                        yield Pattern(kind, ledger, named, (a, b), mended)

    def _swapped_rows(self, ledger: str, rows: Sequence[str], measures: Sequence[str]) -> Iterator[Pattern]:
        wrong = self._rows_that_stand_out(ledger)
        if len(wrong) * (len(rows) - 1) - math.comb(len(wrong), 2) > _MOST_PAIRS:
            return
        pairs = {frozenset((i, j)): (i, j) for i in wrong for j in rows if i != j}
        for i, j in pairs.values():
            pair = tuple(row for row in rows if row in (i, j))
            both = [m for m in measures if (ledger, i, m) in self.at and (ledger, j, m) in self.at]
            different = [m for m in both if self.span[self.at[ledger, i, m]] != self.span[self.at[ledger, j, m]]]
            yield from self._swapped_pair(ledger, pair, different)

    def _swapped_pair(self, ledger: str, pair: tuple[str, ...], measures: Sequence[str]) -> Iterator[Pattern]:
        """The fewest columns whose exchange between two rows will do; the whole rows where they will do as well."""

        def mended(chosen: Iterable[str]) -> frozenset[str]:
            moved = self._exchange(((ledger, pair[0], m), (ledger, pair[1], m)) for m in chosen)
            return self._mended(moved) if moved else frozenset()

        sizes = range(1, len(measures) + 1) if len(measures) <= _MOST_COLUMNS else (1, 2, len(measures))
        for size in sizes:
            fewest = [(c, names) for c in itertools.combinations(measures, size) if self._is_whole(names := mended(c))]
            whole = mended(measures) if size > 1 and fewest else frozenset()
            if whole:
                yield Pattern("rows_swapped", ledger, pair, (), whole)
            else:
                yield from (Pattern("rows_partly_swapped", ledger, pair, c, names) for c, names in fewest)
            if fewest:
                return

    def _rows_that_stand_out(self, ledger: str) -> list[str]:
        """Rows in a broken relation that would notice an exchange: not all rows of the column count in it alike."""
        found: dict[str, None] = {}
        for relation in self.broken.values():
            by_column: dict[tuple[str, Decimal], set[str]] = {}
            for address, weight in (*relation.terms, *relation.denominator):
                cell = self.cells[address]
                if cell.ledger == ledger:
                    by_column.setdefault((cell.measure, weight), set()).add(cell.row_key)
            for (measure, _), rows in by_column.items():
                if not rows.issuperset(self.details.get((ledger, measure), ())):
                    found.update(dict.fromkeys(sorted(rows)))
        return list(found)

    # sums of columns

    def _groups(self, ledger: str) -> list[_Columns]:
        """Totals of columns of a ledger over the same rows, at least two of them broken."""
        groups: list[_Columns] = []
        for relation in self.relations:
            column = self._column(ledger, relation)
            if column is None:
                continue
            keys = column.rows.keys()
            for group in groups:
                if group.rule_id == relation.rule_id and group.rows & keys:
                    group.columns.append(column)
                    group.rows |= keys
                    break
            else:
                groups.append(_Columns(ledger, relation.rule_id, set(keys), [column]))
        return [g for g in groups if sum(c.relation.name in self.broken for c in g.columns) > 1]

    def _column(self, ledger: str, relation: Relation) -> _Column | None:
        """A relation as the total of one column of a ledger, if it is one."""
        if all(self.cells[address].ledger != ledger for address, _ in relation.terms[:2]):
            return None
        parts = plain_sum(relation)
        if parts is None:
            return None
        rows = [self.cells[a] for a in parts[1]]
        if {(cell.ledger, cell.measure) for cell in rows} != {(ledger, rows[0].measure)}:
            return None
        return _Column(rows[0].measure, relation, parts[0], {cell.row_key: cell.address for cell in rows})

    def _sums(self, group: _Columns) -> Iterator[Pattern]:
        wanted = {column.relation.name: self._wanted(column) for column in group.columns}
        explained = frozenset(name for name, (low, high) in wanted.items() if low > 0 or high < 0)
        if not explained <= self.broken.keys():
            return
        recognised = list(self._rows_counted_wrong(group, wanted, explained))
        yield from recognised
        if not recognised and self._could_be_a_row(group, wanted):
            lost = tuple((c.measure, wanted[c.relation.name]) for c in group.columns if c.relation.name in explained)
            once_more = explained | self._recounted(group.ledger, 1)
            yield Pattern("row_missing", group.ledger, self._name_of_lost(group), (), once_more, lost)

    def _rows_counted_wrong(
        self, group: _Columns, wanted: Mapping[str, Span], explained: frozenset[str]
    ) -> Iterator[Pattern]:
        """Rows that all columns add up without, or with once more."""
        once_less = explained | self._recounted(group.ledger, -1)
        rows = [row for row in self.rows[group.ledger] if row in group.rows]
        figures = {row: self._figures(group, row) for row in rows}
        alike: dict[tuple[tuple[str, Span], ...], list[str]] = {}
        for row in rows:
            alike.setdefault(tuple(sorted(figures[row].items())), []).append(row)
        for row in rows:
            if len([1 for name in explained if figures[row].get(name, (0, 0)) != (0, 0)]) < 2:
                continue
            twins = alike[tuple(sorted(figures[row].items()))]
            if self._settles(wanted, figures[row], -1):
                if len(twins) > 1:
                    yield Pattern("row_duplicated", group.ledger, tuple(twins), (), once_less)
                else:
                    yield Pattern("row_left_out", group.ledger, (row,), (), explained)
            elif self._settles(wanted, figures[row], 1):
                yield Pattern("row_counted_twice", group.ledger, (row,), (), explained)

    def _recounted(self, ledger: str, by: int) -> frozenset[str]:
        """The broken relations that hold once the ledger is counted to have ``by`` rows more."""
        counting = (relation for relation in self.broken.values() if relation.counted)
        return frozenset(
            relation.name
            for relation in counting
            if {name for name, _ in relation.counted} == {ledger}
            and holds(
                replace(relation, constant=relation.constant + by * sum(w for _, w in relation.counted)), self.span
            )
        )

    def _wanted(self, column: _Column) -> Span:
        """What one more row would have to print for its column to add up."""
        total = self.span[column.total]
        rows = [self.span[address] for address in column.rows.values()]
        return total[0] - sum(high for _, high in rows), total[1] - sum(low for low, _ in rows)

    def _figures(self, group: _Columns, row: str) -> dict[str, Span]:
        return {c.relation.name: self.span[c.rows[row]] for c in group.columns if row in c.rows}

    @staticmethod
    def _settles(wanted: Mapping[str, Span], figures: Mapping[str, Span], sign: int) -> bool:
        """Whether all columns add up once the row counts once more (``sign`` 1) or once less (-1).

        Counted out, a row's own rounding no longer matters; counted in again, it matters twice.
        """
        for name, (low, high) in wanted.items():
            least, most = figures.get(name, (0, 0))
            counted, counted_out = low <= most and high >= least, low + most <= 0 <= high + least
            if not (counted if sign > 0 else counted_out):
                return False
        return True

    def _could_be_a_row(self, group: _Columns, wanted: Mapping[str, Span]) -> bool:
        """Whether what the columns lack could stand in one row: the rules of rows hold for it, of which one at least
        binds two figures of it; or, where no rule says so, every column lacks something above zero."""
        span = {c.measure: wanted[c.relation.name] for c in group.columns}
        lacking = {measure for measure, (low, high) in span.items() if low > 0 or high < 0}
        confirmed = False
        for rule in self._rules_of_rows(group):
            if rule.rate is None and set(rule.addresses) <= span.keys():
                if not holds(rule, span):
                    return False
                confirmed |= len(lacking & set(rule.addresses)) > 1
        return confirmed or all(low > 0 for low, _ in span.values())

    def _rules_of_rows(self, group: _Columns) -> list[Relation]:
        """The relations that bind the cells of one row to each other, measures in place of addresses."""
        found: dict[tuple[object, ...], Relation] = {}
        for row in group.rows:
            address = next(c.rows[row] for c in group.columns if row in c.rows)
            for relation in self.using[address]:
                cells = [self.cells[a] for a in relation.addresses]
                if all((cell.ledger, cell.row_key) == (group.ledger, row) for cell in cells):
                    terms = tuple(sorted((self.cells[a].measure, w) for a, w in relation.terms))
                    found[relation.rule_id, terms] = replace(relation, terms=terms)
        return list(found.values())

    def _name_of_lost(self, group: _Columns) -> tuple[str, ...]:
        """The key of a missing row: the one that rules name, or the one that the numbering skips."""
        named = sorted(set(self.unprinted.get(group.ledger, ())) - group.rows)
        if len(named) == 1:
            return tuple(named)
        if all(row.isdecimal() for row in group.rows):
            numbers = {int(row) for row in group.rows}
            skipped = sorted(set(range(1, max(numbers))) - numbers)
            if len(skipped) == 1:
                return (str(skipped[0]),)
        return ()


@dataclass(frozen=True, slots=True)
class _Column:
    """The total of one column: ``rows`` are the addresses of its rows by row key."""

    measure: str
    relation: Relation
    total: str
    rows: Mapping[str, str]


@dataclass(slots=True)
class _Columns:
    """Totals of several columns over the same rows."""

    ledger: str
    rule_id: str
    rows: set[str]
    columns: list[_Column]
