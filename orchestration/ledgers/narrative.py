"""The report's free text: what only people can write. Reads ``raw/<year>/narrative.yml``.

A figure in it is never typed: it is a reference to a published one, ``{{ 履职成效.网办事项数 }}``, resolved when the
report is made. What a reference means belongs in ``orchestration.reporting.fields``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.problems import InputError, Problem

#: Keys of the file that are not text: words that hold digits and are names (12333 热线, 第二届).
NAMES = "专有名称"
_FIELD = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
#: Titles of documents carry their own numbers: 《…》（湘财绩〔2025〕2号）.
_TITLE = re.compile(r"《[^》]*》|〔[^〕]*〕\s*\d+\s*号")
_COUNTED = "万亿元人名次件个项条家类张分年月日期届批套所处"
_TYPED = re.compile(
    rf"[0-9０-９]+(?:[.,，．][0-9０-９]+)*[%％]?|[零〇一二两三四五六七八九十百千]+余?多?(?=[{_COUNTED}])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One heading or paragraph of a slot. ``position``: order within the slot, from 1."""

    slot: str
    position: int
    kind: str  # heading | paragraph
    text: str


def read_narrative(path: Path) -> list[Piece]:
    """The year's free text; none where the file is not there (the report then shows marked gaps).

    Raises ``InputError`` with everything wrong in it: not slots of paragraphs, or a figure that was typed.
    """
    if not path.is_file():
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), "", "", " ".join(str(error).split()), "YAML（UTF-8）")]) from None
    if not isinstance(content, dict):
        raise InputError([Problem(str(path), "", "(全文)", type(content).__name__, "栏目: [段落, …]")])
    names = content.pop(NAMES, [])
    pieces: list[Piece] = []
    problems: list[Problem] = []
    for slot, items in content.items():
        position = 0
        for kind, text in _pieces(items):
            position += 1
            if kind is None:
                problems.append(
                    Problem(str(path), "", f"{slot} 第 {position} 段", repr(text), "文字，或 标题: [段落, …]")
                )
                continue
            pieces.append(Piece(str(slot), position, kind, text))
            problems += [
                Problem(
                    str(path),
                    "",
                    f"{slot} 第 {position} 段",
                    typed,
                    f"引用，如 {{{{ 账.行.栏 }}}}；名称里的数字列入“{NAMES}”",
                )
                for typed in typed_figures(text, names)
            ]
    if problems:
        raise InputError(problems)
    return pieces


def typed_figures(text: str, names: list[str]) -> list[str]:
    """Figures that stand in a text as digits or counted Chinese numerals, references, titles and names aside."""
    bare = _TITLE.sub("", _FIELD.sub("", text))
    for name in sorted(names, key=len, reverse=True):
        bare = bare.replace(str(name), "")
    return [found.group() for found in _TYPED.finditer(bare)]


def _pieces(items: Any) -> Iterator[tuple[str | None, Any]]:
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, str):
            yield "paragraph", " ".join(item.split())
        elif isinstance(item, dict) and all(isinstance(under, str | list) for under in item.values()):
            for heading, under in item.items():
                yield "heading", str(heading)
                yield from _pieces(under)
        else:
            yield None, item
