"""What is found between figures, what is not, and why: exact whole numbers, lines that agree, coincidences weighed."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from orchestration.drafting.figures import Notation, read_figure, read_figures
from orchestration.drafting.labels import labels_of
from orchestration.drafting.relations import Relations, convincing, find_relations, instances

Place = tuple[int, int]


def found(rows: Sequence[Sequence[str]], operator: str = "Sum") -> set[tuple[Place, tuple[Place, ...]]]:
    labels = {columns: labels_of(rows, columns=columns) for columns in (False, True)}
    relations = find_relations(read_figures(rows), labels=labels)
    return {
        (result, tuple(sorted(operands)))
        for relation in relations.found
        if relation.candidate.operator == operator
        for result, operands in instances(relation)
    }


def amounts(draw: random.Random, count: int) -> list[int]:
    return [draw.randrange(1_000, 9_000_000) for _ in range(count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.50", (123450, 2)),
        ("(1,234)", (-1234, 0)),
        ("-0.1", (-1, 1)),
        ("86.60%", (8660, 4)),
        ("１２．５", (125, 1)),
        ("1e3", (1000, 0)),
        ("$ 7", (7, 0)),
        ("-", None),
        ("", None),
        ("2024年", None),
        ("1.2.3", None),
    ],
)
def test_a_figure_is_read_to_its_last_digit(text: str, expected: tuple[int, int] | None) -> None:
    assert read_figure(text, Notation()) == expected


def test_another_notation_is_read_too() -> None:
    assert read_figure("1 234,5", Notation(" ", ",")) == (12345, 1)


def test_half_of_the_last_place_is_a_whole_number() -> None:
    figures = read_figures([["1.5", "2"]])
    assert (figures.values, figures.halves, figures.scale) == ([[150, 200]], [[5, 50]], 2)


def test_counts_that_are_all_multiples_of_three_are_rounded_to_three() -> None:
    rows = [[str(3 * n * n + 3 * k) for k in range(4)] for n in range(11, 20)]
    assert min(half for row in read_figures(rows).halves for half in row) == 2 * 10
    rows[0][0] = "364"
    assert max(half for row in read_figures(rows).halves for half in row) == 5


def test_a_sum_beside_its_parts_is_found_in_every_row() -> None:
    draw = random.Random(3)
    rows = [[*map(str, parts := amounts(draw, 3)), str(sum(parts))] for _ in range(5)]
    assert found(rows) == {((r, 3), ((r, 0), (r, 1), (r, 2))) for r in range(5)}


def test_rounded_parts_meet_their_total_within_what_print_allows() -> None:
    assert found([["1234.56", "2345.67", "3580.2"], ["8765.43", "1111.11", "9876.5"]]) != set()
    assert found([["1234.56", "2345.67", "3580.4"], ["8765.43", "1111.11", "9876.7"]]) == set()


def test_a_total_of_subtotals_is_found_over_their_parts() -> None:
    draw = random.Random(5)
    columns = []
    for _ in range(3):
        one, two = amounts(draw, 3), amounts(draw, 2)
        columns.append([*one, sum(one), *two, sum(two), sum(one) + sum(two)])
    assert {p for p in found([list(map(str, row)) for row in zip(*columns, strict=True)]) if p[0][0] == 7} == {
        ((7, c), ((3, c), (6, c))) for c in range(3)
    }


def test_every_third_figure_is_found() -> None:
    draw = random.Random(7)
    rows = []
    for _ in range(6):
        cells = amounts(draw, 9)
        rows.append([*map(str, cells), str(cells[0] + cells[3] + cells[6])])
    assert found(rows) == {((r, 9), ((r, 0), (r, 3), (r, 6))) for r in range(6)}


def test_a_quotient_and_a_change_are_found_as_fractions_and_in_percent() -> None:
    draw = random.Random(11)
    rows = []
    for _ in range(8):
        a, b = amounts(draw, 2)
        share = round(10**5 * a / b)
        rows.append([str(a), str(b), f"{share / 10**5:.5f}", "", f"{round(10**4 * (b - a) / a) / 100:.2f}"])
    assert found(rows, "Division") == {((r, 2), ((r, 0), (r, 1))) for r in range(8)}
    assert {p[0] for p in found(rows, "RelativeChange")} == {(r, 4) for r in range(8)}


def test_a_mean_is_found() -> None:
    draw = random.Random(13)
    columns = [amounts(draw, 8) for _ in range(3)]
    rows = [list(map(str, row)) for row in zip(*columns, strict=True)]
    rows.append([f"{sum(column) / 8:.3f}" for column in columns])
    assert found(rows, "Average") == {((8, c), tuple((r, c) for r in range(8))) for c in range(3)}


def test_a_mean_stands_behind_the_total_of_the_same_figures() -> None:
    draw = random.Random(31)
    rows = []
    for _ in range(6):
        before, parts = amounts(draw, 9), amounts(draw, 4)
        rows.append([*map(str, before), *map(str, parts), str(sum(parts)), f"{sum(parts) / 4:.2f}"])
    assert found(rows, "Average") == {((r, 14), tuple((r, c) for c in range(9, 13))) for r in range(6)}


def test_columns_of_one_name_are_summed_and_averaged() -> None:
    draw = random.Random(37)
    rows = [["单位", "预算", "人数", "预算", "决算", "面积", "预算", "合计", "平均"]]
    for r in range(6):
        a, x, b, y, z, c = amounts(draw, 6)
        rows.append([f"单位{r}", *map(str, (a, x, b, y, z, c, a + b + c)), f"{(a + b + c) / 3:.2f}"])
    wanted = {((r, 7), ((r, 1), (r, 3), (r, 6))) for r in range(1, 7)}
    assert found(rows) == wanted
    assert found(rows, "Average") == {((r, 8), parts) for (r, _), parts in wanted}


def test_a_row_that_is_called_a_mean_is_one_of_any_stretch() -> None:
    draw = random.Random(41)
    columns = [[draw.randrange(1, 6) for _ in range(24)] for _ in range(12)]
    rows = [[f"{r}号", *(str(column[r]) for column in columns)] for r in range(24)]
    rows += [[f"选{k}", *(str(column.count(k)) for column in columns)] for k in range(1, 6)]
    called = [*rows, ["平均", *(f"{sum(column) / 24:.5f}" for column in columns)]]
    assert found(called, "Average") == {((29, c), tuple((r, c) for r in range(24))) for c in range(1, 13)}


def test_a_mean_by_name_of_any_stretch_has_to_convince_against_all_stretches() -> None:
    """Thirty figures have four hundred stretches: that one has the mean which one column shows is likely."""
    draw = random.Random(59)
    rows = [[f"{r}号", str(draw.randrange(100, 999)), str(draw.randrange(100, 999))] for r in range(30)]
    first, second = (sum(int(row[c]) for row in rows[20:29]) for c in (1, 2))
    rows.insert(4, ["平均", f"{first / 9:.1f}", f"{second / 7:.1f}"])
    assert found(rows, "Average") == set()


def test_a_header_names_its_column_and_not_its_row() -> None:
    rows = [["", "甲", "乙", "平均"], ["满分", "100", "120", "110"], ["张", "90", "80", "85"], ["", "70", "75", "均值"]]
    assert labels_of(rows, columns=True).means == {3}
    assert labels_of(rows, columns=False).means == {3}


@pytest.mark.parametrize(("text", "mean"), [("Media", True), ("media:", True), ("média", True), ("Social media", False),
                                            ("media spending", False), ("人均", False), ("月平均", True)])  # fmt: skip
def test_what_a_mean_is_called(text: str, mean: bool) -> None:
    assert bool(labels_of([[text, "1"]], columns=True).means) is mean


def test_a_mean_does_not_take_in_a_total_and_its_parts() -> None:
    """Of six parts and their total, divided by seven: two sevenths of the total, which some rate may be by chance."""
    draw = random.Random(61)
    rows = []
    for _ in range(9):
        parts = amounts(draw, 7)
        rows.append([*map(str, parts), str(sum(parts)), f"{sum(parts) / 4:.2f}"])
    assert {result for result, _ in found(rows)} == {(r, 7) for r in range(9)}
    assert found(rows, "Average") == set()


def test_what_a_mean_explains_is_no_quotient_as_well() -> None:
    """Of ten marks, one of which is ten: the mean is then that share of the total, in those rows alone."""
    draw = random.Random(71)
    rows = []
    for r in range(40):
        marks = [100 if r % 2 else 70, *(draw.randrange(40, 100) for _ in range(9))]
        rows.append([*(f"{m / 10:.1f}" for m in (*marks, sum(marks))), f"{sum(marks) / 100:.2f}"])
    assert {result for result, _ in found(rows, "Average")} == {(r, 11) for r in range(40)}
    assert found(rows, "Division") == set()


def test_an_estimate_before_its_bounds_is_not_their_mean() -> None:
    draw = random.Random(67)
    rows = []
    for _ in range(9):
        value, off = draw.randrange(100_000, 900_000), draw.randrange(1_000, 90_000)
        rows.append([*map(str, (value, value - off, value + off))])
    assert found(rows, "Average") == set()
    after = [[low, high, value] for value, low, high in rows]
    assert {result for result, _ in found(after, "Average")} == {(r, 2) for r in range(9)}


def test_a_blank_counts_as_nothing_where_the_mean_says_so() -> None:
    draw = random.Random(43)
    rows = []
    for r in range(8):
        parts = [*map(str, amounts(draw, 5))]
        parts[r % 5] = parts[r % 5] if r % 2 else ""
        rows.append([*parts, f"{sum(int(p or 0) for p in parts) / 5:.2f}"])
    assert {result for result, _ in found(rows, "Average")} == {(r, 5) for r in range(8)}


def test_a_rate_of_two_parts_of_about_one_size_is_no_mean_of_their_rates() -> None:
    """Of women, of men and of both: a weighted mean, near the middle in most rows and in some exactly there."""
    draw = random.Random(47)
    rows = []
    for r in range(30):
        women, men = draw.randrange(300, 900), draw.randrange(300, 900)
        share = 500 if r > 15 else draw.randrange(430, 570)
        both = (women * share + men * (1000 - share)) // 1000
        rows.append([f"{x / 10:.1f}" for x in (both, women, men)])
    assert found(rows, "Average") == set()


def test_a_zero_is_the_sum_of_blanks() -> None:
    draw = random.Random(53)
    rows = [[str(r), *map(str, parts := amounts(draw, 3)), str(sum(parts))] for r in range(1, 6)]
    rows[2] = ["3", "", "", "", "0"]
    assert {result for result, _ in found(rows)} == {(r, 4) for r in range(5)}


def test_small_numbers_zeros_and_constants_convince_nobody() -> None:
    draw = random.Random(17)
    assert found([[str(draw.randrange(0, 6)) for _ in range(8)] for _ in range(12)]) == set()
    assert found([["0.00"] * 6 for _ in range(9)]) == set()
    constant = [["7500.00", "7500.00", "15000.00"] for _ in range(3)]
    assert len({result for result, _ in found([["90000.00", *["7500.00"] * 12] for _ in range(20)])}) <= 20
    assert {p[0][1] for p in found(constant)} <= {2}


def test_amounts_drawn_at_random_hold_no_relation() -> None:
    draw = random.Random(19)
    rows = [list(map(str, amounts(draw, 12))) for _ in range(30)]
    relations = find_relations(read_figures(rows))
    assert [r.candidate for r in relations.found] == []


def test_a_line_that_breaks_what_the_others_keep_is_told() -> None:
    draw = random.Random(23)
    rows = [[*map(str, parts := amounts(draw, 3)), str(sum(parts))] for _ in range(9)]
    rows[4][3] = str(int(rows[4][3]) + 900)
    (relation,) = [r for r in find_relations(read_figures(rows)).found if not r.columns]
    assert (relation.broken, len(relation.kept)) == ((4,), 8)


def test_a_total_of_totals_that_stand_before_their_parts_is_found() -> None:
    draw = random.Random(73)
    columns = []
    for _ in range(3):
        blocks = [amounts(draw, n) for n in (4, 3, 5)]
        columns.append([*(v for b in blocks for v in (sum(b), *b)), sum(map(sum, blocks))])
    rows = [list(map(str, row)) for row in zip(*columns, strict=True)]
    wanted = {0: (1, 2, 3, 4), 5: (6, 7, 8), 9: (10, 11, 12, 13, 14), 15: (0, 5, 9)}
    assert found(rows) == {((r, c), tuple((p, c) for p in parts)) for r, parts in wanted.items() for c in range(3)}


def test_a_zero_behind_a_subtotal_does_not_hide_what_stands_there() -> None:
    """In one column the figure after the subtotal's parts is nothing, and so might be one of them."""
    draw = random.Random(83)
    columns = []
    for c in range(3):
        first, others = amounts(draw, 2), amounts(draw, 3)
        others[0] = 0 if c == 1 else others[0]
        columns.append([sum(first) + sum(others), sum(first), *first, *others])
    rows = [list(map(str, row)) for row in zip(*columns, strict=True)]
    wanted = {0: (1, 4, 5, 6), 1: (2, 3)}
    assert found(rows) == {((r, c), tuple((p, c) for p in parts)) for r, parts in wanted.items() for c in range(3)}


def test_a_change_to_nothing_is_tried_without_digits_of_its_own() -> None:
    draw = random.Random(89)
    rows = [["0.4", "0.0", "-99.9"]]
    for _ in range(6):
        before, after = amounts(draw, 2)
        rows.append([f"{before / 10:.1f}", f"{after / 10:.1f}", f"{100 * (after - before) / before:.1f}"])
    assert {result for result, _ in found(rows, "RelativeChange")} == {(r, 2) for r in range(7)}


def test_a_sum_that_holds_where_two_figures_are_alike_is_no_finding() -> None:
    """A target is the budget in most rows, and each has a difference of its own: no row is wrong."""
    draw = random.Random(79)
    rows = []
    for r in range(30):
        actual, short = amounts(draw, 2)
        target = actual + short
        budget = target - (2_000 if r == 7 else 0)
        rows.append([*map(str, (budget, target, actual, budget - actual, target - actual))])
    relations = find_relations(read_figures(rows), directions=(False,)).found
    assert [r.candidate.operands for r in relations if r.broken] == []
    wrong = [row[:2] + row[2:4] for row in rows]
    wrong[7][0] = str(int(wrong[7][0]) + 900)
    told = find_relations(read_figures(wrong), directions=(False,)).found
    assert {n for r in told for n in r.broken} == {7}


def test_what_there_was_no_time_for_is_said() -> None:
    draw = random.Random(29)
    rows = [list(map(str, amounts(draw, 6))) for _ in range(6)]
    assert find_relations(read_figures(rows), seconds=0).partial
    assert find_relations(read_figures(rows)) == Relations()


def test_convincing_stretches_are_the_maximal_ones() -> None:
    assert list(convincing([4, -5, 3, -3, 1, 2, -2, 2, -2, 1, 5], 3)) == [(0, 0, 4), (2, 2, 3), (4, 10, 7)]
    assert list(convincing([-1, -2], 1)) == []
