"""Departments' years as partitions: cheap to ask for, and never answered for a department that nobody knows."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.pipeline.partitions import DEPARTMENT_YEARS, DEPARTMENTS, YEARS, make_known, partition_of


def alone(key: str) -> dg.PartitionKeyRange:
    return dg.PartitionKeyRange(key, key)


def test_the_records_are_asked_once_which_partition_a_key_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    partitions = type(DEPARTMENT_YEARS)({"department": DEPARTMENTS, "year": YEARS})
    asked: list[str] = []
    with dg.DagsterInstance.ephemeral() as instance:
        make_known(instance, ["甲"])
        known = instance.has_dynamic_partition

        def ask(name: str, key: str) -> bool:
            asked.append(key)
            return known(name, key)

        monkeypatch.setattr(instance, "has_dynamic_partition", lambda **given: ask(*given.values()))
        key = partition_of(2024, "甲")
        first = partitions.get_partition_keys_in_range(alone(key), instance)
        once = len(asked)
        assert [partitions.get_partition_keys_in_range(alone(key), instance) for _ in range(3)] == [first] * 3
        assert (first, len(asked)) == ([key], once) and once > 0
        years = dg.PartitionKeyRange(partition_of(2024, "甲"), partition_of(2026, "甲"))
        assert partitions.get_partition_keys_in_range(years, instance) == [
            partition_of(year, "甲") for year in (2024, 2025, 2026)
        ]
        for _ in range(2):
            with pytest.raises(dg.DagsterError, match="乙"):
                partitions.get_partition_keys_in_range(alone(partition_of(2024, "乙")), instance)
