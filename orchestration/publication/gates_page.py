"""The page that shows what the gates saw: one file, no script, nothing fetched; Chinese and English, at a click."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.base.language import sent_language
from orchestration.base.pages import page_in_english

if TYPE_CHECKING:
    from expectations.gate import GateResult

#: The whole part of an amount of money, as sentences write it without separators.
_AMOUNT = re.compile(r"(?<![\d.,])\d{4,}(?=(?:\.\d+)? (?:百万|千万|万|亿|千)?元)")

#: Where a place of the page is, or a link leads: each language has its own.
_ANCHOR = re.compile(r'(<section id="|<a href="#)')


def separated(text: str) -> str:
    """13448.19 万元 as 13,448.19 万元."""
    return _AMOUNT.sub(lambda found: f"{int(found[0]):,}", text)


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["separated"] = separated


def render(year: int, results: Sequence[GateResult], *, publishes: bool = True) -> str:
    """The page as HTML text. ``publishes``: whether the year is to be published if it passes."""
    blocked = any(result.severity == "error" and not result.passed for result in results)
    body = _TEMPLATES.get_template("gates_body.html.j2")
    chinese = body.render(year=year, gates=results, blocked=blocked, publishes=publishes)
    return _TEMPLATES.get_template("gates.html.j2").render(
        year=year,
        publishes=publishes,
        language=sent_language(),
        chinese=Markup(chinese),  # noqa: S704 -- rendered above, escaped there
        english=Markup(_ANCHOR.sub(r"\1en-", page_in_english(chinese))),  # noqa: S704
    )
