"""Every pattern reads its examples and nothing of its counter-examples; figures are told from years and names."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.settings import ROOT
from orchestration.documents.bindings import Frame, patterns
from orchestration.documents.claims import ClaimPattern, claim_patterns, read_claims
from orchestration.documents.figures import find_figures
from orchestration.documents.lines import Place, TextLine, line_of_text
from orchestration.documents.lists import Lists
from orchestration.documents.paragraphs import paragraphs_of
from orchestration.documents.reader import read_document
from orchestration.documents.sentences import SentenceReader, SentenceReadings
from orchestration.documents.sheets import Sheet
from orchestration.ledgers.contract import read_contracts
from orchestration.rules.model import read_rules

CONTRACTS = read_contracts(ROOT / "raw" / "contracts")
FRAMES = patterns().frames


def lines(*texts: str) -> list[TextLine]:
    return [line_of_text(text, Place(0, n), whole=True) for n, text in enumerate(texts, 1)]


def read(*texts: str) -> SentenceReadings:
    return SentenceReader(patterns(), CONTRACTS).read(paragraphs_of(lines(*filter(None, texts))))


def said(reading: SentenceReadings, frame: Frame) -> list[str]:
    headers = {measure.name: measure.header for measure in CONTRACTS[frame.ledger].measures}
    return [
        f"{':'.join(text for _, text in each.row)}/{headers[each.measure]}={each.text}"
        for each in reading.bindings
        if each.frame == frame.id
    ]


@pytest.mark.parametrize(
    ("frame", "example"),
    [pytest.param(frame, each, id=f"{frame.id}-{n}") for frame in FRAMES for n, each in enumerate(frame.examples)],
)
def test_pattern_reads_its_example(frame: Frame, example: object) -> None:
    reading = read(example.heading, example.text)  # type: ignore[attr-defined]
    assert sorted(said(reading, frame)) == sorted(example.reads)  # type: ignore[attr-defined]
    assert not reading.unread


@pytest.mark.parametrize(("frame", "text"), [(frame, text) for frame in FRAMES for text in frame.counter_examples])
def test_pattern_reads_nothing_of_its_counter_example(frame: Frame, text: str) -> None:
    assert said(read(text), frame) == []


def test_every_pattern_has_examples_and_counter_examples() -> None:
    assert [frame.id for frame in FRAMES if not frame.examples or not frame.counter_examples] == []


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("根据（财绩〔2031〕2号）自2031年3月25日起", []),
        ("2031年网办事项5638.5万件，占53.7%", ["5638.5万件", "53.7%"]),
        ("本年调整-1,190.12万元", ["-1,190.12万元"]),
        ("2030年-2031年度表3第5行", []),
        ("培养2000余名，占90%以上", ["2000余名", "90%以上"]),
        ("指标值≥10万人，实际完成9.7万人", ["≥10万人", "9.7万人"]),
        ("第3届大赛获奖5项，12345热线", ["5项"]),
    ],
)
def test_figures_are_told_from_years_dates_and_names(text: str, figures: list[str]) -> None:
    assert [each.text for each in find_figures(text) if each.kind == "figure"] == figures


def test_a_figure_without_subject_or_unit_is_listed_with_its_place() -> None:
    reading = read("情况说明", "共 37 。")
    (unread,) = reading.unread
    assert (unread.text, str(unread.place)) == ("37", "第2行")


def test_a_fact_stated_again_keeps_both_places() -> None:
    reading = read("全厅预算执行率为90.00%。", "全厅预算执行率为91.00%。")
    assert [(each.text, str(each.place)) for each in reading.bindings] == [("90.00%", "第1行"), ("91.00%", "第2行")]


CLAIMS = claim_patterns().claims


@pytest.mark.parametrize(("pattern", "text"), [(each, text) for each in CLAIMS for text in each.examples])
def test_claim_is_found_in_its_example(pattern: ClaimPattern, text: str) -> None:
    assert pattern.find.search(text)


@pytest.mark.parametrize(("pattern", "text"), [(each, text) for each in CLAIMS for text in each.counter_examples])
def test_claim_is_not_found_in_its_counter_example(pattern: ClaimPattern, text: str) -> None:
    assert not pattern.find.search(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("报告于20××年××月印发。", True),
        ("投入____万元。", True),
        ("（待补充）", True),
        *((text, True) for text in claim_patterns().years.examples),
        *((text, False) for text in claim_patterns().years.counter_examples),
    ],
)
def test_blanks_and_years_of_a_template_are_told(text: str, found: bool) -> None:
    sheets: dict[str, Sheet] = {}
    claims = read_claims("r.txt", paragraphs_of(lines(text)), sheets, Lists(), CONTRACTS, 2031)
    assert bool(claims.notices) is found
    assert all(notice.cell == "第1行" for notice in claims.notices)


def test_what_a_ledger_cannot_hold_is_no_cell_and_words_are_stated_once(tmp_path: Path) -> None:
    """A bound where an amount is looked for, and 不变 said twice, leave the rest of the report readable."""
    said = "“三公经费”全年预算金额为50.00万元，与上年相比，全年预算金额不变。预算执行率≥90.00%。"
    path = tmp_path / "r.txt"
    path.write_text(f"2031年度报告\n全厅预算执行率为≥90.00%。\n{said}\n{said}\n", encoding="utf-8")
    reading = read_document(path, CONTRACTS, read_rules(ROOT / "expectations" / "rules"))
    assert "operating_cost" in reading.year.ledgers
    assert "department_summary" not in reading.year.ledgers
