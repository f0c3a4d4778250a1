"""The one way in which YAML is read. What a file means belongs to its reader.

Bounds: 4 MiB, 40 levels, 200,000 values (each use of an alias counts as all that it stands for). A key that stands
twice, a date or number that is none, and half a surrogate pair are errors with their line, not values.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Hashable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # libyaml itself
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from orchestration.base.files import hidden_character, read_file
from orchestration.base.foreign import said_by_yaml
from orchestration.base.problems import InputError, Problem

MOST_BYTES = 4 * 2**20
MOST_LEVELS = 40
MOST_VALUES = 200_000
#: Characters of a text that is kept: what people write by hand, not what is thrown at the reader.
_KEPT = 2**16


class _YamlComposer(Composer, SafeConstructor, Resolver):
    """Numbers with a point are decimals, digit by digit as written."""

    def __init__(self) -> None:
        for base in (Composer, SafeConstructor, Resolver):
            base.__init__(self)
        self._level = 0
        self._values = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event: Any = self.peek_event()  # type: ignore[attr-defined]  # of whichever takes the text apart
        if self._level >= MOST_LEVELS:
            raise ConstructorError(None, None, f"超过 {MOST_LEVELS} 层", event.start_mark)
        is_alias = isinstance(event, yaml.AliasEvent)
        before = self._values
        self._level += 1
        node: Node | None = super().compose_node(parent, index)
        self._level -= 1
        if is_alias and id(node) not in self._sizes:
            raise ConstructorError(None, None, "引用了自身的别名", event.start_mark)
        self._values += self._sizes[id(node)] if is_alias else 1
        if self._values > MOST_VALUES:
            raise ConstructorError(None, None, f"展开后超过 {MOST_VALUES} 个值", event.start_mark)
        if not is_alias:
            self._sizes[id(node)] = self._values - before
        return node

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError, TypeError, LookupError) as error:
            raise ConstructorError(None, None, f"{error}", node.start_mark) from None

    def construct_scalar(self, node: ScalarNode | MappingNode) -> Any:
        value = super().construct_scalar(node)
        if hidden := hidden_character(str(value)):
            raise ConstructorError(None, None, f"看不见的字符 {hidden}", node.start_mark)
        return value

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in list(node.value if isinstance(node, MappingNode) else ()):  # before merges are resolved
            if not isinstance(key, ScalarNode):
                raise ConstructorError(None, None, "键不是单个的值", key.start_mark)
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.construct_object(key)
            if name in seen:
                raise ConstructorError(None, None, f"键“{name}”写了两次", key.start_mark)
            seen.add(name)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found

    def decimal(self, node: ScalarNode) -> Decimal | str:
        try:
            return Decimal(node.value)
        except InvalidOperation:  # .inf, .nan, 1_0.5: no number that anybody could mean
            return str(node.value)


_YamlComposer.add_constructor("tag:yaml.org,2002:float", _YamlComposer.decimal)  # type: ignore[type-var]  # stubs know loaders


class _Quick(_YamlComposer, CParser):
    """Taken apart by libyaml, in a tenth of the time."""

    def __init__(self, text: str):
        CParser.__init__(self, text)
        _YamlComposer.__init__(self)


class _Exact(_YamlComposer, Reader, Scanner, Parser):
    """Taken apart by PyYAML itself, which says more of what is wrong."""

    def __init__(self, text: str):
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        _YamlComposer.__init__(self)


def _loaded(text: str) -> Any:
    if len(text) > _KEPT:
        return _parsed(text)
    return pickle.loads(_packed(text))  # noqa: S301 -- packed here


@functools.lru_cache(maxsize=512)
def _packed(text: str) -> bytes:
    """What a text holds: contracts and rules are read anew for each department. Packed, since what is handed out may be
    changed by who gets it.
    """
    return pickle.dumps(_parsed(text))


def _parsed(text: str) -> Any:
    try:
        return _Quick(text).get_single_data()
    except yaml.YAMLError:
        return _Exact(text).get_single_data()


def read_yaml(path: Path, name: str = "") -> Any:
    """What a YAML file holds; None where it is empty. ``name`` is what messages call the file.

    Raises ``InputError`` naming the file and the line.
    """
    name = name or str(path)
    try:
        return _loaded(read_file(path, name, MOST_BYTES).decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError([Problem(name, "", _place(error), _said(error), "可读的 YAML（UTF-8）")]) from None


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"第{mark.line + 1}行" if mark else ""


def _said(error: Exception) -> str:
    problem = getattr(error, "problem", None)
    text = said_by_yaml(str(problem)) if problem else _said_otherwise(error)
    return text if len(text) <= 120 else text[:119] + "…"


def _said_otherwise(error: Exception) -> str:
    """What is no syntax: bytes that are no UTF-8, characters that YAML excludes, brackets within brackets."""
    if isinstance(error, UnicodeDecodeError):
        return f"第 {error.start + 1} 个字节起不是 UTF-8"
    return said_by_yaml(str(getattr(error, "reason", "") or "")) if isinstance(error, yaml.YAMLError) else "嵌套过深"
