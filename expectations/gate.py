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
from collections.abc import Callable, Iterable, Iterator, Set
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
    query: str  # what it judges; each row with its ``department``
    keys: tuple[str, ...]  # columns that name a row of a department; the first is null where there is none
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
    """Run every suite over the build of one department."""
    (results,) = run_suites_of_all(build, suites, on_gate).values()
    return results


def run_suites_of_all(
    build: Rows, suites: Iterable[Suite], on_gate: Callable[[GateResult], None] = lambda result: None
) -> dict[str, list[GateResult]]:
    """Run every suite over the build, once for all of its departments: by department, what each saw of it. A suite that
    fails or crashes does not keep the others from running.
    """
    with build.opened():
        everybody = [row["department"] for row in build.rows(_DEPARTMENTS)]
        judged: list[tuple[Suite, Callable[[], dict[str, GateResult]]]] = []
        for suite in suites:
            spoken_of = _spoken_of(build, suite, everybody)
            if spoken_of:
                judged.append((suite, gate_executor().submit(_run, suite, *_frame(build, suite, spoken_of)).result))
            else:
                judged.append((suite, dict))
    results: dict[str, list[GateResult]] = {department: [] for department in everybody}
    for suite, outcome in judged:
        found = outcome()
        for department in everybody:
            result = found.get(department) or _not_judged(suite)
            on_gate(result)
            results[department].append(result)
    return results


_DEPARTMENTS = "select distinct department from raw.ledger order by department"


def _spoken_of(build: Rows, suite: Suite, everybody: Iterable[str]) -> list[str]:
    """The departments that have any ledger that the gate speaks of."""
    named = listed(suite.ledgers)
    if not named:
        return list(everybody)
    found = build.rows(f"select distinct department from raw.ledger where file <> '' and ledger in ({named})")
    return sorted(row["department"] for row in found)


def _frame(build: Rows, suite: Suite, departments: Iterable[str]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The rows that expectations look at, and how many they stand for of each department. A row of nobody is looked at
    too: it counts as everybody's.
    """
    counts = dict.fromkeys(departments, 0)
    counted = build.rows(f"select department, count({suite.keys[0]}) as rows from ({suite.query}) group by all")
    counts |= {row["department"]: row["rows"] for row in counted if row["department"] in counts}
    query, order = suite.query, ""
    if suite.sound:
        order = f"order by {', '.join(suite.keys)}"
        query = f"""
            select * from ({suite.query}) as looked
            qualify not coalesce({suite.sound}, false)
                or row_number() over (partition by department, {", ".join(suite.kinds)} {order}) = 1
            {order}
        """
    others = {row["department"] for row in build.rows(_DEPARTMENTS)} - counts.keys()
    return [row for row in build.rows(query) if row["department"] not in others], counts


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


def _run(suite: Suite, rows: list[dict[str, Any]], counts: dict[str, int]) -> dict[str, GateResult]:
    """Validate the rows of all departments at once; what was seen of each. ``counts``: the rows that each has."""
    seen = [_Seen(*each) for each in _validate(suite, rows)]
    whose: dict[str | None, list[int]] = {}
    for position, row in enumerate(rows):
        whose.setdefault(row["department"], []).append(position)
    nobodys = [position for name, places in whose.items() if name not in counts for position in places]
    return {
        department: _result(suite, rows, seen, {*whose.get(department, ()), *nobodys}, looked_at)
        for department, looked_at in counts.items()
    }


@dataclass(frozen=True)
class _Seen:
    """What one expectation came to."""

    description: str
    success: bool
    failing: frozenset[int]  # positions of rows
    crash: str

    def fails(self, own: Set[int]) -> bool:
        """Whether it fails for whom these rows belong to; one that names no row fails for everybody."""
        return not self.success and (not self.failing or not self.failing.isdisjoint(own))


def _result(suite: Suite, rows: list[dict[str, Any]], seen: list[_Seen], own: Set[int], looked_at: int) -> GateResult:
    crashes = [f"{each.description}：{each.crash}" for each in seen if each.crash]
    fails = [each.fails(own) for each in seen]
    failing = sorted(own & set().union(*(each.failing for each in seen)))
    return GateResult(
        name=suite.name,
        title=suite.title,
        protects=suite.protects,
        severity=suite.severity,
        status="crashed" if crashes else "failed" if any(fails) else "passed",
        looked_at=looked_at,
        expected=tuple(
            f"{'坏' if each.crash else '否' if failed else '是'}　{each.description}"
            for each, failed in zip(seen, fails, strict=True)
        ),
        failing=len(failing),
        rows=tuple(
            {header: _text(rows[position][column]) for column, header in suite.shown.items()}
            for position in failing[:ROWS_KEPT]
        ),
        crash="\n".join(crashes),
    )


def _validate(suite: Suite, rows: list[dict[str, Any]]) -> Iterator[tuple[str, bool, frozenset[int], str]]:
    """Of each expectation: its description, whether it holds, the rows that offend, and why it crashed."""
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
    for result in outcome.results:
        description = result.expectation_config.description or result.expectation_config.type
        indices = (result.result or {}).get("unexpected_index_list") or []
        failing = frozenset(index["_row"] for index in indices)
        yield description, bool(result.success), failing, _crash(result.exception_info)


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
