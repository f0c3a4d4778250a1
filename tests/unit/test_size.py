"""How much one function and one file may hold, so that each is read at one go; what is more says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_layers import MODULES

#: Ways through one function, and lines of one file.
MOST_WAYS = 15
MOST_LINES = 400
#: What a function with more ways says in the line above it.
REASON = "# Many ways: "
#: Files with more lines, and why.
LONG: dict[str, str] = {}


def ways(function: ast.AST) -> int:
    """The ways through a function: one, and one more for each decision, loop, condition and handler in it. A function
    inside it counts by itself.
    """
    found, waiting = 1, list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        waiting += ast.iter_child_nodes(node)
        match node:
            case ast.If() | ast.IfExp() | ast.Assert():
                found += 1
            case ast.For(orelse=other) | ast.AsyncFor(orelse=other) | ast.While(orelse=other):
                found += 1 + bool(other)
            case ast.Try(handlers=handlers, orelse=other):
                found += len(handlers) + bool(other)
            case ast.BoolOp(values=values):
                found += len(values) - 1
            case ast.comprehension(ifs=ifs):
                found += 1 + len(ifs)
            case ast.Match(cases=cases):
                found += len(cases)
    return found


def crowded(path: Path) -> Iterator[str]:
    """The functions with too many ways that don't say why."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if ways(node) > MOST_WAYS and not lines[first - 2].strip().startswith(REASON):
                yield node.name


def length(module: str) -> int:
    return len(MODULES[module].read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("module", MODULES)
def test_every_function_and_file_is_read_at_one_go(module: str) -> None:
    assert list(crowded(MODULES[module])) == []
    assert length(module) <= MOST_LINES or module in LONG


def test_ways_are_counted(tmp_path: Path) -> None:
    """The count sees every kind of decision, and a function above the limit is found unless it says why."""
    body = "\n    ".join(["if a and b or c: pass"] * 5)
    module = tmp_path / "module.py"
    module.write_text(f"def plain(a, b, c): pass\ndef many(a, b, c):\n    {body}\n")
    assert list(crowded(module)) == ["many"]
    module.write_text(f"{REASON}one enumeration\ndef many(a, b, c):\n    {body}\n")
    assert list(crowded(module)) == []
    text = """
def all_kinds(rows):
    assert rows
    for row in rows:
        while row: pass
    else: pass
    try: pass
    except A: pass
    except B: pass
    else: pass
    match rows:
        case 1: pass
        case _: pass
    def nested(): return [x for x in rows if x and y] if rows else None
"""
    outer, nested = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    assert (ways(outer), ways(nested)) == (1 + 1 + 2 + 1 + 3 + 2, 1 + 3 + 1)
