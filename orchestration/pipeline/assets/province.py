"""The province as an asset, one a year: page and workbook over the current versions of all its departments. How they
are made belongs in ``orchestration.reporting.province``.
"""

import dagster as dg

from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.assets.publication import PUBLISHED
from orchestration.pipeline.partitions import YEARS, departments_of_a_year
from orchestration.pipeline.resources import Workspace

PROVINCE = dg.AssetKey(["province", "summary"])


def province_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=PROVINCE,
        deps=[dg.AssetDep(PUBLISHED, partition_mapping=departments_of_a_year())],
        partitions_def=YEARS,
        group_name="province",
        kinds={"html", "excel"},
        owners=[DATA_TEAM],
        description="各部门汇总：一年一页（勾稽墙、合计、排名、异常），一本汇总表。没有发布的部门也在上面。",
    )
    def summary(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.MaterializeResult[None]:
        from orchestration.reporting.province.make import make_province

        year = int(context.partition_key)
        made = make_province(workspace.settings.of(""), year, step=workspace.watcher.advance)
        view = made.view
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.url(workspace.settings.province_url(year)),
                "file": dg.MetadataValue.path(str(made.page)),
                "workbook": dg.MetadataValue.path(str(made.workbook)),
                **view.counts,
                "outliers": len(view.outliers),
            }
        )

    return summary
