"""What a version's manifest says beside its content: the hashes of the ledgers and of every other file that it was made
from (contracts, rules, corrections, exceptions, narrative), how figures were rounded where not half up, and the code.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from importlib.metadata import version as installed
from typing import Any

from orchestration.base.settings import ROOT, Settings
from orchestration.publication.versions import Version, publish
from orchestration.warehouse.build import Build
from orchestration.warehouse.current import ROUNDING
from orchestration.warehouse.models import fingerprint


def publish_build(settings: Settings, build: Build, tables: list[str]) -> tuple[Version, bool]:
    """Publish a judged build; see ``versions.publish``."""
    (department,) = build.departments
    facts = manifest_facts(build, {department: build})[department]
    return publish(settings, build, tables, facts)


def manifest_facts(tables: Build, builds: Mapping[str, Build]) -> dict[str, dict[str, Any]]:
    """What each department's manifest says. ``tables``: the build that holds them; ``builds``: each one's own."""
    code = {"version": installed("ledgergate"), "commit": _commit(), "models": fingerprint()}
    facts: dict[str, dict[str, Any]] = {
        department: {"raw": [], "files": build.input_files, ROUNDING: {}, "code": code}
        for department, build in builds.items()
    }
    for row in tables.rows(_LEDGERS):
        facts[row.pop("department")]["raw"].append(row)
    for row in tables.rows(_ROUNDED):
        facts[row["department"]][ROUNDING][f"{row['ledger']}/{row['measure']}"] = row["rounding"]
    return facts


_LEDGERS = """
    select department, ledger, file, sha256, document, section from raw.ledger where file <> ''
    order by department, ledger
"""
_ROUNDED = "select department, ledger, measure, rounding from raw.measure where rounding <> 'half_up' order by all"


def _commit() -> str | None:
    """The checkout's commit; None where this is not a git checkout."""
    try:
        found = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
