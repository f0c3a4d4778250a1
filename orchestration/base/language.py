"""English for what is said in Chinese: the language of the reader, and the reading of a sentence in it.

Sentences are kept in Chinese: in tables, in versions that never change, in JSON, in what waits to be sent. Whoever
reads English reads *those*, by ``english/*.yml``: a Chinese sentence beside its English one. ``{place}`` is copied as
it is (names, figures), ``{count:d}`` is a number, ``{reason:said}`` a sentence that is read in its turn. What the
catalogue doesn't know stays as it is: a name. What does not belong here: making sentences, and the report that is
filed, which is Chinese.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from operator import itemgetter
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Literal

from orchestration.base.settings import LANGUAGE
from orchestration.base.yaml_files import read_yaml

Language = Literal["zh", "en"]
_CATALOGUE = Path(__file__).parent / "english"
_CHINESE = re.compile("[\u3400-\u9fff]")
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
#: What joins the parts of a sentence, the loosest first, and what joins them in English.
_JOINTS = (("  ", "  "), ("。", ". "), ("；", "; "), ("　", "  "), ("：", ": "), ("，", ", "), ("、", ", "))
#: The same in a pattern that a browser reads.
_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")
#: What a part may hold, by what stands after its name: a name or figure, a number, a sentence.
_PARTS = {"": "[^；，　]*?", "d": "-?[0-9][0-9.,/]*", "said": ".*?", None: ""}
_ASIDE = re.compile(r"(.*)（([^（）]*)）(.*)", re.DOTALL)


def screen_language(environment: Mapping[str, str] | None = None) -> Language:
    """Of whoever sits at the screen: the setting, else the locale. A locale that names no language (C, POSIX, none) is
    a machine's, not a reader's: Chinese, as the readers of the ledgers are.
    """
    env = os.environ if environment is None else environment
    if chosen := _chosen(env):
        return chosen
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    named = locale.split(".")[0].split("_")[0].lower()
    return "zh" if named in ("", "c", "posix", "zh") else "en"


def sent_language(environment: Mapping[str, str] | None = None) -> Language:
    """Of what others receive: the setting alone. Whoever is told has nothing to do with the locale of who runs."""
    return _chosen(os.environ if environment is None else environment) or "zh"


def _chosen(env: Mapping[str, str]) -> Language | None:
    """The setting where it names a language; ``Settings`` refuses any other."""
    chosen = env.get(LANGUAGE, "")
    return "zh" if chosen == "zh" else "en" if chosen == "en" else None


@dataclass(frozen=True)
class Entry:
    """One sentence of the catalogue: what it must hold, what finds its parts, its English."""

    chinese: str
    english: str
    fixed: tuple[str, ...]  # what stands outside the braces
    parts: tuple[tuple[str, str | None], ...]  # text before each part, and after the last; the part as a pattern
    said: frozenset[str]  # parts that are read in their turn

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Made when a text is first tried: of two thousand entries, a command needs few."""
        text = "".join(re.escape(literal) + (part or "") for literal, part in self.parts)
        return re.compile(text, re.DOTALL)

    @property
    def is_whole(self) -> bool:
        """Whether it has no parts: a sentence by itself."""
        return all(part is None for _, part in self.parts)

    def read(self, text: str) -> str | None:
        if not all(part in text for part in self.fixed) or not (found := self.pattern.fullmatch(text)):
            return None
        parts = {name: in_english(part) if name in self.said else part for name, part in found.groupdict().items()}
        return self.english.format(**parts)


def browser_pattern(chinese: str) -> str:
    """What finds the parts of an entry, for a page that reads it by itself."""
    pattern = ""
    for literal, name, spec, _ in Formatter().parse(chinese):
        pattern += _SPECIAL.sub(r"\\\g<0>", literal)
        pattern += f"(?<{name}>{_PARTS[spec]})" if name is not None else ""
    return pattern


@cache
def catalogue() -> tuple[Entry, ...]:
    """Every entry, in the order in which they are tried: a sentence that begins with words of its own is the outermost;
    then the one that has most of them.
    """
    entries = [
        entry(chinese, english)
        for path in sorted(_CATALOGUE.glob("*.yml"))
        for chinese, english in read_yaml(path).items()
    ]

    def order(each: Entry) -> tuple[bool, int, int]:
        return each.chinese.startswith("{"), -sum(map(len, each.fixed)), sum(part is not None for _, part in each.parts)

    return tuple(sorted(entries, key=order))


def entry(chinese: str, english: str) -> Entry:
    parts: list[tuple[str, str | None]] = []
    said = set()
    for literal, name, spec, _ in Formatter().parse(chinese):
        parts.append((literal, None if name is None else f"(?P<{name}>{_PARTS[spec]})"))
        said |= {name} if name is not None and spec == "said" else set()
    return Entry(chinese, english, tuple(literal for literal, _ in parts if literal), tuple(parts), frozenset(said))


def sentences_of(file: str) -> Mapping[str, str]:
    """One file of the catalogue as it is: Chinese -> English."""
    return MappingProxyType(read_yaml(_CATALOGUE / file))


@cache
def _whole() -> dict[str, str]:
    """The sentences without parts, by themselves."""
    return {"".join(each.fixed): each.english.format() for each in catalogue() if each.is_whole}


@cache
def _by_key() -> dict[str, list[tuple[int, Entry]]]:
    """Entries with parts, by two characters that a sentence of theirs must hold: few are tried on any text."""
    found: dict[str, list[tuple[int, Entry]]] = {}
    for place, each in enumerate(catalogue()):
        if not each.is_whole:
            found.setdefault(max(each.fixed, key=len)[:2], []).append((place, each))
    return found


def _candidates(text: str) -> list[Entry]:
    """The entries that could read a text, in the order of the catalogue."""
    keys = {text[n : n + 2] for n in range(len(text))} | set(text)
    found = [each for key in keys & _by_key().keys() for each in _by_key()[key]]
    return [each for _, each in sorted(found, key=itemgetter(0))]


def in_english(text: str) -> str:
    """The text with all that the catalogue knows of it in English; the rest as it is."""
    return "\n".join(_piece(line) for line in text.split("\n"))


def _piece(text: str) -> str:
    if not _CHINESE.search(text):
        return text
    edges = _EDGES.fullmatch(text)
    assert edges is not None
    before, core, after = edges.groups()
    read = _read(core)
    if read is None:
        return text
    return before.replace("　", "  ") + read + after.replace("　", "  ")


@lru_cache(maxsize=4096)
def _read(text: str) -> str | None:
    """The English of a sentence, of its parts where the whole isn't known; None where nothing of it is."""
    if (known := _whole().get(text)) is not None:
        return known
    for each in _candidates(text):
        if (read := each.read(text)) is not None:
            return read
    return next(filter(None, (_joined(text, *joint) for joint in _JOINTS)), None) or _aside(text)


def _joined(text: str, joint: str, between: str) -> str | None:
    """A sentence of several, where at least one of them is known."""
    pieces = [piece.strip() for piece in _cut(text, joint)]
    read = [_read(piece) if piece else None for piece in pieces] if len(pieces) > 1 else []
    if not any(read):
        return None
    return between.join(piece if said is None else said for piece, said in zip(pieces, read, strict=True)).rstrip(" ")


def _cut(text: str, joint: str) -> list[str]:
    """The text cut at the joints that stand outside brackets."""
    pieces, open_ = [""], 0
    for part in re.split(f"({re.escape(joint)}|[（）])", text):
        open_ += {"（": 1, "）": -1}.get(part, 0)
        if part == joint and open_ <= 0:
            pieces.append("")
        else:
            pieces[-1] += part
    return pieces


def _aside(text: str) -> str | None:
    """A sentence with a remark in brackets."""
    if not (found := _ASIDE.fullmatch(text)):
        return None
    head, remark, tail = found.groups()
    read = [_read(part.strip()) if part.strip() else None for part in (head, remark, tail)]
    if read == [None, None, None]:
        return None
    head, remark, tail = (part if said is None else said for part, said in zip((head, remark, tail), read, strict=True))
    return f"{head} ({remark.strip()}){tail}"
