"""The real command in this process: a start costs more than most of what tests ask of it.

Where the process itself is what is tested (it is killed, holds a lock, has little room) a test starts its own.
"""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass

import pytest

from orchestration.base.settings import Settings
from orchestration.cli.main import main


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def ledgergate(settings: Settings, *arguments: str, **environment: str) -> Ended:
    """``main()`` over an installation, with its own environment, arguments and streams."""
    said, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEDGERGATE_HOME", str(settings.home))
        patch.setenv("LEDGERGATE_RAW", str(settings.raw))
        patch.setenv("DAGSTER_HOME", str(settings.home / "dagster"))
        patch.setenv("PYTHONSAFEPATH", "1")  # as the command itself does, for good
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["ledgergate", *arguments])
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors), pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    assert isinstance(code, int) or code is None
    return Ended(code or 0, said.getvalue(), errors.getvalue())
