"""A row of a ledger that is lost is told; a sample of what ``python -m tests.lost_rows`` tries."""

from __future__ import annotations

from tests.lost_rows import BROKEN, REFUSED, every_row, verdicts

#: Ledgers of which a lost row was once told by nothing: their contract or their control count refuses it.
COUNTED = ("fund_balance", "operating_cost", "budget_scope", "fund_statement", "performance_fact", "stated_count")


def test_no_row_is_lost_in_silence() -> None:
    rows = every_row()
    counted = [row for row in rows if row.ledger in COUNTED]
    found = verdicts(list(dict.fromkeys([*counted[::5], *rows[::17]])))
    assert {row for row, verdict in found.items() if verdict not in (REFUSED, BROKEN)} == set()
    assert {row for row, verdict in found.items() if row.ledger in COUNTED and verdict != REFUSED} == set()
    assert BROKEN in found.values()
