"""What Dagster sees: definitions that load, the lineage's shape, and a publication that can't be slipped past."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import dagster as dg
import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.pipeline.assets.warehouse import Translator, model_specs
from orchestration.pipeline.definitions import build_definitions
from orchestration.pipeline.jobs import RUN_YEAR
from orchestration.pipeline.partitions import make_known
from orchestration.pipeline.resources import Workspace, dagster_instance
from orchestration.warehouse import models
from tests.conftest import Published, edit


@pytest.fixture(scope="module")
def definitions(published: Published) -> dg.Definitions:
    return build_definitions({"workspace": Workspace(published.settings)})


def test_definitions_validate_from_the_workspace_file(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [str(program), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=ROOT,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path), "LEDGERGATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr


def test_an_asset_for_each_ledger_and_each_model_described_and_grouped(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    groups: dict[str, int] = {}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description and node.kinds, key
        assert node.owners, key  # somebody to ask
        groups[node.group_name or ""] = groups.get(node.group_name or "", 0) + 1
    # Printed and claimed, of the evaluation forms, of entries, and what stands beside them.
    assert groups["ledgers"] == 22 + 8 + 2 + 7
    assert set(groups) == {
        "ledgers",
        "staging",
        "intermediate",
        "unit",
        "project",
        "fund",
        "source",
        "parameters",
        "scores",
        "reconciliation",
        "ledger_tables",
        "gates",
        "publication",
        "report",
        "province",
        "alerts",
    }


def test_the_way_from_ledgers_to_publication_is_one(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    upstream = {key.to_user_string() for key in dg.AssetSelection.assets("published_year").upstream().resolve(graph)}
    assert {"ledger/project_expenditure", "raw/cells", "stg_cell", "project_expenditure", "reconciliation",
            "score_summary", "gates"} <= upstream  # fmt: skip
    assert graph.get(dg.AssetKey("gates")).parent_keys >= {dg.AssetKey("reconciliation")}


def test_partitions_are_departments_by_years_up_to_the_next(definitions: dg.Definitions) -> None:
    partitions = definitions.resolve_asset_graph().get(dg.AssetKey("published_year")).partitions_def
    assert partitions is not None
    with dg.DagsterInstance.ephemeral() as instance:
        make_known(instance, ["hunan_hrss", "民政厅"])
        keys = partitions.get_partition_keys(dynamic_partitions_store=instance)
    assert {"hunan_hrss|1990", "民政厅|2026"} <= set(keys) and len(keys) % 2 == 0


def test_gates_are_blocking_checks_and_warnings_are_not(definitions: dg.Definitions) -> None:
    specs = {
        spec.name: spec.blocking
        for asset in definitions.assets or []
        if isinstance(asset, dg.AssetsDefinition)
        for spec in asset.check_specs
    }
    assert specs == {
        "cells_are_placed": True,
        "ledgers_are_whole": True,
        "entries_are_read": True,
        "nothing_is_lost": True,
        "rules_hold": True,
        "scores_add_up": True,
        "indicators_are_judged": False,
        "rules_hold_together": False,
        "coverage": False,
        "exceptions_are_used": False,
        "everything_is_used": False,
        "notices": False,
    }


def test_a_gate_has_a_result_for_each_year(published: Published) -> None:
    """With 2025 blocked, a later run of 2024 would show its gates as passed, were they kept for the asset alone."""
    with dagster_instance(published.settings) as instance:
        key = dg.AssetCheckKey(dg.AssetKey("gates"), "rules_hold")
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
        assert records and {record.partition for record in records} == {"hunan_hrss|2024"}


def test_a_year_runs_without_the_alerts_that_it_may_cause(definitions: dg.Definitions) -> None:
    layer = definitions.resolve_job_def(RUN_YEAR).asset_layer
    assert dg.AssetKey("alerts") not in layer.executable_asset_keys
    assert {key.asset_key for key in layer.asset_graph.asset_check_keys} == {dg.AssetKey("gates")}


def test_a_new_run_cannot_slip_past_a_failed_gate(settings: Settings) -> None:
    edit(settings.ledgers(2024) / "unit_basic_expenditure.csv", "1,182.19", "1,128.19")
    job = build_definitions({"workspace": Workspace(settings)}).resolve_job_def(RUN_YEAR)
    with dg.DagsterInstance.ephemeral() as instance:
        make_known(instance, ["hunan_hrss"])
        first = job.execute_in_process(partition_key="hunan_hrss|2024", instance=instance, raise_on_error=False)
        failed = {
            check.check_name
            for check in first.get_asset_check_evaluations()
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
        }
        assert not first.success and failed == {"rules_hold"}
        (evaluation,) = [c for c in first.get_asset_check_evaluations() if c.check_name == "rules_hold"]
        assert "湖南省人事考试院" in str(evaluation.metadata["rows"].value)
        second = job.execute_in_process(
            partition_key="hunan_hrss|2024", instance=instance, raise_on_error=False,
            asset_selection=[dg.AssetKey("published_year")],
        )  # fmt: skip
        assert not second.success
        (failure,) = [event for event in second.all_events if event.is_step_failure]
        assert "未通过关卡：勾稽成立" in str(failure.step_failure_data.user_failure_data)
    assert not settings.serving.exists()


def test_a_single_mart_can_be_built_again(published: Published, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(published.settings.home, home, ignore=shutil.ignore_patterns("dagster"))
    workspace = Workspace(Settings(department="hunan_hrss", home=home, raw=published.settings.raw))
    job = build_definitions({"workspace": workspace}).resolve_job_def(RUN_YEAR)
    with dg.DagsterInstance.ephemeral() as instance:
        make_known(instance, ["hunan_hrss"])
        result = job.execute_in_process(
            partition_key="hunan_hrss|2024", instance=instance, asset_selection=[dg.AssetKey("fund_balance")]
        )
    (event,) = result.get_asset_materialization_events()
    assert event.asset_key == dg.AssetKey("fund_balance")


def test_each_step_shows_rows_totals_a_preview_and_where_columns_come_from(settings: Settings) -> None:
    job = build_definitions({"workspace": Workspace(settings)}).resolve_job_def(RUN_YEAR)
    with dg.DagsterInstance.ephemeral() as instance:
        make_known(instance, ["hunan_hrss"])
        result = job.execute_in_process(partition_key="hunan_hrss|2024", instance=instance)
    found = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert all("dagster/row_count" in metadata for name, metadata in found.items()
               if name not in ("gates", "published_year"))  # fmt: skip
    documents = str(found["raw/documents"]["documents"].value)
    assert "绩效自评报告" in documents and "表3（三（二）表3）" in documents
    assert "绩效自评报告" in str(found["ledger/project_expenditure"]["document"].value)
    unit = found["unit_expenditure"]
    assert "| total_budget | 309,964,100.00 |" in str(unit["totals"].value)
    assert "湖南省人事考试院" in str(unit["preview"].value) and "71.84%" in str(unit["chart"].value)
    lineage = unit["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert dg.TableColumnDep(dg.AssetKey("int_figure"), "value") in lineage.deps_by_column["total_budget"]
    landed = found["stg_cell"]["dagster/column_lineage"].value
    assert isinstance(landed, dg.TableColumnLineage)
    assert landed.deps_by_column["text"] == [dg.TableColumnDep(dg.AssetKey(["raw", "cells"]), "text")]
    models_without = [
        node.name for node in models.manifest().nodes.values()
        if node.resource_type == "model" and "column_lineage" not in found[node.name]
    ]  # fmt: skip
    assert models_without == []
    shown = [line.split(" | ") for line in str(found["gates"]["gates"].value).splitlines()]
    assert {line[0].strip("| ") for line in shown if "未通过" in line} == {
        "提示事项",
        "指标评得出",
        "核对齐全",
    }  # notices
    assert "4,512.02" in str(found["ledger/project_expenditure"]["totals"].value)
    assert "gates.html" in str(found["published_year"]["gates"].value)


def said_of(specs: Iterable[dg.AssetSpec]) -> dict[str, list[object]]:
    """What the lineage shows of each asset, as plain data."""
    return {
        spec.key.to_user_string(): [
            sorted(dep.asset_key.to_user_string() for dep in spec.deps), spec.group_name, list(spec.owners),
            sorted(spec.kinds), dict(spec.tags), spec.description, repr(spec.partitions_def),
            {name: str(value) for name, value in spec.metadata.items() if not name.startswith("dagster_dbt/")},
        ]
        for spec in specs
    }  # fmt: skip


def made_by_dagster_dbt() -> dict[str, list[object]]:
    """What dagster-dbt makes of the manifest where it knows dbt: in a process that has imported it so."""
    from dagster_dbt import build_dbt_asset_specs

    manifest = models.parse()
    translator = Translator(json.loads(manifest.read_text(encoding="utf-8")))
    return said_of(
        build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=translator, exclude="resource_type:unit_test")
    )


def test_assets_are_those_that_dagster_dbt_makes_itself() -> None:
    """They are made without starting dbt, whose own reading of the project is what they must say."""
    ours = "import orchestration.pipeline.definitions, sys; print(sorted({m for m in sys.modules if m[:4] == 'dbt.'}))"
    theirs = (
        "import dbt.version, json; from tests.pipeline.test_dagster import made_by_dagster_dbt as made; "
        "print(json.dumps(made()))"
    )
    done = [
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300)
        for script in (ours, theirs)
    ]
    assert done[0].stdout.strip() == "[]", done[0]
    made = json.loads(done[1].stdout.splitlines()[-1])
    assert len(made) > 30
    assert json.loads(json.dumps(said_of(model_specs()))) == made
