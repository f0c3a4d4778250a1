"""What sentences state is what they state: a figure that they leave out is not missing, and “其中” need not name every
part. Fits ledgers read from sentences, and the rules on them, to that; judges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from decimal import Decimal

from orchestration.base.problems import Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Ledger
from orchestration.rules.model import Rulebook

#: What a sheet of sentences is called where tables have their short name.
PROSE = "正文"


def rules_on_what_is_stated(book: Rulebook, ledgers: Mapping[str, Ledger]) -> Rulebook:
    """The rules, judged on ledgers read from sentences only where the sentences state what a rule needs.

    A sum over parts that have a fixed list is left out where not all of the list are stated.
    """
    stated = {name for name, ledger in ledgers.items() if ledger.source.sheet == PROSE}
    partial = {name for name in stated if not _has_all_values(ledgers[name])}
    dropped = {(each.rule_id, each.variant) for each in book.selectors if each.detail_only and each.ledger in partial}
    return replace(
        book,
        selectors=[
            replace(each, needed=True) if each.ledger in stated and not each.needed else each
            for each in book.selectors
            if (each.rule_id, each.variant) not in dropped
        ],
    )


def without_rules_that_must_hold(book: Rulebook, drafted: Set[str]) -> Rulebook:
    """The rules without those that must hold of any ledger, where a ledger is read by a draft: nobody has signed that
    its rows are parts of each other. The draft's own rules say so, as warnings.
    """
    must = {rule.id for rule in book.rules if rule.severity == "error"}
    of_drafts = [each for each in book.selectors if each.ledger in drafted and each.rule_id in must]
    dropped = {(each.rule_id, each.variant) for each in of_drafts}
    return replace(book, selectors=[each for each in book.selectors if (each.rule_id, each.variant) not in dropped])


def _has_all_values(ledger: Ledger) -> bool:
    key = ledger.contract.keys[-1]
    wanted = set(key.values.values())
    return wanted <= {cell.row_key.rsplit(":", 1)[-1] for cell in ledger.cells}


def with_parts(cells: Sequence[Cell], contract: Contract) -> tuple[list[Cell], list[Problem]]:
    """The cells of a ledger read from sentences; parts that “其中” names without all others are rows of their total.

    They are taken for all parts where they sum to the total in one measure at least, or exceed it.
    """
    groups: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.row_key.rpartition(":")[0]].append(cell)
    additive = {measure.name for measure in contract.measures if measure.kind in ("money", "person", "count")}
    partial: dict[str, str] = {}  # row key of a part -> row key of the whole
    notices = []
    for group in groups.values():
        whole = next((cell for cell in group if cell.row_kind == "total" and cell.value is not None), None)
        if whole is None or contract.keys[-1].values or not _is_partial(group, additive):
            continue
        partial |= {cell.row_key: whole.row_key for cell in group if cell.row_kind == "detail"}
        notices.append(
            Problem(whole.file, PROSE, whole.cell, f"{whole.row_label}：所列各项之和不足合计", "按“其中”的一部分核对")
        )
    return [
        replace(cell, row_kind="of_which", parent=partial[cell.row_key]) if cell.row_key in partial else cell
        for cell in cells
    ], notices


def _is_partial(group: Sequence[Cell], additive: Set[str]) -> bool:
    """Whether the parts fall short of the total in every measure in which both are stated."""
    judged = [
        _falls_short([cell for cell in group if cell.measure == measure and cell.value is not None])
        for measure in additive
    ]
    short = [each for each in judged if each is not None]
    return bool(short) and all(short)


def _falls_short(figures: Sequence[Cell]) -> bool | None:
    """Whether the parts of one measure sum to less than its total; None where not both are stated."""
    parts = [cell for cell in figures if cell.row_kind == "detail"]
    total = next((cell for cell in figures if cell.row_kind == "total"), None)
    if not parts or total is None or total.value is None:
        return None
    left = total.value + total.skew - sum(((cell.value or Decimal(0)) + cell.skew for cell in parts), Decimal(0))
    slack = total.half_width + sum((cell.half_width for cell in parts), Decimal(0))
    return left > slack and all((cell.value or 0) >= 0 for cell in parts)
