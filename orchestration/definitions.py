"""What Dagster loads (``workspace.yaml``). All of it is assembled in ``orchestration.pipeline.definitions``."""

import dagster as dg

from orchestration.pipeline.definitions import build_definitions


@dg.definitions
def defs() -> dg.Definitions:
    return build_definitions()
