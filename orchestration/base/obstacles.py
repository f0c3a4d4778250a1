"""What stands in a program's way and is no mistake of its own: no room, no access. Each library says it in its own
words: the system's error number, DuckDB's and SQLite's message.

What does not belong here: how it is told (``cli``), and databases that another process holds (``locks``).
"""

from __future__ import annotations

import errno
from collections.abc import Collection

from orchestration.base.problems import all_behind

_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_ROOM_SAID = ("No space left", "File too large", "disk is full", "Disk quota", "disk I/O error")
_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG)
_ACCESS_SAID = (
    "Permission denied", "Read-only file system", "unable to open database file", "readonly database",
    "File name too long", "Not a directory",
)  # fmt: skip


def no_room(error: BaseException) -> str:
    """What could not be written for want of room, from an error or what lies behind it; empty where that is not why."""
    return _said(error, _ROOM, _ROOM_SAID)


def no_access(error: BaseException) -> str:
    """What may not be written or read, from an error or what lies behind it; empty where that is not why."""
    return _said(error, _ACCESS, _ACCESS_SAID)


def _said(error: BaseException, numbers: Collection[int], words: Collection[str]) -> str:
    for behind in all_behind(error):
        said = str(behind)
        if getattr(behind, "errno", None) in numbers or any(word in said for word in words):
            return said.splitlines()[0] if said else type(behind).__name__
    return ""
