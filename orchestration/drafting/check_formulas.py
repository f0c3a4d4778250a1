"""Rules as formulas of a workbook, for whoever fills it in: what can be said of the sheets of one workbook without
naming a row that is not there yet. A hint: whether a rule holds is judged in one place, when the figures are in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xlsxwriter.utility import xl_col_to_name

from orchestration.drafting.blank_sheets import BlankSheet
from orchestration.rules.model import Rulebook, Selector

_MOST_LINES = 60  # of one rule


@dataclass(frozen=True)
class CheckFormula:
    """One line of the sheet of checks. ``counts``: the formula counts rows that differ; else it is a difference."""

    rule: str
    relation: str
    formula: str
    counts: bool


def check_formulas(sheets: Mapping[str, BlankSheet], book: Rulebook) -> list[CheckFormula]:
    """The relations between sums that speak of nothing but these sheets (by ledger)."""
    titles = {rule.id: rule.title for rule in book.rules if rule.compare == "interval" and not rule.only_where_broken}
    labels = book.labels()
    found: list[CheckFormula] = []
    for (rule, variant), selectors in _variants(book.selectors).items():
        if rule not in titles or book.operators[rule] != "=" or not all(_is_plain(s, sheets) for s in selectors):
            continue
        relation = " ＝ ".join(labels[rule, variant])
        home = sheets[selectors[0].ledger]
        if _within_rows(selectors, sheets):
            found.append(CheckFormula(titles[rule], f"{home.name}各行：{relation}", _count(selectors, home), True))
            continue
        for name, bound in _instances(selectors, sheets)[:_MOST_LINES]:
            if formula := _difference(selectors, sheets, bound):
                place = f"{home.name} {name}".strip()
                found.append(CheckFormula(titles[rule], f"{place}：{relation}", formula, False))
    return found


def _variants(selectors: Iterable[Selector]) -> dict[tuple[str, str], list[Selector]]:
    variants: dict[tuple[str, str], list[Selector]] = {}
    for selector in selectors:
        variants.setdefault((selector.rule_id, selector.variant), []).append(selector)
    return variants


def _is_plain(selector: Selector, sheets: Mapping[str, BlankSheet]) -> bool:
    """Whether a term is a cell or a sum of this year's sheets."""
    return (
        selector.role == "term"
        and not selector.year_offset
        and selector.where_measure is None
        and selector.ledger in sheets
        and any(column.name == selector.measure for column in sheets[selector.ledger].columns)
    )


def _within_rows(selectors: Sequence[Selector], sheets: Mapping[str, BlankSheet]) -> bool:
    """Whether all terms stand in one row, whichever that is."""
    keys = len(sheets[selectors[0].ledger].contract.keys)
    whole = tuple(range(1, keys + 1)) + (None,) * (3 - keys)
    return all(
        s.ledger == selectors[0].ledger and not s.detail_only and (s.slot_1, s.slot_2, s.slot_3) == whole
        for s in selectors
    )


def _count(selectors: Sequence[Selector], sheet: BlankSheet) -> str:
    first, last = len(sheet.lines) + 1, len(sheet.lines) + len(sheet.rows)
    ranges = {s: f"{_quoted(sheet)}${_letter(sheet, s)}${first}:${_letter(sheet, s)}${last}" for s in selectors}
    terms = [_signed(s, f"IF(ISNUMBER({cells}),{cells},0)") for s, cells in ranges.items()]
    filled = "*".join(f'({cells}<>"")' for cells in ranges.values())
    return f"=SUM({filled}*(ROUND({''.join(terms).lstrip('+')},6)<>0))"


def _instances(
    selectors: Sequence[Selector], sheets: Mapping[str, BlankSheet]
) -> list[tuple[str, tuple[str | None, ...]]]:
    """What stands for the variables of the terms: of each row that the first one can name, else nothing."""
    width = max(s.width for s in selectors)
    if not width:
        return [("", ())]
    first = next(s for s in selectors if s.width == width)
    found: dict[tuple[str | None, ...], str] = {}
    for row in sheets[first.ledger].rows:
        if row.parts is None:
            continue
        slots = (first.slot_1, first.slot_2, first.slot_3)[:width]
        bound = tuple(row.parts[slot - 1] if slot and slot <= len(row.parts) else None for slot in slots)
        keys = [sheets[first.ledger].contract.keys[slot - 1].name for slot in slots if slot]
        found.setdefault(bound, " ".join(filter(None, (row.texts.get(key, "") for key in keys))))
    return [(name, bound) for bound, name in found.items()]


def _difference(
    selectors: Sequence[Selector], sheets: Mapping[str, BlankSheet], bound: tuple[str | None, ...]
) -> str:  # fmt: skip
    """Left less right; empty where a term names a row that is not there."""
    terms, single = [], []
    for selector in selectors:
        cells = _cells(selector, sheets[selector.ledger], bound)
        if not cells:
            return ""
        if not selector.detail_only:
            single.append(f'{cells}=""')
            cells = f"N({cells})"  # a dash is zero
        terms.append(_signed(selector, cells))
    difference = f"ROUND({''.join(terms).lstrip('+')},6)"
    return f'=IF(OR({",".join(single)}),"未填",{difference})' if single else f"={difference}"


def _cells(selector: Selector, sheet: BlankSheet, bound: tuple[str | None, ...]) -> str:
    """The cell or the sum that a term is."""
    wanted: list[str | None] = [selector.key_1, selector.key_2, selector.key_3]
    for slot, part in zip((selector.slot_1, selector.slot_2, selector.slot_3), bound, strict=False):
        if slot:
            wanted[slot - 1] = part
    letter, first = _letter(sheet, selector), len(sheet.lines) + 1
    whole = not any(wanted)
    rows = [
        first + n
        for n, row in enumerate(sheet.rows)
        if (row.kind == "detail" or not selector.detail_only)
        and ((row.parts is None and whole) or (row.parts is not None and _fits(row.parts, wanted)))
    ]
    if selector.detail_only:
        return (
            f"SUM({','.join(f'{_quoted(sheet)}${letter}${a}:${letter}${b}' for a, b in _runs(rows))})" if rows else ""
        )
    return f"{_quoted(sheet)}${letter}${rows[0]}" if len(rows) == 1 else ""


def _fits(parts: Sequence[str], wanted: Sequence[str | None]) -> bool:
    return all(w is None or (n < len(parts) and parts[n] == w) for n, w in enumerate(wanted))


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def _signed(selector: Selector, cells: str) -> str:
    minus = (selector.weight < Decimal(0)) != (selector.side == "right")
    return f"{'-' if minus else '+'}{cells}"


def _letter(sheet: BlankSheet, selector: Selector) -> str:
    return str(xl_col_to_name([column.name for column in sheet.columns].index(selector.measure)))


def _quoted(sheet: BlankSheet) -> str:
    return f"'{sheet.name}'!"
