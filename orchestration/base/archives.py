"""What a damaged or hostile archive raises while it is unpacked, in one place for all who read workbooks, documents and
templates; and its parts in bounded pieces. What the parts of an archive mean belongs to its reader.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: A part may be packed by any method that zipfile knows, encrypted, cut off, or named in no encoding.
UNPACKING = (
    zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError,
    UnicodeDecodeError, zlib.error, lzma.LZMAError,
)  # fmt: skip
_CHUNK = 1 << 16


class DamagedError(Exception):
    """What a file says and can't be: a part that can't be unpacked, a number that is none, a name that nothing bears.

    Readers raise it where they take something from a file, so that a mistake of theirs is never told as the file's.
    """


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive. Raises ``DamagedError`` where it can't be opened."""
    try:
        archive = zipfile.ZipFile(path)
    except (*UNPACKING, ValueError, OverflowError, struct.error) as error:  # places and sizes that no file has
        raise DamagedError(str(error)) from error
    with archive:
        yield archive


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part, piece by piece. Raises ``DamagedError`` where it can't be unpacked."""
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (*UNPACKING, ValueError, OverflowError, struct.error) as error:
        raise DamagedError(str(error)) from error
