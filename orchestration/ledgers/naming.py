"""How people name a cell within a year (部门总数/合计/资金总额), turned into the path that rules and addresses use
(``department_summary/total/total_budget``). Knows contracts and nothing else: whether the cell is there is for others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orchestration.ledgers.contract import Contract, Key
from orchestration.ledgers.money import squeeze

_PARTS = re.compile(r"[:：]")
_NUMBER = re.compile(r"(?:第)?(\d+)(?:行)?", re.ASCII)


class UnknownNameError(ValueError):
    """What was written names no ledger, row or column that a contract knows."""

    def __init__(self, found: str, expected: str):
        super().__init__(f"{found}：{expected}")
        self.found, self.expected = found, expected


def cell_path(text: str, contracts: Mapping[str, Contract]) -> str:
    """``ledger/row key/measure`` of 账/行/栏, each in code or in the words that the ledger prints.

    Raises ``UnknownNameError`` with what would have been understood.
    """
    pieces = [squeeze(piece) for piece in text.split("/")]
    if len(pieces) != 3 or not all(pieces):
        raise UnknownNameError(text, "账/行/栏 三段，如 部门总数/合计/资金总额")
    contract = named_ledger(pieces[0], contracts)
    return f"{contract.ledger}/{row_key(pieces[1], contract)}/{named_measure(pieces[2], contract)}"


def named_ledger(text: str, contracts: Mapping[str, Contract]) -> Contract:
    """The contract of a ledger, by its code, short name or title."""
    found = next((c for c in contracts.values() if text in c.known_titles or text == squeeze(c.short)), None)
    if found is None:
        raise UnknownNameError(text, f"账名：{'、'.join(contract.short for contract in contracts.values())}")
    return found


def row_key(text: str, contract: Contract) -> str:
    """The key of a row, part by part: 失业保险:支出:合计 is ``unemployment:expenditure:total``."""
    parts = _PARTS.split(text)
    if len(parts) != len(contract.keys):
        wanted = ":".join(key.header for key in contract.keys)
        raise UnknownNameError(text, f"{contract.short}的行：{wanted}（或 {contract.total.name}）")
    last = len(parts) - 1
    pairs = enumerate(zip(parts, contract.keys, strict=True))
    return ":".join(_key_part(part, key, contract, n == last) for n, (part, key) in pairs)


def named_measure(text: str, contract: Contract) -> str:
    """The name of a measure, by its code or header."""
    for measure in contract.measures:
        if text == measure.name or text in measure.headers:
            return measure.name
    raise UnknownNameError(text, f"{contract.short}的栏：{'、'.join(measure.header for measure in contract.measures)}")


def _key_part(part: str, key: Key, contract: Contract, is_last: bool) -> str:
    if is_last and (part == "total" or part in contract.total.words):
        return "total"
    if key.type == "integer":
        if number := _NUMBER.fullmatch(part):
            return str(int(number[1]))
        raise UnknownNameError(part, f"{key.header}：整数")
    if key.values and part not in key.values and part not in key.values.values():
        raise UnknownNameError(part, "、".join(key.values))
    return key.values.get(part, part)
