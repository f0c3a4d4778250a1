"""All that Dagster sees, assembled in one place. Tests override a resource instead of patching."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import dagster as dg

from orchestration.base.problems import InputError
from orchestration.base.settings import CONTRACTS, Settings
from orchestration.entries.contract import read_entry_contracts
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.pipeline.assets.alerts import alerts_arrive, alerts_asset
from orchestration.pipeline.assets.gates import gate_assets
from orchestration.pipeline.assets.ledger_tables import ledger_table_assets
from orchestration.pipeline.assets.ledgers import ledger_assets
from orchestration.pipeline.assets.province import province_asset
from orchestration.pipeline.assets.publication import publication_asset
from orchestration.pipeline.assets.reports import report_assets
from orchestration.pipeline.assets.suspects import suspect_assets
from orchestration.pipeline.assets.warehouse import warehouse_assets
from orchestration.pipeline.jobs import year_jobs
from orchestration.pipeline.records import write_cheaply
from orchestration.pipeline.resources import Workspace, one_run_of_a_year
from orchestration.pipeline.sensors import all_schedules, all_sensors
from orchestration.pipeline.together import departments_job
from orchestration.warehouse import compiled
from orchestration.warehouse.ledger_tables import table_of


def _all_contracts(settings: Settings) -> dict[str, Contract]:
    """The shared contracts and those that stand beside a year's ledgers: each ledger has its place in the lineage."""
    found: dict[str, Contract] = {}
    for folder in sorted([*settings.raw.glob(f"[0-9]*/{CONTRACTS}"), *settings.raw.glob(f"[0-9]*/*/{CONTRACTS}")]):
        with suppress(InputError):  # running that year says what is wrong, and no other year waits for it
            found |= read_contracts(folder)
    if not found or any(settings.contracts.glob("*.yml")):
        found |= read_contracts(settings.contracts)
    return found


def build_definitions(overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Assets, checks, jobs, sensors and schedules over one workspace. ``overrides`` replaces resources by name."""
    write_cheaply()  # a run that the UI or a sensor starts loads these definitions in a process of its own
    workspace = (overrides or {}).get("workspace") or Workspace()
    assert isinstance(workspace, Workspace)
    contracts = _all_contracts(workspace.settings)
    warehouse = warehouse_assets()
    run_year, *others = year_jobs()
    run_departments = departments_job(workspace)
    tables = [*compiled.published_tables(), *(table_of(name) for name in contracts)]
    return dg.Definitions(
        assets=[
            ledger_assets(contracts, read_entry_contracts(workspace.settings.entry_contracts)),
            warehouse,
            suspect_assets(),
            ledger_table_assets(contracts),
            gate_assets(tables),
            publication_asset(tables),
            report_assets(),
            province_asset(),
            alerts_asset(),
        ],
        asset_checks=[alerts_arrive],
        jobs=[run_year, *others, run_departments],
        sensors=all_sensors(workspace.settings, [run_year, run_departments]),
        schedules=all_schedules(workspace.settings),
        executor=dg.in_process_executor,
        resources={**(overrides or {}), "workspace": one_run_of_a_year(workspace)},
    )
