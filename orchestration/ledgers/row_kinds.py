"""What kind of row a row is, by how it is printed: a detail or something else. The patterns are data
(``row_kinds.yml``), shared by all contracts; a contract's own words come first. Reads no figure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.header import Header, line_of
from orchestration.ledgers.hierarchy import numbered
from orchestration.ledgers.texts import fold, is_among, looked_up

#: How a message calls each kind of row that carries no figures.
LEFT_OUT = {
    "note": "注释", "header": "重复的表头", "continuation": "续表", "numbering": "栏次", "blank": "不属于本表的行",
    "repeated": "重复列示的合计", "empty": "没有填列的行", "column": "契约没有列出的栏",
}  # fmt: skip
_TAIL = re.compile(r"[(\[](?:单位:)?(?:人民币)?(?:千|万|百万|亿)?(?:元|人|个|%)[)\]]$|:$")
_FORMULA = re.compile(r"(\d{1,2})(?:=[\d+\-*/×÷()]+)?")
_FEWEST_NUMBERS = 2
_STEMS = "甲乙丙丁戊己庚辛壬癸"


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    content = read_yaml(Path(__file__).parent / "row_kinds.yml")
    return {kind: re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) for kind, patterns in content.items()}


def _is(kind: str, text: str) -> bool:
    return bool(_patterns()[kind].fullmatch(_bare(text)))


@functools.lru_cache(maxsize=1 << 12)  # the same name is asked for one kind after the other
def _bare(text: str) -> str:
    """A name, folded, without the unit and the colon behind it."""
    folded = fold(text)
    while match := _TAIL.search(folded):
        folded = folded[: match.start()]
    return folded


def kind_said(text: str) -> str:
    """The kind of row that a name speaks of, whatever a contract says: total, subtotal, of_which; else detail."""
    return next((kind for kind in ("total", "subtotal", "of_which") if text and _is(kind, text)), "detail")


def is_continued(text: str) -> bool:
    """Whether a title says that its table goes on from the page before: 续表."""
    return _is("continuation", text)


def is_beside(row: list[str]) -> bool:
    """Whether a row numbers the columns, or is a note: none of any table's rows."""
    texts = [text for text in row if fold(text)]
    return bool(texts) and (_is_note(texts) or _numbers_columns(texts))


def kind_of(names: dict[str, str], contract: Contract, told: str | None = None) -> tuple[str, str]:
    """The kind of a row that carries figures, and the text that says so: detail, total, subtotal, of_which or memo.

    ``names``: the texts of its keys and texts, by column. A name that the contract lists as a value of a key is that.
    ``told``: the text of the column that alone tells totals, where the contract names one.
    """
    if told and is_among(told, contract.total.words):
        return "total", told
    return _by_words(names, contract, told) or _by_pattern(names, contract, told) or ("detail", "")


def _by_words(names: dict[str, str], contract: Contract, told: str | None) -> tuple[str, str] | None:
    """The kind that one of the contract's own words says."""
    words_of = {"total": contract.total.words if told is None else (), "memo": contract.memo}
    for text in filter(None, names.values()):
        for kind, words in words_of.items():
            if is_among(text, words):
                return kind, text
        if kind_said := looked_up(text, contract.row_kinds):
            return kind_said, text
    return None


def _by_pattern(names: dict[str, str], contract: Contract, told: str | None) -> tuple[str, str] | None:
    """The kind that a key says which is no value of the contract's; or a text, where keys alone don't name the row."""
    candidates = [names[key.name] for key in contract.keys if looked_up(names[key.name], key.values) is None]
    if any(not names[key.name] or key.type == "integer" for key in contract.keys):
        candidates += [names[column.name] for column in contract.texts]
    by_number = contract.hierarchy is not None and contract.hierarchy.by == "numbering"
    kinds = ("total", "subtotal", "of_which") if told is None else ("subtotal", "of_which")
    for text in filter(None, candidates):
        if by_number and numbered(text) is not None:
            continue  # （一）收入小计: its number says what it is the sum of
        if kind := next((kind for kind in kinds if _is(kind, text)), None):
            return kind, text
    return None


def left_out_as(row: list[str], header: Header, *, below_header: bool) -> str:
    """The kind of a row that carries no figures of the table; empty where it does. ``below_header``: the row above is
    a line of the header, or was left out itself.
    """
    texts = [text for text in row if fold(text)]
    if _is_note(texts):
        return "note"
    if header.repeats(row):
        return "header"
    if _continues(texts, header):
        return "continuation"
    if below_header and _numbers_columns(texts):
        return "numbering"
    return ""


#: What a row that only may number the columns is taken for.
NUMBERING, DETAIL, UNPROVED = "numbering", "detail", "unproved"


def numbering_or_detail(row: list[str], below: Sequence[list[str]], contract: Contract) -> str:
    """What a row is that ``left_out_as`` calls a numbering row. 甲 1 2 may as well be the unit 甲 with two figures, and
    1 2 3 the first project.

    A contract's ``row_kinds`` has the last word. 栏次, two words in step (甲 乙) and a formula (3=1+2) number columns;
    so does a row whose first text stands again as a name below it, or that is a number where no name is one. Where
    the names below go on from it (乙; 2), it is a detail. Else it is taken for a numbering row, and is ``unproved``.
    """
    c = next(c for c, text in enumerate(row) if fold(text))
    first = fold(row[c])
    if looked_up(first, contract.row_kinds) == "detail":
        return DETAIL
    series = _STEMS if first in _STEMS else ""
    if _surely_numbers(row, series):
        return NUMBERING
    names = [name for each in below if c < len(each) and (name := fold(each[c]))]
    if first in names or (not series and not any(map(str.isdecimal, names))):
        return NUMBERING
    following = set(series[series.index(first) + 1 :]) if series else {str(int(first) + 1)}
    return DETAIL if following & set(names) else UNPROVED


def _surely_numbers(row: list[str], series: str) -> bool:
    words = [text for text in row if fold(text) and not _FORMULA.fullmatch(fold(text))]
    return bool(words and not series) or len(words) > 1 or any("=" in text for text in row)


def _is_note(texts: list[str]) -> bool:
    notes = [bool(_patterns()["note"].match(fold(text))) for text in texts]
    return bool(texts) and notes[0] and (len(set(texts)) <= 2 or all(notes))


def _continues(texts: list[str], header: Header) -> bool:
    """A title printed again, with or without the unit note that stands above the first header."""
    above = {text for line in header.lines for text in line}
    rest = [text for text in texts if not _is("continuation", text)]
    return len(rest) < len(texts) and all("".join(line_of([text])) in above for text in rest)


def _numbers_columns(texts: list[str]) -> bool:
    numbers = [match for text in texts if (match := _FORMULA.fullmatch(fold(text)))]
    words = [text for text in texts if _is("numbering_words", text)]
    if len(numbers) + len(words) < len(texts) or len(numbers) < _FEWEST_NUMBERS:
        return False
    values = [int(match[1]) for match in numbers]
    in_step = values == list(range(values[0], values[0] + len(values)))
    stems = [fold(text) for text in words if fold(text) in _STEMS]
    if stems != list(_STEMS[: len(stems)]):
        return False  # 乙 5 6
    return in_step and (bool(words) or (values[0] == 1 and len(values) > _FEWEST_NUMBERS))


__all__ = [
    "DETAIL",
    "LEFT_OUT",
    "UNPROVED",
    "is_beside",
    "is_continued",
    "kind_of",
    "kind_said",
    "left_out_as",
    "numbering_or_detail",
]
