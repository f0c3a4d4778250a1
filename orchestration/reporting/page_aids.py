"""What helps whoever looks at the page: a search for cells by the names that ``explain`` knows, and English.

Put behind the page's own content, which knows nothing of it. What does not belong here: the content (``page``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.base.language import sent_language, sentences_of
from orchestration.base.pages import english_of, patterns_of
from orchestration.ledgers.cell_names import FILE_CELL, SAID_YEAR, names_of
from orchestration.ledgers.money import squeeze
from orchestration.reporting.fields import Fields

_FOLDER = Path(__file__).parent / "templates"
_TEMPLATES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
_END = "</body>"
_STATEMENT = 5  # its place among the facts of a rule


def with_aids(fields: Fields, html: str, facts: Mapping[str, Any], specs: Mapping[str, Any]) -> str:
    """The page with both at its end. ``facts``, ``specs``: what its scripts hold, whose texts are read too."""
    scripts = {**sentences_of("page.yml"), **sentences_of("words/page.yml")}
    whole = {**english_of(html, facts, specs), **{text: said for text, said in scripts.items() if "{" not in text}}
    statements = [rule[_STATEMENT] for rule in facts["rules"]]
    held = frozenset(statements)
    english = {
        "first": sent_language(),
        "statements": [whole.get(statement, "") for statement in statements],  # by number: the page holds them already
        "whole": {text: said for text, said in whole.items() if text not in held},
        "patterns": patterns_of("page.yml"),
    }
    aids = _TEMPLATES.get_template("aids.html.j2").render(
        names=script_json(cell_names(fields)),
        english=script_json(english),
        style=inlined("lookup.css"),
        lookup=inlined("lookup.js"),
        language=inlined("language.js"),
    )
    content, end, after = html.rpartition(_END)
    return f"{content}{aids}{end}{after}"


def cell_names(fields: Fields) -> dict[str, Any]:
    """What a reader may call a cell, as ``explain`` understands it: patterns of names, and each name's addresses. The
    names that a cell's label says by itself are left out: the page holds labels.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for cell in fields.version.tables["cell"]:
        for name in sorted(names_of(cell) - {squeeze(fields.labels[cell["address"]])}):
            names[name].append(cell["address"])
    browser = {"fileCell": FILE_CELL, "saidYear": SAID_YEAR}
    return {
        "year": fields.version.year,
        "department": fields.version.code,
        "names": names,
        **{name: pattern.pattern.replace("(?P<", "(?<") for name, pattern in browser.items()},
    }


def script_json(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can close the element or open another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for character, escaped in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(character, escaped)
    return Markup(text)  # noqa: S704 -- escaped for where it stands


@cache
def inlined(name: str) -> Markup:
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 -- our own file
