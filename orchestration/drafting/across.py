"""Rules between tables: totals that are one another's, or the sum of two; and rows that tell of the same key."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestration.drafting.columns import DraftColumn
from orchestration.drafting.figures import Figures
from orchestration.drafting.lines import Lines, surprise
from orchestration.drafting.relations import find_relations, verdicts
from orchestration.drafting.rule import Amounts, Break, DraftRule, believed, joined, quoted, shown
from orchestration.drafting.tables import DraftTable
from orchestration.ledgers.spreadsheet import reference

#: Bits that a meeting of two tables must have over what was tried: a chance of one in a million.
_CONVINCES = 20
#: Rows of a table that are each taken for a total of something elsewhere; of longer tables only the totals are.
_SUMMARY_ROWS = 12
_MOST_POSITIONS = 60


@dataclass(frozen=True)
class _Vector:
    """One row of a table, or the sum of its details, by measure: a figure that another table may show too."""

    table: DraftTable
    path: str  # ledger/row, or sum(ledger/*
    row: int  # -1: the sum of the details
    values: Mapping[str, tuple[int, int]]  # measure -> value, half-width, in units of one scale for all tables
    called: str

    def places(self, measures: Sequence[str]) -> list[tuple[str, int, int]]:
        """Where its figures of these measures stand: table, row, column. A sum of details stands nowhere."""
        columns = [column for column in self.table.measures if column.name in measures] if self.row >= 0 else []
        return [(self.table.name, self.table.rows[self.row], column.at) for column in columns]

    def term(self) -> str:
        return f"sum({self.path}/{{measure}})" if self.row < 0 else f"{self.path}/{{measure}}"


def shared_totals(tables: Sequence[DraftTable], amounts: Sequence[Amounts]) -> list[DraftRule]:
    """Totals of one table that stand in another, or are the sum of two totals elsewhere."""
    scale = max((each.figures.scale for each in amounts), default=0)
    vectors = [v for table, each in zip(tables, amounts, strict=True) for v in _vectors(table, each, scale)]
    rules, same = _equal_vectors(vectors, scale)
    first = [v for i, v in enumerate(vectors) if i not in same and v.row >= 0]
    return [*rules, *_sums_of_two(first, scale)]


def _equal_vectors(vectors: Sequence[_Vector], scale: int) -> tuple[list[DraftRule], dict[int, int]]:
    """The rules that two vectors are equal, and for each vector that equals an earlier one the first of those."""
    rules: list[DraftRule] = []
    same: dict[int, int] = {}
    cost = 2 * len(vectors).bit_length()
    for (i, one), (j, two) in itertools.combinations(enumerate(vectors), 2):
        if one.table is two.table or same.get(i, i) == same.get(j, j):
            continue
        rule = _meeting(one, (two,), scale, cost)
        if rule:
            rules.append(rule)
            same[j] = same.get(i, i)
    return rules, same


def _sums_of_two(vectors: Sequence[_Vector], scale: int) -> Iterator[DraftRule]:
    """The rules that a vector is the sum of two of other tables."""
    cost = 3 * len(vectors).bit_length()
    for whole in vectors:
        elsewhere = [v for v in vectors if v.table is not whole.table]
        for pair in itertools.combinations(elsewhere, 2):
            if rule := _meeting(whole, pair, scale, cost):
                yield rule


def _vectors(table: DraftTable, amounts: Amounts, scale: int) -> Iterator[_Vector]:
    """A table's totals (all rows of a short table); where it prints none, the sum of its details."""
    if not table.keys:
        return
    details = [i for i, r in enumerate(table.rows) if table.kind(r) == "detail"]
    has_total = any(table.is_total(r) for r in table.rows)
    for i, r in enumerate(table.rows):
        key, is_total = quoted(table.key(r)), table.is_total(r)
        if is_total or len(table.rows) <= _SUMMARY_ROWS:
            called = f"{table.title} {'合计' if is_total else key}"
            yield _Vector(table, f"{table.name}/{key}", i, _added(table, amounts, [i], scale), called)
    if not has_total and len(table.keys) == 1 and len(details) > 1:
        sums = _added(table, amounts, details, scale)
        yield _Vector(table, f"{table.name}/*", -1, sums, f"{table.title} 各行之和")


def _added(table: DraftTable, amounts: Amounts, rows: Sequence[int], scale: int) -> dict[str, tuple[int, int]]:
    """The sum of some rows, by measure: value and half-width. A measure that none of them prints is left out."""
    figures, up = amounts.figures, 10 ** (scale - amounts.figures.scale)
    return {
        column.name: (
            sum(figures.values[i][m] or 0 for i in rows) * up, sum(figures.halves[i][m] for i in rows) * up
        )
        for m, column in enumerate(table.measures)
        if column.kind not in ("ratio", "date") and any(figures.values[i][m] is not None for i in rows)
    }  # fmt: skip


def _meeting(whole: _Vector, parts: Sequence[_Vector], scale: int, cost: int) -> DraftRule | None:
    """The rule that a vector is the sum of others, where it holds for nearly all measures that they share."""
    shared = [name for name in whole.values if all(name in part.values for part in parts)]
    kept, broken, bits = _agreement(whole, parts, shared)
    if len(kept) < 2 or not _convinces(len(kept), len(broken)) or bits - 6 * len(broken) < cost + _CONVINCES:
        return None
    left, rights = (whole, parts) if whole.row >= 0 else (parts[0], (whole,))
    breaks = tuple(_broken(left, rights, name, scale) for name in broken)
    return DraftRule(
        id=f"{left.table.name}_is_{'_and_'.join(dict.fromkeys(part.table.name for part in rights))}",
        title=f"{left.called}＝{'＋'.join(part.called for part in rights)}",
        check=f"{left.term()} = {' + '.join(part.term() for part in rights)}",
        kept=len(kept),
        tried=len(shared),
        breaks=breaks,
        variables={"measure": tuple(shared)},
        when_printed="both",
        operands=tuple(place for vector in (left, *rights) for place in vector.places(shared)),
    )


def _agreement(whole: _Vector, parts: Sequence[_Vector], shared: Sequence[str]) -> tuple[list[str], list[str], int]:
    """The measures that keep the sum, those that break it, and how many bits of surprise speak for it."""
    bits, kept, broken = 0, [], []
    for name in shared:
        value, half = whole.values[name]
        total = sum(part.values[name][0] for part in parts)
        wide = half + sum(part.values[name][1] for part in parts)
        if abs(total - value) > wide:
            broken.append(name)
            continue
        kept.append(name)
        if value and all(part.values[name][0] for part in parts):
            bits += surprise(value, abs(total - value), max(1, 2 * half))
    return kept, broken, bits


def _convinces(kept: int, broken: int) -> bool:
    """Between totals a single measure may be wrong: four that agree outweigh it."""
    return broken == 0 or broken * 4 <= kept


def _broken(left: _Vector, rights: Sequence[_Vector], name: str, scale: int) -> Break:
    column = next(column for column in left.table.measures if column.name == name)
    r = left.table.rows[left.row]
    total = sum(part.values[name][0] for part in rights)
    right = "＋".join(part.called for part in rights)
    expected = f"{shown(left.table, column, total, scale, left.table.text(r, column))}（{right}）"
    return Break(left.table.grid.file, left.table.grid.sheet, reference(r, column.at),
                 left.table.text(r, column), expected)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Fact:
    """A column of the table that two tables make together: a measure, of one kind of row."""

    table: DraftTable
    column: DraftColumn
    rest: tuple[str, ...]  # the row's key beside the shared part


def joined_rows(tables: Sequence[DraftTable], amounts: Sequence[Amounts], seconds: float | None) -> Iterator[DraftRule]:
    """What holds for each key that two tables share: their measures side by side, as if they were one table."""
    for (a, left), (b, right) in itertools.permutations(zip(tables, amounts, strict=True), 2):
        if len(a.keys) != 1 or not b.keys:
            continue
        position = next((i for i, key in enumerate(b.keys) if _same_key(a, b, i)), None)
        if position is None or (len(b.keys) == 1 and a.name > b.name):
            continue
        yield from _side_by_side(a, left, b, right, position, seconds)


def _same_key(a: DraftTable, b: DraftTable, i: int) -> bool:
    ours = {a.key(r)[0] for r in a.rows if not a.is_total(r)}
    theirs = {b.key(r)[i] for r in b.rows} - {"total"}
    return len(ours) >= 3 and len(ours & theirs) * 5 >= 4 * max(len(ours), 1) and not all(k.isdecimal() for k in ours)


def _side_by_side(
    a: DraftTable, left: Amounts, b: DraftTable, right: Amounts, position: int, seconds: float | None
) -> Iterator[DraftRule]:
    scale = max(left.figures.scale, right.figures.scale)
    facts = _facts(((a, left, 0), (b, right, position)), scale)
    columns = [
        fact for fact, shown_by in facts.items() if len(shown_by) >= 2 and not set("() /") & set("".join(fact.rest))
    ]
    if not 3 <= len(columns) <= _MOST_POSITIONS:
        return
    figures = _side_by_side_figures(facts, columns, scale)
    lines = Lines(figures, columns=False)
    for relation in find_relations(figures, seconds, directions=(False,)).found:
        candidate = replace(relation.candidate, cost=0)
        members = [columns[p] for p in (candidate.result, *candidate.operands)]
        if candidate.operator != "Sum" or not _joins(members):
            continue
        verdict = verdicts(lines, candidate, complete=True)
        if verdict.count(True) >= 3 and believed(verdict.count(True), verdict.count(False)):
            yield _joined_rule(members, position, b, verdict)


def _facts(sides: Sequence[tuple[DraftTable, Amounts, int]], scale: int) -> dict[_Fact, dict[str, tuple[int, int]]]:
    """The figures of both tables: fact -> shared key -> value, half-width. A side: table, amounts, place of the key."""
    known: dict[tuple[str, ...], _Fact] = {}
    facts: dict[_Fact, dict[str, tuple[int, int]]] = defaultdict(dict)
    for table, amounts, at in sides:
        up = 10 ** (scale - amounts.figures.scale)
        for i, r in enumerate(table.rows):
            key = list(table.key(r))
            own = key.pop(at)
            for m, column in enumerate(table.measures):
                value = amounts.figures.values[i][m]
                if value is not None:
                    fact = known.setdefault((table.name, column.name, *key), _Fact(table, column, tuple(key)))
                    facts[fact][own] = (value * up, amounts.figures.halves[i][m] * up)
    return facts


def _side_by_side_figures(
    facts: Mapping[_Fact, Mapping[str, tuple[int, int]]], columns: Sequence[_Fact], scale: int
) -> Figures:
    """A line for each shared key, a column for each fact."""
    keys = sorted({key for fact in columns for key in facts[fact]})
    return Figures(
        [[facts[fact][key][0] if key in facts[fact] else None for fact in columns] for key in keys],
        [[facts[fact][key][1] if key in facts[fact] else 0 for fact in columns] for key in keys],
        scale,
    )


def _joins(members: Sequence[_Fact]) -> bool:
    """Whether facts of one kind, no rates, from both tables."""
    kinds = {fact.column.kind for fact in members}
    return len({fact.table.name for fact in members}) > 1 and len(kinds) == 1 and "ratio" not in kinds


def _joined_rule(
    members: Sequence[_Fact], position: int, wide: DraftTable, verdict: Sequence[bool | None]
) -> DraftRule:
    def path(fact: _Fact) -> str:
        parts = list(fact.rest)
        parts.insert(position if fact.table is wide else 0, "{row}")
        return f"{fact.table.name}/{joined(parts)}/{fact.column.name}"

    def called(fact: _Fact) -> str:
        return " ".join([fact.table.title, *fact.rest, fact.column.header])

    result, *terms = members
    return DraftRule(
        id=f"{result.table.name}_{result.column.name}_by_row",
        title=f"{called(result)}＝{'＋'.join(called(fact) for fact in terms)}",
        check=f"{path(result)} = {' + '.join(path(fact) for fact in terms)}",
        kept=verdict.count(True),
        tried=verdict.count(True) + verdict.count(False),
        when_printed="both",
        severity="warning" if verdict.count(False) else "error",
        operands=tuple((fact.table.name, -1, fact.column.at) for fact in members),
    )
