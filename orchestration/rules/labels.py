"""What a finance person calls the terms of a rule and the rows that they name. Raises for a column that isn't there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from orchestration.ledgers.contract import Contract
from orchestration.rules.figures import is_pattern
from orchestration.rules.grammar import PARTS, RuleError, Term
from orchestration.rules.model import COMPUTED


class _Printed(NamedTuple):
    """What a ledger and one of its columns are called in print, and what each code in a row key is."""

    short: str
    header: str
    codes: Mapping[str, str]


def label_of(term: Term, place: tuple[str, str, str], home: tuple[str, ...], contracts: Mapping[str, Contract]) -> str:
    """What a term is called; empty where its ledger is not at hand, or another term speaks for it. ``place``: its
    ledger, row and measure; ``home``: the ledger and row that the rule speaks of, which need no name.
    """
    ledger, row, measure = place
    printed = _printed(ledger, measure, term, contracts)
    if printed is None:
        return ""
    short, header, codes = printed
    named = _named(row, codes)
    if term.call in PARTS:
        return "" if term.rest else f"{'其中' if term.call == 'of_which' else '所含'}各行{header}之和"
    if term.call == "rows":
        return f"{short}的同名行"
    if term.call == "sum":
        text = f"{''.join(named)}各行{header}之和"
    elif term.call == "count":
        text = f"{''.join(named)}所列个数"
    else:
        text = header if (ledger, row) == home else " ".join([*named, header])
    text = f"{text}的{term.share_text}" if term.share is not None else text
    text = text if ledger == home[0] else f"{short} {text}"
    return f"上年{text}" if term.prior else text


def row_name(ledger: str, row: str, contracts: Mapping[str, Contract]) -> str:
    """The parts of a row key that name a row, as they are printed."""
    return " ".join(_named(row, _codes(contracts[ledger]))) if ledger in contracts else ""


def _printed(ledger: str, measure: str, term: Term, contracts: Mapping[str, Contract]) -> _Printed | None:
    if ledger in COMPUTED:
        short, measures = COMPUTED[ledger]
        if measure not in measures:
            raise RuleError(f"{ledger}/{measure}", f"{ledger} 的栏：{'、'.join(measures)}")
        return _Printed(short, measures[measure], {})
    if ledger not in contracts:
        return None
    contract = contracts[ledger]
    columns = {column.name: column.header for column in contract.columns}
    if measure not in columns and not (term.call == "count" and measure == "*"):
        raise RuleError(f"{ledger}/{measure}", f"{contract.short}的栏：{'、'.join(columns)}")
    return _Printed(contract.short, columns.get(measure, ""), _codes(contract))


def _named(row: str, codes: Mapping[str, str]) -> list[str]:
    return [codes.get(part, part) for part in row.split(":") if not is_pattern(part)]


def _codes(contract: Contract) -> dict[str, str]:
    """What each code in a row key is called in print."""
    codes = {code: text for key in contract.keys for text, code in key.values.items()}
    codes["total"] = contract.total.name
    return codes
