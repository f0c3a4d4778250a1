"""Headers of tables in lines: what is one, and what only looks like a part of one."""

from __future__ import annotations

from decimal import Decimal

from orchestration.documents.identities import Identities
from orchestration.documents.lines import Place, TextLine, Word
from orchestration.documents.tables import find_text_tables
from orchestration.ledgers.contract import Contract

CONTRACT = Contract.model_validate(
    {
        "ledger": "fund", "title": "收支情况表", "short": "收支表", "unit": "万元", "label": "{item}",
        "keys": [{"name": "item", "header": "项目"}],
        "measures": [
            {"name": "budget", "header": "预算数"}, {"name": "actual", "header": "决算数"},
            {"name": "balance", "header": "结余"},
        ],
    }
)  # fmt: skip


def line(number: int, *words: tuple[str, int]) -> TextLine:
    """A line of words, each with where it begins on the page."""
    made = [
        Word(text, Place(1, number, (left, 20 * number, left + 10 * len(text), 20 * number + 10)), 1 if n else 0)
        for n, (text, left) in enumerate(words)
    ]
    return TextLine(" ".join(text for text, _ in words), made[0].place, tuple(made))


def test_a_row_that_is_called_like_a_column_moves_no_column() -> None:
    lines = [
        line(1, ("收支情况表", 200)),
        line(2, ("项目", 10), ("预算数", 100), ("决算数", 200), ("结余", 300)),
        line(3, ("收入", 10), ("30.00", 100), ("30.00", 300)),
        line(4, ("结余", 10)),
        line(5, ("5.00", 200), ("-5.00", 300)),
        line(6, ("合计", 10), ("30.00", 100), ("30.00", 300)),
    ]
    left = {"budget": Decimal(1), "actual": Decimal(-1), "balance": Decimal(-1)}
    (table,), unread = find_text_tables("d", lines, {"fund": CONTRACT}, Identities({"fund": (left,)}, {}))
    assert unread == [] and table.problems == []
    assert table.rows[2:] == [
        ["收入", "30.00", "", "30.00"],
        ["结余", "", "5.00", "-5.00"],
        ["合计", "30.00", "", "30.00"],
    ]
