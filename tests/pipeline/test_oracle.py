"""The proposal of HiGHS, in a process of its own: what it is good for, and that nothing else depends on it."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from orchestration.localisation.localise import Fault, localise
from orchestration.localisation.solver.network import Quantity
from tests.experiment import corrected_2024


def twenty_wrong_in_one_column() -> tuple[list[Quantity], set[str]]:
    """The real year with twenty of its projects' budgets wrong by millions."""
    rng = random.Random(0)
    quantities = corrected_2024()[0]
    column = [n for n, q in enumerate(quantities) if (q.ledger, q.measure) == ("project_expenditure", "initial_budget")]
    chosen = rng.sample([n for n in column if quantities[n].row_kind == "detail" and quantities[n].value], 20)
    wrong = {n: quantities[n].value + rng.choice([1, -1]) * rng.randrange(3, 10**5) * 10**6 for n in chosen}
    return (
        [replace(q, value=wrong.get(n, q.value)) for n, q in enumerate(quantities)],
        {quantities[n].address for n in chosen},
    )


def localised(quantities: Sequence[Quantity]) -> Fault:
    """The one fault, within seconds of processor time: the search alone is not done in a minute."""
    (fault,) = localise(quantities, corrected_2024()[1], time_limit=6).faults
    return fault


def test_twenty_wrong_cells_of_one_column_are_proven_to_be_the_least_long_before_the_search_is_done() -> None:
    quantities, wrong = twenty_wrong_in_one_column()
    fault = localised(quantities)
    (answer,) = fault.answers
    assert set(answer.addresses) == wrong
    assert fault.at_least == answer.cost == 20 and answer.minimal


def test_where_its_process_dies_the_search_goes_on_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    fault = localised(twenty_wrong_in_one_column()[0])
    assert fault.at_least == 20 and not fault.complete
    assert len(fault.answers) == 1 and not fault.answers[0].minimal


def test_what_highs_prints_does_not_reach_the_output(capfd: pytest.CaptureFixture[str]) -> None:
    """``ledgergate run --json`` prints one object and nothing beside it."""
    localised(twenty_wrong_in_one_column()[0])
    assert capfd.readouterr().out == ""


def test_past_all_that_is_left_the_system_ends_it() -> None:
    """Whatever HiGHS does, a search ends."""
    script = """
from orchestration.localisation import oracle

def spin(asked):
    while True:
        pass

oracle._answer = spin
oracle._answer_within({"most": 1})
"""
    ended = subprocess.run([sys.executable, "-c", script], timeout=120, check=False, capture_output=True)
    assert ended.returncode != 0 and ended.stdout == b""
