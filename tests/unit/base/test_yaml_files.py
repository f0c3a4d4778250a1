"""A text that is read again costs no parsing, and is nobody's to change for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base import yaml_files
from orchestration.base.yaml_files import read_yaml


def test_what_one_reader_changes_another_does_not_see(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("rows: [1, 2]\n", encoding="utf-8")
    read_yaml(tmp_path / "a.yml")["rows"].append(3)
    assert read_yaml(tmp_path / "a.yml") == read_yaml(tmp_path / "b.yml") == {"rows": [1, 2]}


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    for text, found in (("n: 1\n", {"n": 1}), ("n: 2\n", {"n": 2})):
        path.write_text(text, encoding="utf-8")
        assert read_yaml(path) == found


@pytest.mark.parametrize(("characters", "parsed"), [(100, 1), (70_000, 2)])
def test_only_texts_of_a_size_that_people_write_are_kept(
    characters: int, parsed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse, times = yaml_files._parsed, []
    monkeypatch.setattr(yaml_files, "_parsed", lambda text: (times.append(text), parse(text))[1])
    (tmp_path / "a.yml").write_text(f"kept: {'x' * characters}\n", encoding="utf-8")
    assert read_yaml(tmp_path / "a.yml") == read_yaml(tmp_path / "a.yml")
    assert len(times) == parsed
