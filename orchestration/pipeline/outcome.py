"""How a department's year has ended, as whoever ran it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.base.problems import Problem
from orchestration.publication.versions import Version
from orchestration.warehouse.build import Build


@dataclass(frozen=True)
class Outcome:
    """How a year's run ended."""

    build: Build
    version: Version | None = None
    is_new: bool = False
    problems: list[Problem] = field(default_factory=list)  # of the input
    failed: list[str] = field(default_factory=list)  # titles of what kept the year from being published
    score: str | None = None  # where it is known without looking into the build

    @property
    def ending(self) -> str:
        """What alerts call it."""
        return "refused" if self.problems else "blocked" if self.failed else "published"


def reason(title: str, crash: str) -> str:
    """What kept a year from being published, by a gate's title and why it crashed, if it did."""
    return f"{title}（检查本身出错：{crash}）" if crash else title
