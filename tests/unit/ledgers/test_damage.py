"""Damaged and hostile files end in one message a problem, in bounded time; never in a traceback, never misread."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.damage import EITHER, damaged, kinds, outcome

KINDS = kinds()
SEEDS = 8
#: Kinds of which each file costs a second or more.
FEWER = {"zip bomb": 1, "10^6 empty rows": 1, "10^6 empty lines": 1, "bomb of records": 2, "cell in the far corner": 3}
SECONDS = 20  # of processor time, for one file


@pytest.mark.parametrize("kind", list(KINDS))
def test_damage_is_refused_with_what_to_do_or_rightly_taken(kind: str, tmp_path: Path) -> None:
    _, expected, at_a_cell = KINDS[kind]
    for seed in range(FEWER.get(kind, SEEDS)):
        path = damaged(kind, seed, tmp_path / str(seed))
        begun = time.process_time()
        found = outcome(path, at_a_cell=at_a_cell)
        assert time.process_time() - begun < SECONDS
        assert expected in (EITHER, found), (kind, seed)
