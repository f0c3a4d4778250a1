"""The report as assets, downstream of publication: document, workbook and page of the version that readers are at. How
they are made belongs in ``orchestration.reporting``.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.base.settings import Settings
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.assets.publication import PUBLISHED
from orchestration.pipeline.partitions import DEPARTMENT_YEARS, partition_of
from orchestration.pipeline.resources import Workspace
from orchestration.reporting.edition import PAGE
from orchestration.reporting.report import make_report as make_report_of
from orchestration.reporting.report import report_folder

REPORT = {
    dg.AssetKey(["report", "document"]): ("report.docx", "自评报告（Word）：公文格式，每个数都取自发布的表。", "word"),
    dg.AssetKey(["report", "annexes"]): (
        "annexes.xlsx",
        "表1至表3与附件（Excel）：尾差由公式核对。",
        "excel",
    ),
    dg.AssetKey(["report", "page"]): (
        "report.html",
        "页面（HTML）：离线可看；点开每条规则看单元格。",
        "html",
    ),
}


def made_elsewhere(settings: Settings, year: int, version: str) -> list[dg.AssetMaterialization]:
    """The report of a version as events, for what the command has made: without, it would stay unmaterialised."""
    folder = report_folder(settings, year, version)
    return [
        dg.AssetMaterialization(
            key,
            partition=partition_of(year, settings.department),
            metadata={**_where(settings, year, folder / name), "version": version},
        )
        for key, (name, _, _) in REPORT.items()
    ]


def _where(settings: Settings, year: int, path: Path) -> dict[str, dg.MetadataValue]:
    file = {"file": dg.MetadataValue.path(str(path))}
    return file | ({"page": dg.MetadataValue.url(settings.page_url(year, "report"))} if path.name == PAGE else {})


def report_assets() -> dg.AssetsDefinition:
    """One step makes all three from the year's current version."""
    specs = [
        dg.AssetSpec(
            key, deps=[PUBLISHED], description=description, group_name="report", kinds={kind}, owners=[DATA_TEAM]
        )
        for key, (_, description, kind) in REPORT.items()
    ]

    @dg.multi_asset(name="make_report", specs=specs, partitions_def=DEPARTMENT_YEARS)
    def make_report(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.MaterializeResult[None]]:
        from orchestration.reporting import preview
        from orchestration.reporting.figures import FieldError
        from orchestration.reporting.published import NoVersionError, open_version

        workspace, year = workspace.at(context.partition_key)
        workspace.watcher.step("报告", 3)
        try:
            version = open_version(workspace.settings, year)
            folder = report_folder(workspace.settings, version.year, version.name)
            made = make_report_of(version, folder, step=workspace.watcher.advance)
        except (NoVersionError, FieldError) as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        shown = preview.preview(made)
        for key, (name, _, _) in REPORT.items():
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    **_where(workspace.settings, version.year, folder / name),
                    "version": version.name,
                    "figures": made.figures,
                    "gaps": dg.MetadataValue.md("\n".join(f"- {gap}" for gap in made.warnings) or "没有"),
                    "preview": dg.MetadataValue.md(shown),
                },
            )

    return make_report
