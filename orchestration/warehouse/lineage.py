"""Which columns each column of a model comes from, read out of the SQL that dbt has compiled, for whichever engine.
Worked out once for each state of the project and kept beside its manifest. Knows nothing of Dagster.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from orchestration.base.files import write_whole
from orchestration.warehouse.build import Build
from orchestration.warehouse.compiled import project
from orchestration.warehouse.models import TARGET, DbtNode, fingerprint

#: model -> column -> (table, column) that it comes from. Tables that were landed are named ``raw.<table>``.
Lineage = dict[str, dict[str, list[tuple[str, str]]]]
_KEPT = TARGET / "column_lineage.json"
#: schema -> table -> column -> type, as the SQL reader wants it.
_Schema = dict[str, Any]


def column_lineage(build: Build, nodes: Sequence[DbtNode], dialect: str = "duckdb") -> Lineage:
    """The lineage of all models. ``nodes``: what a whole build has run; of a part of one, what is known stands.
    ``dialect``: of their SQL."""
    if _KEPT.is_file():
        kept = json.loads(_KEPT.read_text(encoding="utf-8"))
        if kept["fingerprint"] == fingerprint():
            return {
                model: {name: [(table, column) for table, column in found] for name, found in columns.items()}
                for model, columns in kept["lineage"].items()
            }
    schema = _schema(build)
    lineage = {node.name: _columns(node.sql, schema, dialect) for node in nodes if node.kind == "model" and node.sql}
    if len(lineage) == sum(node.kind == "model" for node in project()):
        write_whole(_KEPT, json.dumps({"fingerprint": fingerprint(), "lineage": lineage}, ensure_ascii=False))
    return lineage


def _columns(sql: str, schema: _Schema, dialect: str) -> dict[str, list[tuple[str, str]]]:
    """Column -> where it comes from. SQL that the reader does not understand has none; its text is shown anyway."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of table functions, which have no lineage to lose
    try:
        query = qualify(_without_catalogue(sqlglot.parse_one(sql, dialect=dialect)), dialect=dialect, schema=schema)
        scope = build_scope(query)
        names = query.named_selects if isinstance(query, exp.Query) else []
        found: dict[str, list[tuple[str, str]]] = {}
        for column in names:
            tree = lineage(column, query, schema, scope=scope, dialect=dialect, trim_selects=False)
            found[column] = sorted(
                {
                    (_table(leaf.source), leaf.name.rpartition(".")[2].strip('"'))
                    for leaf in tree.walk()
                    if isinstance(leaf.source, exp.Table) and not leaf.downstream
                }
            )
    except SqlglotError:
        return {}
    return found


def _without_catalogue(query: Any) -> Any:
    """DuckDB's tables carry the build file's name in front, Spark's carry none."""
    from sqlglot import exp

    for table in query.find_all(exp.Table):
        table.set("catalog", None)
    return query


def _table(source: Any) -> str:
    return f"raw.{source.name}" if source.db == "raw" else str(source.name)


def _schema(build: Build) -> _Schema:
    """Every table of the build with its columns."""
    found: _Schema = {}
    query = "select table_schema, table_name, column_name, data_type from information_schema.columns"
    for row in build.rows(query):
        tables = found.setdefault(row["table_schema"], {})
        tables.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return found
