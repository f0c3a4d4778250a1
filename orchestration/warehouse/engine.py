"""What every engine must do that sums entries and builds the models; and DuckDB, which does it in the build file.

One dbt project, two engines. The choice between them stands in ``engines``, Spark's own work in ``spark``. Everything
after the models (suspects, gates, publication, reports) reads the build file and does not know which engine filled it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from orchestration.entries.read import EntryScanner

#: table -> its columns that may hold no null
Tables = Mapping[str, Sequence[str]]


class Session(Protocol):
    """An engine at work on one build."""

    def export_results(self, tables: Tables) -> None:
        """Put what the engine has built into the build file, type by type and figure by figure."""


class Engine(Protocol):
    """What builds the models; ``name`` is that of dbt's target and of its adapter, ``dialect`` that of its SQL."""

    @property
    def name(self) -> str: ...

    def session(self, warehouse: Path, partial: bool) -> AbstractContextManager[Session]:
        """All that dbt needs to run on this build. ``partial``: only some models run, on those that stand."""

    def entry_scanner(self, warehouse: Path) -> AbstractContextManager[EntryScanner | None]:
        """What scans whole files of entries for this build; None where their reader does so itself."""


class _InPlace:
    """DuckDB builds in the build file: there is nothing to hand back."""

    def export_results(self, tables: Tables) -> None:
        del tables


class DuckDB:
    name = "duckdb"

    @contextmanager
    def session(self, warehouse: Path, partial: bool) -> Iterator[Session]:
        del partial
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        try:
            with environment(LEDGERGATE_WAREHOUSE=str(warehouse)):
                yield _InPlace()
        finally:
            DuckDBConnectionManager.close_all_connections()  # dbt keeps the file open, and nobody else could open it

    def entry_scanner(self, warehouse: Path) -> AbstractContextManager[EntryScanner | None]:
        del warehouse
        return nullcontext()


DUCKDB: Engine = DuckDB()


@contextmanager
def own_settings() -> Iterator[None]:
    """The process's environment without what dbt would take from the user's own projects: DBT_DEFER=1 alone breaks a
    build."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DBT_")}
    try:
        yield
    finally:
        os.environ.update(before)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """The process's environment with these values, for as long as it lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
