"""What every file that people write is read into: typed records that know no key but their own and never change.

What does not belong here: any one file's shape, which stands beside what reads it.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StrictRecord(BaseModel):
    """An unknown key is an error, not a key to pass over."""

    model_config = ConfigDict(extra="forbid", frozen=True)
