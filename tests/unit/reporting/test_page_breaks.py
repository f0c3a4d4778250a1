"""Where annexes begin pages: never a page more than needed, and no end of a table alone where paper allows."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.reporting.page_breaks import plan_breaks

PAGE = 600.0


def even(*high: float) -> Callable[[int, float], list[float]]:
    """Annexes that may be parted anywhere."""

    def heights(number: int, room: float) -> list[float]:
        pages, left = [min(high[number], room)], high[number] - room
        while left > 0:
            pages.append(min(left, PAGE))
            left -= PAGE
        return pages

    return heights


def test_annexes_follow_one_another_where_they_fit() -> None:
    assert plan_breaks(even(200, 200, 190), 3, PAGE) == [True, False, False]


def test_one_that_would_leave_an_end_alone_begins_a_page_where_that_takes_no_more_pages() -> None:
    assert plan_breaks(even(450, 180), 2, PAGE) == [True, True]  # 30 of it would go over


def test_an_end_alone_is_borne_where_a_break_would_take_a_page_more() -> None:
    assert plan_breaks(even(450, 180, 550), 3, PAGE) == [True, False, False]


def test_no_break_leaves_a_page_nearly_empty() -> None:
    assert plan_breaks(even(150, 470), 2, PAGE) == [True, False]  # 20 of it go over, the page before would hold 150


def test_what_one_break_costs_later_is_seen() -> None:
    """Looking at one annex at a time broke before the second, and the last then stood on a page more."""
    assert sum(plan_breaks(even(300, 330, 280, 280), 4, PAGE)) == 1


def test_there_may_be_an_annex_for_each_of_hundreds_of_projects() -> None:
    assert plan_breaks(even(*[300.0] * 400), 400, PAGE) == [True, *[False] * 399]
