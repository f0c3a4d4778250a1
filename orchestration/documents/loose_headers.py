"""What stands above each column of a table in lines that no contract knows. Reads no figure."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.documents.columns import Span, column_of
from orchestration.documents.lines import TextLine, Word
from orchestration.documents.loose import UNIT_NOTE
from orchestration.ledgers.money import squeeze


def headers_of(above: Sequence[TextLine], lead: list[str], width: int, spans: Sequence[Span] | None) -> list[str]:
    """What stands above each column: by place, or, where nothing stands right above a figure, in a line of as many
    words. A column of figures without a header has its number, columns of codes and names what they hold (``lead``).
    """
    told = [line for line in above if not UNIT_NOTE.search(squeeze(line.text))]
    found = _headers_by_place(told, spans) if spans else []
    if spans and any(found):
        before = _headers_before(told, spans[0][0])
    else:
        most = width + max(len(lead), 1)
        fitting = next((line for line in reversed(told) if width <= len(line.words) <= most), None)
        texts = [word.text for word in fitting.words] if fitting else [""] * width
        before, found = texts[:-width], texts[-width:]
    headers = [text or f"第{n}栏" for n, text in enumerate(found, 1)]
    headers = [text if headers.count(text) == 1 else f"{text}（第{n}栏）" for n, text in enumerate(headers, 1)]
    return [*(before if _name_each(before, headers, lead) else lead), *headers]


def _name_each(before: Sequence[str], headers: Sequence[str], lead: Sequence[str]) -> bool:
    """Whether each column of codes and names has a header that no other column has."""
    return len(before) == len(lead) and len({*before, *headers}) == len(before) + len(headers)


def _headers_by_place(lines: Sequence[TextLine], spans: Sequence[Span]) -> list[str]:
    found = [""] * len(spans)
    for word in (word for line in lines for word in line.words):
        if any(_overlap(word, span) > 0 for span in spans):
            found[column_of(word, spans)] += word.text
    return found


def _headers_before(lines: Sequence[TextLine], right: float) -> list[str]:
    """What stands above the columns left of the first figure: words below each other are one header."""
    found: list[tuple[Span, str]] = []
    for word in (word for line in lines for word in line.words):
        left, _, end, _ = word.place.box or (right, 0, right, 0)
        if end >= right:
            continue
        at = next((n for n, (span, _) in enumerate(found) if _overlap(word, span) > 0), None)
        if at is None:
            found.append(((left, end), word.text))
        else:
            (begin, last), text = found[at]
            found[at] = (min(begin, left), max(last, end)), text + word.text
    return [text for _, text in sorted(found)]


def _overlap(word: Word, span: Span) -> float:
    left, _, right, _ = word.place.box or (0, 0, 0, 0)
    return min(right, span[1]) - max(left, span[0])
