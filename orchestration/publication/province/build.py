"""Builds the province's tables of a year, set-wise, from the published tables of all its departments.

The models are plain SQL, one table a file, in ``models/``. They read two schemas: ``published``, the current versions
of the year, and ``history``, those of it and of every year before; and the states of ``states``. Readers' own file is
not touched: whoever holds it holds up nothing here. What does not belong here: how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.addresses import hand_over
from orchestration.base.files import replacing
from orchestration.base.locks import open_database
from orchestration.base.settings import Settings
from orchestration.base.sql import literal, sql_text
from orchestration.publication.province.policy import families_of, policy
from orchestration.publication.province.states import DepartmentState, department_states
from orchestration.rules.model import DIGITS
from orchestration.warehouse.current import read_current
from orchestration.warehouse.rows import rows_of
from orchestration.warehouse.tables import INT, KEYS, TEXT, VALUE, Schema, write_table

_MODELS = Path(__file__).with_name("models")
#: In the order in which each has what it is made of.
MODELS = (
    "province_department", "province_total", "province_fund", "province_rule", "province_wall", "province_finding",
    "province_outlier", "province_trend", "province_year_finding", "province_indicator",
    "province_target_finding", "across_cell", "province_across_cell",
    "province_across",
)  # fmt: skip
#: Tables of a version that the models read; of the year, and of all years.
_PUBLISHED = (
    "cell",
    "department_summary",
    "fund_balance",
    "ledger_source",
    "reconciliation",
    "rule_summary",
    "score_summary",
)
_HISTORY = ("department_summary", "indicator_score", "operating_cost", "score_summary")
#: Exact: whole numbers divided, rounded half up to six places.
_QUOTIENT = """
    create temp macro quotient(n, d) as
        case when d = 0 then null else cast(
            sign(n) * sign(d) * cast(
                (2 * cast(abs(n) * 1000000 as hugeint) * 1000000 + cast(abs(d) * 1000000 as hugeint))
                // nullif(2 * cast(abs(d) * 1000000 as hugeint), 0) as decimal(28, 0)
            ) * 0.000001 as decimal(18, 6)
        ) end
"""
#: Of figures that all are there.
_WHOLE_SUM = """
    create temp macro whole_sum(x) as case when count(x) = count(*) then cast(sum(x) as decimal(20, 2)) end
"""
_RULES: Schema = {
    "rule_id": TEXT, "place": INT, "title": TEXT, "column_name": TEXT, "kind": TEXT, "bound": "decimal(18, 6)",
    "in_a_row": INT, "advice": TEXT,
}  # fmt: skip
_ACROSS: Schema = {
    "place": INT,
    **dict.fromkeys(("rule_id", "title", "scope", "advice", "side", "ledger", "row_key", "measure"), TEXT),
}  # fmt: skip
_STATES: Schema = {
    **KEYS, "broken": INT,
    **dict.fromkeys(("department_name", "state", "version", "said", "place", "address", "superior"), TEXT),
}  # fmt: skip
_HELD_BACK: Schema = {
    **dict.fromkeys(("department", "rule_id", "instance", "title", "severity", "status"), TEXT),
    "difference": VALUE, "statement": TEXT,
}  # fmt: skip


@dataclass(frozen=True)
class ProvinceBuild:
    """What was built of a year."""

    year: int
    warehouse: Path

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with open_database(self.warehouse) as connection:
            return rows_of(connection, query, parameters)


def province_folder(settings: Settings, year: int) -> Path:
    """The disposable folder of a year's province."""
    return settings.home / "province" / str(year)


def build_province(settings: Settings, year: int) -> ProvinceBuild:
    """Build a year's province anew; who reads the one before keeps it. A year of which nobody has published anything
    has states, and no figures.
    """
    found = ProvinceBuild(year, province_folder(settings, year) / "province.duckdb")
    found.warehouse.parent.mkdir(parents=True, exist_ok=True)
    states = department_states(settings, year)
    with replacing(found.warehouse) as draft, duckdb.connect(str(draft)) as connection:
        connection.execute("set threads = 1")  # hundreds of small files: waiting for others costs more than the work
        connection.execute(f"set variable year = {int(year)}")
        connection.execute(f"set variable peers = {policy().peers}")
        connection.execute(_QUOTIENT)
        connection.execute(_WHOLE_SUM)
        _attach_versions(connection, settings, year, {each.department for each in states})
        _land_states(connection, year, states, draft.parent)
        _land_rules(connection, settings, draft.parent)
        _judged_rules(connection, states, draft.parent)
        for name in MODELS:
            sql = (_MODELS / f"{name}.sql").read_text(encoding="utf-8")
            connection.execute(f"create table {name} as (\n{sql}\n)")
        for schema in ("published", "history"):  # views of files that are not the province's own
            connection.execute(f"drop schema {schema} cascade")
        connection.execute("checkpoint")
    return found


def _land_states(
    connection: duckdb.DuckDBPyConnection, year: int, states: Sequence[DepartmentState], folder: Path
) -> None:
    rows = [
        {"fiscal_year": year, "department": each.department, "department_name": each.name, "state": each.state,
         "version": each.version or None, "said": each.said, "place": each.place, "address": each.address,
         "broken": each.broken, "superior": each.superior}
        for each in states
    ]  # fmt: skip
    write_table(connection, "department_state", _STATES, rows, folder)


def _land_rules(connection: duckdb.DuckDBPyConnection, settings: Settings, folder: Path) -> None:
    known = policy()
    outliers = [
        {"rule_id": rule.id, "place": place, "title": rule.said, "column_name": rule.column, "kind": kind,
         "bound": bound, "in_a_row": 1, "advice": rule.advice}
        for place, rule in enumerate(known.outliers)
        for kind, bound in rule.bounds.items()
    ]  # fmt: skip
    years = [
        {"rule_id": rule.id, "place": place, "title": rule.said, "column_name": rule.measure, "kind": kind,
         "bound": bound, "in_a_row": rule.in_a_row, "advice": rule.advice}
        for place, rule in enumerate(known.years)
        for kind, bound in rule.bounds.items()
    ]  # fmt: skip
    write_table(connection, "outlier_rule", _RULES, outliers, folder)
    targets = [
        {"rule_id": rule.id, "place": place, "title": rule.said, "column_name": "target", "kind": kind,
         "bound": bound, "in_a_row": rule.in_a_row, "advice": rule.advice}
        for place, rule in enumerate(known.targets, len(years))
        for kind, bound in rule.bounds.items()
    ]  # fmt: skip
    write_table(connection, "year_rule", _RULES, years, folder)
    write_table(connection, "target_rule", _RULES, targets, folder)
    sides = [
        {"rule_id": rule.id, "place": place, "title": rule.title, "scope": rule.over, "advice": rule.advice,
         "side": side, "ledger": term.ledger, "row_key": ":".join(term.key), "measure": term.measure}
        for place, rule in enumerate(known.across)
        for side, term in (("left", rule.left), ("right", rule.right))
    ]  # fmt: skip
    write_table(connection, "across_rule", _ACROSS, sides, folder)
    families = families_of(settings.rules)
    # A rule of same_digits has a companion, which is of its family.
    rows = [{"rule_id": f"{rule}{of}", "family": family} for rule, family in families.items() for of in ("", DIGITS)]
    write_table(connection, "rule_family", {"rule_id": TEXT, "family": TEXT}, rows, folder)


def _attach_versions(
    connection: duckdb.DuckDBPyConnection, settings: Settings, year: int, departments: Iterable[str]
) -> None:
    """Views of the versions that readers are at."""
    wanted = set(departments)
    versions = read_current(settings).versions
    folders = {
        (of, code): settings.of(code).versions(of) / name
        for (of, code), name in sorted(versions.items())
        if of <= year and code in wanted
    }
    hand_over(connection, folders.values())
    for schema, tables, chosen in (
        ("published", _PUBLISHED, [path for (of, _), path in folders.items() if of == year]),
        ("history", _HISTORY, [*folders.values()]),
    ):
        connection.execute(f"create schema {schema}")
        for table in tables:
            files = [str(path / f"{table}.parquet") for path in chosen if (path / f"{table}.parquet").is_file()]
            connection.execute(f"create view {schema}.{table} as {_read(table, files)}")


def _read(table: str, files: Sequence[str]) -> str:
    if files:
        return f"from read_parquet({literal(list(files))}, union_by_name = true)"
    columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in EMPTY[table].items())
    return f"select {columns} where false"


#: The columns that models read of a table that nobody has published.
_BUDGET = dict.fromkeys(
    ("carryover", "initial_budget", "adjustment", "total_budget", "final_expenditure"), "decimal(20, 2)"
)
_WHOSE = {"fiscal_year": "integer", "department": "varchar"}
EMPTY: Mapping[str, Mapping[str, str]] = {
    "cell": {
        **_WHOSE,
        **dict.fromkeys(
            ("address", "ledger", "ledger_label", "row_key", "row_label", "measure", "header", "text", "unit",
             "printed_unit", "file", "sheet", "cell"), "varchar"),
        **dict.fromkeys(("value", "half_width"), "decimal(28, 9)"),
    },
    "department_summary": {**_WHOSE, "expenditure_kind": "varchar", **_BUDGET},
    "fund_balance": {
        **_WHOSE, "fund": "varchar", "pooling_level": "varchar",
        **dict.fromkeys(("opening", "income", "expenditure", "surplus", "closing"), "decimal(20, 2)"),
    },
    "ledger_source": {**_WHOSE, "department_name": "varchar"},
    "reconciliation": {
        **_WHOSE, **dict.fromkeys(("rule_id", "instance", "title", "severity", "status", "statement"), "varchar"),
        "difference": "decimal(28, 9)",
    },
    "rule_summary": {**_WHOSE, "rule_id": "varchar", "severity": "varchar", "broken": "bigint"},
    "score_summary": {**_WHOSE, "section": "varchar", "score": "decimal(9, 2)", "grade": "varchar"},
    "indicator_score": {
        **_WHOSE,
        **dict.fromkeys(("section", "level3", "target_text", "actual_text", "unit", "direction"), "varchar"),
        **dict.fromkeys(("target", "actual"), "decimal(28, 9)"),
    },
    "operating_cost": {
        **_WHOSE, "item": "varchar", **dict.fromkeys(("actual", "prior_actual"), "decimal(20, 2)"),
    },
}  # fmt: skip


def _judged_rules(connection: duckdb.DuckDBPyConnection, states: Sequence[DepartmentState], folder: Path) -> None:
    """Every rule instance of every department: of its version, or of the build that was held back."""
    held_back = [row for each in states for row in each.judged]
    write_table(connection, "held_back_rule", _HELD_BACK, held_back, folder)
    columns = ", ".join(_HELD_BACK)
    whose = sorted({row["department"] for row in held_back})
    others = f"where department not in ({', '.join(map(sql_text, whose))})" if whose else ""
    connection.execute(
        f"create temp view judged as select {columns}, false as is_held_back from published.reconciliation {others} "
        f"union all select {columns}, true as is_held_back from held_back_rule"
    )
    connection.execute("create table judged_rule as from judged")
    connection.execute("drop view judged")
    connection.execute("drop table held_back_rule")
