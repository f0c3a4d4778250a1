"""Where the two sides of a rule stand, and how a message that would come many times is said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orchestration.base.problems import Problem

if TYPE_CHECKING:
    from orchestration.warehouse.build import Build

_SHOWN = 3
_SINGLY = 10  # problems alike in a sheet that are still said one by one
_SIDES = """
    select term.rule_id, term.instance, term.side, cell.address, cell.file, cell.sheet, cell.cell,
           coalesce(landed.mark, '') as mark
    from (select distinct fiscal_year, rule_id, instance, side, address from rule_term) as term
    inner join reconciliation as judged using (fiscal_year, rule_id, instance)
    inner join cell using (fiscal_year, address)
    left join raw.cell as landed using (fiscal_year, address)
    where judged.status <> 'consistent' order by all
"""
Sides = dict[tuple[str, str], dict[str, list[dict[str, str]]]]


def sides_of(build: Build) -> Sides:
    """Rule and instance -> left and right -> this year's cells that stand there; none of rules that hold exactly."""
    sides: Sides = {}
    for row in build.rows(_SIDES):
        of_rule = sides.setdefault((row["rule_id"], row["instance"]), {"left": [], "right": []})
        marked = ("mark",) if row["mark"] else ()
        of_rule[row["side"]].append({name: row[name] for name in ("address", "file", "sheet", "cell", *marked)})
    return sides


def places_of(sides: dict[str, list[dict[str, str]]] | None) -> str:
    """Both sides in words: raw/2024/表3.csv E20 ↔ E3、E4、E5 等 37 处."""
    if not sides:
        return ""
    said, before = [], ""
    for side in ("left", "right"):
        cells = sides[side]
        if not cells:
            continue
        texts = []
        for cell in cells[:_SHOWN]:
            file = " ".join(filter(None, (cell["file"], cell["sheet"])))
            mark = f"（{cell['mark']}）" if "mark" in cell else ""
            texts.append((cell["cell"] if file == before else f"{file} {cell['cell']}") + mark)
            before = file
        more = f" 等 {len(cells)} 处" if len(cells) > _SHOWN else ""
        said.append("、".join(texts) + more)
    return " ↔ ".join(said)


def said_once(problems: Iterable[Problem]) -> list[tuple[Problem, list[Problem]]]:
    """Each kind of problem of a sheet once, as the first of it, with all of them: those that expect the same."""
    kinds: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.file, problem.sheet, problem.expected), []).append(problem)
    found: list[tuple[Problem, list[Problem]]] = []
    for alike in kinds.values():
        if len(alike) > _SINGLY and all(problem.cell for problem in alike):
            found.append((alike[0], alike))
        else:
            found += [(problem, [problem]) for problem in alike]
    return found


def places_of_problems(alike: list[Problem]) -> str:
    return "、".join(problem.cell for problem in alike[:_SHOWN]) + f" 等 {len(alike)} 处" if len(alike) > 1 else ""


def with_sides(rules: list[dict[str, Any]], sides: Sides) -> list[dict[str, Any]]:
    """Rows of reconciliation with the cells of both sides."""
    empty: dict[str, list[dict[str, str]]] = {"left": [], "right": []}
    return [
        row | {f"{side}_cells": cells for side, cells in sides.get((row["rule_id"], row["instance"]), empty).items()}
        for row in rules
    ]
