"""The page that shows what the gates saw: one file, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from expectations.gate import GateResult

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(year: int, results: Sequence[GateResult]) -> str:
    """The page as HTML text."""
    blocked = any(result.severity == "error" and not result.passed for result in results)
    return _TEMPLATES.get_template("gates.html.j2").render(year=year, gates=results, blocked=blocked)
