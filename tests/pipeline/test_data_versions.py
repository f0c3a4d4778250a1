"""What a run remembers of its inputs is what Dagster would have read back; what it writes is what Dagster writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.context.data_version_cache import DataVersionCache
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager

from orchestration.pipeline import data_versions, records

YEARS = dg.StaticPartitionsDefinition(["2024", "2025"])
VERSIONED: dict[str, Any] = {"partitions_def": YEARS, "code_version": "1"}


@dg.asset(**VERSIONED)
def ledger() -> None:
    """Made by a step of its own."""


@dg.multi_asset(
    specs=[
        dg.AssetSpec("cell", deps=["ledger"], code_version="1"),
        dg.AssetSpec("mart", deps=["cell", "ledger"], code_version="2"),
    ],
    partitions_def=YEARS,
    can_subset=True,
)
def models() -> Iterator[dg.MaterializeResult[None]]:
    yield dg.MaterializeResult(asset_key="cell", metadata={"rows": 1})
    yield dg.MaterializeResult(asset_key="mart", metadata={"rows": 2})


@dg.asset(
    deps=["mart", "cell", dg.AssetDep("ledger", partition_mapping=dg.AllPartitionMapping())],
    check_specs=[dg.AssetCheckSpec("balanced", asset="published")],
    **VERSIONED,
)
def published() -> Iterator[dg.MaterializeResult[None]]:
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="balanced")])


ASSETS = [ledger, models, published]
#: The runs of each home: partition and what is made; the second time over what other runs have made.
RUNS = [("2024", "*"), ("2025", "*"), ("2025", "key:published"), ("2024", "key:cell or key:mart or key:published")]


def recorded(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the index holds of the runs, less what is each run's own: names and times."""
    home.mkdir()
    silent = {"compute_logs": {"module": NoOpComputeLogManager.__module__, "class": NoOpComputeLogManager.__name__}}
    with dg.DagsterInstance.local_temp(str(home), overrides=silent) as instance:
        for partition, selection in RUNS:
            assert dg.materialize(ASSETS, instance=instance, partition_key=partition, selection=selection).success
        records_of: dict[str, list[tuple[object, ...]]] = {
            key: [
                (record.storage_id, record.partition_key, sorted((made.tags or {}).items()))
                for record in instance.fetch_materializations(dg.AssetKey(key), limit=10).records
                if (made := record.event_log_entry.asset_materialization)
            ]
            for key in ("ledger", "cell", "mart", "published")
        }
    with closing(sqlite3.connect(home / "history" / "runs" / "index.db")) as index:
        for table, columns in (
            ("event_logs", "id, dagster_event_type, step_key, asset_key, partition"),
            ("asset_event_tags", "asset_key, event_id, key, value"),
            ("asset_keys", "asset_key, json_extract(last_materialization, '$.storage_id')"),
            ("asset_check_executions", "asset_key, check_name, partition, execution_status"),
        ):
            found = index.execute(f"select {columns} from {table}").fetchall()
            records_of[table] = sorted(found, key=repr)
    return records_of


def test_a_run_records_the_same_as_dagster_does_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records.write_cheaply()
    asked: list[int] = []
    known = data_versions._known

    def counted(cache: DataVersionCache, key: dg.AssetKey) -> object:
        found = known(cache, key)
        asked.append(found is not None)
        return found

    monkeypatch.setattr(data_versions, "_known", counted)
    ours = recorded(tmp_path / "ours")
    assert asked.count(True) > 10 and asked.count(False) > 5
    monkeypatch.setattr(SqliteEventLogStorage, "store_event", records._dagster_stores)
    monkeypatch.setattr(SqliteEventLogStorage, "_store_asset_event", records._dagster_stores_asset)
    monkeypatch.setattr(DataVersionCache, "_fetch_input_asset_version_info", data_versions._dagster_fetches)
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")
    assert recorded(tmp_path / "dagster's own") == ours
