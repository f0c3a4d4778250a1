"""Unit tests stay quick: they start no process and take no year through the pipeline."""

from __future__ import annotations

import multiprocessing.process
import subprocess
from typing import NoReturn

import pytest


def _refused(*_: object, **__: object) -> NoReturn:
    pytest.fail("a unit test starts a process: it belongs in tests/pipeline")


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess.Popen, "__init__", _refused)
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", _refused)


@pytest.fixture(scope="session")
def published() -> NoReturn:
    pytest.fail("a unit test asks for a published year: it belongs in tests/pipeline")
