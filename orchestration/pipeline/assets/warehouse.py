"""The dbt models as assets; what their structure tests found, and what people want to see of a table, stands in each
one's metadata.

SQL belongs in ``dbt_project``; running it in ``orchestration.warehouse.compiled``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.alerting import events
from orchestration.base.problems import InputError
from orchestration.pipeline.assets.ledgers import LANDED
from orchestration.pipeline.lean_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
from orchestration.pipeline.partitions import DEPARTMENT_YEARS
from orchestration.pipeline.resources import Workspace
from orchestration.warehouse import compiled, models
from orchestration.warehouse.build import Build
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.glimpse import Glimpse, glimpses, markdown
from orchestration.warehouse.lineage import column_lineage

PACKAGE = "ledgergate"
_BUILT = ("model", "seed")


class Translator(DagsterDbtTranslator):
    """dbt's names in the lineage: sources are what the ledger step landed; groups and their owners are those of dbt."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        # Several sources stand for one landed asset: a rulebook is four tables.
        super().__init__(
            DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True, enable_asset_checks=False)
        )
        self._groups = manifest["groups"]

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            name = dbt_resource_props["name"]
            return LANDED.get(name, dg.AssetKey([name]))
        return dg.AssetKey([dbt_resource_props["name"]])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        group = self._groups.get(f"group.{PACKAGE}.{self.get_group_name(dbt_resource_props)}")
        return [f"team:{group['owner']['name']}"] if group and group["owner"]["name"] else []

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        path = f"{models.PROJECT.name}/{dbt_resource_props['original_file_path']}"
        return {**super().get_metadata(dbt_resource_props), "source": dg.MetadataValue.path(path)}

    def get_partitions_def(self, dbt_resource_props: Mapping[str, Any]) -> dg.PartitionsDefinition:
        # Said here and not to the decorator, which would make a backfill run all years in one (and is beta).
        return DEPARTMENT_YEARS


def model_specs() -> Sequence[dg.AssetSpec]:
    """Every model and seed of the project, from what dbt has written down of it."""
    manifest = json.loads(models.parse().read_text(encoding="utf-8"))
    translator = Translator(manifest)
    project = DbtProject(project_dir=models.PROJECT, profiles_dir=models.PROJECT)
    built = [name for name, node in manifest["nodes"].items() if node["resource_type"] in _BUILT]
    return [translator.get_asset_spec(manifest, name, project) for name in built]


def warehouse_assets() -> dg.AssetsDefinition:
    """All models and seeds, built in one go from what dbt has compiled."""

    @dg.multi_asset(name="build_models", specs=model_specs(), can_subset=True)
    def build_models(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.Output[None]]:
        workspace, year = workspace.at(context.partition_key)
        build = workspace.build(year)
        whole = len(context.selected_asset_keys) == len(build_models.keys)
        tables = None if whole else [key.path[-1] for key in sorted(context.selected_asset_keys)]
        try:
            engine = engine_of(workspace.settings)
        except InputError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        workspace.watcher.step("构建模型", len(context.selected_asset_keys))
        nodes = compiled.build(
            build.warehouse, tables, upstream=False, on_node=workspace.watcher.advance, engine=engine
        )
        yield from _outputs(build, nodes, engine.name)
        if broken := {node.name: node.failures for node in nodes if node.status == "fail"}:
            raise _structure_failed(workspace, build, context.run.run_id, broken)

    return build_models


def _outputs(build: Build, nodes: Sequence[models.DbtNode], engine: str) -> Iterator[dg.Output[None]]:
    """Each table that was built, with what people want to see of it."""
    built = [node for node in nodes if node.kind in ("model", "seed") and node.status == "success"]
    with build.opened():
        seen = glimpses(build, [node.name for node in built])
        lineage = column_lineage(build, nodes, engine)
    for node in built:
        tests = [test for test in nodes if test.kind == "test" and node.unique_id in test.depends_on]
        metadata: dict[str, dg.MetadataValue] = {
            "dagster/row_count": dg.MetadataValue.int(seen[node.name].rows),
            **_shown(seen[node.name]),
            **_lineage(lineage.get(node.name, {})),
            "seconds": dg.MetadataValue.float(round(node.seconds, 3)),
            "tests": dg.MetadataValue.md("\n".join(f"- {test.status} {test.name}" for test in tests) or "—"),
        }
        yield dg.Output(None, output_name=dg.AssetKey([node.name]).to_python_identifier(), metadata=metadata)


def _structure_failed(workspace: Workspace, build: Build, run_id: str, broken: Mapping[str, int]) -> dg.Failure:
    """Settles a year whose structure tests failed, tells of it, and says how the run ends. ``broken``: test -> rows."""
    workspace.settle(build.year, build.inputs, "blocked")
    if not workspace.as_published:
        events.structure_failed(workspace.run(build.year, run_id), build, broken)
    return dg.Failure(
        description="数据结构检查未通过：" + "、".join(f"{name}（{rows} 行）" for name, rows in broken.items()),
        metadata={"tests": list(broken)},
        allow_retries=False,
    )


def _shown(glimpse: Glimpse) -> dict[str, dg.MetadataValue]:
    parts = {"totals": glimpse.totals, "preview": glimpse.preview, "chart": glimpse.chart}
    return {name: dg.MetadataValue.md(text) for name, text in parts.items() if text}


def _lineage(columns: Mapping[str, list[tuple[str, str]]]) -> dict[str, dg.MetadataValue]:
    """For machines as Dagster's own column lineage, which its open-source pages do not draw; for people as a table."""
    if not columns:
        return {}
    own = dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=_asset_of(table), column_name=name) for table, name in found]
            for column, found in columns.items()
        }
    )
    rows = [{"列": column, "来自": "、".join(map(".".join, found)) or "—"} for column, found in columns.items()]
    return {
        "dagster/column_lineage": dg.MetadataValue.column_lineage(own),
        "column_lineage": dg.MetadataValue.md(markdown(rows)),
    }


def _asset_of(table: str) -> dg.AssetKey:
    """The asset that a table is; what was landed is an asset of the ledger step."""
    name = table.removeprefix("raw.")
    return LANDED.get(name, dg.AssetKey([name])) if table != name else dg.AssetKey([name])
