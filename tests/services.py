"""Ledgergate's processes as people run them, for the tests that look from outside: started, watched, ended by id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from orchestration.settings import ROOT, Settings
from tests.pipeline.test_publication import environment


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Services:
    """Processes of one installation; each is ended by its own id."""

    def __init__(self, log: Path, port: int = 0) -> None:
        self.log = log
        self.port = port
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        with self.log.open("ab") as output:
            self.running.append(
                subprocess.Popen(
                    command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
                )
            )

    def alive(self) -> bool:
        return all(process.poll() is None for process in self.running)

    def stop(self) -> None:
        for process in reversed(self.running):
            process.send_signal(signal.SIGINT)
        for process in self.running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its own session: what it left behind, and nobody else
            process.wait(10)


Start = Callable[[Settings, str, Services], None]


def start_ui(settings: Settings, urls: str, services: Services) -> None:
    """What ``make ui`` starts."""
    services.port = services.port or free_port()
    own = {"LEDGERGATE_ALERT_URLS": urls, "PORT": str(services.port)}
    services.start([sys.executable, "-m", "orchestration.ui"], environment(settings) | own)


@contextmanager
def started(start: Start, settings: Settings, urls: str, log: Path) -> Iterator[Services]:
    services = Services(log)
    try:
        start(settings, urls, services)
        yield services
    finally:
        services.stop()


def until(what: Callable[[], list[Any]], seconds: float, services: Services) -> list[Any]:
    """What ``what`` finds, as soon as it finds anything. Fails after ``seconds``, or when a process has ended."""
    end = time.monotonic() + seconds
    while not (found := what()):
        told = services.log.read_text(encoding="utf-8", errors="replace")
        assert time.monotonic() < end and services.alive(), told[-6000:]
        time.sleep(0.25)
    return found
