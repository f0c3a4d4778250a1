"""Where annexes begin on pages of their own: the fewest pages, then the fewest ends of tables alone on a page, then the
least paper left empty. Knows heights only; how high a form comes out belongs in ``word_tables``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

#: An annex goes to the next page of itself where less is left than a mark, a title, a head and a row take; an end of
#: one that is lower than this is better kept with the rest. In points.
_BEGUN, _TAIL = 80.0, 60.0
#: A page that a break leaves less than this full is nearly empty.
_THIN = 1 / 3


@dataclass(frozen=True, order=True)
class _Plan:
    """What a choice of breaks costs, the gravest first, and the choice: one for each annex that is placed."""

    thin: int = 0
    pages: int = 0
    tails: int = 0
    blank: float = 0.0
    breaks: tuple[bool, ...] = ()

    def after(self, breaks: bool, *, thin: bool, pages: int, tail: bool, blank: float) -> _Plan:
        return _Plan(
            self.thin + thin, self.pages + pages, self.tails + tail, self.blank + blank, (*self.breaks, breaks)
        )


def plan_breaks(heights: Callable[[int, float], Sequence[float]], annexes: int, page: float) -> list[bool]:
    """For each annex, whether it is put at the top of a page. ``heights``: of an annex, by its number and the room on
    the page where it begins, how high it comes out on each page that it takes. The first begins a page.
    """

    high = cache(heights)
    best = {0.0: _Plan()}  # of the annexes so far, by the room that is left behind the last
    for number in range(annexes):
        reached: dict[float, _Plan] = {}
        for left, plan in best.items():
            for breaks in (False, True) if number else (True,):
                room = page if breaks or left < _BEGUN else left
                on_pages = high(number, room)
                after = max((page if len(on_pages) > 1 else room) - on_pages[-1], 1.0)
                placed = _placed(plan, on_pages, breaks, left, page, forced=breaks and number > 0)
                reached[after] = min(reached.get(after, placed), placed)
        best = reached
    return list(min(best.values()).breaks)


def _placed(plan: _Plan, on_pages: Sequence[float], breaks: bool, left: float, page: float, *, forced: bool) -> _Plan:
    goes_over = len(on_pages) > 1
    return plan.after(
        breaks,
        thin=forced and page - left < page * _THIN,
        pages=(breaks or left < _BEGUN) + len(on_pages) - 1,
        tail=goes_over and on_pages[-1] < _TAIL,
        blank=left if forced else 0.0,
    )
