"""Runs the dbt project on a build file, in this process, with either engine. Knows dbt; knows nothing of Dagster,
gates or versions.

Parsing costs more than building a department's year, and dbt parses anew whenever an environment value of the profile
changes. So the project is parsed once for each state of its files and each engine, and the manifest is handed over
after that. The one that others read (assets, lineage, documentation) is DuckDB's.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.files import locked
from orchestration.base.settings import ROOT
from orchestration.warehouse.engine import DUCKDB, Engine, own_settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROJECT = ROOT / "dbt_project"
TARGET = PROJECT / "target"
MANIFEST = TARGET / "manifest.json"
_SOURCES = ("*.sql", "*.yml", "*.csv", "*.md")


class ModelsFailedError(Exception):
    """dbt could not build: an error in a model or in dbt itself, not in the data."""


@dataclass(frozen=True)
class DbtNode:
    """One node that dbt has run."""

    unique_id: str
    name: str
    kind: str  # model | seed | test
    status: str  # success | pass | warn | fail | error | skipped
    seconds: float
    message: str
    failures: int
    depends_on: tuple[str, ...] = ()  # unique ids
    sql: str = ""  # as compiled, of a model
    required: tuple[str, ...] = ()  # columns that may hold no null, by the contract of a model


def fingerprint(engine: str = DUCKDB.name) -> str:
    """sha256 over the dbt project's files and the versions that parse them."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version(f'dbt-{engine}')}".encode())
    for path in sorted(path for pattern in _SOURCES for path in PROJECT.rglob(pattern) if TARGET not in path.parents):
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def manifest(engine: str = DUCKDB.name) -> Manifest:
    """The parsed project, parsed anew only where a file has changed since."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    folder = parse(engine).parent
    parsed: Manifest = Manifest.from_msgpack(
        (folder / "partial_parse.msgpack").read_bytes(), decoder=extended_mashumuro_decoder
    )
    return parsed


def parse(engine: str = DUCKDB.name) -> Path:
    """Make sure that ``manifest.json`` is that of the project's files; returns its path.

    Each engine has its own: which macros stand for what is settled when dbt parses.
    """
    folder = TARGET if engine == DUCKDB.name else TARGET / engine
    mark, found = folder / "fingerprint", folder / MANIFEST.name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        current = fingerprint(engine)
        if not mark.is_file() or mark.read_text() != current or not found.is_file():
            mark.unlink(missing_ok=True)
            _invoke(engine, ["parse", "--target-path", str(folder)], None, ())
            mark.write_text(current)
    return found


def build(
    warehouse: Path,
    select: str | None = None,
    exclude: str | None = None,
    on_node: Callable[[str], None] = lambda name: None,
    engine: Engine = DUCKDB,
) -> list[DbtNode]:
    """Build models and seeds, and test them, on a build file. A failing test stops what is downstream of it.

    ``select``, ``exclude``: dbt's own syntax; ``on_node`` hears each node's name as it finishes. Whichever engine
    builds, the tables stand in the build file afterwards. Unit tests guard the code, not the year, so they don't run
    here. Raises ``ModelsFailedError`` where a model could not be built.
    """
    arguments = ["build", "--no-write-json", "--exclude-resource-type", "unit_test"]
    arguments += ["--select", *select.split()] if select else []
    arguments += ["--exclude", *exclude.split()] if exclude else []
    with engine.session(warehouse, partial=bool(select)) as session:
        nodes = _run(engine.name, warehouse, arguments, on_node)
        errors = [node for node in nodes if node.status == "error"]
        if errors:
            raise ModelsFailedError("\n".join(f"{node.name}: {node.message}" for node in errors))
        session.export_results(
            {node.name: node.required for node in nodes if node.kind in ("model", "seed") and node.status == "success"}
        )
    return nodes


def unit_test(warehouse: Path, engine: Engine = DUCKDB) -> list[DbtNode]:
    """Run the models' unit tests on a build file whose tables stand (dbt reads their columns)."""
    with engine.session(warehouse, partial=True):
        return _run(
            engine.name, warehouse, ["test", "--no-write-json", "--resource-type", "unit_test"], lambda name: None
        )


def compile_all(folder: Path) -> list[Any]:
    """Every node of the project with its SQL as dbt compiled it for DuckDB; ``folder`` takes what dbt writes."""
    arguments = ["compile", "--no-write-json", "--target-path", str(folder)]
    return [each.node for each in _invoke(DUCKDB.name, arguments, manifest(), ()).results]


def _run(engine: str, warehouse: Path, arguments: list[str], on_node: Callable[[str], None]) -> list[DbtNode]:
    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            on_node(event.data.node_info.node_name)

    parsed = manifest(engine)
    result = _invoke(engine, [*arguments, "--target-path", str(warehouse.parent / "dbt")], parsed, (on_event,))
    return [
        DbtNode(
            unique_id=each.node.unique_id,
            name=each.node.name,
            kind=str(each.node.resource_type),
            status=str(each.status),
            seconds=each.execution_time,
            message=each.message or "",
            failures=each.failures or 0,
            depends_on=tuple(each.node.depends_on.nodes) if each.node.resource_type == "test" else (),
            sql=getattr(each.node, "compiled_code", None) or "",
            required=required_columns(each.node),
        )
        for each in result.results
    ]


def required_columns(node: Any) -> tuple[str, ...]:
    """Columns that the contract of a model keeps from being null."""
    if node.resource_type != "model" or not node.contract.enforced:
        return ()
    return tuple(
        name
        for name, column in node.columns.items()
        if any(constraint.type == "not_null" for constraint in column.constraints)
    )


def _invoke(
    engine: str, arguments: list[str], parsed: Manifest | None, callbacks: tuple[Callable[[Any], None], ...]
) -> Any:
    from dbt.cli.main import dbtRunner

    if parsed:
        parsed.build_flat_graph()  # what models ask of others (``graph``) is not kept with the manifest
    place = ["--target", engine, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    with own_settings():
        outcome = dbtRunner(manifest=parsed, callbacks=list(callbacks)).invoke(
            ["--log-level", "none", "--log-level-file", "none", *arguments, *place]
        )
    if outcome.exception:
        raise ModelsFailedError(str(outcome.exception)) from outcome.exception
    return outcome.result
