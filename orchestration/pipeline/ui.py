"""``make ui``: the Dagster UI with its daemon, on loopback only, over the instance that the command writes to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestration.base.settings import ROOT, Settings
from orchestration.pipeline.resources import dagster_instance


def main() -> None:
    settings = Settings.from_environment()
    dagster_instance(settings).dispose()
    program = str(Path(sys.executable).with_name("dagster"))
    arguments = ["dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", os.environ.get("PORT", "3000")]
    os.execv(program, [program, *arguments])  # noqa: S606  the UI takes this process over


if __name__ == "__main__":
    main()
