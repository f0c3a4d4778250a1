"""What the columns of a drafted table are: header, name, role, kind and unit. Which of them tell rows apart is
decided in ``keys``; where the table stands, in ``tables``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from orchestration.drafting.figures import Notation, read_figure
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.grids.grid import column_name
from orchestration.ledgers.header import paths_of
from orchestration.ledgers.money import MONEY_UNITS, is_dash, squeeze
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.texts import fold

Role = Literal["key", "text", "measure", "ignored"]
NUMBERING = frozenset({"序号", "编号", "行次", "No", "No.", "NO", "#"})
_HEADER_UNIT = re.compile(r"[（(]((?:千|万|百万|亿)?元|%|％|人|万人|个|分)[）)]$")
_UNITED = re.compile(r"(?:千|万|百万|亿)?(?:元|人|个|件|户|名|项)?(?:以上)?$")
_RATE = re.compile(r"率|比例|占比|比重|百分比|%|％|增幅|增长|(?:^|[\W_])(?:rate|ratio|percent|pct)", re.IGNORECASE)
_CODES = re.compile(r"编码|代码|编号|科目号|(?:^|[\W_])(?:code|id)(?:$|[\W_])", re.IGNORECASE)
#: A year or a month, as names of rows and columns.
PERIOD = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])?(?:年度?)?")
#: So fine are shares as fractions of one.
_FRACTION_PLACES = 5
_BELOW_ZERO = re.compile(r"[-−(（]\d")
_PERSONS = re.compile(r"人数|人次|编制|实有")
_PLAIN = Notation()
#: A column is of figures where so many of its filled cells are.
_MOSTLY = (3, 5)


@dataclass(frozen=True)
class DraftColumn:
    """One column as drafted."""

    at: int
    header: str
    name: str
    role: Role
    kind: str = ""  # of a measure, or of a key: integer, text
    unit: str = ""
    why: str = ""


def vocabulary_of(contracts: Mapping[str, Contract]) -> dict[str, str]:
    """How the columns of ledgers that are known already are called: header -> the name that most of them give it."""
    names: dict[str, Counter[str]] = {}
    for contract in contracts.values():
        for column in contract.columns:
            for header in column.headers:
                names.setdefault(header, Counter())[column.name] += 1
    return {header: found.most_common(1)[0][0] for header, found in names.items()}


def is_figure(text: str) -> bool:
    plain = squeeze(text)
    return read_figure(plain, _PLAIN) is not None or (
        bool(plain) and plain[0] in "-(（0123456789" and read_figure(_UNITED.sub("", plain), _PLAIN) is not None
    )


def find_columns(
    grid: Grid, header: tuple[int, int], rows: Sequence[int], vocabulary: dict[str, str], unit: str
) -> list[DraftColumn]:
    """The columns that hold anything, left to right. A header that stands again is told by its number: 金额#2."""
    width = max(len(grid.rows[r]) for r in (*range(header[0], header[1] + 1), *rows))
    paths = dict(enumerate(paths_of(grid, header[0], header[1] - header[0] + 1)))
    columns: list[DraftColumn] = []
    used: Counter[str] = Counter()
    headers: Counter[str] = Counter()
    for c in range(width):
        cells = [squeeze(at(grid, r, c)) for r in rows]
        label = "/".join(paths.get(c, ()))
        if not label and not any(cells):
            continue
        bare_label, header_unit = _without_unit(label)
        name = _name(bare_label, label, vocabulary)
        used[name] += 1
        headers[bare_label] += 1
        name = f"{name}_{column_name(c).lower()}" if used[name] > 1 else name
        told = _nth(bare_label, headers[bare_label])
        columns.append(_described(DraftColumn(c, told, name, "text"), cells, header_unit, unit))
    bare = {column.at for column in columns if _is_bare(column)}
    below_zero = any(_BELOW_ZERO.match(squeeze(at(grid, r, c))) for c in bare for r in rows)
    return [_as_amounts(column) if below_zero and column.at in bare else column for column in columns]


def _nth(header: str, number: int) -> str:
    return f"{header}#{number}" if header and number > 1 else header


def _without_unit(label: str) -> tuple[str, str]:
    match = _HEADER_UNIT.search(label)
    return (label[: match.start()], match[1]) if match else (label, "")


def _as_amounts(column: DraftColumn) -> DraftColumn:
    return replace(column, kind="money")


def _is_bare(column: DraftColumn) -> bool:
    """Whole numbers without a unit: counts, unless some are below none; then they are amounts, rounded to the unit."""
    return column.kind == "count" and not column.unit


def _name(bare: str, label: str, vocabulary: dict[str, str]) -> str:
    """What a header is called in code; one that is new joins the vocabulary."""
    plain = fold(bare.replace("/", ""))
    name = vocabulary.get(plain) or vocabulary.get(fold(label)) or slug(bare) or f"column_{len(vocabulary) + 1}"
    if bare:
        vocabulary.setdefault(plain, name)
    return name


def at(grid: Grid, r: int, c: int) -> str:
    return grid.rows[r][c] if c < len(grid.rows[r]) else ""


def _described(column: DraftColumn, cells: Sequence[str], header_unit: str, unit: str) -> DraftColumn:
    """A column with its role and kind, from what stands in it."""
    filled = [text for text in cells if text and not is_dash(text)]
    figures = [text for text in filled if is_figure(text)]
    if not filled:
        # A column without one figure: an amount column of a year in which nothing happened, if the table has amounts.
        return column
    if _numbers_rows(column, filled):
        numbers = [text for text in filled if text.isdecimal()]
        return replace(column, kind="integer" if len(numbers) >= len(filled) - 1 else "text")
    if _are_codes(column, filled) or len(figures) * _MOSTLY[1] < len(filled) * _MOSTLY[0]:
        return replace(column, kind="text")
    if not column.header:
        return replace(column, role="ignored", why="没有表头的一栏数")
    return _measure(column, figures, header_unit.replace("％", "%"), unit)


def _numbers_rows(column: DraftColumn, filled: Sequence[str]) -> bool:
    """A running number by its header; or 1, 2, 3 … far left in all rows but one at most (the total's)."""
    numbers = [int(text) for text in filled if text.isdecimal()]
    in_step = numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= max(2, len(filled) - 1)
    return column.header in NUMBERING or (column.at <= 1 and in_step)


def _are_codes(column: DraftColumn, filled: Sequence[str]) -> bool:
    """Digits that are names: in a column that says so, or left of all others with codes that begin with others."""
    digits = [text for text in filled if text.isdecimal()]
    if not digits or any(is_figure(text) and not text.isdecimal() for text in filled):
        return False
    if _CODES.search(column.header):
        return True
    periods = all(map(PERIOD.fullmatch, digits))
    return column.at == 0 and len(set(digits)) == len(digits) and (periods or _begin_with_others(set(digits)))


def _begin_with_others(codes: Set[str]) -> bool:
    """Whether most of the longer codes begin with a shorter one."""
    lengths = sorted({len(code) for code in codes})
    longer = [code for code in codes if len(code) > lengths[0]]
    within = [code for code in longer if any(code[:n] in codes for n in lengths if n < len(code))]
    return len(within) * 2 > len(longer)


def _measure(column: DraftColumn, figures: Sequence[str], header_unit: str, unit: str) -> DraftColumn:
    """A column of figures with its kind and unit: what the header says, then what it is called, then the figures."""
    percent = sum(text.endswith(("%", "％")) for text in figures)
    if percent * 2 > len(figures) or header_unit == "%":
        return replace(column, role="measure", kind="ratio", unit="" if percent else "%", why="百分比")
    if _are_fractions(figures):
        return replace(column, role="measure", kind="ratio", why="都是一以内的小数")
    if header_unit in ("人", "万人") or (_PERSONS.search(column.header) and not unit):
        return replace(column, role="measure", kind="person", unit=header_unit)
    if _RATE.search(column.header) and header_unit not in MONEY_UNITS:
        return replace(column, role="measure", kind="ratio", why="表头是比率")
    return _amounts(column, figures, header_unit, unit)


def _amounts(column: DraftColumn, figures: Sequence[str], header_unit: str, unit: str) -> DraftColumn:
    """Amounts, where a unit or a fraction says so; else counts."""
    if header_unit in MONEY_UNITS:
        return replace(column, role="measure", kind="money", unit=header_unit)
    if unit or any("." in text for text in figures):
        return replace(column, role="measure", kind="money", unit="")
    return replace(column, role="measure", kind="count", unit="个" if header_unit == "个" else "")


def _are_fractions(figures: Sequence[str]) -> bool:
    """Whether figures are none above one, and finer than shares of amounts are told in money."""
    plain = [text.lstrip("-") for text in figures if text.lstrip("-").replace(".", "", 1).isdecimal()]
    places = max((len(text.partition(".")[2]) for text in plain), default=0)
    return places >= _FRACTION_PLACES and all(Decimal(text) <= 1 for text in plain)


def slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") if text.isascii() else ""
    return slug if re.match(r"[a-z]", slug) else ""
