"""Who may import whom: floors from the ground up, no circle; Dagster and Great Expectations stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from orchestration.base.settings import ROOT

#: From the ground. A room imports from its own floor's left and from the floors below, never from above.
FLOORS = (
    ("orchestration.base", "expectations"),
    ("orchestration.ledgers", "orchestration.rules", "orchestration.documents"),
    ("orchestration.drafting",),
    ("orchestration.localisation.solver", "orchestration.localisation"),
    ("orchestration.entries", "orchestration.entries.diagnosis"),
    ("orchestration.warehouse",),
    ("orchestration.publication", "orchestration.synthetic"),
    ("orchestration.reporting",),
    ("orchestration.explanation", "orchestration.alerting"),
    ("orchestration.pipeline",),
    ("orchestration.cli",),
)
ROOMS = [room for floor in FLOORS for room in floor]
#: The one arrow that goes up, and why.
LOADED_BY_NAME = {
    "orchestration.definitions": "what Dagster loads; no room imports it",
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("orchestration", "expectations")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def room_of(module: str) -> str:
    """The room that a module stands in: the longest that names it."""
    return max((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), key=len, default="")


def imported(path: Path) -> set[str]:
    """What a module imports, wherever in it, as ``package.module`` (not what it names for type checkers only)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in typed:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= submodules or {node.module}
    return found


def upward(module: str, imports: Iterable[str]) -> Iterator[str]:
    """The imports of a module that go up a floor, or to the right on its own, or nowhere that is listed."""
    own = room_of(module)
    for name in imports:
        if name.split(".")[0] in ("orchestration", "expectations") and module not in LOADED_BY_NAME:
            room = room_of(name)
            if not room or ROOMS.index(room) > ROOMS.index(own):
                yield f"{module} -> {name}"


def circle(imports: Mapping[str, set[str]]) -> list[str]:
    """A circle of modules, if there is one."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_its_room_may(module: str) -> None:
    imports = imported(MODULES[module])
    packages = {name.split(".")[0] for name in imports}
    if not module.startswith("expectations"):
        assert "great_expectations" not in packages
    if not module.startswith(("orchestration.pipeline", "orchestration.definitions")):
        assert not {"dagster", "dagster_dbt"} & packages
    assert list(upward(module, imports)) == []


def test_there_is_no_circle_of_modules() -> None:
    assert circle({module: imported(path) & MODULES.keys() for module, path in MODULES.items()}) == []


def test_every_module_has_a_room_and_every_room_says_what_belongs_there() -> None:
    homeless = [module for module in MODULES if not room_of(module)]
    assert homeless == ["orchestration", "orchestration.definitions"]
    for room in ROOMS:
        assert ast.get_docstring(ast.parse(MODULES[room].read_text(encoding="utf-8"))), room


def class_names(modules: Mapping[str, Path]) -> dict[str, list[str]]:
    """The modules that each class name stands in, nested classes too."""
    found: dict[str, list[str]] = {}
    for module, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(module)
    return found


def test_no_class_name_means_two_things() -> None:
    assert {name: where for name, where in class_names(MODULES).items() if len(where) > 1} == {}


def test_the_floors_hold_what_they_are_checked_for(tmp_path: Path) -> None:
    """An upward import is seen, at the top of a module or inside a function; so is a circle."""
    assert "great_expectations" in imported(MODULES["expectations.gate"])
    assert "dagster" in imported(MODULES["orchestration.pipeline.jobs"])
    module = tmp_path / "reader.py"
    module.write_text("def read():\n    from orchestration.warehouse import models\n    return models\n")
    assert list(upward("orchestration.ledgers.reader", imported(module))) == [
        "orchestration.ledgers.reader -> orchestration.warehouse.models"
    ]
    assert list(upward("orchestration.warehouse.models", ["orchestration.ledgers.reader"])) == []
    assert circle({"a": {"b"}, "b": {"a"}})
    module.write_text("class Row:\n    class Cell: ...\ndef read():\n    class Cell: ...\n")
    assert class_names({"a": module, "b": module}) == {"Row": ["a", "b"], "Cell": ["a", "a", "b", "b"]}
