"""The report's free text: what only people can write. Reads ``raw/<year>/narrative.yml``.

A figure in it is never typed: it is a reference to a published one, ``{{ 履职成效.网办事项数 }}``, resolved when the
report is made. What a reference means belongs in ``orchestration.reporting.fields``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.base.files import is_there
from orchestration.base.problems import InputError, Problem
from orchestration.base.sandbox import read_text
from orchestration.base.yaml_files import read_yaml

#: Keys of the file that are not text: words that hold digits and are names (12333 热线, 第二届).
NAMES = "专有名称"
#: Titles of documents carry their own numbers: 《…》（湘财绩〔2025〕2号）.
_TITLE = re.compile(r"《[^》]*》|〔[^〕]*〕\s*\d+\s*号")
_COUNTED = "万亿元人名次件个项条家类张分年月日期届批套所处"
_FORMAL = "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟"
#: Digits of every script, and numbers that are one character (③ Ⅷ ½): all that Unicode calls a number and no word.
_NUMBERS = ("Nd", "Nl", "No")
#: A figure, where each such character is written as 0.
_TYPED = re.compile(
    r"0+(?:[.,，．٫٬]0+)*[%％٪]?"
    rf"|[零〇{_FORMAL}]*[{_FORMAL}][零〇{_FORMAL}]+|[{_FORMAL}]+(?=[{_COUNTED}整])"
    rf"|[一二两三四五六七八九][百千万亿][零〇一二两三四五六七八九十百千万亿]*"
    rf"|[零〇一二两三四五六七八九十百千]+余?多?(?=[{_COUNTED}])"
)
_LONGEST = 20_000  # characters of one paragraph


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
    if not is_there(path):
        return []
    content = read_yaml(path) or {}
    if not isinstance(content, dict):
        raise InputError([Problem(str(path), "", "(全文)", type(content).__name__, "栏目: [段落, …]")])
    names, problems = _names(path, content.pop(NAMES, []))
    pieces: list[Piece] = []
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
                Problem(str(path), "", f"{slot} 第 {position} 段", found, expected)
                for found, expected in wrong_in(text, names)
            ]
    if problems:
        raise InputError(problems)
    return pieces


def _names(path: Path, found: Any) -> tuple[list[str], list[Problem]]:
    """The words that may hold digits; a bare figure is no name."""
    if not isinstance(found, list):
        return [], [Problem(str(path), "", NAMES, repr(found), "[名称, …]")]
    names = [str(name) for name in found]
    bare = [name for name in names if not "".join(_between(name)).strip()]
    return names, [Problem(str(path), "", NAMES, name or "空白", "含有数字的名称，不是单独的数") for name in bare]


def wrong_in(text: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with one text: found, expected. Nothing of it is run."""
    if len(text) > _LONGEST:
        yield f"{len(text)} 字", f"一段最多 {_LONGEST} 字"
        return
    try:
        typed = typed_figures(text, names)
    except ValueError as error:
        yield text if len(text) <= 60 else text[:59] + "…", f"文字和引用：{error}"
        return
    for figure in typed:
        yield figure, f"引用，如 {{{{ 账.行.栏 }}}}；名称里的数字列入“{NAMES}”"


def typed_figures(text: str, names: list[str]) -> list[str]:
    """Figures that a text prints by itself, as digits of any script or as counted Chinese numerals: in its words or in
    its expressions (``{{ '358' }}``), titles and names aside.

    Raises ``ValueError`` where the text is not one that may be rendered.
    """
    plain, constants = read_text(text)
    typed = []
    for said in (plain, *constants):
        bare = _TITLE.sub("", said)
        for name in sorted(names, key=len, reverse=True):
            bare = bare.replace(str(name), "")
        typed += [bare[begin:end] for begin, end in _figures(bare)]
    return typed


def _figures(text: str) -> list[tuple[int, int]]:
    """Where figures stand in a text."""
    shape = "".join("0" if c != "〇" and unicodedata.category(c) in _NUMBERS else c for c in text)
    return [found.span() for found in _TYPED.finditer(shape)]


def _between(text: str) -> Iterator[str]:
    """What stands between the figures of a text."""
    begun = 0
    for begin, end in _figures(text):
        yield text[begun:begin]
        begun = end
    yield text[begun:]


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
