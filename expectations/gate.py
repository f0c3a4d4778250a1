"""The gate: runs suites of expectations over small results of a build. The only place that imports great_expectations.

A gate looks at aggregates, at each row that may offend, and at one of each kind that can't: SQL leaves the others out,
so a gate costs the same at any size.
An expectation that *crashed* is a broken check, not bad data, and is told apart.
"""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Literal, Protocol

from orchestration.base.sql import listed

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: Outcomes that hold nothing back.
PASSED = ("passed", "not_judged")
#: Failing rows kept with a result; the rest are counted.
ROWS_KEPT = 200


class Rows(Protocol):
    """What a gate needs of a build: rows of a query, decimals exact; and the file held open for many of them."""

    def opened(self) -> AbstractContextManager[None]: ...

    def rows(self, query: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Suite:
    """A gate: what it protects, what it looks at, and what it expects there."""

    name: str
    title: str  # what finance people call it
    protects: str  # one Chinese sentence
    severity: Literal["error", "warning"]
    query: str  # what it judges
    keys: tuple[str, ...]  # columns that name a row
    shown: dict[str, str]  # columns shown of a failing row -> Chinese header
    expectations: Callable[[], list[Expectation]]
    ledgers: tuple[str, ...] = ()  # what it speaks of: where none of these is at hand it is not judged, and says so
    # Where ``query`` has a row for each cell or rule: the SQL condition under which no expectation can find fault with
    # a row, and what makes such rows one kind. Stricter than the expectations at most, never laxer.
    sound: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateResult:
    """What a gate saw."""

    name: str
    title: str
    protects: str
    severity: str
    status: str  # passed | failed | crashed | not_judged
    looked_at: int  # rows
    expected: tuple[str, ...]  # one line for each expectation, with its outcome
    failing: int  # rows
    rows: tuple[dict[str, str], ...]  # failing rows: Chinese header -> text; at most ROWS_KEPT
    crash: str = ""

    @property
    def passed(self) -> bool:
        return self.status in PASSED


def run_suites(
    build: Rows, suites: Iterable[Suite], on_gate: Callable[[GateResult], None] = lambda result: None
) -> list[GateResult]:
    """Run every suite; one that fails or crashes does not keep the others from running."""
    with build.opened():
        judged = [
            gate_executor().submit(_run, suite, *_frame(build, suite))
            if _is_spoken_of(build, suite)
            else _not_judged(suite)
            for suite in suites
        ]
    results = []
    for outcome in judged:
        result = outcome if isinstance(outcome, GateResult) else outcome.result()
        on_gate(result)
        results.append(result)
    return results


def _is_spoken_of(build: Rows, suite: Suite) -> bool:
    """Whether any ledger that the gate speaks of is at hand."""
    named = listed(suite.ledgers)
    return not named or bool(build.rows(f"from raw.ledger where file <> '' and ledger in ({named})"))


def _frame(build: Rows, suite: Suite) -> tuple[list[dict[str, Any]], int]:
    """The rows that expectations look at, and how many they stand for."""
    if not suite.sound:
        rows = build.rows(suite.query)
        return rows, len(rows)
    (whole,) = build.rows(f"select count(*) as looked_at from ({suite.query})")
    rows = build.rows(f"""
        select * from ({suite.query}) as looked
        qualify not coalesce({suite.sound}, false)
            or row_number() over (partition by {", ".join(suite.kinds)} order by {", ".join(suite.keys)}) = 1
        order by {", ".join(suite.keys)}
    """)
    return rows, whole["looked_at"]


@functools.cache
def gate_executor() -> ProcessPoolExecutor:
    """The process in which expectations run. Importing great_expectations takes longer than anything else in a run,
    so whoever calls this early has it done on the other core meanwhile.
    """
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_with_parent)
    pool.submit(_context)
    # A run that Dagster's daemon started is itself a child of multiprocessing, and would wait for this process before
    # the pool is told to end: both for ever.
    Finalize(None, pool.shutdown, kwargs={"wait": True, "cancel_futures": True}, exitpriority=100)
    return pool


def _leave_with_parent() -> None:
    """A run that is killed takes this process with it."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def leave() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


@functools.cache
def _context() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    from expectations.lean_import import import_great_expectations

    gx = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _not_judged(suite: Suite) -> GateResult:
    """Nothing to look at is neither a failure nor a crash of the check."""
    return GateResult(
        suite.name, suite.title, suite.protects, suite.severity, "not_judged", 0, ("未　没有所需的账，未核对",), 0, ()
    )


def _columns(rows: list[dict[str, Any]], suite: Suite) -> list[str]:
    return list(rows[0]) if rows else list(dict.fromkeys([*suite.keys, *suite.shown]))


def _run(suite: Suite, rows: list[dict[str, Any]], looked_at: int) -> GateResult:
    import great_expectations as gx
    import pandas as pd

    context = _context()
    source = context.data_sources.add_or_update_pandas(suite.name)
    # Object columns: pandas must not turn exact decimals into floats.
    frame = pd.DataFrame(rows, columns=_columns(rows, suite), dtype=object)
    batch = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("whole")
    expectations = context.suites.add_or_update(gx.ExpectationSuite(name=suite.name, expectations=suite.expectations()))
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=suite.name, data=batch, suite=expectations)
    )
    frame = frame.assign(_row=range(len(frame)))
    outcome = definition.run(
        batch_parameters={"dataframe": frame},
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["_row"]},
    )
    crashes: list[str] = []
    failing: set[int] = set()
    lines: list[str] = []
    for result in outcome.results:
        description = result.expectation_config.description or result.expectation_config.type
        crash = _crash(result.exception_info)
        if crash:
            crashes.append(f"{description}：{crash}")
        indices = (result.result or {}).get("unexpected_index_list") or []
        failing.update(index["_row"] for index in indices)
        lines.append(f"{'坏' if crash else '是' if result.success else '否'}　{description}")
    status = "crashed" if crashes else "passed" if outcome.success else "failed"
    offending = [rows[position] for position in sorted(failing)[:ROWS_KEPT]]
    return GateResult(
        name=suite.name,
        title=suite.title,
        protects=suite.protects,
        severity=suite.severity,
        status=status,
        looked_at=looked_at,
        expected=tuple(lines),
        failing=len(failing),
        rows=tuple({header: _text(row[column]) for column, header in suite.shown.items()} for row in offending),
        crash="\n".join(crashes),
    )


def _crash(info: Any) -> str:
    """The message of an expectation that raised. GX nests it by metric, or not, depending on where it raised."""
    if not info:
        return ""
    found = [info] if "raised_exception" in info else list(info.values())
    return "；".join(
        str(each.get("exception_message", ""))
        for each in found
        if isinstance(each, dict) and each.get("raised_exception")
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
