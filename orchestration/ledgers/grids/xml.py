"""The XML of workbooks, by local names: fed to handlers piece by piece, and what attributes say of numbers.

No part of a workbook has a document type, so none is taken: no entities, nothing from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from orchestration.base.archives import DamagedError
from orchestration.ledgers.grids.grid import refused

#: What expat reads by itself.
_ENCODINGS = frozenset({"utf-8", "utf-16", "iso-8859-1", "us-ascii"})


def parse_xml(
    chunks: Iterable[bytes],
    name: str,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None,
    text: Callable[[str], None] | None,
) -> None:
    """Feed a part to handlers. Raises ``DamagedError`` where it is no XML."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local: dict[str, str] = {}

    def started(tag: str, attributes: dict[str, str]) -> None:
        start(local.get(tag) or local.setdefault(tag, tag.rpartition(":")[2]), attributes)

    def ended(tag: str) -> None:
        if end is not None:
            end(local[tag])

    def doctype(*_: object) -> None:
        raise refused(name, f"{part} 带有 DOCTYPE", "表格软件保存的工作簿")

    def declared(_: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise DamagedError(f"{part} 的编码 {encoding[:20]}")

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = doctype
    parser.XmlDeclHandler = declared
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DamagedError(str(error)) from error


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """An attribute that must be there."""
    if name not in attributes:
        raise DamagedError(f"缺少 {name}")
    return attributes[name]


def whole(attributes: Mapping[str, str], name: str, default: str | None = None) -> int:
    """An attribute that is a whole number; of it where it may be left out, ``default``."""
    text = attribute(attributes, name) if default is None else attributes.get(name, default)
    return whole_number(text, name)


def whole_number(text: str, name: str) -> int:
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise DamagedError(f"{name} {text[:20]}")
    return int(text)
