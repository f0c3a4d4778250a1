"""The Dagster instance that the command and the UI share."""

from __future__ import annotations

import os

import dagster as dg

from orchestration.settings import Settings

#: Nothing phones home, no dialog covers the page, and a killed run is noticed within seconds.
DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_monitoring: {enabled: true, poll_interval_seconds: 5, start_timeout_seconds: 60}
"""


def dagster_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance that the UI looks at too, set up on first use."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()
