"""Runs the gates on a build and writes down what they saw: ``gates.json`` for publication and machines, ``gates.html``
for people. Results belong to the content that they judged, by its hash.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from expectations.gate import PASSED, GateResult, Suite, run_suites
from expectations.suites.year import SUITES
from orchestration.base.files import write_whole
from orchestration.publication.gates_page import render
from orchestration.warehouse.build import Build, content_hash

#: What they saw, for people.
GATES_PAGE = "gates.html"
#: The gates that look at nothing but judged rules.
OF_RULES = ("rules_hold", "rules_hold_together", "notices")


def run_gates(
    build: Build,
    tables: list[str],
    suites: Sequence[Suite] = SUITES,
    on_gate: Callable[[GateResult], None] = lambda result: None,
) -> list[GateResult]:
    """Judge a build. The results replace those of any earlier judgement of the same year."""
    with build.opened():
        content = content_hash(build, tables)
        results = run_suites(build, suites, on_gate)
    write_results(build, content, results)
    return results


def write_results(build: Build, content: str, results: Sequence[GateResult]) -> None:
    """Write down what the gates saw of a build. ``content``: the hash of what they judged."""
    report: dict[str, Any] = {
        "year": build.year,
        "content_sha256": content,
        "gates": [dataclasses.asdict(result) for result in results],
    }
    (build.folder / GATES_PAGE).write_text(render(build.year, results), encoding="utf-8")
    write_whole(build.gates, json.dumps(report, ensure_ascii=False, indent=1))


def write_rule_page(build: Build, path: Path) -> None:
    """The page of what the rules found in a build that nobody publishes: the gates that look at rules alone."""
    with build.opened():
        results = run_suites(build, [suite for suite in SUITES if suite.name in OF_RULES])
    write_whole(path, render(build.year, results, publishes=False))


def stopping(build: Build) -> list[dict[str, Any]]:
    """The gates that stop publication, as they were written down; none where they did not run."""
    if not build.gates.is_file():
        return []
    report = json.loads(build.gates.read_text(encoding="utf-8"))
    return [gate for gate in report["gates"] if gate["severity"] == "error" and gate["status"] not in PASSED]


def failed(results: Sequence[GateResult]) -> list[GateResult]:
    """The gates that stop publication."""
    return [result for result in results if result.severity == "error" and not result.passed]
