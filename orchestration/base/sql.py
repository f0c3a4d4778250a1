"""Values in SQL text, for the few places that take no parameters (a path to copy to, a type, a setting)."""

from __future__ import annotations

from collections.abc import Iterable


def sql_text(text: str) -> str:
    """A text as DuckDB reads it, whatever stands in it."""
    return "'" + text.replace("'", "''") + "'"


def literal(value: object) -> str:
    """A whole number, a text, or a list of them as DuckDB reads it. Raises ``TypeError`` for anything else."""
    if isinstance(value, str):
        return sql_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    raise TypeError(f"{type(value).__name__} as a parameter of a query")


def listed(texts: Iterable[str]) -> str:
    """Texts for between the parentheses of ``in``."""
    return ", ".join(map(sql_text, texts))
