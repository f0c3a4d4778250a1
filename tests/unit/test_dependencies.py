"""What is imported is declared, and what is declared is used or says what for."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestration.base.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {"orchestration", "expectations"}
#: Declared and not imported by name: run as programs, loaded by others, or what a frame is read with.
NOT_IMPORTED = {"dbt-spark", "dagster-postgres", "psycopg2-binary"}
#: Distributions of packages that are not installed here: the extra ``spark``.
SPARK = {"pyspark": "pyspark", "py4j": "py4j"}


def declared(*extras: str) -> set[str]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported() -> dict[str, str]:
    """Top-level package -> a module that imports it."""
    found: dict[str, str] = {}
    for package in sorted(OWN):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                found |= {name.split(".")[0]: str(path.relative_to(ROOT)) for name in names}
    return {name: place for name, place in found.items() if name not in OWN | sys.stdlib_module_names}


def undeclared(imports: dict[str, str], known: set[str]) -> dict[str, str]:
    owners = packages_distributions()
    return {
        name: place
        for name, place in imports.items()
        if known.isdisjoint(canonicalize_name(owner) for owner in (*owners.get(name, ()), SPARK.get(name, name)))
    }


def test_what_is_imported_is_declared() -> None:
    assert undeclared(imported(), declared("spark")) == {}


def test_an_import_that_nobody_declared_is_seen() -> None:
    assert undeclared({"numpy": "a.py"}, declared() - {"numpy"}) == {"numpy": "a.py"}


def test_what_is_declared_is_used() -> None:
    owners = packages_distributions()
    used = {canonicalize_name(owner) for name in imported() for owner in (*owners.get(name, ()), SPARK.get(name, name))}
    used -= NOT_IMPORTED & {canonicalize_name(owner) for owner in owners["dbt"]}  # if installed, it adds to dbt
    assert declared("spark", "postgres") - used == NOT_IMPORTED


@pytest.mark.parametrize("line", (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("dependencies = [")[1]
                         .split("]")[0].strip().splitlines())  # fmt: skip
def test_each_dependency_carries_its_reason(line: str) -> None:
    assert "#" in line, line
