"""A database that another process holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.base.locks import LockedError, open_database

HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_one_line_that_names_the_process_and_a_later_try_works(tmp_path: Path) -> None:
    database = tmp_path / "the home's.duckdb"
    duckdb.connect(str(database)).close()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    try:
        with pytest.raises(LockedError) as caught:
            open_database(database, wait=0)
        assert str(holder.pid) in str(caught.value) and "python" in str(caught.value)
        assert "\n" not in str(caught.value)
    finally:
        holder.communicate("", timeout=60)
    open_database(database, wait=0).close()
