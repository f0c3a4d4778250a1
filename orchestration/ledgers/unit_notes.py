"""Which money unit the lines above a table's header state: 单位：万元, 金额单位：人民币元, 单位 元, Unit: yuan.

A line that speaks of unit, currency or amount and is not wholly understood is a problem, never passed over: the
contract's own unit would then stand for it. What does not belong here: units printed in headers (``header``) and in
cells (``money``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.base.problems import Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.money import CURRENCIES, MAGNITUDES, MONEY_UNITS, PERSON_WORDS, currency_of, squeeze
from orchestration.ledgers.spreadsheet import Grid, reference

#: What tables count beside money: 单位：人、万元.
_COUNTED = PERSON_WORDS | frozenset(
    {
        "%",
        "户",
        "家",
        "个",
        "辆",
        "台",
        "套",
        "件",
        "项",
        "次",
        "人次",
        "批",
        "篇",
        "份",
        "张",
        "间",
        "栋",
        "座",
        "处",
        "条",
        "部",
        "册",
        "本",
        "只",
        "头",
        "株",
        "场",
        "期",
        "平方米",
        "㎡",
        "公里",
        "千米",
        "米",
        "公顷",
        "亩",
        "吨",
        "公斤",
        "千克",
        "天",
        "日",
        "月",
        "年",
        "小时",
        "分",
        "‰",
        "百分比",
    }
)
_LABEL = re.compile(
    r"(?:(?P<unit>(?:金\s*额|货\s*币|计\s*量|计\s*价|数\s*量|记\s*账|币\s*值)\s*单\s*位|(?<![\u4e00-\u9fffA-Za-z])[单單単]\s*位)"
    r"|(?<![\u4e00-\u9fffA-Za-z])(?P<money>金\s*额|货\s*币|币\s*种|本\s*位\s*币|人\s*民\s*币)"
    r"|(?<![\u4e00-\u9fffA-Za-z])"
    r"(?P<english>(?i:units?(?:\s+of\s+measure(?:ment)?)?|currency|amounts?(?:\s+(?:are\s+)?in)?)\b))"
    r"(?P<colon>\s*[：:＝=])?"
)
_AS_UNIT = re.compile(r"以\s*(\S+?)\s*为\s*(?:计量|金额|货币|记账)?单位")
#: Words that 单位 begins, and that say who, not what in: 单位名称, 单位负责人.
_WHO = re.compile(r"名|性质|负责|代码|编码|地址|领导|盖章|公章|[（(]|类别|类型|签|主管|财务")
_ORGANISATION = re.compile(r"[厅局委办院校所站处会部队馆庭署行]$|中心$|公司$|政府$|集团$|机关$|学校$|大学$|本级[）)]?$")
_SEPARATORS = re.compile(r"[・·、，,/／;；+和及与或]")
_BRACKETS = re.compile(r"[（(【\[]([^（()）【】\[\]]*)[）)】\]]")
_NEXT = re.compile(r"[\u4e00-\u9fffA-Za-z]+[：:]|\d{4}\s*年|第\s*\d+\s*页|共\s*\d+\s*页|\d{4}[-/.]\d")
_YUAN = re.compile(r"^(?:人民币|RMB|CNY(?=.)|[￥¥])|(?<=.)人民币$", re.IGNORECASE)
_SPEAKS = re.compile(r"[元圆币]|(?i:yuan|rmb|cny)")

_ENGLISH_MAGNITUDES = {
    "thousand": "千",
    "thousands": "千",
    "'000": "千",
    "’000": "千",
    "000": "千",
    "1,000": "千",
    "1000": "千",
    "k": "千",
    "tenthousand": "万",
    "tenthousands": "万",
    "10,000": "万",
    "10000": "万",
    "10k": "万",
    "million": "百万",
    "millions": "百万",
    "mn": "百万",
    "hundredmillion": "亿",
    "hundredmillions": "亿",
    "100million": "亿",
    "billion": "十亿",
    "billions": "十亿",
    "bn": "十亿",
}
_ENGLISH = re.compile(
    r"(?:in)?(?P<before>[’'\d,a-z]*?)(?:of)?(?P<currency>yuan|rmb|cny|renminbi)(?:yuan)?(?P<after>[’'\d,a-z]*)",
    re.IGNORECASE,
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True)
class UnitNote:
    """What one line states. ``unit`` is "" where it is understood and names no money unit (单位：人)."""

    unit: str
    currency: str  # ISO 4217, "" where none is named
    wrong: str  # what was not understood, "" where all was


def money_unit_above(grid: Grid, header: int, unit: str, currency: str) -> tuple[str, list[Problem]]:
    """The money unit that the lines above the header state, or ``unit`` where none does; and what is wrong with them.

    ``header``: the zero-based row that the header begins in. ``currency``: the contract's (ISO 4217).
    """
    problems: list[Problem] = []
    stated = ""
    for r, row in enumerate(grid.rows[:header]):
        note = unit_note(row)
        if note is None:
            continue
        at = reference(r, next(c for c, text in enumerate(row) if text.strip()))
        if wrong := _wrong_in(note, currency):
            problems.append(Problem(grid.file, grid.sheet, at, *wrong))
            continue
        if note.unit and stated and stated != note.unit:
            expected = f"一张表一个金额单位（上文已写明 {stated}）"
            problems.append(Problem(grid.file, grid.sheet, at, note.unit, expected))
        stated = note.unit or stated
    return stated or unit, problems


def place_of_unit(grid: Grid, header: int, unit: str) -> str:
    """Where a line above the header states this unit; empty where none does."""
    for r, row in enumerate(grid.rows[:header]):
        if (note := unit_note(row)) and note.unit == unit:
            return reference(r, next(c for c, text in enumerate(row) if text.strip()))
    return ""


def _wrong_in(note: UnitNote, currency: str) -> tuple[str, str] | None:
    """What was found and what was expected, where a note is not understood or states another currency."""
    expected = f"单位：{'/'.join(MONEY_UNITS)}" if currency == "CNY" else f"以 {currency} 计的单位，如 千{currency}"
    if note.wrong:
        return note.wrong, expected
    found = note.unit or note.currency
    if found and (note.currency or currency_of(note.unit)) != currency:
        return found, f"{expected}（契约的币种是 {currency}）"
    return None


def unit_given(grid: Grid, unit: str, contract_unit: str, currency: str) -> tuple[str, list[Problem]]:
    """The money unit that the sources give a file, else the contract's; one of another currency is told once, here, and
    the figures are then read in the contract's: not each of them is wrong."""
    given = unit or contract_unit
    if given not in MONEY_UNITS or currency_of(given) == currency:
        return given, []
    own = contract_unit if contract_unit in MONEY_UNITS and currency_of(contract_unit) == currency else ""
    expected = f"以契约的币种 {currency} 计的单位"
    return own or ("元" if currency == "CNY" else currency), [Problem(grid.file, grid.sheet, "", given, expected)]


def other_currencies(cells: Iterable[Cell], currency: str) -> list[Problem]:
    """Amounts in units of another currency than the contract's, wherever the unit was printed."""
    return [
        Problem(
            cell.file, cell.sheet, cell.cell, f"{cell.text}（单位：{cell.printed_unit}）", f"以 {currency} 计的金额"
        )
        for cell in cells
        if cell.printed_unit in MONEY_UNITS and currency_of(cell.printed_unit) != currency
    ]


def unit_note(row: Sequence[str]) -> UnitNote | None:
    """What one line above a header states of its unit; None where it does not speak of one."""
    texts = list(dict.fromkeys(text.strip() for text in row if text.strip()))
    line = "  ".join(texts)
    notes = [note for match in _LABEL.finditer(line) if (note := _labelled(line, match)) is not None]
    notes = notes or _in_a_phrase(line)
    notes = notes or [note for text in texts if (note := _unlabelled(text)) is not None]
    return _agreed(notes, line) if notes else None


def _in_a_phrase(line: str) -> list[UnitNote]:
    """以万元为单位."""
    phrase = _AS_UNIT.search(line)
    if phrase is None:
        return []
    read = _units(phrase[1])
    return [_note(*read, phrase[0]) if read else UnitNote("", "", phrase[0])]


def _agreed(notes: Sequence[UnitNote], line: str) -> UnitNote:
    """What all notes of a line state together. Two units, or two currencies, are not understood."""
    units = list(dict.fromkeys(note.unit for note in notes if note.unit))
    currencies = list(dict.fromkeys(note.currency for note in notes if note.currency))
    wrong = next((note.wrong for note in notes if note.wrong), "")
    if not wrong and (len(units) > 1 or len(currencies) > 1):
        wrong = line
    return UnitNote(units[0] if units else "", currencies[0] if currencies else "", wrong)


def _labelled(line: str, match: re.Match[str]) -> UnitNote | None:
    """A note behind a word such as 单位. With a colon it must be understood; without one it may be another word."""
    rest = line[match.end() :]
    # 人民币 is a label at the head of a line and a part of the unit elsewhere: 单位：人民币万元.
    following = next((found for found in _LABEL.finditer(rest) if found["colon"] or found["unit"]), None)
    if following:
        rest = rest[: following.start()]
    if match["unit"] and _WHO.match(squeeze(rest)):
        return None
    rest = _before_bracket(rest)
    value = rest.strip(" \t\r\n　：:＝=。.")
    if not value:
        return UnitNote("", "", line.strip()) if match["unit"] and match["colon"] and not following else None
    if match["english"] and (english := _english(value)):
        named = match["english"].lower() == "currency"  # says which money, not how many of it
        return UnitNote("", "CNY", "") if named and english.unit == "元" else english
    return _behind_label(line, match, value, rest[:1].isspace())


def _before_bracket(text: str) -> str:
    """A text up to a bracket that closes around it: （单位：元） closes before whatever follows."""
    for bracket in "）)】]":
        head, closed, _ = text.partition(bracket)
        if closed and not re.search(r"[（(【\[]", head):
            text = head
    return text


def _behind_label(line: str, match: re.Match[str], value: str, spaced: bool) -> UnitNote | None:
    whole = squeeze(line[match.start() :])
    if (all_of_it := _units(value)) is not None:
        return _stated(match, *all_of_it, whole)
    units: list[str] = []
    currencies: list[str] = []
    for n, chunk in enumerate(value.split()):
        read = _units(chunk)
        if read is None:
            certain = bool(match["colon"]) or (spaced and bool(match["unit"])) or bool(_SPEAKS.search(chunk))
            if n == 0 and match["unit"] and _ORGANISATION.search(chunk):
                return None
            other = n > 0 and (_NEXT.match(chunk) or not _SPEAKS.search(chunk))
            if other:
                break
            return UnitNote("", "", whole) if certain else None
        units += read[0]
        currencies += read[1]
    return _stated(match, units, currencies, whole)


def _stated(match: re.Match[str], units: list[str], currencies: list[str], whole: str) -> UnitNote:
    if match["unit"] and currencies and not units:
        return UnitNote("", "", whole)  # 单位：人民币 leaves open whether in ones or in ten thousands
    return _note(units, currencies, whole)


def _unlabelled(text: str) -> UnitNote | None:
    """A unit in brackets behind a title, 支出表（万元）, or a cell that is nothing but a unit."""
    candidates = [*(bracket[1] for bracket in _BRACKETS.finditer(text)), text]
    for candidate in candidates:
        read = _units(candidate)
        if read is not None and read[0]:
            return _note(*read, text)
        if english := _english(candidate):
            return english
    return None


def _units(text: str) -> tuple[list[str], list[str]] | None:
    """Money units and currencies of a list such as 人、万元; None where a part of it is unknown."""
    plain = squeeze(text).translate(_FULL_WIDTH)
    parts = [part for part in _SEPARATORS.split(re.sub(r"[()\[\]]", ",", plain)) if part]
    units: list[str] = []
    currencies: list[str] = []
    for part in parts:
        bare = _YUAN.sub("", part)
        if bare != part:
            currencies.append("CNY")
        if not bare or bare in CURRENCIES:
            currencies += [CURRENCIES[bare]] if bare else []
            units += [bare] if bare.endswith(("元", "円")) else []
        elif bare in MONEY_UNITS:
            units.append("元" if bare == "CNY" else bare)
        elif not _counted(bare):
            return None
    return (units, currencies) if parts else None


def _counted(word: str) -> bool:
    return any(word.removeprefix(magnitude) in _COUNTED for magnitude in MAGNITUDES if word.startswith(magnitude))


def _note(units: list[str], currencies: list[str], whole: str) -> UnitNote:
    several = len(set(units)) > 1 or len(set(currencies)) > 1
    return UnitNote(units[0] if units else "", currencies[0] if currencies else "", whole if several else "")


def _english(text: str) -> UnitNote | None:
    """yuan; RMB 10,000; in millions of yuan. None where it is something else."""
    match = _ENGLISH.fullmatch(squeeze(text).rstrip("."))
    if match is None:
        return None
    words = [word.lower() for word in (match["before"], match["after"]) if word]
    if len(words) > 1 or any(word not in _ENGLISH_MAGNITUDES for word in words):
        return None
    return UnitNote(f"{_ENGLISH_MAGNITUDES[words[0]] if words else ''}元", "CNY", "")
