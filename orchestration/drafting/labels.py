"""What the words beside figures say of them: which rows and columns are called a mean, and which bear one name. Words
are evidence like digits: they make a relation likelier, and none is believed without its figures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.drafting.figures import Notation, read_figure

#: What a mean is called. 均 alone is in 人均, which is a quotient; "media" within English words is no mean.
_MEAN = re.compile(
    r"平均|均值|\b(?:average|avg|ave|mean|durchschnitt|mittelwert|moyenne|promedio)\b|^\W*m[eé]dia\b(?!\W+\w)",
    re.IGNORECASE,
)
#: Groups of one name that are looked at, in the order in which they stand.
_MOST_GROUPS = 256
_SMALL_GROUP = 5
_PLAIN = Notation()


@dataclass(frozen=True)
class Labels:
    """Of one direction: the positions that are called a mean, and groups of positions that bear one name."""

    means: frozenset[int] = frozenset()
    groups: tuple[tuple[int, ...], ...] = ()


def labels_of(rows: Sequence[Sequence[str]], notation: Notation = _PLAIN, *, columns: bool) -> Labels:
    """What a grid's texts say of its rows (``columns``: lines are columns, so positions are rows) or its columns."""
    texts: list[tuple[int, int, str]] = []
    figures: list[tuple[int, int, str]] = []
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if text.strip():
                place = (r, c, text.strip()) if columns else (c, r, text.strip())
                (texts if read_figure(text, notation) is None else figures).append(place)
    along: dict[int, int] = defaultdict(lambda: -1)
    across: dict[int, int] = defaultdict(lambda: -1)
    for at, line, _ in figures:
        along[at], across[line] = max(line, along[at]), max(at, across[line])
    # A text names the figures behind it: the last header of a row is no name of that row.
    means = (at for at, line, text in texts if (along[at] > line or across[line] <= at) and _MEAN.search(text))
    return Labels(frozenset(means), _groups(texts))


def _groups(places: Iterable[tuple[int, int, str]]) -> tuple[tuple[int, ...], ...]:
    """Positions that show the same text in the same line."""
    named: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at, line, text in places:
        named[line, text].append(at)
    groups = {stretch: None for group in named.values() for stretch in _stretches(tuple(group))}
    return tuple(groups)[:_MOST_GROUPS]


def _stretches(group: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
    """A group, and, of a small one, its parts without the first or the last: three quarters of a year."""
    if len(group) > _SMALL_GROUP:
        return (group,)
    n = len(group)
    return (group[i:j] for i in range(n - 1) for j in range(n, i + 1, -1))
