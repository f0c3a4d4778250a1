"""``make ui``: the Dagster UI with its daemon, on loopback only, over the instance that the command writes to.

``dagster dev`` starts the processes and ends them together; the webserver among them is ours (``webserver``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from orchestration.base.settings import ROOT, Settings
from orchestration.pipeline.resources import dagster_instance


def main() -> None:
    from dagster._cli import dev

    settings = Settings.from_environment()
    dagster_instance(settings).dispose()
    names = vars(dev)
    start = names["open_ipc_subprocess"]

    def start_guarded(parts: Sequence[str], **options: Any) -> Any:
        return start(guarded(parts), **options)

    names["open_ipc_subprocess"] = start_guarded
    arguments = ["-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", os.environ.get("PORT", "3000")]
    dev.dev_command(arguments)


def guarded(parts: Sequence[str]) -> list[str]:
    """The same command with our webserver in place of Dagster's."""
    return ["orchestration.pipeline.webserver" if part == "dagster_webserver" else part for part in parts]


if __name__ == "__main__":
    main()
