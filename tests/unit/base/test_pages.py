"""A page in English: its texts and what its attributes say, and nothing else of it."""

from __future__ import annotations

import pytest

from orchestration.base.pages import english_of, page_in_english

_SENTENCE, _ENGLISH = "每个地址只有一个单元格", "one cell for each address"


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        (f"<p>{_SENTENCE}</p>", f"<p>{_ENGLISH}</p>"),
        (f'<p title="{_SENTENCE}">湖南省</p>', f'<p title="{_ENGLISH}">湖南省</p>'),
        (f"<p>{_SENTENCE}<br>a &lt; b</p>", f"<p>{_ENGLISH}<br>a &lt; b</p>"),
        (f'<table translate="no"><tr><td>{_SENTENCE}</td></tr></table>{_SENTENCE}',
         f'<table translate="no"><tr><td>{_SENTENCE}</td></tr></table>{_ENGLISH}'),
        (f"<script>if (a < 1) '{_SENTENCE}'</script>", f"<script>if (a < 1) '{_SENTENCE}'</script>"),
        (f'<td data-header="文件"><input value="{_SENTENCE}">表3</td>',
         f'<td data-header="file"><input value="{_SENTENCE}">表3</td>'),
        ("<p>看了 3 行，1 行不符</p>", "<p>looked at 3 rows, 1 not right</p>"),
    ],
)  # fmt: skip
def test_only_what_people_read_is_put_into_english(chinese: str, english: str) -> None:
    assert page_in_english(chinese) == english


def test_a_page_that_changes_in_the_browser_gets_its_sentences_side_by_side() -> None:
    assert english_of(f"<p>{_SENTENCE}</p><p>湖南省</p>") == {_SENTENCE: _ENGLISH}
