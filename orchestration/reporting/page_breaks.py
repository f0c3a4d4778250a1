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
    """What a choice of breaks costs, the gravest first, and the choice: one for each annex that is left to place."""

    thin: int = 0
    pages: int = 0
    tails: int = 0
    blank: float = 0.0
    breaks: tuple[bool, ...] = ()

    def after(self, breaks: bool, *, thin: bool, pages: int, tail: bool, blank: float) -> _Plan:
        return _Plan(
            self.thin + thin, self.pages + pages, self.tails + tail, self.blank + blank, (breaks, *self.breaks)
        )


def plan_breaks(heights: Callable[[int, float], Sequence[float]], annexes: int, page: float) -> list[bool]:
    """For each annex, whether it is put at the top of a page. ``heights``: of an annex, by its number and the room on
    the page where it begins, how high it comes out on each page that it takes. The first begins a page.
    """

    @cache
    def best(number: int, left: float) -> _Plan:
        if number == annexes:
            return _Plan()
        return min(_placed(number, left, breaks) for breaks in ((False, True) if number else (True,)))

    def _placed(number: int, left: float, breaks: bool) -> _Plan:
        begins = breaks or left < _BEGUN
        room = page if begins else left
        on_pages = heights(number, room)
        goes_over = len(on_pages) > 1
        rest = best(number + 1, max((page if goes_over else room) - on_pages[-1], 1.0))
        forced = breaks and number > 0
        return rest.after(
            breaks,
            thin=forced and page - left < page * _THIN,
            pages=begins + len(on_pages) - 1,
            tail=goes_over and on_pages[-1] < _TAIL,
            blank=left if forced else 0.0,
        )

    return list(best(0, 0.0).breaks)
