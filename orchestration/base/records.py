"""What every file that people write is read into: typed records that know no key but their own and never change.

What does not belong here: any one file's shape, which stands beside what reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class StrictRecord(BaseModel):
    """An unknown key is an error, not a key to pass over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """What was worked out of the old fields and kept (``cached_property``) is not of the copy."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[name]
        return copied
