"""Which version each input of a step has: remembered where this run has made it. Dagster asks its database for each of
270 inputs a run, a query or two each, and reads back what it has just written.

What is written, and how, belongs in ``records``.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import dagster as dg
from dagster._core.definitions.data_version import DataVersion, extract_data_version_from_entry
from dagster._core.events import DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.context.data_version_cache import DataVersionCache, InputAssetVersionInfo


class _MadeByRun:
    """The newest materialisation of each asset by one run, with its number in the index."""

    def __init__(self) -> None:
        self.run_id = ""
        self.by_asset: dict[dg.AssetKey, tuple[int, EventLogEntry]] = {}


_made = _MadeByRun()


def remember(entries: Sequence[EventLogEntry], ids: Sequence[int]) -> None:
    """Note what was recorded. Another run's record takes the place of all that is known."""
    for number, entry in zip(ids, entries, strict=True):
        if entry.dagster_event_type != DagsterEventType.ASSET_MATERIALIZATION:
            continue
        if entry.run_id != _made.run_id:
            _made.run_id, _made.by_asset = entry.run_id, {}
        key = entry.get_dagster_event().asset_key
        assert key is not None
        _made.by_asset[key] = number, entry


def recall_versions() -> None:
    """Every step that Dagster takes in this process from now on asks what its run remembers first."""
    DataVersionCache._fetch_input_asset_version_info = _fetch  # type: ignore[assignment, method-assign]


def _fetch(cache: DataVersionCache, asset_keys: Sequence[dg.AssetKey]) -> None:
    unknown = []
    for key in asset_keys:
        if (known := _known(cache, key)) is not None:
            cache.input_asset_version_info[key] = known
        else:
            unknown.append(key)
    if unknown:
        _dagster_fetches(cache, unknown)


def _known(cache: DataVersionCache, key: dg.AssetKey) -> InputAssetVersionInfo | None:
    """As Dagster makes it of the newest record, where that is of the partition that the step needs."""
    context = cache._context
    if context.run_id != _made.run_id or key not in _made.by_asset:
        return None
    number, entry = _made.by_asset[key]
    version = extract_data_version_from_entry(entry)
    name = context.job_def.asset_layer.get_node_input_name(context.node_handle, key)
    if version is not None and name and context.has_asset_partitions_for_input(name):
        needed = context.asset_partitions_subset_for_input(name, require_valid_partitions=False)
        if list(needed.get_partition_keys()) != [entry.get_dagster_event().partition]:
            return None
        version = DataVersion(sha256(version.value.encode()).hexdigest())
    kind = DagsterEventType.ASSET_MATERIALIZATION
    return version and InputAssetVersionInfo(number, kind, version, entry.run_id, entry.timestamp)


_dagster_fetches = DataVersionCache._fetch_input_asset_version_info
