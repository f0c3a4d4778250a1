"""Findings as assets: which cells or entries must be wrong, between reconciliation and the gates. How they are found
belongs in ``orchestration.localisation`` and ``orchestration.entries``.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration.localisation.findings import Finding, SuspectCell, SuspectEntry
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.partitions import DEPARTMENT_YEARS
from orchestration.pipeline.resources import Workspace
from orchestration.warehouse.suspects import write_suspects

FINDING, SUSPECT_CELL = dg.AssetKey(["finding"]), dg.AssetKey(["suspect_cell"])
SUSPECT_ENTRY = dg.AssetKey(["suspect_entry"])
FINDING_RULE, SUSPECT_WITNESS = dg.AssetKey(["finding_rule"]), dg.AssetKey(["suspect_witness"])
_JUDGED = [dg.AssetKey(["reconciliation"]), dg.AssetKey(["rule_term"]), dg.AssetKey(["int_rule_cell"])]


def suspect_assets() -> dg.AssetsDefinition:
    """One step writes all five tables."""

    def spec(key: dg.AssetKey, description: str) -> dg.AssetSpec:
        return dg.AssetSpec(
            key,
            deps=_JUDGED,
            description=description,
            group_name="reconciliation",
            kinds={"duckdb"},
            owners=[DATA_TEAM],
        )

    @dg.multi_asset(
        name="find_suspects",
        specs=[
            spec(FINDING, "发现：哪些规则须一并改正，答案有几种，是否唯一。"),
            spec(SUSPECT_CELL, "疑点单元格：应在什么范围，有何旁证。"),
            spec(FINDING_RULE, "每处发现所涉的规则，一行一条。"),
            spec(SUSPECT_WITNESS, "每个疑点单元格的旁证，一行一个。"),
            spec(SUSPECT_ENTRY, "疑点明细：哪个文件、哪一行、哪个月，应是多少。"),
        ],
        partitions_def=DEPARTMENT_YEARS,
    )
    def find_suspects(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.MaterializeResult[None]]:
        workspace, year = workspace.at(context.partition_key)
        workspace.watcher.step("定位", 1)
        found = write_suspects(workspace.build(year))
        shown = _listed(found.suspects)
        lines = _listed(found.entries)
        said = _listed(found.findings)
        yield dg.MaterializeResult(
            asset_key=FINDING,
            metadata={"dagster/row_count": len(found.findings), "findings": dg.MetadataValue.md(said)},
        )
        yield dg.MaterializeResult(
            asset_key=SUSPECT_CELL,
            metadata={"dagster/row_count": len(found.suspects), "suspects": dg.MetadataValue.md(shown)},
        )
        yield dg.MaterializeResult(
            asset_key=SUSPECT_ENTRY,
            metadata={"dagster/row_count": len(found.entries), "suspects": dg.MetadataValue.md(lines)},
        )
        yield dg.MaterializeResult(
            asset_key=FINDING_RULE,
            metadata={"dagster/row_count": sum(len(finding.relations) for finding in found.findings)},
        )
        yield dg.MaterializeResult(
            asset_key=SUSPECT_WITNESS,
            metadata={"dagster/row_count": sum(len(suspect.corroborating) for suspect in found.suspects)},
        )
        workspace.watcher.advance("suspect_cell")

    return find_suspects


def _listed(found: Sequence[Finding | SuspectCell | SuspectEntry]) -> str:
    """The first statements, as Markdown."""
    return "\n".join(f"- {each.statement}" for each in found[:20]) or "没有"
