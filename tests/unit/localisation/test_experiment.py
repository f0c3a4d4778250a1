"""The seeded experiment: slips are put into the real year cell by cell, and what the engine says is held against a
brute force that owes it nothing. A sample over every kind of slip and every ledger; ``make bench`` runs them all.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from orchestration.localisation.localise import localise
from orchestration.localisation.solver.network import Quantity, Relation
from tests import experiment
from tests.experiment import KINDS, BruteForce, attempt, corrected_2024, misses, violated
from tests.variants import judge, published

SEED = 2024
ONE = Decimal(1)


@pytest.fixture(scope="module")
def corruptions() -> list[experiment.Corruption]:
    return experiment.single_corruptions(SEED)


# --- the network and its judgement ---------------------------------------------------------------------------------


def test_as_published_the_two_known_relations_are_broken_and_no_other() -> None:
    year, rulebook, _ = published()
    quantities, relations = experiment.network(year, rulebook, [])
    assert {(r.rule_id, r.instance) for r in relations if r.name in violated(relations, quantities)} == {
        ("budget_composition", "project_expenditure/17"),
        ("project_column_total", "adjustment"),
    }


def test_corrected_the_year_holds() -> None:
    quantities, relations = corrected_2024()
    assert violated(relations, quantities) == set()
    assert experiment.brute_force([]).suffice(frozenset())
    assert localise(quantities, relations).faults == ()


def test_relations_are_judged_as_the_dbt_models_judge_them(
    corruptions: list[experiment.Corruption], tmp_path: Path
) -> None:
    corrected = {correction.address for correction in published()[2]}  # a correction would hide the slip
    sample = [c for c in experiment.stratified(corruptions, 24, SEED) if c.address not in corrected]
    quantities, relations = corrected_2024()
    names = {r.name for r in relations}
    judged = judge(tmp_path, [{c.address.removeprefix("2024/hunan_hrss/"): c.printed.text} for c in sample])
    for position, corruption in enumerate(sample):
        rows = [r for r in judged[position] if f"{r['rule_id']}/{r['instance']}" in names]
        broken = {f"{r['rule_id']}/{r['instance']}" for r in rows if r["status"] == "inconsistent"}
        assert len(rows) == len(names)
        assert violated(relations, experiment.corrupted(quantities, [corruption])) == broken, corruption


# --- the slips -----------------------------------------------------------------------------------------------------


def test_every_amount_that_prints_digits_is_corrupted_by_every_kind_that_it_admits(
    corruptions: list[experiment.Corruption],
) -> None:
    amounts = (q for q in corrected_2024()[0] if q.unit == "yuan")
    printed = {q.address for q in amounts if any(c.isdigit() for c in q.text)}
    assert {c.address for c in corruptions} == printed
    assert {c.kind for c in corruptions} == set(KINDS)
    true = {q.address: q for q in corrected_2024()[0]}
    assert all(c.printed.value != true[c.address].value for c in corruptions)


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("two digits transposed", {"-326.69", "-632.69", "-366.29", "-362.96"}),
        ("one digit missing", {"-62.69", "-32.69", "-36.69", "-362.9", "-362.6"}),
        ("sign lost or gained", {"362.69"}),
        ("decimal point shifted", {"-36.269", "-3626.9"}),
        ("wrong unit, ×10^4", {"-3626900.00"}),
    ],
)
def test_a_slip_prints_what_a_hand_would_print(kind: str, texts: set[str]) -> None:
    true = next(q for q in corrected_2024()[0] if q.address == "2024/hunan_hrss/project_expenditure/17/adjustment")
    assert true.text == "-362.69"
    assert {c.printed.text for c in experiment.slips_of(true, kind)} == texts


# --- the brute force -----------------------------------------------------------------------------------------------


def cell(address: str, value: int, half_width: int = 0) -> Quantity:
    return Quantity(address, Decimal(value), Decimal(half_width), "l", "r", "detail", address, "yuan", "元", str(value))


def network_of_three() -> BruteForce:
    """a = b + c and a = b, printed 7 = 3 + 2: a is 5 by the one and 3 by the other."""
    quantities = [cell("a", 7), cell("b", 3), cell("c", 2)]
    sums = Relation("sum", "", (("a", ONE), ("b", -ONE), ("c", -ONE)))
    same = Relation("same", "", (("a", ONE), ("b", -ONE)))
    return BruteForce(quantities, [sums, same], {q.address: Fraction(q.value) for q in quantities})


def test_no_single_cell_suffices_where_two_are_wrong() -> None:
    assert network_of_three().single_answers() == set()
    assert network_of_three().suffice(frozenset({"a", "c"}))
    assert network_of_three().suffice(frozenset({"b", "c"}))
    assert not network_of_three().suffice(frozenset({"a", "b"}))


def test_each_proof_that_cells_do_not_suffice_stands_alone() -> None:
    assert network_of_three().contradiction(frozenset({"a"}))
    assert network_of_three().combination(frozenset({"a"}))
    assert not network_of_three().contradiction(frozenset({"a", "c"}))
    assert not network_of_three().combination(frozenset({"a", "c"}))


def test_relations_that_hold_each_but_not_together_are_seen() -> None:
    quantities = [cell("a", 100, 5), cell("b", 110, 5), cell("c", 120, 5), cell("d", 120, 5)]
    relations = [Relation("same", x + y, ((x, ONE), (y, -ONE))) for x, y in ("ab", "bc", "cd")]
    oracle = BruteForce(quantities, relations, dict.fromkeys("abcd", Fraction(115)))
    assert oracle.broken == set()
    assert not oracle.suffice(frozenset())
    assert oracle.single_answers() == {"a"}


# --- the experiment ------------------------------------------------------------------------------------------------


def test_a_corrupted_cell_is_detected_and_listed_and_first_where_it_alone_explains_the_year(
    corruptions: list[experiment.Corruption],
) -> None:
    kinds = {(c.kind, c.printed.ledger) for c in corruptions}
    assert {kind for kind, _ in kinds} == set(KINDS)
    sample = experiment.stratified(corruptions, len(kinds), SEED)
    assert {(c.kind, c.printed.ledger) for c in sample} == kinds
    trials = [attempt([corruption]) for corruption in sample]
    assert {trial.corruptions: said for trial in trials if (said := misses(trial))} == {}
    breaking = [trial for trial in trials if trial.broken]
    assert len(breaking) > 45 and all(trial.listed for trial in breaking)


@pytest.mark.parametrize("at_once", [2, 3])
def test_several_corrupted_cells_are_detected_and_no_answer_costs_more_than_they_do(
    corruptions: list[experiment.Corruption], at_once: int
) -> None:
    sets = experiment.several(corruptions, at_once, 8, SEED + at_once)
    trials = [attempt(chosen) for chosen in sets]
    assert {trial.corruptions: said for trial in trials if (said := misses(trial))} == {}
