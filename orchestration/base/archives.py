"""What a damaged or hostile archive raises while it is unpacked, in one place for all who read workbooks, documents and
templates. What the parts of an archive mean belongs to its reader.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib

#: A part may be packed by any method that zipfile knows, encrypted, cut off, or named in no encoding.
UNPACKING = (
    zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError,
    UnicodeDecodeError, zlib.error, lzma.LZMAError,
)  # fmt: skip
