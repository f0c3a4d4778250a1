"""Typing slips, slips of sums, witnesses and the ranking of answers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledgers.money import parse_figure
from orchestration.localisation.corroboration import Corroboration
from orchestration.localisation.knowledge import CRITERIA, read_knowledge
from orchestration.localisation.localise import localise
from orchestration.localisation.ranking import rank
from orchestration.localisation.slips import settled, typing_slips
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.sum_slips import sum_slips

KNOWLEDGE = read_knowledge()
ONE = Decimal(1)


def money(address: str, text: str, unit: str = "万元") -> Quantity:
    """A printed amount; the address is ledger/row/measure."""
    ledger, row, measure = address.split("/")
    figure = parse_figure(text, "money", unit) if text else None
    value, half = (figure.value, figure.half_width) if figure else (Decimal(0), Decimal(0))
    kind = "total" if row == "total" else "detail"
    return Quantity(address, value, half, ledger, row, kind, measure, "yuan", unit, text)


def kinds(text: str, right: str, unit: str = "万元") -> set[str]:
    """Kinds of slip that turn ``right`` into ``text``."""
    true = money("a/1/m", right, unit)
    slips = typing_slips(money("a/1/m", text, unit), Fraction(true.low), Fraction(true.high), KNOWLEDGE)
    return {slip.kind for slip in slips}


@pytest.mark.parametrize(
    ("printed", "right", "kind"),
    [
        ("1,236.00", "1,263.00", "transposed"),
        ("1,263.00", "1,268.00", "digit_wrong"),
        ("126.00", "1,263.00", "digit_missing"),
        ("1,263.5", "1,263.54", "digit_missing"),
        ("12,633.00", "1,263.00", "digit_extra"),
        ("1,263.00", "-1,263.00", "sign_lost"),
        ("(1,263.00)", "1,263.00", "sign_lost"),
        ("126.30", "1,263.00", "decimal_shifted"),
        ("12,630,000.00", "1,263.00", "money_unit"),
        ("0.01", "1,000,000.00", "money_unit"),
    ],
)
def test_a_typing_slip_is_recognised(printed: str, right: str, kind: str) -> None:
    assert kind in kinds(printed, right)


def test_a_figure_that_no_single_slip_explains_is_not_explained() -> None:
    assert kinds("1,263.00", "8,417.52") == set()


def test_a_slip_names_the_text_that_should_have_been_printed() -> None:
    slips = typing_slips(money("a/1/m", "1,236.00"), Fraction(1_263_000_000), Fraction(1_263_000_000), KNOWLEDGE)
    assert [(s.name, s.text, s.value) for s in slips] == [("相邻两位数字颠倒", "1,263.00", Fraction(1_263_000_000))]


def test_an_interval_without_an_end_explains_nothing() -> None:
    assert typing_slips(money("a/1/m", "12.00"), None, Fraction(5), KNOWLEDGE) == ()


def test_a_blank_has_no_typing_slip() -> None:
    assert typing_slips(money("a/1/m", ""), Fraction(1), Fraction(2), KNOWLEDGE) == ()


@given(st.integers(10**11, 10**15 - 1), st.integers(0, 13))
def test_every_transposition_of_large_figures_is_undone_exactly(number: int, at: int) -> None:
    digits = str(number)
    at %= len(digits) - 1
    wrong = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    if wrong != digits and wrong[0] != "0":
        assert "transposed" in kinds(wrong, digits, "元")


# --- sums ---------------------------------------------------------------------------------------------------------


def column(table: str, texts: dict[str, str], measure: str = "budget") -> tuple[list[Quantity], Relation]:
    cells = [money(f"{table}/{row}/{measure}", text) for row, text in texts.items()]
    rows = tuple((c.address, -ONE) for c in cells if c.row_key != "total")
    return cells, Relation("column", f"{table}/{measure}", ((f"{table}/total/{measure}", ONE), *rows))


def explain(texts: dict[str, str], others: list[Quantity] | None = None) -> list[tuple[str, tuple[str, str]]]:
    cells, relation = column("t", texts)
    found = sum_slips([relation.name], [*cells, *(others or [])], [relation], KNOWLEDGE)
    return [(slip.kind, slip.row) for slip in found]


def test_a_row_printed_twice_is_a_duplicated_row() -> None:
    found = explain({"1": "10.00", "2": "25.00", "3": "25.00", "total": "35.01"})
    assert found == [("row_duplicated", ("t", "2")), ("row_duplicated", ("t", "3"))]


def test_a_total_that_leaves_a_row_out_or_counts_it_twice_is_said_to() -> None:
    assert explain({"1": "10.00", "2": "25.00", "3": "7.00", "total": "35.00"}) == [("row_left_out", ("t", "3"))]
    assert explain({"1": "10.00", "2": "25.00", "3": "7.00", "total": "49.00"}) == [("row_counted_twice", ("t", "3"))]


def test_a_row_that_another_table_prints_is_a_missing_row() -> None:
    texts = {"1": "10.00", "2": "25.00", "total": "43.21"}
    assert explain(texts, [money("u/4/budget", "8.21"), money("u/4/spent", "8.21"), money("u/5/budget", "8.90")]) == [
        ("row_missing", ("u", "4"))
    ]


def test_a_zero_row_explains_no_difference() -> None:
    assert explain({"1": "10.00", "2": "0.00", "3": "", "total": "10.50"}) == []


def test_a_row_doubled_as_a_whole_explains_all_its_columns_at_once() -> None:
    first, one = column("t", {"1": "10.00", "2": "25.00", "3": "25.00", "total": "35.00"}, "budget")
    second, two = column("t", {"1": "25.00", "2": "4.00", "3": "4.00", "total": "29.00"}, "spent")
    slips = sum_slips([one.name, two.name], [*first, *second], [one, two], KNOWLEDGE)
    assert [(s.kind, s.row, len(s.relations)) for s in slips[:2]] == [
        ("row_duplicated", ("t", "2"), 2),
        ("row_duplicated", ("t", "3"), 2),
    ]


# --- witnesses and ranking ----------------------------------------------------------------------------------------


def sum_of(name: str, whole: str, *parts: str) -> Relation:
    return Relation("row", name, ((whole, ONE), *((part, -ONE) for part in parts)))


def test_an_answer_with_a_witness_of_the_same_measure_comes_first_and_names_it() -> None:
    cells = [
        money("t/1/total", "700.00"),
        money("t/1/initial", "1,062.69"),
        money("t/1/adjustment", "-362.20"),
        money("u/5/adjustment", "-362.69"),
        money("u/6/adjustment", ""),
    ]
    relations = [sum_of("1", "t/1/total", "t/1/initial", "t/1/adjustment")]
    (fault,) = localise(cells, relations).faults
    ranked = rank(fault, Corroboration(cells, relations), KNOWLEDGE)

    assert [r.rank for r in ranked] == [1, 2, 3] or [r.rank for r in ranked] == [1, 2, 2]
    assert ranked[0].answer.addresses == ("t/1/adjustment",)
    assert [(w.address, w.same_measure, w.relation) for w in ranked[0].witnesses] == [("u/5/adjustment", True, "")]


def test_cells_of_the_answer_zeros_and_other_units_bear_no_witness() -> None:
    cells = [money("t/1/m", "5.00"), money("u/1/m", "0.00"), money("v/1/m", "0.00")]
    cells.append(Quantity("w/1/m", Decimal(5_000_000), Decimal(0), "w", "1", "detail", "m", "person", "人", "5000000"))
    relations = [Relation("same", "", (("t/1/m", ONE), ("u/1/m", -ONE)))]
    (fault,) = localise(cells, relations).faults
    ranked = rank(fault, Corroboration(cells, relations), KNOWLEDGE)
    assert all(r.witnesses == () for r in ranked)


def test_another_group_of_the_same_ledger_bears_no_witness() -> None:
    """Equal amounts of groups that no rule binds to one another stand there by chance; another ledger's count."""
    cells = [
        money("t/A:1/m", "300.00"), money("t/A:2/m", "500.00"), money("t/A:total/m", "900.00"),
        money("t/B:1/m", "400.00"), money("t/B:2/m", "100.00"), money("t/B:total/m", "500.00"),
        money("u/9/m", "600.00"),
    ]  # fmt: skip
    relations = [
        sum_of("A", "t/A:total/m", "t/A:1/m", "t/A:2/m"),
        sum_of("B", "t/B:total/m", "t/B:1/m", "t/B:2/m"),
    ]
    (fault,) = localise(cells, relations).faults
    seen = {
        r.answer.addresses: [w.address for w in r.witnesses]
        for r in rank(fault, Corroboration(cells, relations), KNOWLEDGE)
    }
    assert seen == {("t/A:1/m",): [], ("t/A:2/m",): ["u/9/m"], ("t/A:total/m",): []}
    bound = [
        *relations,
        sum_of("AB", "t/A:total/m", "t/B:total/m", "t/B:1/m"),
    ]  # A's total is that of B and its first row
    (fault,) = localise(cells, bound).faults
    evidence = Corroboration(cells, bound)
    assert "t/B:1/m" in {
        w.address for r in rank(fault, evidence, KNOWLEDGE) for w in r.witnesses if w.suspect == "t/A:1/m"
    }


def test_a_sum_printed_elsewhere_bears_witness() -> None:
    cells = [
        money("t/1/m", "53.00"),
        money("u/1/k", "35.0"),
        money("v/1/m", "15.00"),
        money("v/2/m", "20.00"),
        money("v/total/m", "99.00"),
    ]
    relations = [
        Relation("same", "", (("t/1/m", ONE), ("u/1/k", -ONE))),
        sum_of("v", "v/total/m", "v/1/m", "v/2/m"),
    ]
    evidence = Corroboration(cells, relations)
    (fault,) = localise(cells[:2], relations[:1]).faults
    ranked = rank(fault, evidence, KNOWLEDGE)
    assert [w.relation for r in ranked for w in r.witnesses if w.suspect == "t/1/m"] == ["row/v"]


def test_an_exchanged_pair_is_recognised() -> None:
    cells = [
        money("t/1/a", "80.00"),
        money("t/2/a", "30.00"),
        money("t/1/b", "5.00"),
        money("t/2/b", "9.00"),
        money("t/1/c", "35.00"),
        money("t/2/c", "89.00"),
    ]
    relations = [
        sum_of("1", "t/1/c", "t/1/a", "t/1/b"),
        sum_of("2", "t/2/c", "t/2/a", "t/2/b"),
        Relation("known", "", (("t/1/c", ONE), ("t/2/c", -ONE)), constant=Decimal(54_000_000)),
        Relation("known", "b", (("t/1/b", ONE), ("t/2/b", -ONE)), constant=Decimal(4_000_000)),
        Relation("all", "", (("t/1/a", ONE), ("t/2/a", ONE)), constant=Decimal(-110_000_000)),
    ]
    faults = localise(cells, relations).faults
    beside = settled(faults)
    slips = [s for f in faults for r in rank(f, Corroboration(cells, relations), KNOWLEDGE, beside) for s in r.slips]
    assert {(s.address, s.source) for s in slips if s.kind == "exchanged"} == {
        ("t/1/a", "t/2/a"),
        ("t/2/a", "t/1/a"),
    }


def test_an_exchanged_pair_within_one_answer_is_recognised() -> None:
    cells = [money("t/1/a", "80.00"), money("t/2/a", "30.00"), money("t/1/c", "30.00"), money("t/2/c", "80.00")]
    same = [Relation("same", n, ((f"t/{n}/a", ONE), (f"t/{n}/c", -ONE))) for n in "12"]
    fixed = [Relation("fixed", q.address, ((q.address, ONE),), constant=-q.value) for q in cells[2:]]
    total = Relation("all", "", (("t/1/a", ONE), ("t/2/a", ONE)), constant=Decimal(-110_000_000))
    faults = localise(cells, [*same, *fixed, total]).faults
    beside = settled(faults)
    slips = [s for f in faults for r in rank(f, Corroboration(cells, same), KNOWLEDGE, beside) for s in r.slips]
    assert ("t/1/a", "t/2/a") in {(s.address, s.source) for s in slips if s.kind == "exchanged"}


def test_without_witness_or_slip_the_answer_with_fewer_totals_comes_first() -> None:
    cells = [money("t/1/m", "1,263.00"), money("t/total/m", "8,417.52")]
    relations = [Relation("same", "", (("t/1/m", ONE), ("t/total/m", -ONE)))]
    (fault,) = localise(cells, relations).faults
    ranked = rank(fault, Corroboration(cells, relations), KNOWLEDGE)
    assert [(r.rank, r.answer.addresses) for r in ranked] == [(1, ("t/1/m",)), (2, ("t/total/m",))]


def test_answers_that_nothing_tells_apart_share_a_rank() -> None:
    cells = [money("t/1/m", "1,263.00"), money("u/1/m", "8,417.52")]
    relations = [Relation("same", "", (("t/1/m", ONE), ("u/1/m", -ONE)))]
    (fault,) = localise(cells, relations).faults
    assert [r.rank for r in rank(fault, Corroboration(cells, relations), KNOWLEDGE)] == [1, 1]


def test_the_order_of_criteria_is_read_from_the_file(tmp_path: Path) -> None:
    assert KNOWLEDGE.criteria == CRITERIA
    file = tmp_path / "slips.yml"
    file.write_text("criteria: [totals, weather]\nslips: []\nsums: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="weather"):
        read_knowledge(file)
