"""Jobs: the main one takes a year from its ledgers to a published version. Running one belongs in ``run``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import dagster as dg

from orchestration.pipeline.assets.publication import PUBLISHED

#: What a sensor may start. Dagster names one of the two for type checkers alone.
Job: TypeAlias = "dg.JobDefinition | dg.UnresolvedAssetJobDefinition"

RUN_YEAR = "run_year"
CHECK_YEAR = "check_year"
REPORT_YEAR = "report_year"
#: The job of many departments at once, which is no job of assets (``together``).
RUN_DEPARTMENTS = "run_departments"
ABOUT_DEPARTMENTS = "许多部门的同一年度：一起读入、构建、定位、过关卡，各自发布或拦下。"
PROVINCE_YEAR = "province_year"
#: Its one step; no name in a code location may stand twice.
STEP = "each_department"
#: Which year a run of many departments is of.
YEAR_TAG = "ledgergate/year"


@dataclass(frozen=True)
class Members:
    """What a run of many departments was asked for. ``inputs``: by department the beginning of the fingerprint that it
    is to settle, where a sensor asked.
    """

    year: int
    departments: Sequence[str]
    inputs: Mapping[str, str] = field(default_factory=dict)


def config_of(year: int, departments: Sequence[str], inputs: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The configuration of a run of many departments."""
    config = {"year": year, "departments": list(departments), "inputs": dict(inputs or {})}
    return {"ops": {STEP: {"config": config}}}


def members_of(run: dg.DagsterRun) -> Members:
    """What ``config_of`` said."""
    config: Any = run.run_config
    return Members(**config["ops"][STEP]["config"])


def year_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """``run_year`` publishes; ``check_year`` stops at the gates; ``report_year`` makes the report of what is published,
    ``province_year`` what all departments look like side by side.
    One process a run: a year is small, starts are not.
    """
    reports = dg.AssetSelection.key_prefixes("report")
    province = dg.AssetSelection.key_prefixes("province")
    everything = dg.AssetSelection.all() - reports - province
    return [
        dg.define_asset_job(
            RUN_YEAR,
            everything,
            description="一个年度：读入账表，构建，过关卡，发布。",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            CHECK_YEAR,
            everything - dg.AssetSelection.assets(PUBLISHED),
            description="一个年度：读入账表，构建，过关卡，不发布。",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            REPORT_YEAR,
            reports,
            description="一个年度：由已发布的版本生成自评报告、附件和页面。",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            PROVINCE_YEAR,
            province,
            description="一个年度：由各部门已发布的版本生成汇总页和汇总表。",
            executor_def=dg.in_process_executor,
        ),
    ]
