"""The records that binary parts of a workbook are made of ([MS-XLSB] 2.1.4), and the values within a record."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from orchestration.base.archives import DamagedError

#: What one record may hold: a cell's text in its longest form, its runs, and a formula.
_MOST = 2**20


def records(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each record's number and content. One that is longer than any that is read here comes without content.

    Raises ``DamagedError`` where the part ends within a record.
    """
    buffer, at = b"", 0
    pieces = iter(chunks)

    def more(wanted: int) -> None:
        """Have ``wanted`` bytes at hand, as far as there are so many."""
        nonlocal buffer, at
        held = [buffer[at:]]
        size = len(held[0])
        while size < wanted and (piece := next(pieces, b"")):
            held.append(piece)
            size += len(piece)
        buffer, at = b"".join(held), 0

    while True:
        if len(buffer) - at < 6:
            more(6)
        if at == len(buffer):
            return
        kind, size, at = _head(buffer, at)
        left = size
        while left > _MOST:
            more(_MOST)
            if len(buffer) < _MOST:
                raise DamagedError(f"记录 {kind} 不完整")
            at, left = _MOST, left - _MOST
        if len(buffer) - at < left:
            more(left)
            if len(buffer) < left:
                raise DamagedError(f"记录 {kind} 不完整")
        yield kind, buffer[at : at + left] if size <= _MOST else b""
        at += left


def _head(buffer: bytes, at: int) -> tuple[int, int, int]:
    """A record's number (one or two bytes), its size (up to four), and where its content begins."""
    numbers = []
    for most in (2, 4):
        number = 0
        for n in range(most):
            if at >= len(buffer):
                raise DamagedError("记录不完整")
            byte = buffer[at]
            at += 1
            number |= (byte & 0x7F) << 7 * n
            if byte < 0x80:
                break
        numbers.append(number)
    return numbers[0], numbers[1], at


def values(layout: str, content: bytes, at: int = 0) -> tuple[int | float, ...]:
    """Numbers at a place of a record, by the letters of ``struct``."""
    try:
        return struct.unpack_from(f"<{layout}", content, at)
    except struct.error as error:
        raise DamagedError(f"记录不完整（{error}）") from error


def whole(layout: str, content: bytes, at: int = 0) -> int:
    """One whole number."""
    return int(values(layout, content, at)[0])


def text(content: bytes, at: int) -> tuple[str, int]:
    """A text (XLWideString; none at all is empty) and where it ends."""
    length = whole("I", content, at)
    if length == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * length
    if end > len(content):
        raise DamagedError(f"{length} 个字的文字不完整")
    try:
        return content[at + 4 : end].decode("utf-16-le"), end
    except UnicodeDecodeError as error:
        raise DamagedError(str(error)) from error


def compact(number: int) -> float:
    """A number of four bytes (RkNumber): 30 bits of an integer or of a float, in hundredths or not."""
    if number & 2:
        value = float((number - 2**32 if number >= 2**31 else number) >> 2)
    else:
        (value,) = struct.unpack("<d", struct.pack("<Q", (number & 0xFFFFFFFC) << 32))
    return value / 100 if number & 1 else value
