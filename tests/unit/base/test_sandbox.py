"""The sandbox in which texts are rendered: what its objects open, and its bounds."""

from __future__ import annotations

from typing import Any, ClassVar

import jinja2
import pytest

from orchestration.base import sandbox
from orchestration.base.sandbox import Sandbox


class Ledger:
    open_to_templates: ClassVar = frozenset({"明细"})

    def __init__(self) -> None:
        self.secret = "path of the installation"

    def 明细(self) -> list[str]:  # noqa: N802
        return ["甲", "乙"]

    def 删除(self) -> None:  # noqa: N802
        raise AssertionError("called")


def render(text: str, **names: Any) -> str:
    return (
        Sandbox({"括": lambda word: f"（{word}）"}).from_string(text).render(表=Ledger(), 核对={"相符": "三"}, **names)
    )


def test_names_filters_and_rows_are_rendered() -> None:
    assert render("{% for 行 in 表.明细() %}{{ 行|括 }}{% endfor %}{{ 核对.相符 }}") == "（甲）（乙）三"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 表.secret }}",
        "{{ 表.删除() }}",
        "{{ 表.open_to_templates }}",
        "{{ 核对.clear() }}",
        "{{ 核对.items }}",
        "{{ '甲'.upper() }}",
        "{{ '甲'|attr('upper') }}",
        "{{ '甲'|center(9) }}",
        "{{ range }}",
        "{{ self }}",
        "{% for 行 in 表.明细() %}{{ loop.index }}{% endfor %}",
        "{% for 字 in '甲乙' %}{{ 字 }}{% endfor %}",
        "{% for 字 in 没有 %}{{ 字 }}{% endfor %}",
    ],
)
def test_what_an_object_does_not_open_is_closed(text: str) -> None:
    with pytest.raises(jinja2.TemplateError):
        render(text)


def test_output_and_loops_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_OUTPUT", 1000)
    rows = ["甲" * 10] * 50
    with pytest.raises(jinja2.TemplateError, match="1000 字"):
        render("{% for a in 行 %}{% for b in 行 %}{{ b }}{% endfor %}{% endfor %}", 行=rows)
    monkeypatch.setattr(sandbox, "MOST_STEPS", 1000)
    with pytest.raises(jinja2.TemplateError, match="1000 次"):
        render("{% for a in 行 %}{% for b in 行 %}{% if 没有 is defined %}{% endif %}{% endfor %}{% endfor %}", 行=rows)
