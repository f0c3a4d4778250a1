"""Every Chinese sentence that the code says, found in the code itself, for the tests of its English.

What does not belong here: which of them the catalogue must know (``tests/unit/base/test_language.py``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from orchestration.base.settings import ROOT

CHINESE = re.compile("[\u3400-\u9fff]")
#: Rich's marks for colour, which part a line into what is said and what is named.
_MARKUP = re.compile(r"\[/?[a-z ]*\]")
_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")


def in_python(path: Path) -> Iterator[tuple[int, str]]:
    """Line and sentence: text with Chinese in it that is no docstring; what is put into it stands as {}."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            text = node.value
        else:
            continue
        for piece in _MARKUP.split(text):
            for line in piece.splitlines():
                if CHINESE.search(line):
                    yield node.lineno, line.strip()


def in_sql(path: Path) -> Iterator[tuple[int, str]]:
    """The literals of a model or macro."""
    text = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), path.read_text(encoding="utf-8"))
    for found in re.finditer(r"'([^'\n]*)'", text):
        if CHINESE.search(found[1]):
            yield text[: found.start()].count("\n") + 1, found[1].strip()


def in_rules(path: Path) -> Iterator[tuple[int, str]]:
    """Titles, sentences, advice and hints of rules."""
    for number, rule in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1):
        for text in (rule["title"], rule.get("says"), rule.get("advice"), *rule.get("hint", {})):
            if text:
                yield number, text


def known_of(text: str) -> str:
    """A sentence with numbers for what is put into it, as a number is both a name and a number."""
    return re.sub(r"\{[^{}]*\}", "7", text)


FILES = [path for room in ("orchestration", "expectations") for path in sorted((ROOT / room).rglob("*.py"))]
