"""What assets are handed: the installation, and who watches the run. No other module builds these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from orchestration.settings import Settings
from orchestration.warehouse.build import Build, open_build


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


@dataclass(frozen=True)
class Workspace:
    """One installation, and how a year is to be run in it."""

    settings: Settings = field(default_factory=Settings.from_environment)
    as_published: bool = False  # ignore corrections, build beside the year
    watcher: Watcher = SILENT

    def build(self, year: int) -> Build:
        return open_build(self.settings, year, self.as_published)
