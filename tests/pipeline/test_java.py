"""Which Java a machine has: asked of the program itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.warehouse.spark import engine as spark


def test_java_is_found_where_java_home_says_or_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert spark.java_version() == 21
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "elsewhere"))
    assert spark.java_version() is None
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spark.java_version() is None
