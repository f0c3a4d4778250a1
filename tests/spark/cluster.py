"""A standalone Spark cluster on loopback, made of the classes that the pip package carries: a master and workers, each
a process of its own that is ended by its id.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar


@dataclass
class Cluster:
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def master(self) -> str:
        return self._said("master", r"Starting Spark master at (spark://\S+)")

    def add_worker(self, name: str) -> None:
        """One core and one gigabyte."""
        work = ["--work-dir", str(self.folder / name), "--cores", "1", "--memory", "1g", "--webui-port", "0"]
        self.start(name, "worker.Worker", "--host", "127.0.0.1", *work, self.master)
        self._said(name, "Successfully registered with master")

    def start(self, name: str, java_class: str, *arguments: str) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        environment = os.environ | {
            "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "LC_ALL": "C.UTF-8",
            "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }  # fmt: skip
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{java_class}", *arguments]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self.folder, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """As a machine goes that loses its power: the worker and all that runs on it, at once."""
        executors = children(self.processes[name].pid)
        assert executors, f"{name} runs nothing"
        for pid in (self.processes[name].pid, *executors):
            os.kill(pid, signal.SIGKILL)
        self.processes[name].wait()

    def end(self) -> None:
        for name in reversed(self.processes):
            process = self.processes[name]
            left = children(process.pid)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pid in left:
                if Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)

    def _said(self, name: str, pattern: str) -> str:
        log = self.folder / f"{name}.log"
        found = wait_for(lambda: re.search(pattern, log.read_text(encoding="utf-8", errors="replace")), 60, pattern)
        return found[found.re.groups]


@contextmanager
def standalone(folder: Path, workers: int) -> Iterator[Cluster]:
    """A master and its workers. Whatever happens, none of them is left."""
    cluster = Cluster(folder)
    try:
        cluster.start("master", "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        for number in range(workers):
            cluster.add_worker(f"worker-{number}")
        yield cluster
    finally:
        cluster.end()


def children(parent: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            pid = int(stat.parent.name)
            found += [pid, *children(pid)]
    return found


_T = TypeVar("_T")


def wait_for(look: Callable[[], _T | None], seconds: float, what: str) -> _T:
    """Look until there is something to see."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise TimeoutError(what)
