"""What a person sees in a terminal while a long command works."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

#: Work that turns descriptors 1 and 2 aside, as Dagster does while a step runs.
PROGRAM = """
import os, time, typer
from orchestration.cli.terminal import finish
def work(watcher):
    watcher.step("构建", 3)
    nowhere, kept = os.open(os.devnull, os.O_WRONLY), [os.dup(1), os.dup(2)]
    os.dup2(nowhere, 1), os.dup2(nowhere, 2)
    for model in ("stg_cell", "int_cell", "reconciliation"):
        watcher.advance(model)
        time.sleep(0.3)
    os.dup2(kept[0], 1), os.dup2(kept[1], 2)
    return 0
try:
    finish(work)
except typer.Exit as end:
    raise SystemExit(end.exit_code)
"""


def seen_in_a_terminal(program: str) -> str:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen([sys.executable, "-c", program], stderr=theirs, stdout=theirs, env=environment) as running:
        os.close(theirs)
        parts = []
        with suppress(OSError):  # the other end has gone
            while part := os.read(ours, 65536):
                parts.append(part)
        os.close(ours)
        assert running.wait(60) == 0, b"".join(parts)
    return b"".join(parts).decode()


def test_progress_moves_on_while_a_step_keeps_its_output() -> None:
    seen = seen_in_a_terminal(PROGRAM)
    assert [model for model in ("stg_cell", "int_cell", "reconciliation") if model not in seen] == []
    assert "3/3" in seen
