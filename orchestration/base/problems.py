"""What is wrong with the input, in one form for all of it: the place, what was found there, what was expected.

Whoever reads a file of a user raises one ``InputError`` with *all* that is wrong in it. What does not belong here: how
problems are shown (``cli``), and failures of the program itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input: where, what was found, what was expected."""

    file: str
    sheet: str
    cell: str
    found: str
    expected: str

    def __post_init__(self) -> None:
        if len(self.found) > _LONGEST:  # a cell may hold 32,767 characters; a message may not
            object.__setattr__(self, "found", f"{self.found[: _LONGEST - 1]}…")

    def __str__(self) -> str:
        place = " ".join(part for part in (self.file, self.sheet, self.cell) if part)
        return f"{place}：读到 {self.found}；应为 {self.expected}"


class InputError(Exception):
    """The input cannot be read. Carries *all* problems of all files, not just the first."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def all_behind(error: BaseException) -> Iterator[BaseException]:
    """An error and every error that lies behind it, each once: Dagster's causes and contexts form a ring."""
    seen: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        behind = waiting.pop()
        if id(behind) in seen:
            continue
        seen[id(behind)] = behind
        yield behind
        waiting += [next_ for next_ in (behind.__context__, behind.__cause__) if next_ is not None]
