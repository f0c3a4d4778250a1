"""The models as dbt compiled them, without dbt: the same tables as dbt builds, the same tests, and plans that grow with
the ledgers and not with their square.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.warehouse import compiled, models
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.models import ModelsFailedError
from tests.conftest import Published
from tests.variants import enlarged
from tests.variants import published as year_2024

#: What compares every row with every row. A model may do so only where one side stays small, and says why.
QUADRATIC = re.compile(r"NESTED_LOOP_JOIN|BLOCKWISE_NL_JOIN|CROSS_PRODUCT|IE_JOIN|PIECEWISE_MERGE_JOIN")
ONE_SIDE_IS_SMALL = {
    "score_summary": "five scores against the four bands of a scale",
    "int_indicator_computed": "a year's indicators against the steps of their formula",
    "form_score": "a year's forms against the four bands of a scale",
}


def differing(ours: Path, theirs: Path) -> list[str]:
    """Tables that differ between two build files, in rows, in columns, or by not being there."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        tables = {}
        for side in ("ours", "theirs"):
            for table, *column in connection.execute(
                """select table_name, column_name, data_type, is_nullable from information_schema.columns
                   where table_catalog = ? and table_schema = 'main' order by table_name, ordinal_position""",
                [side],
            ).fetchall():
                tables.setdefault(table, {}).setdefault(side, []).append(tuple(column))
        found = []
        for table, columns in tables.items():
            same = columns.get("ours") == columns.get("theirs")
            for one, other in (("ours", "theirs"), ("theirs", "ours")):
                query = f"select count(*) from (from {one}.{table} except all from {other}.{table})"
                same = same and connection.execute(query).fetchall() == [(0,)]
            found += [] if same else [table]
    return found


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    """A build file in which 2024 has landed and no model stands."""
    warehouse = tmp_path / "warehouse.duckdb"
    land(warehouse, raw_tables(*year_2024()))
    return warehouse


def rebuilt(published: Published, folder: Path) -> Path:
    """The year's raw tables as they were landed for its run, modelled anew by the compiled text."""
    warehouse = Path(shutil.copy(published.outcome.build.warehouse, folder / "warehouse.duckdb"))
    with duckdb.connect(str(warehouse)) as connection:
        for node in compiled.project():
            if node.kind in ("model", "seed"):
                connection.execute(f"drop table {node.name}")
    return warehouse


@pytest.fixture(scope="module")
def both(published: Published, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The year as dbt builds it, and as the compiled text does."""
    ways = []
    for way in (models.build, compiled.build):
        ways.append(rebuilt(published, tmp_path_factory.mktemp("built")))
        assert {node.status for node in way(ways[-1])} - {"no-op"} == {"success", "pass"}  # exposures do nothing
    return ways[0], ways[1]


def test_both_ways_give_the_same_tables(both: tuple[Path, Path]) -> None:
    assert differing(*both) == []


def test_a_difference_would_be_seen(both: tuple[Path, Path], tmp_path: Path) -> None:
    """One statement, one type, one table."""
    other = Path(shutil.copy(both[1], tmp_path / "warehouse.duckdb"))
    with duckdb.connect(str(other)) as connection:
        connection.execute(
            "update reconciliation set statement = concat(statement, '。') where rule_id = 'budget_flow'"
        )
        connection.execute("insert into cell from cell limit 1")
        connection.execute("alter table narrative alter position type bigint")
        connection.execute("drop table budget_scope")
        changed = connection.execute("select count(*) from reconciliation where statement like '%。'").fetchall()
    expected = {"cell", "narrative", "budget_scope"} | ({"reconciliation"} if changed != [(0,)] else set())
    assert set(differing(both[0], other)) == expected


def test_a_part_is_made_of_all_that_it_needs_and_is_the_same(both: tuple[Path, Path], landed: Path) -> None:
    built = {node.name for node in compiled.build(landed, ["cell"]) if node.kind != "test"}
    assert built == {"cell", "int_cell", "stg_cell", "stg_correction"}
    assert not built & set(differing(both[0], landed))


def test_a_failing_test_stops_what_is_downstream_and_is_counted(landed: Path) -> None:
    with duckdb.connect(str(landed)) as connection:
        connection.execute("update raw.cell set row_key = 'other' where address like '%/three_public/%'")
    nodes = {node.name: node for node in compiled.build(landed)}
    (failing,) = [node for node in nodes.values() if node.status == "fail"]
    assert (failing.name.partition("__")[0], failing.failures) == ("accepted_values_operating_cost_item", 1)
    failed = {each for node in nodes.values() if node.status == "fail" for each in node.depends_on}
    below = [node.name for node in compiled.project() if node.kind == "model" and failed & set(node.depends_on)]
    assert below and all(nodes[name].status == "skipped" for name in below)


def test_a_model_that_can_not_be_built_leaves_the_build_as_it_was(landed: Path) -> None:
    with duckdb.connect(str(landed)) as connection:
        connection.execute("drop table raw.narrative")
    with pytest.raises(ModelsFailedError, match="narrative: Catalog Error"):
        compiled.build(landed)
    standing = {
        row["name"]
        for row in Build(2024, landed.parent).rows(
            "select table_name as name from duckdb_tables() where schema_name = 'main'"
        )
    }
    assert not standing & {node.name for node in compiled.project() if node.kind == "model"}


def test_no_model_compares_every_row_with_every_row(tmp_path: Path) -> None:
    """``rule_term`` once joined with an `or` over three slots: 70 s at 34,750 cells, where equalities take 0.6."""
    year, rulebook, corrections = year_2024()
    large = enlarged(year, 10)
    build = Build(2024, tmp_path)
    land(build.warehouse, raw_tables(large, rulebook, corrections))
    compiled.build(build.warehouse, tests=False)
    plans = {
        node.name: build.rows(f"explain {node.sql}")[0]["explain_value"] for node in compiled.project() if node.sql
    }
    assert len(plans) > 30
    quadratic = {name for name, plan in plans.items() if QUADRATIC.search(plan)}
    assert quadratic == ONE_SIDE_IS_SMALL.keys()
