"""Parts of a text with a font of their own. What is raised, lowered or struck out is no digit of the figure beside it:
1,182.19 with a raised 1 behind it is not 1,182.191, and 100 struck out before 200 is not 100,200.

Such a part becomes characters that look so (¹, ₁, 1̶), which no reader of figures takes for digits: it is told as it
stands. What does not belong here: where a format says so (``ledgers.grids``, ``documents``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_DIGITS = "0123456789+-=()"
_RAISED = str.maketrans(_DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾")
_LOWERED = str.maketrans(_DIGITS, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_STROKE = "\u0336"


@dataclass(frozen=True)
class RunStyle:
    """How a part of a text stands beside the rest."""

    raised: bool = False
    lowered: bool = False
    struck: bool = False

    def shown(self, text: str) -> str:
        if self.raised or self.lowered:
            text = text.translate(_RAISED if self.raised else _LOWERED)
        return "".join(f"{c}{_STROKE}" for c in text) if self.struck else text


PLAIN = RunStyle()


def in_runs(text: str, runs: Iterable[tuple[int, RunStyle]]) -> str:
    """A text whose parts are styled, each from a place on; before the first it is plain."""
    shown, begin, style = "", 0, PLAIN
    for at, following in runs:
        shown += style.shown(text[begin:at])
        begin, style = max(begin, at), following
    return shown + style.shown(text[begin:])
