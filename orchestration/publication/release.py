"""What a version's manifest says beside its content: the hashes of the ledgers and of every other file that it was made
from (contracts, rules, corrections, exceptions, narrative), how figures were rounded where not half up, and the code.
"""

from __future__ import annotations

import subprocess
from importlib.metadata import version as installed
from typing import Any

from orchestration.base.settings import ROOT, Settings
from orchestration.publication.versions import Version, publish
from orchestration.warehouse.build import Build
from orchestration.warehouse.current import ROUNDING
from orchestration.warehouse.models import fingerprint


def publish_build(settings: Settings, build: Build, tables: list[str]) -> tuple[Version, bool]:
    """Publish a judged build; see ``versions.publish``."""
    return publish(settings, build, tables, manifest_facts(build))


def manifest_facts(build: Build) -> dict[str, Any]:
    raw = build.rows("select ledger, file, sha256, document, section from raw.ledger where file <> '' order by ledger")
    measures = build.rows("select ledger, measure, rounding from raw.measure where rounding <> 'half_up' order by all")
    return {
        "raw": raw,
        "files": build.input_files,
        ROUNDING: {f"{row['ledger']}/{row['measure']}": row["rounding"] for row in measures},
        "code": {"version": installed("ledgergate"), "commit": _commit(), "models": fingerprint()},
    }


def _commit() -> str | None:
    """The checkout's commit; None where this is not a git checkout."""
    try:
        found = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
