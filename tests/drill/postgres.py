"""A PostgreSQL cluster of the test's own, from Debian's package: on loopback, with a password, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import free_port


def programs() -> Path:
    """The newest installed version's programs. Raises ``FileNotFoundError`` where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: make test-postgres installs Debian's package")
    return found[-1].parent


@contextmanager
def cluster() -> Iterator[str]:
    """Yields the address of an empty database, as SQLAlchemy writes it."""
    folder = Path(tempfile.mkdtemp(prefix="ledgergate-postgres-"))
    password = secrets.token_hex(8)
    (folder / "password").write_text(password)
    as_other: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        as_other = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    data, log = folder / "data", folder / "log"

    def call(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*as_other, str(programs() / program), *arguments], cwd=folder, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    try:
        call("initdb", "-D", str(data), "-U", "dagster", "-A", "scram-sha-256", "--pwfile", str(folder / "password"),
             "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
        # To a file: a server that inherits the pipe would keep pg_ctl's reader waiting.
        call("pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield f"postgresql+psycopg2://dagster:{password}@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(folder)
