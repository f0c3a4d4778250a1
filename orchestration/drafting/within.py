"""Rules within one table: among the columns of each row, and of each total over its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from orchestration.drafting.figures import Figures
from orchestration.drafting.lines import Candidate, Lines
from orchestration.drafting.relations import Relations, find_relations, verdicts
from orchestration.drafting.rule import Amounts, Break, DraftRule, believed, joined, shown
from orchestration.drafting.tables import DraftColumn, DraftTable
from orchestration.ledgers.spreadsheet import reference

_SUMMED = ("money", "person", "count", "point")


def row_rules(table: DraftTable, amounts: Amounts, seconds: float | None) -> tuple[list[DraftRule], Relations]:
    """What holds among the columns of each row."""
    lines = Lines(amounts.figures, columns=False)
    found = find_relations(amounts.figures, seconds, directions=(False,))
    rules: list[DraftRule] = []
    seen: set[Candidate] = set()
    for relation in found.found:
        candidate = replace(relation.candidate, cost=0)
        if candidate in seen or candidate.operator == "Average" or not _sensible(table, candidate):
            continue
        seen.add(candidate)
        for complete in (False, True):  # a blank is a zero, or it is a figure that was not printed
            verdict = verdicts(lines, candidate, complete=complete)
            kept, broken = verdict.count(True), [i for i, said in enumerate(verdict) if said is False]
            if believed(kept, len(broken)):
                breaks = tuple(_row_break(table, amounts, candidate, i) for i in broken)
                rules.append(_row_rule(table, candidate, kept, breaks, complete=complete))
                break
    return rules, found


def total_rules(table: DraftTable, amounts: Amounts) -> list[DraftRule]:
    """Each total row as the sum of the rows that share its key; for the measures of which that holds."""
    totals = [i for i, r in enumerate(table.rows) if table.is_total(r)]
    if not totals or not table.keys:
        return []
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, r in enumerate(table.rows):
        if not table.is_total(r):
            groups[table.key(r)[:-1]].append(i)
    judged: list[tuple[DraftColumn, int, list[Break]]] = []
    for m, column in enumerate(table.measures):
        if column.kind in _SUMMED:
            kept, breaks = _sums(table, amounts.figures, m, column, totals, groups)
            judged.append((column, kept, breaks))
    whole = [column for column, kept, breaks in judged if kept and not breaks]
    chosen = [
        (column, kept, breaks)
        for column, kept, breaks in judged
        if (not breaks and kept) or believed(kept, len(breaks)) or (breaks and len(whole) * 4 >= len(judged) * 3 > 3)
    ]
    if not chosen:
        return []
    keys = [f"{{{key.name}}}" for key in table.keys[:-1]]
    left, right = joined([*keys, "total"]), joined([*keys, "*"])
    return [
        DraftRule(
            id=f"{table.name}_total",
            title="合计＝各行之和",
            check=f"{table.name}/{left}/{{measure}} = sum({table.name}/{right}/{{measure}})",
            kept=sum(kept for _, kept, _ in chosen),
            tried=sum(kept + len(breaks) for _, kept, breaks in chosen),
            breaks=tuple(each for _, _, breaks in chosen for each in breaks),
            variables={"measure": tuple(column.name for column, _, _ in chosen)},
            operands=tuple((table.name, table.rows[i], column.at) for column, _, _ in chosen for i in totals),
        )
    ]


def share_rules(table: DraftTable, amounts: Amounts) -> Iterator[DraftRule]:
    """Rates that are each row's part of the table's total: 占比＝本行÷合计."""
    totals = [i for i, r in enumerate(table.rows) if table.is_total(r)]
    if len(totals) != 1 or len(table.keys) != 1:
        return
    figures, one = amounts.figures, amounts.figures.one
    for rate, column in enumerate(table.measures):
        for m, measure in enumerate(table.measures):
            whole = figures.values[totals[0]][m]
            if column.kind != "ratio" or measure.kind not in _SUMMED or not whole:
                continue
            rows = [(i, a, b) for i in range(len(table.rows))
                    if (a := figures.values[i][rate]) is not None and (b := figures.values[i][m]) is not None
                    and i not in totals]  # fmt: skip
            wide = figures.halves[totals[0]][m]
            broken = [
                i for i, a, b in rows
                if abs(a * whole - b * one)
                > figures.halves[i][rate] * abs(whole) + figures.halves[i][m] * one + wide * abs(a)
            ]  # fmt: skip
            if len(rows) >= 2 and len({a for _, a, _ in rows}) > 1 and believed(len(rows) - len(broken), len(broken)):
                row = row_variable(table)
                yield DraftRule(
                    id=f"{table.name}_{column.name}_of_total",
                    title=f"{column.header}＝{measure.header}÷{measure.header}合计",
                    check=f"{table.name}/{row}/{column.name} = {table.name}/{row}/{measure.name}"
                    f" / {table.name}/total/{measure.name}",
                    kept=len(rows) - len(broken),
                    tried=len(rows),
                    breaks=tuple(_break(table, table.rows[i], column, "本行占合计之比") for i in broken),
                    when_printed="left",
                    operands=((table.name, -1, column.at), (table.name, -1, measure.at)),
                )
                break


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
            breaks.append(_break(table, r, column, expected))
    return kept, breaks


def _break(table: DraftTable, r: int, column: DraftColumn, expected: str) -> Break:
    return Break(table.grid.file, table.grid.sheet, reference(r, column.at), table.text(r, column), expected)


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
    return _break(table, r, column, f"{expected}（{_formula(table, candidate, headers=True)}）")


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
    summed = [m for m, column in enumerate(table.measures) if column.kind in _SUMMED]
    if len(summed) < 2 or len(table.keys) != 1 or len(table.rows) > 400:
        return
    figures = Figures(
        [[row[m] for m in summed] for row in amounts.figures.values],
        [[row[m] for m in summed] for row in amounts.figures.halves],
        amounts.figures.scale,
    )
    lines = Lines(figures, columns=True)
    for number, relation in enumerate(find_relations(figures, seconds, directions=(True,)).found, 1):
        candidate = relation.candidate
        names = [joined(table.key(table.rows[p])) for p in (candidate.result, *candidate.operands)]
        whole = sum(not table.is_total(r) for r in table.rows)
        if candidate.operator != "Sum" or any(set("() ") & set(name) for name in names):
            continue
        if table.is_total(table.rows[candidate.result]) and len(candidate.operands) == whole:
            continue  # said by the rule on totals
        verdict = verdicts(lines, candidate)
        holds = [table.measures[summed[m]] for m, said in enumerate(verdict) if said]
        if not holds or verdict.count(False) * 4 > len(holds):
            continue
        parts = " + ".join(f"{table.name}/{name}/{{measure}}" for name in names[1:])
        yield DraftRule(
            id=f"{table.name}_subtotal_{number}",
            title=f"{names[0]}＝{'＋'.join(names[1:])}",
            check=f"{table.name}/{names[0]}/{{measure}} = {parts}",
            kept=len(holds),
            tried=len(holds) + verdict.count(False),
            variables={"measure": tuple(column.name for column in holds)},
            severity="error" if verdict.count(False) == 0 else "warning",
            operands=tuple(
                (table.name, table.rows[p], column.at)
                for column in holds for p in (candidate.result, *candidate.operands)
            ),
        )  # fmt: skip
