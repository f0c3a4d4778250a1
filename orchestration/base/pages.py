"""The sentences of an HTML page in English: its texts and what its attributes say, piece by piece.

What is marked ``translate="no"`` stays, as do scripts, styles and names. What does not belong here: the catalogue and
how a sentence is read (``language``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from html.parser import HTMLParser
from typing import Any

from orchestration.base.language import browser_pattern, entry, in_english, sentences_of

#: What people read of an attribute: hints, what a screen reader says, and headers that a style sheet shows on phones.
_SAID = ("title", "aria-label", "data-header", "alt")
_ALONE = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))
_SCRIPTS = ("script", "style")


def page_in_english(html: str) -> str:
    """The page with its sentences in English; tags, names and figures as they were."""
    reader = _PageReader(in_english)
    reader.feed(html)
    reader.close()
    return "".join(reader.out)


def english_of(html: str, *beside: Any) -> dict[str, str]:
    """Each text of the page that has an English, beside it; for a page that changes its language in the browser.
    ``beside``: what the page's scripts hold, in whose depths texts stand too.
    """
    words = sentences_of("words/page.yml")
    found: dict[str, str] = {}
    seen: set[str] = set()  # a page says most of its texts many times

    def noted(text: str) -> str:
        core = text.strip()
        if core not in seen:
            seen.add(core)
            if (said := words.get(core) or in_english(core)) != core:
                found[core] = said.strip()
        return text

    reader = _PageReader(noted)
    reader.feed(html)
    reader.close()
    for text in _texts(beside):
        noted(text)
    return found


def patterns_of(file: str) -> list[tuple[str, str, list[str]]]:
    """The sentences with parts of one file of the catalogue: pattern, English, and the parts that are sentences."""
    entries = [entry(chinese, english) for chinese, english in sentences_of(file).items()]
    return [(browser_pattern(each.chinese), each.english, sorted(each.said)) for each in entries if each.pattern.groups]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _texts(each)


class _PageReader(HTMLParser):
    def __init__(self, said: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self.said, self.out = said, list[str]()
        self.kept: list[str] = []  # the element that stays as it is, and those within it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = self.get_starttag_text() or ""
        if tag not in _ALONE and (self.kept or ("translate", "no") in attrs or tag in _SCRIPTS):
            self.kept.append(tag)
        if not self.kept:
            for name, value in attrs:
                if name in _SAID and value:
                    given = given.replace(f'"{escape(value)}"', f'"{escape(self.said(value))}"', 1)
        self.out.append(given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self.kept and self.kept[-1] == tag:
            self.kept.pop()
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.kept and self.kept[-1] in _SCRIPTS:
            self.out.append(data)
        else:
            self.out.append(escape(data if self.kept else self.said(data), quote=False))

    def handle_decl(self, decl: str) -> None:
        self.out.append(f"<!{decl}>")
