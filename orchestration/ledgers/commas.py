"""Whether a comma in a number parts thousands or decimals: as the contract states or the column proves, never guessed.

Where commas part the fields of a file, or a workbook holds numbers, there is nothing to ask: a comma parts thousands.
"""

from __future__ import annotations

import re
from typing import Literal

from orchestration.ledgers.money import FigureError, are_several, squeeze

DecimalMark = Literal["point", "comma", "unclear"]
_NUMBER = re.compile(r"[-(（]?[\d.]*\d,[\d.,]*\d[)）%％]?", re.ASCII)
#: Nothing but a decimal comma: other than three digits behind it, or points before it.
_PROVES_COMMA = re.compile(r"\D*(?:\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3})+,\d+)\D*", re.ASCII)
_AS_COMMA = re.compile(r"\D*(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?\D*", re.ASCII)
_PROVES_POINT = re.compile(r"\D*\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})\D*", re.ASCII)
_AS_POINT = re.compile(r"\D*\d{1,3}(?:,\d{3})*(?:\.\d+)?\D*", re.ASCII)


def of_column(texts: list[str]) -> DecimalMark:
    """What the commas of a column prove together."""
    numbers = [text for text in map(squeeze, texts) if _NUMBER.fullmatch(text)]
    if not numbers:
        return "point"
    comma = any(map(_PROVES_COMMA.fullmatch, numbers)) and all(map(_AS_COMMA.fullmatch, numbers))
    point = any(map(_PROVES_POINT.fullmatch, numbers)) and all(map(_AS_POINT.fullmatch, numbers))
    return "unclear" if comma == point else "comma" if comma else "point"


def as_point(text: str, decimal: DecimalMark) -> str:
    """A printed figure with a point before its decimals. Raises ``FigureError`` where nobody knows."""
    bare = squeeze(text)
    if decimal == "point" or not re.search(r"\d[.,]\d", bare, re.ASCII):
        return text
    if decimal == "unclear":
        if not _NUMBER.fullmatch(bare):
            return text
        raise FigureError("用点作小数点、不分千位的数，或在契约里写明 decimal: comma（逗号是小数点还是千分位不明）")
    if are_several(text) or not _AS_COMMA.fullmatch(bare):
        raise FigureError("逗号作小数点、点分千位的数（契约或同栏各数如此）")
    return bare.replace(".", "").replace(",", ".")
