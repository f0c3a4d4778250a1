"""What every chart is made of: fonts and colours, the figures of a row, one look, and how it becomes a picture.

What does not belong here: any one chart (``charts``, ``rate_charts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, TypeAlias

import altair as alt
import vl_convert

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import MissingFigure, ReportFigure, ReportLedger, ReportRow

FONT = "Noto Sans CJK SC"
#: What a browser may use where that font is not installed.
FONTS = f'"{FONT}", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
#: The version of Vega-Lite that Altair writes for.
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
#: Okabe and Ito's palette, which holds for the colour-blind. Shape or text always says the same as the colour.
BLUE, ORANGE, VERMILLION, PURPLE, SKY = "#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#56B4E9"
INK, SOFT, LINE, TRACK = "#1b1f24", "#57606a", "#d0d7de", "#e6eaef"
#: Pixels to the 15 cm of a page's text, and to its greatest height. Letters keep their size: 11 px is 8 pt.
PRINT_WIDTH, PRINT_HEIGHT = 560, 800
LINE_HEIGHT = 17
_PRINT_CLOSER = 0.75  # lines of print stand closer than those of a screen
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
    f'<text x="4" y="30" font-size="24" font-family="{FONT}">{{}}</text></svg>'
)
CellValue: TypeAlias = str | ReportFigure | MissingFigure
#: Altair's charts, whose calls are typed too loosely to name.
Drawing: TypeAlias = Any
Datum: TypeAlias = dict[str, str | float | None]


class MissingFontError(Exception):
    """No font with Chinese characters is installed: a chart would show boxes."""

    def __init__(self) -> None:
        super().__init__(f"画图需要中文字体，没有找到：在 Debian 上安装 fonts-noto-cjk（{FONT}）后再试")


@dataclass(frozen=True)
class Chart:
    """One chart. ``headers`` and ``rows``: the figures that it draws, in its order."""

    id: str
    title: str
    note: str  # how to read it
    headers: tuple[str, ...]
    rows: tuple[tuple[CellValue, ...], ...]
    drawing: Drawing
    height: int  # in pixels, as it is comfortable to read

    def spec(self, width: int | None = None, height: int | None = None) -> dict[str, Any]:
        """As Vega-Lite. ``width``: as wide as where it is put unless given; ``height``: its greatest."""
        high = min(self.height, height or self.height)
        drawing = self.drawing.properties(width=width or "container", height=high)
        made: dict[str, Any] = drawing.to_dict()
        made.pop("$schema")  # an address, and whoever draws knows the version
        return made

    @cached_property
    def picture(self) -> bytes:
        """The chart as it stands in a document, drawn once for all its editions. Raises ``MissingFontError``."""
        return png(self)


def png(chart: Chart, *, width: int = PRINT_WIDTH, scale: float = 2.5) -> bytes:
    """The chart as it stands in a document. The same version gives the same bytes. Raises ``MissingFontError``."""
    if not draws("预算"):
        raise MissingFontError
    spec = chart.spec(width, min(PRINT_HEIGHT, round(chart.height * _PRINT_CLOSER)))
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=scale, ppi=72))


@cache
def draws(two: str) -> bool:
    """Whether the fonts that are installed have these two characters: without, both come out as the same box.

    Asked of the renderer itself, since it alone knows where it looks.
    """
    first, second = (vl_convert.svg_to_png(_PROBE.format(character)) for character in two)
    return bool(first != second)


def table_rows(fields: Fields, table: str) -> list[ReportRow]:
    """The rows of a published table, by whatever ledger prints them, in printed order."""
    return [
        row
        for ledger in fields.context.values()
        if isinstance(ledger, ReportLedger)
        for row in ledger.rows
        if any(isinstance(value, ReportFigure) and value.place[0] == table for value in row.values.values())
    ]


def figure_of(row: ReportRow, column: str) -> Any:
    """A row's figure by its published column, a rate as it was reported; missing where the version has none."""
    found = (
        value
        for value in row.values.values()
        if isinstance(value, ReportFigure)
        and (value.place[0] != "cell" or value.unit == "ratio")
        and value.place[2] == column
    )
    return next(found, MissingFigure(f"{row.name}.{column}"))


def low_execution(fields: Fields) -> Decimal:
    return Decimal(fields.known["thresholds"]["low_execution"])


def common_unit(figures: Sequence[ReportFigure]) -> str:
    """The unit in which all these are printed; the smallest where they differ."""
    return min((figure.money_unit for figure in figures), key=lambda unit: MONEY_UNITS[unit], default="万元")


def heading(text: str, x: Any) -> Drawing:
    return (
        alt.Chart(alt.InlineData(values=[{"heading": text}]))
        .mark_text(align="right", baseline="bottom", color=SOFT, fontSize=10)
        .encode(x=x, y=alt.value(-4), text="heading:N")
    )


def finished(chart: Drawing) -> Drawing:
    """One look for all: fits the width it is given, no frame, the house's font."""
    return (
        chart.properties(
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            padding={"left": 4, "right": 4, "top": 8, "bottom": 4},
        )
        .configure(font=FONTS, background="#ffffff")
        .configure_view(stroke=None)
        .configure_axis(labelColor=SOFT, titleColor=SOFT, labelFontSize=11, titleFontWeight="normal")
        .configure_text(fontSize=11)
        .configure_legend(labelColor=SOFT, labelFontSize=11)
    )
