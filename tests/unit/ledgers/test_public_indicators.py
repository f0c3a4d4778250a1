"""Each target and outcome that public forms print is read as it is meant, side by side."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from orchestration.ledgers.indicators import Reading, read_outcome, read_target
from orchestration.ledgers.money import Figure, day_of
from tests.forms.indicators import PUBLIC


def shown(reading: Reading, *, compared: bool) -> str:
    """A reading as the table writes it."""
    if reading.low is None or reading.high is None:
        return f"words: {reading.note}" if reading.note else "words"
    ends = dict.fromkeys(map(written, (reading.low, reading.high)))
    sign = f"{reading.direction} " if compared else ""
    return f"{sign}{'..'.join(ends)}" + (f": {reading.note}" if reading.note else "")


def written(figure: Figure) -> str:
    if figure.unit == "date":
        day: date = day_of(figure.value)
        return day.isoformat()
    return format(Decimal(figure.value).normalize(), "f")


def agrees(said: str, right: str) -> bool:
    """Of a reason the words that matter are enough."""
    reading, _, why = right.partition(": ")
    return said.partition(": ")[0] == reading and (why in said if why else ": " not in said)


def test_the_table_holds_at_least_eighty_pairs() -> None:
    assert len({(target, outcome) for target, _, outcome, _ in PUBLIC}) >= 80


@pytest.mark.parametrize(("target", "meant", "outcome", "reached"), PUBLIC)
def test_a_pair_is_read_as_it_is_meant(target: str, meant: str, outcome: str, reached: str) -> None:
    goal = read_target(target, 2024)
    met = read_outcome(outcome, 2024, goal)
    said = (shown(goal, compared=True), shown(met, compared=False))
    assert agrees(said[0], meant) and agrees(said[1], reached), said
