"""A gate whose ledgers a department does not bring is not judged, and says so; one whose ledger is there is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from expectations.gate import _spoken_of, run_suites
from expectations.suites.year import SUITES
from orchestration.publication.versions import NotPublishedError, _passed_gates
from orchestration.warehouse.build import Build

SCORES = next(suite for suite in SUITES if suite.name == "scores_add_up")


class Ledgers:
    """A build that holds these ledgers and no row of anything else."""

    def __init__(self, *ledgers: str):
        self.ledgers = ledgers

    @contextmanager
    def opened(self) -> Iterator[None]:
        yield

    def rows(self, query: str) -> list[dict[str, Any]]:
        if "from raw.ledger" not in query:
            return []
        there = "where" not in query or any(f"'{name}'" in query for name in self.ledgers)
        return [{"department": "hrss"}] if there else []


def test_a_department_without_scores_is_not_judged_by_them() -> None:
    (result,) = run_suites(Ledgers("unit_basic_expenditure"), [SCORES])
    assert (result.status, result.passed, result.looked_at) == ("not_judged", True, 0)
    assert result.expected == ("未　没有所需的账，未核对",)


def test_a_score_ledger_without_a_score_is_judged() -> None:
    assert _spoken_of(Ledgers("score_section"), SCORES, ["hrss"]) == ["hrss"]
    assert _spoken_of(Ledgers("indicator"), SCORES, ["hrss"]) == ["hrss"]


def test_every_other_gate_is_judged_whatever_is_at_hand() -> None:
    assert all(_spoken_of(Ledgers(), suite, ["hrss"]) for suite in SUITES if suite is not SCORES)


@pytest.mark.parametrize(("status", "lets_through"), [("passed", True), ("not_judged", True), ("failed", False)])
def test_only_what_failed_or_crashed_holds_a_version_back(tmp_path: Path, status: str, lets_through: bool) -> None:
    build = Build(2024, tmp_path)
    gate = {"name": "scores_add_up", "title": "评分自洽", "severity": "error", "status": status}
    build.gates.write_text(json.dumps({"content_sha256": "c", "gates": [gate]}), encoding="utf-8")
    with nullcontext() if lets_through else pytest.raises(NotPublishedError):
        assert _passed_gates(build, "c") == [gate]
