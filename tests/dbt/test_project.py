"""The dbt project itself: its unit tests pass, and its documentation is whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.warehouse import compiled, models
from tests.conftest import Published


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads(models.parse().read_text(encoding="utf-8"))


def test_unit_tests_of_the_models_pass(published: Published, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(published.outcome.build.warehouse, warehouse)
    nodes = models.unit_test(warehouse)
    assert len(nodes) >= 15
    assert {node.name: node.message for node in nodes if node.status != "pass"} == {}


def test_every_published_table_has_an_enforced_contract_and_described_columns(manifest: dict[str, Any]) -> None:
    published = [node for node in manifest["nodes"].values() if "published" in node["tags"]]
    assert len(published) >= 18
    for node in published:
        assert node["config"]["contract"]["enforced"], node["name"]
        for column in node["columns"].values():
            assert column["description"] and column["data_type"], f"{node['name']}.{column['name']}"


def test_every_model_is_described(manifest: dict[str, Any]) -> None:
    silent = [n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "model" and not n["description"]]
    assert silent == []


def test_every_model_keeps_its_rows_apart_and_every_table_its_year(manifest: dict[str, Any]) -> None:
    tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    keyed = {n["attached_node"] for n in tests if n["test_metadata"]["name"] in ("unique", "key_is_unique")}
    models_ = {unique_id: n for unique_id, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    assert {node["name"] for unique_id, node in models_.items() if unique_id not in keyed} == set()
    for node in manifest["nodes"].values():
        if "published" in node["tags"]:
            assert "fiscal_year" in node["columns"], node["name"]


def test_two_rows_of_one_key_are_seen(published: Published, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(published.outcome.build.warehouse, warehouse)
    (key,) = [node for node in compiled.project() if node.kind == "test" and "key_is_unique_score_summary" in node.name]
    with duckdb.connect(str(warehouse)) as connection:
        assert connection.execute(*key.statements).fetchall() == [(0,)]
        connection.execute("insert into score_summary from score_summary where section = 'total'")
        assert connection.execute(*key.statements).fetchall() == [(1,)]


def test_exposures_say_who_reads_the_marts(manifest: dict[str, Any]) -> None:
    read = {n for exposure in manifest["exposures"].values() for n in exposure["depends_on"]["nodes"]}
    known = manifest["nodes"] | manifest["sources"]
    assert read == {unique_id for unique_id, node in known.items() if "published" in node["tags"]}


def test_no_column_of_a_build_is_a_float(published: Published) -> None:
    columns = published.outcome.build.rows(
        "select table_name, column_name from information_schema.columns where data_type in ('DOUBLE', 'FLOAT', 'REAL')"
    )
    assert columns == []
