"""What the number of a cell's style means: its number format, and whether its font is struck out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.base.runs import RunStyle
from orchestration.ledgers.grids.formats import is_date
from orchestration.ledgers.grids.xml import whole

#: Formats that have a number and no text in the file (ECMA-376, 18.8.30); dates by any of their forms.
_BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0", 6: "#,##0", 7: "#,##0.00", 8: "#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 18: "h:mm", 19: "h:mm", 20: "h:mm", 21: "h:mm:ss",
    37: "#,##0_);(#,##0)", 38: "#,##0_);(#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);(#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', 42: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)', 44: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    45: "mm:ss", 46: "h:mm:ss", 47: "mm:ss", 48: "##0.0E+0", 49: "@",
} | dict.fromkeys((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)), "yyyy-mm-dd")  # fmt: skip


@dataclass
class Styles:
    """By the number of the style."""

    formats: list[str] = field(default_factory=lambda: ["General"])
    struck: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()
    indents: Mapping[int, int] = field(default_factory=dict)  # how many steps a text is set in, where it is
    runs: Sequence[RunStyle] = ()  # by font: how a part of a text stands beside the rest; XML says it at the part


class StyleReader:
    def __init__(self) -> None:
        self.path: list[str] = []
        self.custom: dict[int, str] = {}
        self.fonts: list[bool] = []
        self.cells: list[tuple[int, int]] = []
        self.indents: dict[int, int] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        above = self.path[-1] if self.path else ""
        self.path.append(tag)
        if tag == "numFmt" and above == "numFmts":
            self.custom[whole(attributes, "numFmtId")] = attributes.get("formatCode", "")
        elif tag == "font" and above == "fonts":
            self.fonts.append(False)
        elif tag == "strike" and above == "font" and len(self.path) == 4:
            self.fonts[-1] = attributes.get("val", "1") not in ("0", "false")
        elif tag == "xf" and above == "cellXfs":
            self.cells.append((whole(attributes, "numFmtId", "0"), whole(attributes, "fontId", "0")))
        elif tag == "alignment" and above == "xf" and len(self.path) == 4 and self.path[1] == "cellXfs":
            self.indents[len(self.cells) - 1] = whole(attributes, "indent", "0")

    def end(self, tag: str) -> None:
        self.path.pop()

    def styles(self) -> Styles:
        return styles_of(self.custom, self.fonts, self.cells, self.indents)


def styles_of(
    custom: Mapping[int, str], fonts: Sequence[bool], cells: Sequence[tuple[int, int]], indents: Mapping[int, int]
) -> Styles:
    """Styles of cells by the number of their format and of their font. ``fonts``: whether each strikes out."""
    formats = [custom.get(number) or _BUILT_IN.get(number, "General") for number, _ in cells]
    struck = frozenset(n for n, (_, font) in enumerate(cells) if 0 <= font < len(fonts) and fonts[font])
    dates = frozenset(n for n, each in enumerate(formats) if is_date(each))
    return Styles(formats or ["General"], struck, dates, {n: steps for n, steps in indents.items() if steps > 0})
