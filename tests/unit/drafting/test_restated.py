"""Sentences that name an item of a drafted table restate its cell, where the document leaves no doubt which that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.documents.lines import Place, line_of_text
from orchestration.documents.paragraphs import paragraphs_of
from orchestration.documents.reader import read_document
from orchestration.drafting.documents import draft_document
from orchestration.drafting.restated import LEDGER, mentions_of, restated_patterns
from tests.unit.documents.test_documents import CONTRACTS, RULES
from tests.unit.documents.test_loose import BUDGET

OF = restated_patterns()
SAID = (
    "文化支出（类）600.00万元；文化（款）500.00万元，占83.33%；图书馆（项）289.60万元；文物保护（项）61.20万元；"
    "博物馆（项）38.80万元；行政运行（项）210.40万元。"
)


def said(text: str) -> list[str]:
    paragraphs = paragraphs_of([line_of_text(text, Place(0, 1), whole=True)])
    return [f"{m.name} {m.level} {m.phrase} {m.amount.text}" for m in mentions_of(paragraphs, 2031)]


@pytest.mark.parametrize("example", OF.examples)
def test_items_read_their_examples(example: object) -> None:
    assert said(example.text) == list(example.reads)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", OF.counter_examples)
def test_items_read_nothing_of_their_counter_examples(text: str) -> None:
    assert said(text) == []


def restated(folder: Path, sentences: str, heading: str = "二、支出预算情况说明") -> list[tuple[str, str]]:
    """What sentences say and the cells that it is held against."""
    table = "\n".join(" ".join(filter(None, row)) for row in BUDGET)
    text = f"2031年度某局部门预算\n支出预算总表\n单位：万元\n{table}\n{heading}\n{sentences}\n"
    (folder / "report.txt").write_text(text, encoding="utf-8")
    read = draft_document(read_document(folder / "report.txt", CONTRACTS, RULES), CONTRACTS, folder / "draft").reading
    ledger = read.year.ledgers.get(LEDGER)
    rows: dict[str, dict[str, str]] = {}
    for cell in ledger.cells if ledger else ():
        rows.setdefault(cell.row_key, {})[cell.measure] = cell.text
    return [(row["value"], row["restates"].partition("/")[2]) for row in rows.values()]


def test_a_figure_that_its_item_does_not_print_is_held_against_the_column_that_the_others_state(tmp_path: Path) -> None:
    found = restated(tmp_path, SAID.replace("38.80", "38.90"))
    assert len(found) == 6
    (wrong,) = [cell for value, cell in found if value.startswith("38.90")]
    assert wrong.startswith("2070205/")
    assert len({cell.partition("/")[2] for _, cell in found}) == 1  # 合计 of each


@pytest.mark.parametrize(
    ("sentences", "heading", "kept"),
    [
        (SAID, "二、一般公共预算支出预算情况说明", 0),  # another table
        (SAID.replace("38.80", "18.90"), "二、支出预算情况说明", 5),  # 基本支出 of the row
        ("图书馆（项）289.60万元；博物馆（项）38.90万元。", "二、支出预算情况说明", 0),  # nothing says which column
        (SAID.replace("博物馆", "纪念馆"), "二、支出预算情况说明", 5),  # no such row
    ],
)
def test_what_is_in_doubt_is_held_against_nothing(tmp_path: Path, sentences: str, heading: str, kept: int) -> None:
    assert len(restated(tmp_path, sentences, heading)) == kept
