"""The process in which gates run never outlives, or holds up, the one that asked for it."""

from __future__ import annotations

import multiprocessing


def ask() -> None:
    """What a run does in a process that Dagster's daemon has started."""
    from expectations.gate import gate_executor

    assert gate_executor().submit(abs, -1).result(120) == 1


def test_a_run_that_a_daemon_started_ends() -> None:
    run = multiprocessing.get_context("spawn").Process(target=ask)
    run.start()
    run.join(180)
    ended = run.exitcode
    run.kill()
    assert ended == 0
