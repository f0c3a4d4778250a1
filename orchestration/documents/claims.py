"""What a document claims beside its figures: 尚未支付, 没有超支, counts, deductions with or without a reason, years and
blanks of a copied template. Claims become rows of the ledger of claims, for rules to judge; what stands there by
mistake becomes a notice. The patterns are data (``claims.yml``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from orchestration.base.problems import Problem
from orchestration.base.records import StrictRecord
from orchestration.documents.bindings import Regex
from orchestration.documents.lines import Place
from orchestration.documents.lists import ANNEX, Lists, split_names
from orchestration.documents.paragraphs import Paragraph
from orchestration.documents.sheets import Sheet, StatedRows
from orchestration.ledgers.contract import Contract, read_model
from orchestration.ledgers.texts import fold, is_among

LEDGER = "claim"
_PROSE = "正文"
_PATTERNS = Path(__file__).parent / "claims.yml"
_ANNEX_NUMBER = re.compile(r"(?:见|详见)附件(\d{1,2})")
_YEAR_BEFORE = re.compile(r"^(?:20\d\d年?度?)")
_AND_SO_ON = re.compile(r"等(?:项目)?$")


class ClaimPattern(StrictRecord):
    id: str
    find: Regex
    must: Literal["zero", "positive", "order", "most", "least"]
    ledgers: tuple[str, ...]
    wholes: tuple[str, ...] = ()
    measure: str
    than: str = ""
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


class CountPattern(StrictRecord):
    claim: str
    rows: str
    annex: Regex


class DeductionPatterns(StrictRecord):
    item: Regex
    section: Regex
    reason: Regex
    target: Regex


class YearPatterns(StrictRecord):
    find: Regex
    compared: Regex
    balance: Regex
    neighbour: Regex
    this_year: Regex
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


class ClaimPatterns(StrictRecord):
    among: Regex
    claims: tuple[ClaimPattern, ...]
    counts: tuple[CountPattern, ...]
    deductions: DeductionPatterns
    placeholders: tuple[Regex, ...]
    years: YearPatterns


@functools.cache
def claim_patterns() -> ClaimPatterns:
    return read_model(_PATTERNS, ClaimPatterns)


@dataclass
class Claims:
    """Rows for the ledger of claims, claims that speak of no cell at hand, and what was left in by mistake."""

    rows: StatedRows
    open: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _StatedRow:
    """A row of a ledger that a claim may speak of: how it is addressed, and what it is called."""

    path: str  # 表3/第4行
    name: str  # folded
    shown: str

    @property
    def ledger(self) -> str:
        return self.path.partition("/")[0]


def read_claims(
    file: str,
    paragraphs: Sequence[Paragraph],
    sheets: Mapping[str, Sheet],
    lists: Lists,
    contracts: Mapping[str, Contract],
    year: int,
) -> Claims:
    """The claims of a document whose ledgers are ``sheets``."""
    found = Claims(StatedRows(contracts[LEDGER]))
    for paragraph in paragraphs:
        for pattern in claim_patterns().claims:
            for match in pattern.find.finditer(paragraph.text):
                _claim(found, file, pattern, match, paragraph, sheets)
        _deductions(found, paragraph)
        found.notices += _left_in(file, paragraph, year)
    _counts(found, sheets, lists)
    _annexes(found, paragraphs, lists)
    return found


def _claim(
    found: Claims,
    file: str,
    pattern: ClaimPattern,
    match: re.Match[str],
    paragraph: Paragraph,
    sheets: Mapping[str, Sheet],
) -> None:
    place = paragraph.place(match.start())
    known = [row for name in pattern.ledgers if name in sheets for row in _rows(sheets[name], pattern)]
    names = split_names(match["names"])
    spoken: Iterable[tuple[str, Sequence[_StatedRow]]] = (
        [(name, _matching(name, known)) for name in names] if names else [("", known)]
    )
    parts = _parts(pattern, match, sheets)
    for name, rows in spoken:
        if why := _not_judged(name, rows, parts):
            found.open.append(Problem(file, _PROSE, str(place), match[0], f"“{name}”{why}，未核对"))
            continue
        for row in rows:
            if pattern.must in ("most", "least"):
                _put_extreme(found.rows, pattern, row, known, paragraph, place)
            else:
                _put(found.rows, pattern, row, paragraph, place)


def _parts(pattern: ClaimPattern, match: re.Match[str], sheets: Mapping[str, Sheet]) -> set[str]:
    """The ledgers of which a claim may mean some rows only: the highest among what the sentence says before."""
    if pattern.must not in ("most", "least") or not claim_patterns().among.search(match.string[: match.start("names")]):
        return set()
    return {sheets[name].contract.short for name in pattern.ledgers if name in sheets and name not in pattern.wholes}


def _not_judged(name: str, rows: Sequence[_StatedRow], parts: set[str]) -> str:
    """Why what a claim says of a name can't be judged; empty where it can, or the claim speaks of all rows."""
    if name and len(rows) != 1:
        return "在账上没有对应的行" if not rows else f"在账上有 {len(rows)} 行对应"
    return "所属的范围没有读出" if any(row.ledger in parts for row in rows) else ""


def _put(rows: StatedRows, pattern: ClaimPattern, row: _StatedRow, paragraph: Paragraph, place: Place) -> None:
    ledger, _, key = row.path.partition("/")
    headers = {"zero": ("zero", ""), "positive": ("positive", ""), "order": ("smaller", "larger")}[pattern.must]
    claimed = {"zero": "称尚未支付", "positive": "称较上年增加", "order": "称没有超支"}[pattern.must]
    at = (("claim", f"{row.shown} {claimed}（{paragraph.section or '正文'}）"),)
    if at in rows.rows:
        return
    rows.put(at, headers[0], f"{ledger}/{key}/{pattern.measure}", place)
    if headers[1]:
        rows.say(at, headers[1], f"{ledger}/{key}/{pattern.than}")
    rows.say(at, "section", paragraph.section)


def _put_extreme(
    rows: StatedRows, pattern: ClaimPattern, row: _StatedRow, known: Sequence[_StatedRow], paragraph: Paragraph,
    place: Place,
) -> None:  # fmt: skip
    """A row that is said to be the highest, or the lowest, against each other row of its ledger."""
    said = "最高" if pattern.must == "most" else "最低"
    for other in known:
        if other == row or other.ledger != row.ledger:
            continue
        at = (("claim", f"{row.shown} 称{said}，与 {other.shown} 比（{paragraph.section or '正文'}）"),)
        smaller, larger = (other, row) if pattern.must == "most" else (row, other)
        if at not in rows.rows:
            rows.put(at, "smaller", f"{smaller.path}/{pattern.measure}", place)
            rows.say(at, "larger", f"{larger.path}/{pattern.measure}")
            rows.say(at, "section", paragraph.section)


def _rows(sheet: Sheet, pattern: ClaimPattern) -> Iterator[_StatedRow]:
    """The detail rows of a sheet that print the measures of a claim."""
    contract = sheet.contract
    if any(contract.measure(name) is None for name in filter(None, (pattern.measure, pattern.than))):
        return
    header = next((row for row in sheet.rows if len(row) > 1), [])
    columns = {column.name: header.index(column.header) for column in contract.columns if column.header in header}
    if any(key.name not in columns for key in contract.keys):
        return
    for row in sheet.rows[sheet.rows.index(header) + 1 :]:
        if stated := _detail_row(row, columns, contract):
            yield stated


def _detail_row(row: Sequence[str], columns: Mapping[str, int], contract: Contract) -> _StatedRow | None:
    """A row as claims may speak of it, by its longest name; None of a total, and of one without a key."""
    key = ":".join(row[columns[key.name]] for key in contract.keys)
    texts = [row[columns[column.name]] for column in (*contract.keys, *contract.texts) if column.name in columns]
    if not key or any(is_among(text, contract.total.words) for text in texts):
        return None
    label = max(texts, key=len)
    return _StatedRow(f"{contract.short}/{key}", fold(label), label)


def _matching(name: str, rows: Iterable[_StatedRow]) -> list[_StatedRow]:
    """The rows that a name speaks of: those whose own name holds it, without the year that it may begin with."""
    wanted = fold(_AND_SO_ON.sub("", name))
    bare = _YEAR_BEFORE.sub("", wanted)
    rows = list(rows)
    exact = [row for row in rows if row.name == wanted]
    return exact or [row for row in rows if len(bare) >= 3 and bare in row.name]


def _deductions(found: Claims, paragraph: Paragraph) -> None:
    """Each deduction of points, whether its sentence gives a reason, and the target that it says was missed."""
    patterns = claim_patterns().deductions
    start = 0
    for clause in re.split(r"[；。]", paragraph.text):
        if match := patterns.item.search(clause):
            name = re.split(r"[，≥≤<>]|存在", clause)[0]
            reason = bool(patterns.reason.search(clause))
            row = _deduction(found, paragraph, start + match.start(), name, match["points"], reason)
            if missed := patterns.target.search(clause):
                bound = {"≥": "at_least", "≤": "at_most"}[missed["sign"]]
                found.rows.put(row, bound, missed["target"], paragraph.place(start + missed.start("target")))
                found.rows.put(row, "actual", missed["actual"], paragraph.place(start + missed.start("actual")))
        start += len(clause) + 1
    for match in patterns.section.finditer(paragraph.text):
        rest = paragraph.text[match.end() :]
        if not re.search(r"\d", rest):
            name = re.sub(r"^\d+[.．、]", "", match["name"])
            reason = bool(patterns.reason.search(rest))
            _deduction(found, paragraph, match.start(), name, match["points"], reason)


def _deduction(
    found: Claims, paragraph: Paragraph, at: int, name: str, points: str, reason: bool
) -> tuple[tuple[str, str], ...]:
    row = (("claim", f"{name} 扣 {points} 分（{paragraph.section or '正文'}）"),)
    found.rows.put(row, "reasons", "1" if reason else "0", paragraph.place(at))
    found.rows.say(row, "section", paragraph.section)
    return row


def _counts(found: Claims, sheets: Mapping[str, Sheet], lists: Lists) -> None:
    """Rows of a ledger against the annexes that speak of them; only where some annex does."""
    annexes = [(name, place) for kind, name, place in lists.names if kind == ANNEX]
    for pattern in claim_patterns().counts:
        matched = [place for name, place in annexes if pattern.annex.search(name)]
        if pattern.rows not in sheets or not matched:
            continue
        sheet = sheets[pattern.rows]
        header = next(n for n, row in enumerate(sheet.rows) if len(row) > 1)
        row = (("claim", pattern.claim),)
        found.rows.put(row, "stated", str(len(sheet.rows) - header - 1), sheet.places[header][0])
        found.rows.put(row, "counted", str(len(matched)), matched[0])


def _annexes(found: Claims, paragraphs: Sequence[Paragraph], lists: Lists) -> None:
    """Annexes that the text sends readers to, beyond those that are listed."""
    listed = next((int(number) for kind, number, _, _ in lists.counts if kind == ANNEX), 0)
    for paragraph in paragraphs:
        for match in _ANNEX_NUMBER.finditer(paragraph.text) if listed else ():
            if int(match[1]) > listed:
                row = (("claim", f"{match[0]}（{paragraph.section or '正文'}）"),)
                found.rows.put(row, "stated", match[1], paragraph.place(match.start()))
                found.rows.put(row, "counted", str(listed), paragraph.place(match.start()))


def _left_in(file: str, paragraph: Paragraph, year: int) -> Iterator[Problem]:
    """Blanks of a template, and years that were copied with it."""
    patterns = claim_patterns()
    for placeholder in patterns.placeholders:
        for match in placeholder.finditer(paragraph.text):
            around = paragraph.text[max(match.start() - 8, 0) : match.end() + 8]
            yield Problem(file, _PROSE, str(paragraph.place(match.start())), around, "填上，或删去模板留下的空")
    for match in patterns.years.find.finditer(paragraph.text):
        if not _may_say(match, year):
            found = paragraph.text[match.start("year") : match.end() + 12]
            place = str(paragraph.place(match.start("year")))
            yield Problem(file, _PROSE, place, found, f"{year} 年度（疑为照抄往年的年份）")


def _may_say(match: re.Match[str], year: int) -> bool:
    """Whether a report on ``year`` may well say what it says of the year in ``match``."""
    patterns = claim_patterns().years
    said = int(match["year"])
    if said == year or patterns.compared.search(match["before"]):
        return True
    if patterns.balance.search(match["said"]):
        return (bool(match["closing"]) and said == year - 1) or (bool(match["opening"]) and said == year + 1)
    sentence = _sentence(match)
    is_this = f"{year}年" in sentence or patterns.this_year.search(sentence)
    return bool(said == year - 1 and is_this and patterns.neighbour.search(match["said"]))


def _sentence(match: re.Match[str]) -> str:
    """The sentence that a match begins in."""
    begin = match.string.rfind("。", 0, match.start("year")) + 1
    return match.string[begin:].partition("。")[0]
