"""Which files are published documents, by their ending. What reads them is not imported for it (``reader``)."""

from __future__ import annotations

from pathlib import Path

#: Formats that are documents rather than ledgers.
ENDINGS = (".txt", ".docx", ".pdf")


def is_document(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.is_file()
