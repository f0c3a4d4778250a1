"""``province.html``: all departments of a year on one page that fetches nothing. What it says is ``view``'s."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.base.language import sent_language, sentences_of
from orchestration.base.pages import english_of, patterns_of
from orchestration.publication.province.policy import policy
from orchestration.reporting.figures import amount
from orchestration.reporting.page import POLICY
from orchestration.reporting.page_aids import inlined, script_json
from orchestration.reporting.province.across import ACROSS, printed
from orchestration.reporting.province.view import KINDS, MONEY, NAMES, STATES, ProvinceView, line, quantity, share_of

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
#: What a tile shows where it counts nothing, and what each says in words.
_MARKS = {"mended": "改", "holds": "=", "none": "·"}
_TITLES = {
    "error": "必须成立的规则不成立", "warning": "有提示", "mended": "更正后相符", "holds": "全部成立",
    "none": "没有核对",
}  # fmt: skip
_COLUMNS = (
    "initial_budget", "carryover", "adjustment", "total_budget", "final_expenditure", "balance", "execution_rate",
)  # fmt: skip


def render_province(view: ProvinceView, mark: str = "") -> str:
    """The page as HTML text; the same build gives the same text. ``mark``: what it was made from."""
    template = _TEMPLATES.get_template("province.html.j2")
    shown = {
        "view": view, "mark": mark, "states": STATES, "across": ACROSS, "kinds": KINDS, "names": NAMES, "money": MONEY,
        "columns": _COLUMNS,
        "marks": _MARKS, "titles": _TITLES, "peers": policy().peers, "quantity": quantity, "amount": amount,
        "share_of": share_of, "printed": printed, "line": line, "policy": POLICY,
        "style": inlined("report.css") + inlined("lookup.css") + inlined("province.css"),
        "script": inlined("province.js"), "language": inlined("language.js"),
    }  # fmt: skip
    scripts = sentences_of("page.yml")
    chinese = template.render(**shown, english="")
    english = {
        "first": sent_language(),
        "statements": [],
        "whole": {**english_of(chinese), **{text: said for text, said in scripts.items() if "{" not in text}},
        "patterns": patterns_of("page.yml"),
    }
    return template.render(**shown, english=script_json(english))
