"""What a command imports: no more than it uses, since starts cost more than work, and nothing that lies around."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import ROOT

_SAY = """
import atexit, sys
from orchestration.cli.main import main
heavy = set(sys.argv.pop().split())
atexit.register(lambda: print("loaded:", *sorted(heavy & sys.modules.keys()), file=sys.stderr))
main()
"""
_STARTS = "dagster dbt great_expectations docx altair"


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--help"], f"{_STARTS} duckdb pyarrow pandas pydantic jinja2"),
        (["versions", "2024"], f"{_STARTS} pyarrow pandas jinja2"),  # Typer reads arguments with pydantic
        (["explain", "2024/hunan_hrss/project_expenditure/17/adjustment"], f"{_STARTS} pyarrow pandas"),
        (["check", "raw/2024/hunan_hrss"], f"{_STARTS} pandas pyarrow numpy pdfplumber"),
        (["run", "2025"], _STARTS),  # it has no ledgers: said at once
    ],
)
def test_a_command_loads_nothing_that_it_does_not_use(arguments: list[str], never: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SAY, *arguments, never], cwd=ROOT, env=os.environ | {"LEDGERGATE_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "loaded:", done.stderr


def test_the_gates_process_loads_no_statistics_drawing_or_engine() -> None:
    said = "import sys; from expectations.gate import _context; _context(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, timeout=300)
    loaded = set(done.stdout.split())
    assert "great_expectations.expectations.core" in loaded, done.stderr
    # Parts of what is put off; their names alone stand there for whoever uses them.
    assert not loaded & {"scipy.stats.distributions", "altair.vegalite", "pyspark.sql", "psycopg2.extensions"}


def test_nothing_that_lies_in_the_folder_of_the_call_is_imported(tmp_path: Path) -> None:
    """The gates and HiGHS have Python processes of their own, which look into the working folder unless told not to."""
    around = tmp_path / "downloads"
    around.mkdir()
    for name in ("multiprocessing", "json"):
        (around / f"{name}.py").write_text(f"open('{name}-ran', 'w')\nraise SystemExit(77)\n", encoding="utf-8")
    (tmp_path / "ledgergate").write_text(_START_ANOTHER, encoding="utf-8")
    subprocess.run([sys.executable, str(tmp_path / "ledgergate"), "--version"], cwd=around, check=True)
    assert [path.name for path in around.glob("*-ran")] == []


_START_ANOTHER = """
import multiprocessing, sys
from orchestration.cli.main import main
if __name__ == "__main__":
    try:
        main()
    except SystemExit:
        pass
    own = multiprocessing.get_context("spawn").Process(target=print)
    own.start()
    own.join()
    sys.exit(own.exitcode)
"""
