"""Rules within one table: among the columns of each row, and of each total over its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from orchestration.drafting.columns import DraftColumn
from orchestration.drafting.figures import Figures
from orchestration.drafting.lines import Candidate, Lines
from orchestration.drafting.redundancy import KeptRelation, without_echoes
from orchestration.drafting.relations import Relations, find_relations, verdicts
from orchestration.drafting.rule import SUMMED, Amounts, Break, DraftRule, believed, break_at, joined, quoted, shown
from orchestration.drafting.tables import DraftTable

#: Rows of the longest table in which sums of named rows are looked for.
_MOST_LISTED = 400
#: A measure, how many of its totals are the sum of their rows, and those that are not.
_Judged = tuple[DraftColumn, int, list[Break]]


def row_rules(table: DraftTable, amounts: Amounts, seconds: float | None) -> tuple[list[DraftRule], Relations]:
    """What holds among the columns of each row."""
    lines = Lines(amounts.figures, columns=False)
    found = find_relations(amounts.figures, seconds, directions=(False,))
    judged: dict[Candidate, tuple[KeptRelation, bool]] = {}
    for relation in found.found:
        candidate = replace(relation.candidate, cost=0)
        if candidate in judged or candidate.operator == "Average" or not _sensible(table, candidate):
            continue
        for complete in (False, True):  # a blank is a zero, or it is a figure that was not printed
            verdict = verdicts(lines, candidate, complete=complete)
            kept, broken = (tuple(i for i, said in enumerate(verdict) if said is wanted) for wanted in (True, False))
            if believed(len(kept), len(broken)):
                whole = KeptRelation(columns=False, candidate=candidate, kept=kept, broken=broken, bits=relation.bits)
                judged[candidate] = whole, complete
                break
    rules = []
    for relation in without_echoes([whole for whole, _ in judged.values()], lines):
        breaks = tuple(_row_break(table, amounts, relation.candidate, i) for i in relation.broken)
        complete = judged[relation.candidate][1]
        rules.append(_row_rule(table, relation.candidate, len(relation.kept), breaks, complete=complete))
    return rules, found


def total_rules(table: DraftTable, amounts: Amounts) -> list[DraftRule]:
    """Each total row as the sum of the rows that share its key, and a total that shares it with none as the sum of all;
    for the measures of which that holds.
    """
    if not table.keys:
        return []
    groups = _details(table)
    totals = [i for i, r in enumerate(table.rows) if table.is_total(r)]
    of_groups = [i for i in totals if table.key(table.rows[i])[:-1] in groups]
    of_all = [i for i in totals if i not in of_groups]
    rules = []
    if of_groups and (chosen := _chosen(table, amounts, of_groups, groups)):
        rules.append(_total_rule(table, of_groups, chosen))
    if len(of_all) == 1:
        key = table.key(table.rows[of_all[0]])
        everything = {key[:-1]: [i for rows in groups.values() for i in rows]}
        if chosen := _chosen(table, amounts, of_all, everything):
            rules.append(_whole_rule(table, of_all, chosen, quoted(key)))
    return rules


def _chosen(
    table: DraftTable, amounts: Amounts, totals: Sequence[int], groups: dict[tuple[str, ...], list[int]]
) -> list[_Judged]:
    judged: list[_Judged] = []
    for m, column in enumerate(table.measures):
        if column.kind in SUMMED:
            kept, breaks = _sums(table, amounts.figures, m, column, totals, groups)
            judged.append((column, kept, breaks))
    return _summing(judged)


def _whole_rule(table: DraftTable, totals: Sequence[int], chosen: Sequence[_Judged], key: str) -> DraftRule:
    rule = _total_rule(table, totals, chosen)
    check = f"{table.name}/{key}/{{measure}} = sum({table.name}/*/{{measure}})"
    return replace(rule, id=f"{table.name}_total_of_all", title="合计＝全部各行之和", check=check)


def _details(table: DraftTable) -> dict[tuple[str, ...], list[int]]:
    """The rows that are parts of a total, by what their keys share with it: of a hierarchy its leaves."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, r in enumerate(table.rows):
        if table.kind(r) == "detail":
            groups[table.key(r)[:-1]].append(i)
    return groups


def _summing(judged: Sequence[_Judged]) -> list[_Judged]:
    """The measures whose totals are sums: those that keep it, and where most others do those that break it."""
    whole = [column for column, kept, breaks in judged if kept and not breaks]
    mostly = len(whole) * 4 >= len(judged) * 3 > 3
    return [
        (column, kept, breaks)
        for column, kept, breaks in judged
        if (not breaks and kept) or believed(kept, len(breaks)) or (breaks and mostly)
    ]


def _total_rule(table: DraftTable, totals: Sequence[int], chosen: Sequence[_Judged]) -> DraftRule:
    keys = [f"{{{key.name}}}" for key in table.keys[:-1]]
    left, right = joined([*keys, "total"]), joined([*keys, "*"])
    return DraftRule(
        id=f"{table.name}_total",
        title="合计＝各行之和",
        check=f"{table.name}/{left}/{{measure}} = sum({table.name}/{right}/{{measure}})",
        kept=sum(kept for _, kept, _ in chosen),
        tried=sum(kept + len(breaks) for _, kept, breaks in chosen),
        breaks=tuple(each for _, _, breaks in chosen for each in breaks),
        variables={"measure": tuple(column.name for column, _, _ in chosen)},
        operands=tuple((table.name, table.rows[i], column.at) for column, _, _ in chosen for i in totals),
    )


def share_rules(table: DraftTable, amounts: Amounts) -> Iterator[DraftRule]:
    """Rates that are each row's part of the table's total: 占比＝本行÷合计."""
    totals = [i for i, r in enumerate(table.rows) if table.is_total(r)]
    if len(totals) != 1 or len(table.keys) != 1:
        return
    rates = [m for m, column in enumerate(table.measures) if column.kind == "ratio"]
    summed = [m for m, column in enumerate(table.measures) if column.kind in SUMMED]
    for rate in rates:
        shares = (_share_rule(table, amounts.figures, rate, m, totals[0]) for m in summed)
        if rule := next(filter(None, shares), None):
            yield rule


def _share_rule(table: DraftTable, figures: Figures, rate: int, m: int, total: int) -> DraftRule | None:
    """The rule that a rate is a row's part of a measure's total, where enough rows keep it."""
    whole, wide, one = figures.values[total][m], figures.halves[total][m], figures.one
    if not whole:
        return None
    rows = [
        (i, a, b) for i in range(len(table.rows))
        if (a := figures.values[i][rate]) is not None and (b := figures.values[i][m]) is not None and i != total
    ]  # fmt: skip
    broken = [
        i for i, a, b in rows
        if abs(a * whole - b * one) > figures.halves[i][rate] * abs(whole) + figures.halves[i][m] * one + wide * abs(a)
    ]  # fmt: skip
    kept = len(rows) - len(broken)
    if len(rows) < 2 or len({a for _, a, _ in rows}) < 2 or not believed(kept, len(broken)):
        return None
    column, measure, row = table.measures[rate], table.measures[m], row_variable(table)
    return DraftRule(
        id=f"{table.name}_{column.name}_of_total",
        title=f"{column.header}＝{measure.header}÷{measure.header}合计",
        check=f"{table.name}/{row}/{column.name} = {table.name}/{row}/{measure.name}"
        f" / {table.name}/total/{measure.name}",
        kept=kept,
        tried=len(rows),
        breaks=tuple(break_at(table, table.rows[i], column, "本行占合计之比") for i in broken),
        when_printed="left",
        operands=((table.name, -1, column.at), (table.name, -1, measure.at)),
    )


def _sums(
    table: DraftTable, figures: Figures, m: int, column: DraftColumn, totals: Sequence[int],
    groups: dict[tuple[str, ...], list[int]],
) -> tuple[int, list[Break]]:  # fmt: skip
    kept, breaks = 0, []
    for i in totals:
        r = table.rows[i]
        parts = [j for j in groups.get(table.key(r)[:-1], ()) if figures.values[j][m] is not None]
        value = figures.values[i][m]
        if value is None or not parts:
            continue
        total = sum(figures.values[j][m] or 0 for j in parts)
        allowed = figures.halves[i][m] + sum(figures.halves[j][m] for j in parts)
        if abs(total - value) <= allowed:
            kept += 1
        else:
            expected = f"{shown(table, column, total, figures.scale, table.text(r, column))}（{len(parts)} 行之和）"
            breaks.append(break_at(table, r, column, expected))
    return kept, breaks


def _sensible(table: DraftTable, candidate: Candidate) -> bool:
    """Rates are no terms of a sum, and only a rate (or a number without a unit) is a quotient of two others."""
    kinds = [table.measures[p].kind for p in (candidate.result, *candidate.operands)]
    if candidate.operator == "Sum":
        return len(set(kinds)) == 1 and kinds[0] != "ratio"
    return kinds[0] == "ratio" and kinds[1] == kinds[2] != "ratio" and candidate.factor == 1


def _row_break(table: DraftTable, amounts: Amounts, candidate: Candidate, i: int) -> Break:
    figures, r, column = amounts.figures, table.rows[i], table.measures[candidate.result]
    values = [figures.values[i][p] or 0 for p in candidate.operands]
    if candidate.operator == "Sum":
        expected = shown(table, column, sum(values), figures.scale, table.text(r, column))
    else:
        above = values[0] if candidate.operator == "Division" else values[1] - values[0]
        below = values[1] if candidate.operator == "Division" else values[0]
        millionths = above * 10**6 // below
        expected = shown(table, column, millionths, 6, table.text(r, column))
    return break_at(table, r, column, f"{expected}（{_formula(table, candidate, headers=True)}）")


def _formula(table: DraftTable, candidate: Candidate, *, headers: bool) -> str:
    names = [table.measures[p].header or table.measures[p].name for p in candidate.operands]
    if not headers:
        names = [f"{table.name}/{row_variable(table)}/{table.measures[p].name}" for p in candidate.operands]
    plus, over, minus = ("＋", "÷", "－") if headers else (" + ", " / ", " - ")
    if candidate.operator == "Sum":
        return plus.join(names)
    if candidate.operator == "Division":
        return over.join(names)
    change = f"{names[1]}{minus}{names[0]}"
    return f"（{change}）{over}{names[0]}" if headers else f"( {change} ){over}{names[0]}"


def row_variable(table: DraftTable) -> str:
    """The part of a check that stands for every row."""
    return joined([f"{{{key.name}}}" for key in table.keys])


def _row_rule(
    table: DraftTable, candidate: Candidate, kept: int, breaks: tuple[Break, ...], *, complete: bool
) -> DraftRule:
    column = table.measures[candidate.result]
    return DraftRule(
        id=f"{table.name}_{column.name}" + ("" if candidate.operator == "Sum" else "_rate"),
        title=f"{column.header or column.name}＝{_formula(table, candidate, headers=True)}",
        check=f"{table.name}/{row_variable(table)}/{column.name} = {_formula(table, candidate, headers=False)}",
        kept=kept,
        tried=kept + len(breaks),
        breaks=breaks,
        when_printed="both" if complete else "" if candidate.operator == "Sum" else "left",
        operands=tuple((table.name, -1, table.measures[p].at) for p in (candidate.result, *candidate.operands)),
    )


def listed_rules(table: DraftTable, amounts: Amounts, seconds: float | None) -> Iterator[DraftRule]:
    """Rows that are the sum of other named rows (subtotals by numbering, indent or code), in several measures."""
    summed = [m for m, column in enumerate(table.measures) if column.kind in SUMMED]
    alone = len(table.keys) == 1 or (table.keys and not table.keys[-1].columns)
    if len(summed) < 2 or not alone or len(table.rows) > _MOST_LISTED or table.hierarchy:
        return
    figures = _only(amounts.figures, summed)
    lines = Lines(figures, columns=True)
    for number, relation in enumerate(find_relations(figures, seconds, directions=(True,)).found, 1):
        candidate = relation.candidate
        names = [quoted(table.key(table.rows[p])) for p in (candidate.result, *candidate.operands)]
        if candidate.operator != "Sum" or _is_told(table, candidate):
            continue
        if rule := _listed(table, candidate, names, summed, verdicts(lines, candidate)):
            yield replace(rule, id=f"{table.name}_subtotal_{number}")


def _listed(
    table: DraftTable, candidate: Candidate, names: Sequence[str], summed: Sequence[int], verdict: Sequence[bool | None]
) -> DraftRule | None:
    holds = [table.measures[summed[m]] for m, said in enumerate(verdict) if said]
    broken = verdict.count(False)
    return _listed_rule(table, candidate, names, holds, broken) if holds and broken * 4 <= len(holds) else None


def _only(figures: Figures, measures: Sequence[int]) -> Figures:
    return Figures(
        [[row[m] for m in measures] for row in figures.values],
        [[row[m] for m in measures] for row in figures.halves],
        figures.scale,
    )


def _is_told(table: DraftTable, candidate: Candidate) -> bool:
    """Whether another rule says it: of a subtotal, or of a total row as the sum of all details or subtotals."""
    row = table.rows[candidate.result]
    details = sum(table.kind(r) == "detail" for r in table.rows)
    of_subtotals = all(table.kind(table.rows[p]) == "subtotal" for p in candidate.operands)
    whole = of_subtotals or len(candidate.operands) == details
    return table.kind(row) == "subtotal" or (table.is_total(row) and whole)


def _listed_rule(
    table: DraftTable, candidate: Candidate, names: Sequence[str], holds: Sequence[DraftColumn], broken: int
) -> DraftRule:
    """One row as the sum of others; without a number of its own yet."""
    parts = " + ".join(f"{table.name}/{name}/{{measure}}" for name in names[1:])
    called = [table.label(table.rows[p]) for p in (candidate.result, *candidate.operands)]
    return DraftRule(
        id=f"{table.name}_subtotal",
        title=f"{called[0]}＝{'＋'.join(called[1:])}",
        check=f"{table.name}/{names[0]}/{{measure}} = {parts}",
        kept=len(holds),
        tried=len(holds) + broken,
        variables={"measure": tuple(column.name for column in holds)},
        severity="error" if broken == 0 else "warning",
        operands=tuple(
            (table.name, table.rows[p], column.at)
            for column in holds for p in (candidate.result, *candidate.operands)
        ),
    )  # fmt: skip
