"""Text that people edit and the program renders: an allow-list of what may stand between its braces, and its bounds.

A narrative or a Word template is data. It may name figures, compare them, and go through rows; it may not compute,
define, include or call anything but what an object opens to it (``open_to_templates``). What figures mean belongs in
``orchestration.reporting.fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Characters that one text may become, and rows that it may go through, nested loops multiplied. Numbers, not clocks:
#: the same text passes or fails on every machine.
MOST_OUTPUT = 1_000_000
MOST_STEPS = 1_000_000

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Call,
    nodes.Keyword, nodes.Filter, nodes.Test, nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.List,
)  # fmt: skip
_JINJAS_OWN = ("self", "super", "caller", "loop", "varargs", "kwargs")
_HINT = "可以写 {{ 账.行.栏 }}、if、对各行的 for，别的不行"


class _Bounded(jinja2.Template):
    """A template that stops at its bound instead of filling memory."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        environment: Sandbox = self.environment  # type: ignore[assignment]
        environment.steps.clear()
        context = self.new_context(dict(*args, **kwargs))
        parts: list[str] = []
        size = 0
        try:
            for part in self.root_render_func(context):
                size += len(part)
                if size > environment.most_output:
                    raise SecurityError(f"文字太长：超过 {environment.most_output} 字")
                parts.append(part)
        except Exception:  # as Jinja's own ``render``: raised again, with the lines of the text in its trace
            self.environment.handle_exception()
        return "".join(parts)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without globals, without its own filters, and without anything that is not in the allow-list.

    ``filters``: the only ones there are. An unknown name is an error. Whatever a text does that it may not is a
    ``jinja2.TemplateError``, before a part of it has run where that can be seen in the text.
    """

    template_class = _Bounded

    def __init__(self, filters: Mapping[str, Callable[..., Any]] | None = None, *, autoescape: bool = False):
        super().__init__(undefined=jinja2.StrictUndefined, autoescape=autoescape)
        self.globals = {}
        self.filters = {**(filters or {}), _EACH: self._each}
        self.tests = {name: self.tests[name] for name in ("defined", "undefined", "none")}
        self.most_output = MOST_OUTPUT
        self.steps: list[int] = []  # rows gone through; one list for an environment and its overlays

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """A name of the object's own, a row or a column, is none of its real attributes; of those, what it opens."""
        real = hasattr(type(obj), attr) or attr in getattr(obj, "__dict__", ())
        return not attr.startswith("_") and (not real or attr in getattr(type(obj), "open_to_templates", ()))

    def is_safe_callable(self, obj: Any) -> bool:
        owner = type(getattr(obj, "__self__", None))
        return getattr(obj, "__name__", "") in getattr(owner, "open_to_templates", ())

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        _check(source)
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _EACH, [], [], None, None, lineno=loop.lineno)
        return super()._generate(source, *args, **kwargs)

    def _each(self, rows: Iterable[Any]) -> Iterator[Any]:
        iter(rows)  # what is not there says so itself
        if not isinstance(rows, list | tuple):
            raise SecurityError("for 只能走过各行")
        for row in rows:
            self.steps.append(1)
            if len(self.steps) > MOST_STEPS:
                raise SecurityError(f"循环太多：超过 {MOST_STEPS} 次")
            yield row


_EACH = "逐行"
#: What a text can do besides saying something that Jinja can't read: name what is not there, or use it wrongly.
BAD_TEXT = (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError,
            SyntaxError, MemoryError)  # fmt: skip


def read_text(text: str) -> tuple[str, list[str]]:
    """What a text prints by itself, whatever the figures are: its plain text, and the words and numbers that stand in
    its expressions. Those that only choose (a key, an argument, one side of a comparison) are not printed.

    Raises ``ValueError`` saying what can't be read or is not allowed.
    """
    try:
        template = Sandbox().parse(text)
        _check(template)
        plain = "".join(data.data for data in template.find_all(nodes.TemplateData))
        return plain, [str(const.value) for const in _printed(template)]
    except BAD_TEXT as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _printed(node: nodes.Node) -> Iterator[nodes.Const]:
    if isinstance(node, nodes.Const):
        yield node
    elif isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Call):
        yield from _printed(node.node)
    elif not isinstance(node, nodes.Compare):
        for child in node.iter_child_nodes():
            yield from _printed(child)


def _check(node: nodes.Node) -> None:
    """Raises ``SecurityError`` at the first part that is not allowed; no recursion, since a text may be deep."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        _allow(part)
        waiting += part.iter_child_nodes()


def _allow_name(part: nodes.Node) -> None:
    """Nothing private by any way of writing it, and none of Jinja's own names."""
    name = part.attr if isinstance(part, nodes.Getattr) else part.name if isinstance(part, nodes.Name) else ""
    if isinstance(part, nodes.Getitem) and isinstance(part.arg, nodes.Const):
        name = str(part.arg.value)
    if name.startswith("_") or (isinstance(part, nodes.Name) and name in _JINJAS_OWN):
        raise SecurityError(f"不能用“{name}”：{_HINT}")


def _allow(part: nodes.Node) -> None:
    _allow_name(part)
    if isinstance(part, nodes.Call) and not (isinstance(part.node, nodes.Getattr) and not part.dyn_args
                                             and not part.dyn_kwargs):  # fmt: skip
        raise SecurityError(f"不能调用：{_HINT}")
    if isinstance(part, nodes.For) and (part.recursive or not isinstance(part.target, nodes.Name)):
        raise SecurityError(f"for 只写成“for 行 in …”：{_HINT}")
    if isinstance(part, nodes.Assign) and isinstance(part.target, nodes.Name) and part.target.name == "result":
        return  # Jinja's own, around an expression that is compiled by itself
    if not isinstance(part, _ALLOWED):
        raise SecurityError(f"不能写 {type(part).__name__}：{_HINT}")
