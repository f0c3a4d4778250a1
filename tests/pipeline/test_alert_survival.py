"""Kill -9 at every step between finding out and knowing that it arrived: nothing is lost, and nothing is told twice
after a recorded yes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.alerting.channels import channels
from orchestration.alerting.delivery import deliver
from orchestration.alerting.outbox import Event, Outbox
from orchestration.base.settings import ROOT
from tests.receivers import Robots, robots

FACTS = {"headline": "失败", "findings": []}
FAILURE = Event(2024, "year", "blocked", "error", "a", FACTS)

#: Step -> what dies there (killed instead of, or right after, doing it), and how often the receiver then hears.
STEPS = {
    "before the record is committed": ("recorder.add_alert", "instead", 1),
    "after the record": ("Outbox.record", "after", 1),
    "while planning": ("Outbox._plan", "instead", 1),
    "after planning": ("Outbox.prepare", "after", 1),
    "before sending is marked": ("Outbox.sending", "instead", 1),
    "after sending is marked": ("Outbox.sending", "after", 1),
    "in the midst of the answer": ("module._post", "after", 2),
    "before the yes is recorded": ("Outbox.sent", "instead", 2),
    "after the yes is recorded": ("Outbox.sent", "after", 1),
}
SCRIPT = """
import functools, os, signal, sys
from orchestration.alerting import outbox as recorder
from orchestration.alerting.channels import channels, post as module
from orchestration.alerting.delivery import deliver
from orchestration.alerting.outbox import Event, Outbox
from pathlib import Path

path, url, target, when, what = sys.argv[1:]
owner = {"Outbox": Outbox, "module": module, "recorder": recorder}[target.split(".")[0]]
name = target.split(".")[1]
real = getattr(owner, name)

@functools.wraps(real)
def dying(*arguments, **options):
    if when == "after":
        real(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

outbox = Outbox(Path(path))
setattr(owner, name, dying)
if what == "fails":
    outbox.record(Event(2024, "year", "blocked", "error", "a", {"headline": "失败", "findings": []}))
else:
    outbox.resolve(2024, "year", {"version": "v"})
deliver(outbox, channels(url))
"""


def die(path: Path, url: str, target: str, when: str, what: str) -> None:
    """Run the script in a process of its own, which must end by the kill."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), url, target, when, what],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def robot() -> Iterator[Robots]:
    with robots() as found:
        yield found


@pytest.mark.parametrize("step", STEPS)
def test_killed(step: str, robot: Robots, tmp_path: Path) -> None:
    target, when, heard = STEPS[step]
    path, url = tmp_path / "outbox.sqlite", robot.url("dingtalk")
    die(path, url, target, when, "fails")
    outbox = Outbox(path)
    outbox.record(FAILURE)  # the next run of the year finds the same
    for _ in range(3):
        deliver(outbox, channels(url))
    assert len(robot.taken) == heard
    assert len({taken.id for taken in robot.taken}) == 1
    assert outbox.deliveries() == [] and outbox.unplanned() == []
    outbox.resolve(2024, "year", {"version": "v"})
    deliver(outbox, channels(url))
    assert "已解决" in robot.taken[-1].text and len(robot.taken) == heard + 1


def test_a_kill_between_resolving_and_telling_loses_nothing(robot: Robots, tmp_path: Path) -> None:
    path, url = tmp_path / "outbox.sqlite", robot.url("feishu")
    outbox = Outbox(path)
    outbox.record(FAILURE)
    deliver(outbox, channels(url))
    die(path, url, "Outbox.resolve", "after", "passes")
    deliver(outbox, channels(url))
    assert [("已解决" in taken.text) for taken in robot.taken] == [False, True]


def test_a_living_sender_is_waited_for_and_a_dead_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    script = (
        "import sys, time; from pathlib import Path; from orchestration.alerting.outbox import Outbox\n"
        "with Outbox(Path(sys.argv[1])).sole_sender():\n    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with Outbox(path).sole_sender(wait=False) as sole:
            assert not sole
    finally:
        holder.kill()
        holder.communicate()
    with Outbox(path).sole_sender(wait=False) as sole:
        assert sole
