"""The script that draws a page's charts: the same for the same libraries, so made once."""

from __future__ import annotations

from pathlib import Path

import pytest
import vl_convert

from orchestration.reporting import page


def test_the_script_is_made_once_and_then_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def bundle(exported: str, version: str) -> str:
        made.append(version)
        return f"{exported} // {version}"

    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    monkeypatch.setattr(page, "TARGET", tmp_path / "target")
    page._library.cache_clear()
    try:
        first = page._library("6.1")
        page._library.cache_clear()  # another process
        assert page._library("6.1") == first and made == ["6.1"]
        page._library("6.2")
        assert made == ["6.1", "6.2"]
    finally:
        page._library.cache_clear()
