"""Records that never change: a copy with other values knows nothing that was worked out of the old ones."""

from __future__ import annotations

from functools import cached_property

from orchestration.base.records import StrictRecord


class Name(StrictRecord):
    text: str

    @cached_property
    def folded(self) -> str:
        return self.text.casefold()


def test_a_copy_works_out_anew_what_its_original_has_kept() -> None:
    first = Name(text="Budget")
    assert first.folded == "budget"
    assert first.model_copy(update={"text": "Total"}).folded == "total"
    assert first.folded == "budget"
