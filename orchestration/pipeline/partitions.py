"""Fiscal years as Dagster partitions."""

from __future__ import annotations

import dagster as dg

#: From the first year with ledgers up to the running year, whose ledgers arrive before it ends.
YEARS = dg.TimeWindowPartitionsDefinition(start="2024", fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1)
