"""Jobs: the main one takes a year from its ledgers to a published version."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.publication import PUBLISHED
from orchestration.partitions import YEARS

RUN_YEAR = "run_year"
CHECK_YEAR = "check_year"


def year_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """``run_year`` publishes; ``check_year`` stops at the gates. One process a run: a year is small, starts are not."""
    everything = dg.AssetSelection.all()
    return [
        dg.define_asset_job(
            RUN_YEAR,
            everything,
            description="一个年度：读入账表，构建，过关卡，发布。",
            partitions_def=YEARS,
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            CHECK_YEAR,
            everything - dg.AssetSelection.assets(PUBLISHED),
            description="一个年度：读入账表，构建，过关卡，不发布。",
            partitions_def=YEARS,
            executor_def=dg.in_process_executor,
        ),
    ]
