"""What is used of dagster-dbt, imported without dbt: names, groups and descriptions of assets stand in the manifest.

dagster-dbt imports a third of dbt-core wherever that is installed, and can do without it (for projects that dbt's other
engine builds). A run does not start dbt: it would be the largest of all its imports. What does not belong here: dbt
itself, which ``orchestration.warehouse.models`` imports where something is to be parsed.
"""

from __future__ import annotations

import sys

_HIDDEN = "dbt.version"  # by this one module it sees whether dbt is there

if _HIDDEN in sys.modules:
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
else:
    sys.modules[_HIDDEN] = None  # type: ignore[assignment]  # how Python is told that there is none
    try:
        from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
    finally:
        del sys.modules[_HIDDEN]

__all__ = ["DagsterDbtTranslator", "DagsterDbtTranslatorSettings", "DbtProject"]
