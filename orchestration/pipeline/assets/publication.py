"""Publication as an asset: the year's version, downstream of the gates. How a version is written and switched belongs
in ``orchestration.publication.versions``.
"""

import dagster as dg

from orchestration.alerting import events
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.assets.gates import GATES
from orchestration.pipeline.partitions import DEPARTMENT_YEARS, year_before
from orchestration.pipeline.resources import Workspace
from orchestration.publication.release import publish_build
from orchestration.publication.versions import NotPublishedError
from orchestration.warehouse.ledger_tables import published_tables

PUBLISHED = dg.AssetKey(["published_year"])


def publication_asset(tables: list[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=PUBLISHED,
        deps=[
            GATES,
            *(dg.AssetKey([table]) for table in tables),
            dg.AssetDep(PUBLISHED, partition_mapping=year_before()),
        ],
        partitions_def=DEPARTMENT_YEARS,
        group_name="publication",
        kinds={"parquet", "duckdb"},
        owners=[DATA_TEAM],
        description="发布：整年一个不可变的版本；读者要么看到旧的，要么看到新的。关卡未过不发布。",
    )
    def published_year(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.MaterializeResult[None]:
        workspace, year = workspace.at(context.partition_key)
        build = workspace.build(year)
        run = workspace.run(build.year, context.run.run_id)
        workspace.watcher.step("发布", 1)
        try:
            with build.opened():
                version, is_new = publish_build(workspace.settings, build, published_tables(build))
        except NotPublishedError as error:
            workspace.settle(build.year, build.inputs, "blocked")
            events.refused(run, str(error))
            raise dg.Failure(description=str(error), allow_retries=False) from error
        workspace.settle(build.year, build.inputs, "published", version.name)
        events.published(run, version.name)
        workspace.watcher.advance(version.name)
        return dg.MaterializeResult(
            metadata={
                "version": version.name,
                "new": is_new,
                "folder": dg.MetadataValue.path(str(version.folder)),
                "tables": dg.MetadataValue.json(version.manifest["tables"]),
                "gates": dg.MetadataValue.path(str(version.folder / "gates.html")),
            }
        )

    return published_year
