"""Somebody who follows long work: what it reports to, and who is there when nobody is.

What does not belong here: how progress is drawn (``cli``).
"""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Somebody who follows a run: the command's progress display."""

    def step(self, name: str, total: int) -> None: ...
    def advance(self, what: str) -> None: ...


class Silent:
    """Nobody watches."""

    def step(self, name: str, total: int) -> None:
        del name, total

    def advance(self, what: str) -> None:
        del what


SILENT = Silent()
