"""The typed table of each ledger as an asset: after the models, before the gates. How it is made belongs in
``orchestration.warehouse``.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from orchestration.ledgers.contract import Contract
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.partitions import DEPARTMENT_YEARS
from orchestration.pipeline.resources import Workspace
from orchestration.warehouse.ledger_tables import table_of, write_ledger_tables


def ledger_table_assets(contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """One step writes all of them; those of ledgers that only one year's folder knows have no asset of their own."""
    specs = [
        dg.AssetSpec(
            dg.AssetKey([table_of(name)]),
            deps=[dg.AssetKey(["cell"])],
            description=f"{contract.title}：明细各行，按契约分栏、定类型。",
            group_name="ledger_tables",
            kinds={"duckdb"},
            owners=[DATA_TEAM],
        )
        for name, contract in contracts.items()
    ]

    @dg.multi_asset(name="write_ledger_tables", specs=specs, partitions_def=DEPARTMENT_YEARS)
    def write_tables(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.MaterializeResult[None]]:
        workspace, year = workspace.at(context.partition_key)
        counts = write_ledger_tables(workspace.build(year))
        for spec in specs:
            yield dg.MaterializeResult(
                asset_key=spec.key, metadata={"dagster/row_count": counts.get(spec.key.path[-1], 0)}
            )

    return write_tables
