"""Tables that no contract knows, as grids with the place of each cell: how lists that stand side by side and codes that
are parted become one. What a column is, and what holds between figures, is for others to find (``drafting``).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from orchestration.documents.lines import Place, TextLine
from orchestration.documents.solve import is_figure
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.row_kinds import kind_said

#: So many codes make a list of codes; so long may a title be.
_FEWEST_ROWS, LONGEST_NAME = 3, 40
_UNIT = r"[(（]?(?:金额)?单位[:：](?:人民币)?(?:[千万亿百]*元|[^:：]{0,4})[)）]?"
UNIT_NOTE = re.compile(rf"{_UNIT}|^(?:金额)?单位(?:[千万亿百]*元|[人个])$")
CODE = re.compile(r"\d{3,}")
_PART_OF_CODE = 2  # digits
_FEWEST_NAMES = 4  # of a row that begins another table
_LEVELS = frozenset(("类", "款", "项", "目", ""))
SEPARATED = re.compile(r"\d[.,]\d")


@dataclass(frozen=True)
class Unplaced:
    """A figure of a table whose column can't be told: blanks beside it have left no trace."""

    text: str
    place: Place
    around: str


@dataclass(frozen=True)
class LooseTable:
    """A table as it stands: its title, what stands above its header, its rows, and the place of each cell."""

    title: str
    rows: list[list[str]]
    places: list[list[Place]]
    merged: dict[tuple[int, int], str] = field(default_factory=dict)
    left: tuple[Unplaced, ...] = ()  # figures of rows that belong to no column of names


def named_apart(tables: Sequence[LooseTable]) -> list[LooseTable]:
    """The tables, each under a title of its own."""
    doubled = Counter(table.title for table in tables)
    seen: Counter[str] = Counter()
    named = []
    for table in tables:
        seen[table.title] += 1
        title = f"{table.title}（第{seen[table.title]}张）" if doubled[table.title] > 1 else table.title
        named.append(replace(table, title=title))
    return named


def holds_figures(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table is one of figures: at least two rows of it hold one, beside a text or another figure."""
    return sum(len([text for text in row if text.strip()]) > 1 and any(map(is_amount, row)) for row in rows) > 1


def is_amount(text: str) -> bool:
    plain = squeeze(text)
    return is_figure(plain) and any(c.isdigit() for c in plain)


def by_headers(table: LooseTable) -> list[LooseTable]:
    """A form of several tables below each other as those: each begins with a row of names above figures."""
    begins = [r for r in range(1, len(table.rows) - 1) if _begins_another(table.rows, r)]
    if not begins:
        return [table]
    title = [n for n, row in enumerate(table.rows) if len(row) == 1]
    found = [replace(table, rows=table.rows[: begins[0]], places=table.places[: begins[0]])]
    for begin, end in itertools.pairwise([*begins, len(table.rows)]):
        named = next(filter(None, map(squeeze, table.rows[begin])), "")
        at = [*title, *range(begin, end)]
        merged = {(at.index(r), c): name for (r, c), name in table.merged.items() if begin <= r < end}
        rows, places = [table.rows[n] for n in at], [table.places[n] for n in at]
        found.append(LooseTable(f"{table.title}·{named}", rows, places, merged))
    return found


def _begins_another(rows: Sequence[Sequence[str]], r: int) -> bool:
    texts = [text for text in map(squeeze, rows[r]) if text]
    above = any(len(row) > 1 and any(map(is_amount, row)) for row in rows[:r])
    names = len(set(texts)) >= _FEWEST_NAMES and 2 * len(texts) >= len(rows[r]) and not any(map(is_amount, texts))
    return above and names and any(map(is_amount, rows[r + 1]))


def with_whole_codes(table: LooseTable) -> LooseTable:
    """The table with codes that stand over several columns (类 | 款 | 项) in one: 207 | 01 | 09 is 2070109."""
    begin, end = _parted_codes(table.rows)
    if end - begin < 2:
        return table
    rows: list[list[str]] = []
    places: list[list[Place]] = []
    kept: dict[int, int] = {}
    for r, (row, where) in enumerate(zip(table.rows, table.places, strict=True)):
        kept[r] = len(rows)
        if len(row) < end:
            rows.append(row)
            places.append(where)
            continue
        if not any(map(squeeze, row[end:])) and {*map(squeeze, row[begin:end])} <= _LEVELS:
            del kept[r]
            continue  # 类 | 款 | 项 below the header of the codes
        coded = bool(CODE.fullmatch(squeeze(row[begin])))
        code = "".join(map(squeeze, row[begin:end])) if coded else next(filter(None, row[begin:end]), "")
        rows.append([*row[:begin], code, *row[end:]])
        places.append([*where[:begin], where[begin], *where[end:]])
    gone = end - begin - 1
    merged = {
        (kept[r], c if c <= begin else c - gone): name
        for (r, c), name in table.merged.items()
        if r in kept and not begin < c < end
    }
    return LooseTable(table.title, rows, places, merged)


def _parted_codes(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """The first columns of codes that go on in the next ones."""
    width = max(map(len, rows), default=0)
    for begin in range(min(2, width)):
        coded = [row for row in rows if begin < len(row) and CODE.fullmatch(squeeze(row[begin]))]
        end = begin + 1
        while len(coded) >= _FEWEST_ROWS and end < width and _goes_on(coded, end):
            end += 1
        if end > begin + 1:
            return begin, end
    return 0, 0


def _goes_on(coded: Sequence[Sequence[str]], column: int) -> bool:
    texts = [squeeze(row[column]) if column < len(row) else "" for row in coded]
    return any(texts) and all(not text or (text.isdecimal() and len(text) == _PART_OF_CODE) for text in texts)


def figures_of(table: LooseTable, columns: Collection[int] | None = None) -> Iterator[Unplaced]:
    """The figures of a table (in these columns), with their rows' names; codes at the head of a row are none."""
    for row, places in zip(table.rows, table.places, strict=True):
        said = " ".join(filter(None, map(squeeze, row)))
        for c, (text, place) in enumerate(zip(row, places, strict=True)):
            if is_amount(text) and (c in columns if columns is not None else c or not CODE.fullmatch(squeeze(text))):
                yield Unplaced(squeeze(text), place, said)


# --- tables that the format parts ------------------------------------------------------------------------------------


def side_by_side(table: LooseTable) -> list[LooseTable]:
    """A table of two that stand side by side (收入 | 支出) as those two, or below each other where their columns are
    the same (the codes 301 … and 302 … of one list); any other as itself.
    """
    for r, row in enumerate(table.rows):
        texts = [squeeze(text) for text in row]
        again = [c for c in range(1, len(texts)) if texts[0] and texts[c] == texts[0]]
        begins = [0, *again]
        if again and not any(_holds_amounts(table.rows[r + 1 :], c) for c in begins):
            return _parts(table, r, begins)
        if any(map(is_amount, texts)):
            break
    return [table]


def _holds_amounts(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether a column holds amounts, and not names or codes."""
    return any(column < len(row) and SEPARATED.search(row[column]) for row in rows)


def _parts(table: LooseTable, header: int, begins: Sequence[int]) -> list[LooseTable]:
    ends = [*begins[1:], max(map(len, table.rows))]
    if _is_one_list(table.rows, header, begins, ends):
        return [_below_each_other(table, header, begins, ends)]
    above = next((n for n, row in enumerate(table.rows[: header + 1]) if len(row) > 1), header)
    parts = []
    for begin, end in zip(begins, ends, strict=True):
        said = next((text for row in table.rows[above:header] for text in row[begin:end] if text.strip()), "")
        rows = [row if len(row) == 1 else row[begin:end] for row in table.rows]
        places = [each if len(each) == 1 else each[begin:end] for each in table.places]
        merged = {(r, c - begin): name for (r, c), name in table.merged.items() if begin <= c < end}
        parts.append(LooseTable(f"{table.title}·{squeeze(said) or begins.index(begin) + 1}", rows, places, merged))
    return parts


def _is_one_list(rows: Sequence[Sequence[str]], header: int, begins: Sequence[int], ends: Sequence[int]) -> bool:
    """Whether parts have the same header throughout, and codes that tell their rows apart."""
    heads = {
        tuple(squeeze(text) for row in rows[: header + 1] if len(row) > 1 for text in row[begin:end])
        for begin, end in zip(begins, ends, strict=True)
    }
    codes = [squeeze(row[begin]) for row in rows[header + 1 :] for begin in begins if begin < len(row)]
    return len(heads) == 1 and sum(bool(CODE.fullmatch(code)) for code in codes) >= _FEWEST_ROWS


def _below_each_other(table: LooseTable, header: int, begins: Sequence[int], ends: Sequence[int]) -> LooseTable:
    """The table with one part's rows below the other's. Rows that hold nothing are left out."""
    begin, end = begins[0], ends[0]
    rows = [row if len(row) == 1 else row[begin:end] for row in table.rows[: header + 1]]
    places = [each if len(each) == 1 else each[begin:end] for each in table.places[: header + 1]]
    for begin, end in zip(begins, ends, strict=True):
        for row, where in zip(table.rows[header + 1 :], table.places[header + 1 :], strict=True):
            if any(map(squeeze, row[begin:end])):
                rows.append(row[begin:end])
                places.append(where[begin:end])
    return without_uncoded(LooseTable(table.title, rows, places))


def without_uncoded(table: LooseTable) -> LooseTable:
    """A list of codes without the rows that have none and are no total (人员经费合计 below 303): what they are sums of,
    no code says.
    """
    coded = [n for n, row in enumerate(table.rows) if CODE.fullmatch(squeeze(row[0]))]
    if len(coded) < _FEWEST_ROWS:
        return table
    gone = {n for n, row in enumerate(table.rows) if n > coded[0] and _is_uncoded(row)}
    left = tuple(
        Unplaced(squeeze(text), place, " ".join(filter(None, map(squeeze, table.rows[n]))))
        for n in sorted(gone)
        for text, place in zip(table.rows[n], table.places[n], strict=True)
        if is_amount(text)
    )
    rows = [row for n, row in enumerate(table.rows) if n not in gone]
    places = [where for n, where in enumerate(table.places) if n not in gone]
    return replace(table, rows=rows, places=places, left=(*table.left, *left))


def _is_uncoded(row: Sequence[str]) -> bool:
    texts = [squeeze(text) for text in row]
    return not texts[0].isdecimal() and all(kind_said(text) == "detail" for text in texts)


def said_above(above: Sequence[TextLine]) -> tuple[str, str]:
    """The title of a table in lines (the last line above it that ends in 表, else the first) and its unit."""
    texts = [squeeze(line.text) for line in above]
    unit = next((found[0] for text in reversed(texts) if (found := UNIT_NOTE.search(text))), "")
    names = [text for text in texts if not UNIT_NOTE.search(text) and len(text) <= LONGEST_NAME]
    return next((text for text in reversed(names) if text.endswith("表")), names[0] if names else "表格"), unit
