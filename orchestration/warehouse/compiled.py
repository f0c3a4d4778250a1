"""The models and their tests as dbt compiled them, run on one DuckDB connection: the same text, so the same judge,
without starting dbt: for a year's run as for ``check``, ``explain``, ``correct`` and tests.

dbt compiles once for each state of the project's files; what it made is kept beside the manifest. A test builds the
same year both ways and compares every table and type.
"""

from __future__ import annotations

import functools
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.files import locked, write_whole
from orchestration.base.locks import open_database
from orchestration.base.sql import sql_text
from orchestration.warehouse import models
from orchestration.warehouse.engine import DUCKDB, Engine
from orchestration.warehouse.models import PROJECT, TARGET, DbtNode, ModelsFailedError, fingerprint

#: dbt's relations carry the catalogue, which DuckDB names after the file.
CATALOGUE = "warehouse"
_KEPT = TARGET / "compiled.json"
_SETTINGS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_KINDS = ("model", "seed", "test")
#: How every test of the project counts; another setting would need its own reading here.
_COUNTS = {"severity": "ERROR", "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0"}


@dataclass(frozen=True)
class Compiled:
    """One model, seed or test. ``statements`` make its table; a test's one statement selects what fails."""

    unique_id: str
    name: str
    kind: str  # model | seed | test
    depends_on: tuple[str, ...]  # unique ids
    statements: tuple[str, ...]
    sql: str = ""  # as compiled, of a model
    required: tuple[str, ...] = ()  # columns that may hold no null
    published: bool = False


@functools.cache
def project() -> tuple[Compiled, ...]:
    """Every node in an order in which it can be built, compiled anew only where a file has changed since."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with locked(TARGET / ".compiled.lock"):
        current = fingerprint()
        kept = json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.is_file() else {}
        if kept.get("fingerprint") != current:
            kept = {"fingerprint": current, "nodes": [asdict(node) for node in _compile()]}
            write_whole(_KEPT, json.dumps(kept, ensure_ascii=False))
    return tuple(_kept_node(node) for node in kept["nodes"])


def _kept_node(kept: dict[str, Any]) -> Compiled:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Compiled(**values)


def build(
    warehouse: Path,
    tables: Iterable[str] | None = None,
    *,
    tests: bool = True,
    upstream: bool = True,
    on_node: Callable[[str], None] = lambda name: None,
    engine: Engine = DUCKDB,
) -> list[DbtNode]:
    """Build these tables and all that they are made of (None: every one), in one transaction, as ``models.build`` does.
    Without ``upstream``: these alone, on what stands.

    A failing test stops what is downstream of it. Raises ``ModelsFailedError`` where a model could not be built; then
    the build file is as it was. What is compiled is DuckDB's: another engine builds through dbt.
    """
    if engine.name != DUCKDB.name:
        select = None if tables is None else " ".join(f"{'+' * upstream}{table}" for table in tables)
        return models.build(warehouse, select, None if tests else "resource_type:test", on_node, engine)
    assert warehouse.stem == CATALOGUE, f"{warehouse}: compiled models name the catalogue {CATALOGUE}"
    chosen = [node for node in selected(tables, upstream) if tests or node.kind != "test"]
    done: dict[str, DbtNode] = {}
    stopped: set[str] = set()  # tables whose tests failed, and what was therefore left out
    with open_database(warehouse, read_only=False, config=_SETTINGS) as connection:
        connection.execute("begin")
        for node in chosen:
            if _is_held(node, done, stopped):
                done[node.unique_id] = _said(node, "skipped")
                stopped.update([node.unique_id] if node.kind != "test" else ())
                continue
            found = done[node.unique_id] = _run(connection, node)
            if found.status == "fail":
                stopped.update(node.depends_on)
            on_node(node.name)
        connection.execute("commit")
    return list(done.values())


def _is_held(node: Compiled, done: Mapping[str, DbtNode], stopped: Set[str]) -> bool:
    """Whether a table is downstream of what failed, or a test is of a table that was left out."""
    if node.kind != "test":
        return not stopped.isdisjoint(node.depends_on)
    return any(done[each].status == "skipped" for each in node.depends_on if each in done)


def published_tables() -> list[str]:
    """The tables that are published: what is built, or written after the models, and tagged so."""
    return sorted(node.name for node in project() if node.published)


def selected(tables: Iterable[str] | None, upstream: bool = True) -> list[Compiled]:
    """These tables, with ``upstream`` all that they are made of, and the tests of all those, in an order in which they
    can be built."""
    built = [node for node in project() if node.kind in _KINDS]
    if tables is None:
        return built
    known = {node.name: node.unique_id for node in built if node.kind != "test"}
    wanted = {known[name] for name in tables}
    if upstream:
        graph = {node.unique_id: set(node.depends_on) for node in built}
        above = {other for each in wanted for other in _above(graph, each)}
        wanted |= above & graph.keys()
    return [
        node
        for node in built
        if node.unique_id in wanted or (node.kind == "test" and wanted.issuperset(node.depends_on))
    ]


def _run(connection: duckdb.DuckDBPyConnection, node: Compiled) -> DbtNode:
    begun = time.perf_counter()
    try:
        for statement in node.statements:
            found = connection.execute(statement)
        failures = found.fetchall()[0][0] if node.kind == "test" else 0
    except duckdb.Error as error:
        raise ModelsFailedError(f"{node.name}: {error}") from error
    status = "success" if node.kind != "test" else "fail" if failures else "pass"
    return _said(node, status, time.perf_counter() - begun, failures)


def _said(node: Compiled, status: str, seconds: float = 0.0, failures: int = 0) -> DbtNode:
    return DbtNode(
        unique_id=node.unique_id,
        name=node.name,
        kind=node.kind,
        status=status,
        seconds=seconds,
        message="",
        failures=failures,
        depends_on=node.depends_on if node.kind == "test" else (),
        sql=node.sql,
        required=node.required,
    )


# --- how dbt's compiled text becomes statements ---------------------------------------------------------------------


def _compile() -> list[Compiled]:
    parsed = models.manifest()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / f"{CATALOGUE}.duckdb"
        with DUCKDB.session(warehouse, partial=False):
            compiled = models.compile_all(Path(folder))
    nodes = {node.unique_id: _statements(node) for node in compiled if str(node.resource_type) in _KINDS}
    graph = _waits_for(nodes)
    ordered = [nodes[unique_id] for unique_id in TopologicalSorter(dict(sorted(graph.items()))).static_order()]
    written_later = [
        Compiled(source.unique_id, source.name, "source", (), (), published=True)
        for source in parsed.sources.values()
        if "published" in source.tags
    ]
    return [*ordered, *sorted(written_later, key=lambda source: source.name)]


def _waits_for(nodes: Mapping[str, Compiled]) -> dict[str, set[str]]:
    """What comes before each node. What is downstream of a table waits for the table's tests, as with dbt."""
    tests: dict[str, set[str]] = {}
    for node in nodes.values():
        for each in node.depends_on if node.kind == "test" else ():
            tests.setdefault(each, set()).add(node.unique_id)
    graph = {node.unique_id: set(node.depends_on) & nodes.keys() for node in nodes.values()}
    for node in nodes.values():
        if node.kind != "test":
            above = _above(graph, node.unique_id)
            gates = {test for each in node.depends_on for test in tests.get(each, ())}
            graph[node.unique_id] |= {test for test in gates if set(nodes[test].depends_on) <= above}
    return graph


def _above(graph: dict[str, set[str]], unique_id: str) -> set[str]:
    """All that a node is made of."""
    found: set[str] = set()
    left = list(graph[unique_id])
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += graph.get(each, ())
    return found


def _statements(node: Any) -> Compiled:
    kind, relation = str(node.resource_type), node.relation_name
    depends_on = tuple(node.depends_on.nodes) if kind != "seed" else ()
    sql = getattr(node, "compiled_code", None) or ""
    if kind == "test":
        odd = {name: found for name, wanted in _COUNTS.items() if (found := getattr(node.config, name)) != wanted}
        if odd or node.config.where or node.config.limit:
            raise ModelsFailedError(f"{node.name}: {odd or node.config} is not understood by {__name__}")
        return Compiled(node.unique_id, node.name, kind, depends_on, (f"select count(*) from (\n{sql}\n) as failing",))
    required: tuple[str, ...] = ()
    if kind == "seed":
        types = ", ".join(f"{sql_text(name)}: {sql_text(type_)}" for name, type_ in node.config.column_types.items())
        path = sql_text(str(PROJECT / node.original_file_path))
        rows = f"from read_csv({path}, header = true, delim = ',', types = {{{types}}})"
        statements: Sequence[str] = [f"create or replace table {relation} as {rows}"]
    elif node.config.contract.enforced:
        required = _required(node)
        columns = ", ".join(
            f"{name} {column.data_type}{' not null' if name in required else ''}"
            for name, column in node.columns.items()
        )
        names = ", ".join(node.columns)
        statements = [
            f"create or replace table {relation} ({columns})",
            f"insert into {relation} ({names}) select {names} from (\n{sql}\n) as built",
        ]
    else:
        statements = [f"create or replace table {relation} as (\n{sql}\n)"]
    return Compiled(
        node.unique_id, node.name, kind, depends_on, tuple(statements), sql, required, "published" in node.tags
    )


def _required(node: Any) -> tuple[str, ...]:
    others = {
        constraint.type
        for column in node.columns.values()
        for constraint in column.constraints
        if constraint.type != "not_null"
    }
    if others or node.constraints or node.config.materialized != "table":
        raise ModelsFailedError(f"{node.name}: {others or node.config.materialized} is not understood by {__name__}")
    return models.required_columns(node)
