"""Ledgergate's processes as people run them, for the tests that look from outside: started, watched, ended by id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from orchestration.base.settings import ROOT, Settings
from tests.pipeline.test_publication import environment

_HELD: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody else is given while the tests run: it stays bound, without listening, so the kernel hands it
    to no one, and a server that asks for this number (with SO_REUSEADDR, as servers do) gets it.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _HELD.append(held)
    return int(held.getsockname()[1])


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
    services.start([sys.executable, "-m", "orchestration.pipeline.ui"], environment(settings) | own)


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


def until_served(port: int, services: Services, prefix: str = "") -> None:
    """Until the webserver answers. Its log is no proof: "Serving dagster-webserver" is written before the port is
    bound.
    """

    def answer() -> list[int]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{prefix}/server_info", timeout=10) as answer:
                return [200] if answer.status == 200 else []
        except OSError:
            return []

    until(answer, 300, services)


def until_listening(path: Path, services: Services) -> None:
    """Until somebody takes connections at this socket: its file alone may be there before that, or be left over."""

    def connected() -> list[Path]:
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(str(path))
            except OSError:
                return []
        return [path]

    until(connected, 300, services)
