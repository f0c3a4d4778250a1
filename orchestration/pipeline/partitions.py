"""Fiscal years as Dagster partitions."""

from __future__ import annotations

import dagster as dg

from orchestration.base.years import FIRST_YEAR

#: Up to the year after the running one, whose budget is being made.
YEARS = dg.TimeWindowPartitionsDefinition(start=str(FIRST_YEAR), fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=2)
