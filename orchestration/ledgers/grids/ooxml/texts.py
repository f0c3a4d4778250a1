"""The table of texts that cells share, and how a text is written and bounded."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestration.base.runs import PLAIN, RunStyle
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.grid import refused

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def styled(style: RunStyle, tag: str, attributes: dict[str, str]) -> RunStyle:
    """A run's style with what one of its properties adds."""
    value = attributes.get("val", "1")
    if tag == "vertAlign":
        return replace(style, raised=value == "superscript", lowered=value == "subscript")
    if tag in ("strike", "dstrike"):
        return replace(style, struck=value not in ("0", "false"))
    return style


class SharedTexts:
    """The table of texts, without the readings printed above characters."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.strings: list[str] = []
        self.parts: list[str] = []
        self.inside = False
        self.phonetic = False
        self.style = PLAIN

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            self.parts = []
        elif tag == "rPh":
            self.phonetic = True
        elif tag == "t":
            self.inside = not self.phonetic
        else:
            self.style = styled(self.style, tag, attributes)

    def text(self, data: str) -> None:
        if self.inside:
            self.parts.append(self.style.shown(data))

    def end(self, tag: str) -> None:
        if tag == "t":
            self.inside = False
        elif tag == "rPh":
            self.phonetic = False
        elif tag == "r":
            self.style = PLAIN
        elif tag == "si":
            self.strings.append(bounded(unescaped("".join(self.parts)), self.name))


def bounded(text: str, name: str, sheet: str = "", cell: str = "") -> str:
    if len(text) > bounds.MOST_TEXT:
        raise refused(
            name, f"{len(text):,} 个字的一格（{text[:20]}…）", f"不超过 {bounds.MOST_TEXT:,} 个字", sheet, cell
        )
    return text
