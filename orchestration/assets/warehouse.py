"""The dbt models as assets; what their structure tests found stands in each one's metadata.

SQL belongs in ``dbt_project``; running it in
``orchestration.warehouse.models``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from orchestration.alerting import events
from orchestration.assets.ledgers import LANDED
from orchestration.partitions import YEARS
from orchestration.resources import Workspace
from orchestration.warehouse import models


class Translator(DagsterDbtTranslator):
    """dbt's names in the lineage: sources are what the ledger step landed; groups are those of dbt."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            name = dbt_resource_props["name"]
            return LANDED.get(name, dg.AssetKey([name]))
        return dg.AssetKey([dbt_resource_props["name"]])

    def get_partitions_def(self, dbt_resource_props: Mapping[str, Any]) -> dg.PartitionsDefinition:
        # Said here and not to the decorator, which would make a backfill run all years in one (and is beta).
        return YEARS


def warehouse_assets() -> dg.AssetsDefinition:
    """All models and seeds, built by one dbt invocation."""
    manifest_path = models.parse()
    # Several sources stand for one landed asset: a rulebook is four tables.
    translator = Translator(
        settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True, enable_asset_checks=False)
    )
    project = DbtProject(project_dir=models.PROJECT, profiles_dir=models.PROJECT)

    @dbt_assets(
        manifest=manifest_path,
        name="build_models",
        dagster_dbt_translator=translator,
        exclude="resource_type:unit_test",
        project=project,
    )
    def build_models(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.Output[None]]:
        build = workspace.build(int(context.partition_key))
        whole = len(context.selected_asset_keys) == len(build_models.keys)
        select = None if whole else " ".join(key.path[-1] for key in sorted(context.selected_asset_keys))
        workspace.watcher.step("构建模型", len(context.selected_asset_keys))
        nodes = models.build(build.warehouse, select, on_node=workspace.watcher.advance)
        built = [node for node in nodes if node.kind in ("model", "seed") and node.status == "success"]
        counts = " union all ".join(f"select '{node.name}' as name, count(*) as n from {node.name}" for node in built)
        rows = {row["name"]: row["n"] for row in build.rows(counts)}
        for node in built:
            tests = [test for test in nodes if test.kind == "test" and node.unique_id in test.depends_on]
            metadata = {
                "dagster/row_count": rows[node.name],
                "seconds": round(node.seconds, 3),
                "tests": dg.MetadataValue.md("\n".join(f"- {test.status} {test.name}" for test in tests) or "—"),
            }
            yield dg.Output(None, output_name=dg.AssetKey([node.name]).to_python_identifier(), metadata=metadata)
        broken = [node for node in nodes if node.status == "fail"]
        if broken:
            if not workspace.as_published:
                events.structure_failed(
                    workspace.run(build.year, context.run.run_id), build, {node.name: node.failures for node in broken}
                )
            raise dg.Failure(
                description="数据结构检查未通过：" + "、".join(f"{node.name}（{node.failures} 行）" for node in broken),
                metadata={"tests": [node.name for node in broken]},
                allow_retries=False,
            )

    return build_models
