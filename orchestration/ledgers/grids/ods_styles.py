"""What the styles of an OpenDocument spreadsheet say: number formats by the code that Excel has for them, which cells
are struck out or set in, which parts of a text are raised. What does not belong here: the sheets (``ods``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestration.base.archives import DamagedError
from orchestration.base.runs import RunStyle
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.xml import attribute, whole

_DATA_STYLES = ("number-style", "percentage-style", "currency-style", "date-style", "time-style", "text-style",
                "boolean-style")  # fmt: skip


@dataclass
class _DataStyle:
    """One number format: the code of its own section, and the ones that conditions lead to."""

    kind: str
    code: str = ""
    others: list[tuple[str, str]] = field(default_factory=list)  # condition, name of the format
    plain: bool = False  # General


@dataclass
class _CellStyle:
    parent: str
    data: str
    struck: bool = False
    indent: int = 0  # tenths of a millimetre


class OdsStyles:
    """Formats, and which cell has which. Names are those of both parts: automatic ones and the workbook's own."""

    def __init__(self) -> None:
        self.data: dict[str, _DataStyle] = {}
        self.cells: dict[str, _CellStyle] = {}
        self.runs: dict[str, RunStyle] = {}
        self.hidden_tables: set[str] = set()
        self._open: _DataStyle | None = None
        self._style = ""
        self._family = ""
        self._literal: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        named = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if tag in _DATA_STYLES:
            self._open = self.data[attribute(named, "name")] = _DataStyle(tag)
        elif self._open is not None:
            self._part_of_a_format(self._open, tag, named)
        elif tag in ("style", "default-style"):
            self._style, self._family = named.get("name", ""), named.get("family", "")
            if self._family == "table-cell":
                self.cells[self._style] = _CellStyle(
                    named.get("parent-style-name", ""), named.get("data-style-name", "")
                )
        elif tag == "table-properties" and self._family == "table" and named.get("display") == "false":
            self.hidden_tables.add(self._style)
        elif tag == "text-properties":
            self._text_properties(_run_style(named))
        elif tag == "paragraph-properties" and self._family == "table-cell" and self._style in self.cells:
            self.cells[self._style].indent = _tenths(named.get("margin-left", ""))

    def _text_properties(self, style: RunStyle) -> None:
        if self._family == "text":
            self.runs[self._style] = style
        elif self._family == "table-cell" and self._style in self.cells:
            self.cells[self._style].struck = style.struck

    def _part_of_a_format(self, style: _DataStyle, tag: str, named: dict[str, str]) -> None:
        if tag == "number":
            style.code += _digits(named)
            style.plain = style.plain or "decimal-places" not in named
        elif tag in ("scientific-number", "fraction"):
            style.code += "0.00E+00"
        elif tag in ("text", "currency-symbol"):
            self._literal = []
        elif tag == "map":
            style.others.append((named.get("condition", ""), named.get("apply-style-name", "")))

    def text(self, data: str) -> None:
        if self._literal is not None:
            self._literal.append(data)

    def end(self, tag: str) -> None:
        if tag in _DATA_STYLES:
            self._open = None
        elif self._literal is not None and tag in ("text", "currency-symbol") and self._open is not None:
            literal = "".join(self._literal).replace('"', "")
            is_percent = self._open.kind == "percentage-style" and literal.strip() == "%"
            self._open.code += "%" if is_percent else f'"{literal}"' if literal else ""
            self._literal = None

    def of_cell(self, name: str) -> tuple[str, bool]:
        """The number format of a cell by the name of its style, and whether it is struck out."""
        struck, seen = False, 0
        while name in self.cells and seen < 20:
            style = self.cells[name]
            struck = struck or style.struck
            if style.data:
                return self._code(style.data), struck
            name, seen = style.parent, seen + 1
        return "General", struck

    def indent(self, name: str) -> int:
        """How far a cell's text is set in, by the first style up from its own that says."""
        seen = 0
        while name in self.cells and seen < 20 and not self.cells[name].indent:
            name, seen = self.cells[name].parent, seen + 1
        return self.cells[name].indent if name in self.cells else 0

    def _code(self, name: str) -> str:
        style = self.data.get(name)
        if style is None:
            return "General"
        if style.plain and not style.others and style.code.strip('"0#,') == "":
            return "General"
        others = {condition.replace("value()", ""): self._section(other) for condition, other in style.others}
        if not others:
            return style.code
        if ">=0" in others:
            return f"{others['>=0']};{style.code}"
        if ">0" in others and "<0" in others:
            return f"{others['>0']};{others['<0']};{others.get('=0', style.code)}"
        return "[" + "][".join(others) + "]" + style.code  # a condition that no printed amount needs: refused by name

    def _section(self, name: str) -> str:
        if name not in self.data:
            raise DamagedError(f"没有数字格式 {name[:20]}")
        return self.data[name].code


_LENGTH = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?(cm|mm|in|pt)", re.ASCII)
_TENTHS = {"cm": 100, "mm": 10, "in": 254, "pt": 254 / 72}


def _run_style(named: dict[str, str]) -> RunStyle:
    place = named.get("text-position", "").split(" ")[0]  # super, sub, or by how much: 33% 58%, -33% 58%
    return RunStyle(
        raised=place == "super" or place.strip("%0.").isdecimal(),
        lowered=place == "sub" or place.startswith("-"),
        struck=named.get("text-line-through-style", "none") != "none",
    )


def _tenths(length: str) -> int:
    """A length in tenths of a millimetre; of what is none, nothing: it bears on how far a text is set in alone."""
    match = _LENGTH.fullmatch(length)
    return round(float(f"{match[1]}.{match[2] or 0}") * _TENTHS[match[3]]) if match else 0


def _digits(named: dict[str, str]) -> str:
    places = whole(named, "decimal-places", "0")
    fewest = min(whole(named, "min-decimal-places", str(places)), places)
    if not 0 <= places <= bounds.MOST_COLUMNS:
        raise DamagedError(f"decimal-places {places}")
    digits = "#,##0" if named.get("grouping") == "true" else "0" if named.get("min-integer-digits", "1") != "0" else "#"
    factor = whole(named, "display-factor", "1")
    thousands = {1: "", 1000: ",", 1000_000: ",,", 1000_000_000: ",,,"}.get(factor)
    if thousands is None:
        raise DamagedError(f"display-factor {factor}")
    fraction = "." + "0" * fewest + "#" * (places - fewest) if places else ""
    return digits + fraction + thousands
