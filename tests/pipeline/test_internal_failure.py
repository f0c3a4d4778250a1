"""Whatever raises inside the program, at whatever step: the real ``main()`` ends at once, with a trace and exit 3."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from orchestration.base.obstacles import no_room
from orchestration.base.settings import Settings
from orchestration.cli.main import main
from tests.conftest import Published

STAGES = {
    "reading": "orchestration.pipeline.assets.ledgers.read_inputs",
    "models": "orchestration.warehouse.compiled.build",
    "suspects": "orchestration.pipeline.assets.suspects.write_suspects",
    "gates": "orchestration.pipeline.assets.gates.run_gates",
    "publication": "orchestration.pipeline.assets.publication.publish_build",
}


class SpunError(BaseException):
    """Still at work when it should long have ended."""


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    """A loop without end is a failure, not a hang of the whole suite."""

    def stop(number: int, frame: object) -> NoReturn:
        raise SpunError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 90)  # of processor time: a busy machine fails nothing
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def fail(*arguments: Any, **named: Any) -> NoReturn:
    raise ZeroDivisionError("nobody thought of this")


def call(monkeypatch: pytest.MonkeyPatch, settings: Settings, *arguments: str) -> object:
    monkeypatch.setenv("LEDGERGATE_HOME", str(settings.home))
    monkeypatch.setenv("LEDGERGATE_RAW", str(settings.raw))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # as the command itself does, for good
    monkeypatch.setattr(sys, "argv", ["ledgergate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize("stage", STAGES)
def test_a_step_that_raises_ends_the_run_with_its_trace_and_exit_3(
    stage: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(STAGES[stage], fail)
    assert call(monkeypatch, settings, "run", "2024") == 3
    said = capfd.readouterr().err
    assert "ZeroDivisionError: nobody thought of this" in said and "内部错误" in said and "写不下" not in said


@pytest.mark.parametrize("error", [
    PermissionError(13, "Permission denied", "/srv/ledgergate/build"), OSError(30, "Read-only file system", "/srv"),
])  # fmt: skip
def test_a_place_that_may_not_be_written_is_one_line_and_exit_2(
    error: OSError, settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: Any, **named: Any) -> NoReturn:
        raise error

    monkeypatch.setattr("orchestration.pipeline.assets.ledgers.land_inputs", refuse)
    assert call(monkeypatch, settings, "run", "2024") == 2
    said = capfd.readouterr().err
    assert "无法读写" in said and error.filename in said and "Traceback" not in said


def test_a_report_that_raises_ends_with_its_trace_and_exit_3(
    published: Published, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("orchestration.reporting.report.make_report", fail)
    assert call(monkeypatch, published.settings, "report", "2024") == 3
    assert "ZeroDivisionError: nobody thought of this" in capfd.readouterr().err


def test_a_full_disk_is_found_behind_a_ring_of_causes_and_beside_it() -> None:
    first, second, full = RuntimeError("step"), ValueError("inner"), OSError(28, "No space left on device")
    first.__cause__, second.__context__ = second, first
    assert no_room(first) == ""
    first.__context__ = full  # a cause hides it from whoever looks at causes only
    assert "No space left" in no_room(first)
