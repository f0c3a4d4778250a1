"""How texts are compared and how they are shown. What a contract writes and what a cell prints are the same text where
they are equal *folded*; what people are shown keeps its spaces.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from orchestration.ledgers.money import squeeze

# Full-width ASCII, and the two traditional characters that stand in every total.
_FOLDED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord("計"): "计", ord("總"): "总"}
_WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]"
_HEADER_UNIT = re.compile(r"[(]((?:千|万|百万|亿)?元|%|人|万人|个|分)[)]$")
_REMARK = re.compile(r"(?<=.)\([^()]*\)$")
_BETWEEN_WIDE = re.compile(rf"(?<={_WIDE})\s+(?={_WIDE})")


@functools.lru_cache(maxsize=1 << 16)  # the words of a contract are compared with every row
def fold(text: str) -> str:
    """A text as it is compared: no spaces, half width, one case."""
    return squeeze(text).translate(_FOLDED).casefold()


def shown(text: str) -> str:
    """A name as it is shown: a line break or a run of spaces is one space between words, and none between Chinese."""
    joined = " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())
    return _BETWEEN_WIDE.sub("", joined)


def key_text(text: str) -> str:
    """A name as it stands in a row key: no spaces, and nothing that parts addresses or keys."""
    return squeeze(text).replace("/", "／").replace(":", "：")


def without_unit(name: str) -> tuple[str, str]:
    """A header, folded, without the unit behind it; and that unit."""
    folded = fold(name)
    unit = _HEADER_UNIT.search(folded)
    return (folded[: unit.start()], unit[1]) if unit else (folded, "")


def without_remark(name: str) -> str:
    """A text, folded, without what stands in brackets behind it: 绩效指标（90分）."""
    folded = fold(name)
    remark = _REMARK.search(folded)
    return folded[: remark.start()] if remark else folded


def is_among(text: str, words: Iterable[str]) -> bool:
    """Whether a text is one of the words, folded."""
    folded = _named(text)
    return folded in map(_named, words)


@functools.lru_cache(maxsize=1 << 16)
def _named(text: str) -> str:
    """A name, folded, without the colon that some forms print behind it: 年度资金总额：."""
    return fold(text).removesuffix(":")


def looked_up(text: str, values: Mapping[str, str]) -> str | None:
    """What a text stands for, folded; None where it is none of them."""
    folded = _named(text)
    return next((code for printed, code in values.items() if _named(printed) == folded), None)
