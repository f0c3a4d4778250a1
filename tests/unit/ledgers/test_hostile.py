"""Whatever stands around the ledgers, a year is read or refused; a sample of ``python -m tests.hostile``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import KINDS, REFUSED, SAME, outcome


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_inputs_end_in_a_message_or_change_no_figure(kind: str, seed: int, tmp_path: Path) -> None:
    assert outcome(kind, seed, tmp_path) in (REFUSED, SAME)
