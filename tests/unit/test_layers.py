"""Who may import whom: Dagster and Great Expectations stay where they belong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from orchestration.settings import ROOT

DAGSTER = {"checks.py", "definitions.py", "jobs.py", "partitions.py", "resources.py", "sensors.py"}
MODULES = sorted([*ROOT.glob("orchestration/**/*.py"), *ROOT.glob("expectations/**/*.py")])


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports when it runs (not those it names for type checkers only)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if node in typed:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_only_what_its_layer_may(path: Path) -> None:
    place = path.relative_to(ROOT)
    packages = imported(path)
    if place.parts[0] != "expectations":
        assert "great_expectations" not in packages
    if not (place.parts[:2] == ("orchestration", "assets") or place.name in DAGSTER):
        assert not {"dagster", "dagster_dbt"} & packages


def test_the_layers_hold_what_they_are_checked_for() -> None:
    assert "great_expectations" in imported(ROOT / "expectations" / "gate.py")
    assert "dagster" in imported(ROOT / "orchestration" / "jobs.py")
