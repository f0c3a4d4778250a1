"""The dbt project itself: its unit tests pass, and its documentation is whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestration.warehouse import models
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


def test_every_mart_keeps_its_rows_apart_and_its_year(manifest: dict[str, Any]) -> None:
    tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    unique = {n["attached_node"] for n in tests if n["test_metadata"]["name"] == "unique"}
    for unique_id, node in manifest["nodes"].items():
        if "published" in node["tags"]:
            assert "fiscal_year" in node["columns"], node["name"]
            keyless = node["name"] in ("reconciliation", "rule_cell", "score_summary", "accepted_exception")
            assert keyless or unique_id in unique, node["name"]


def test_exposures_say_who_reads_the_marts(manifest: dict[str, Any]) -> None:
    read = {n for exposure in manifest["exposures"].values() for n in exposure["depends_on"]["nodes"]}
    known = manifest["nodes"] | manifest["sources"]
    assert read == {unique_id for unique_id, node in known.items() if "published" in node["tags"]}


def test_no_column_of_a_build_is_a_float(published: Published) -> None:
    columns = published.outcome.build.rows(
        "select table_name, column_name from information_schema.columns where data_type in ('DOUBLE', 'FLOAT', 'REAL')"
    )
    assert columns == []
