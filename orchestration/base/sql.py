"""Values in SQL text, for the few places that take no parameters (a path to copy to, a type, a setting)."""

from __future__ import annotations

from collections.abc import Iterable


def sql_text(text: str) -> str:
    """A text as DuckDB reads it, whatever stands in it."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Texts for between the parentheses of ``in``."""
    return ", ".join(map(sql_text, texts))
