"""Accepted exceptions: rule instances that are known not to hold and cannot be corrected. Reads
``raw/<year>/exceptions.csv``; each passes only while its difference is the same to the fen.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.money import FigureError, parse_figure
from orchestration.ledgers.spreadsheet import read_list

#: Columns of exceptions.csv: name in code -> header.
HEADERS = {
    "rule_id": "规则",
    "instance": "所在",
    "difference": "差额",
    "reason": "理由",
    "evidence": "证据",
    "confirmed_by": "确认人",
}


@dataclass(frozen=True, slots=True)
class AcceptedException:
    """One accepted rule instance. ``difference``: left less right as ``reconciliation`` shows it (yuan for money)."""

    fiscal_year: int
    rule_id: str
    instance: str
    difference: Decimal
    reason: str
    evidence: str
    confirmed_by: str


def read_exceptions(path: Path, year: int, rules: Collection[str]) -> list[AcceptedException]:
    """The accepted exceptions of a year; none where the file is not there.

    Raises ``InputError`` with every wrong row: a rule that is not among ``rules``, a difference that is not a number,
    a missing instance, reason, evidence or confirmer, one instance accepted twice.
    """
    rows, problems = read_list(path, HEADERS)
    found: dict[tuple[str, str], AcceptedException] = {}
    for field, place in rows:
        wrong = [(name, f"写明{HEADERS[name]}") for name in HEADERS if not field[name]]
        if field["rule_id"] and field["rule_id"] not in rules:
            wrong.append(("rule_id", "expectations/rules 里某条规则的 id"))
        try:
            difference = _difference(field["difference"]) if field["difference"] else Decimal(0)
        except FigureError:
            wrong.append(("difference", "数（金额以元计，不写单位），与核对表的差额相同"))
        if (field["rule_id"], field["instance"]) in found:
            wrong.append(("instance", "每条规则的每一处只确认一次"))
        problems += [Problem(str(path), "", place[name], field[name] or "空白", expected) for name, expected in wrong]
        if not wrong:
            accepted = AcceptedException(year, **{**field, "difference": difference})  # type: ignore[arg-type]
            found[accepted.rule_id, accepted.instance] = accepted
    if problems:
        raise InputError(problems)
    return list(found.values())


def _difference(text: str) -> Decimal:
    """A bare figure, read as those of the ledgers are: 4,900.00, -4900, (4900). No unit, and nothing that is not one
    number: NaN, 1E+30, 1_000."""
    if re.search(r"[^-−–+\d.,()（）－．，\s]", text):
        raise FigureError
    return parse_figure(text, "point").value
