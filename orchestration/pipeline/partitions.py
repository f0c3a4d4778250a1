"""Departments' fiscal years as Dagster partitions: one for each department and year."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from orchestration.base.years import FIRST_YEAR

#: Up to the year after the running one, whose budget is being made.
YEARS = dg.TimeWindowPartitionsDefinition(start=str(FIRST_YEAR), fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=2)
#: The departments that have ledgers; a new one is made known by whoever sees its folder first.
DEPARTMENTS = dg.DynamicPartitionsDefinition(name="department")


class DepartmentYears(dg.MultiPartitionsDefinition):
    """Of each event and each input Dagster asks which keys lie between a run's key and itself, some 300 times a run:
    each time it asks its records and counts the years since the first. Once they have said which, it is known.
    """

    def get_partition_keys_in_range(
        self, partition_key_range: dg.PartitionKeyRange, dynamic_partitions_store: Any = None
    ) -> Sequence[Any]:
        start = partition_key_range.start
        if start != partition_key_range.end:
            return super().get_partition_keys_in_range(partition_key_range, dynamic_partitions_store)
        if start not in self._alone:
            self._alone[start] = super().get_partition_keys_in_range(partition_key_range, dynamic_partitions_store)
        return self._alone[start]

    @functools.cached_property
    def _alone(self) -> dict[str, Sequence[Any]]:
        """Ranges of one key."""
        return {}


DEPARTMENT_YEARS = DepartmentYears({"department": DEPARTMENTS, "year": YEARS})


def partition_of(year: int, department: str) -> str:
    """The key of a department's year, as the UI writes it: department|year."""
    return str(dg.MultiPartitionKey({"department": department, "year": str(year)}))


def of_partition(key: str) -> tuple[int, str] | None:
    """Year and department of a partition; None for what is none."""
    department, _, year = key.rpartition("|")
    return (int(year), department) if department and year.isdecimal() else None


def make_known(instance: dg.DagsterInstance, departments: Iterable[str]) -> None:
    """Let the records know of departments; of those that they know nothing changes."""
    known = set(instance.get_dynamic_partitions(DEPARTMENTS.name or ""))
    if new := sorted(set(departments) - known):
        instance.add_dynamic_partitions(DEPARTMENTS.name or "", new)


def departments_of_a_year() -> dg.PartitionMapping:
    """A year's departments, for what looks over all of them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*MultiToSingle.*", dg.BetaWarning)  # none other goes from two sides to one
        return dg.MultiToSingleDimensionPartitionMapping("year")


def year_before() -> dg.PartitionMapping:
    """The same department's year before."""
    before = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*MultiPartitionMapping.*", dg.BetaWarning)  # no other mapping has two sides
        return dg.MultiPartitionMapping(
            {
                "department": dg.DimensionPartitionMapping("department", dg.IdentityPartitionMapping()),
                "year": dg.DimensionPartitionMapping("year", before),
            }
        )
