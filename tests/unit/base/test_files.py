"""Files and YAML that people put in: what is no regular file, too large or a bomb is one error, and never a wait."""

from __future__ import annotations

import os
import socket
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.files import MOST_BYTES, hidden_character, is_there, read_file
from orchestration.base.problems import InputError, Problem
from orchestration.base.yaml_files import read_yaml


def problem_of(call: Any, *arguments: Any) -> Problem:
    before = time.process_time()
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert time.process_time() - before < 10
    (problem,) = caught.value.problems
    return problem


def make(kind: str, path: Path) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "dangling":
        path.symlink_to("nowhere")
    else:
        with path.open("wb") as file:
            file.truncate(3 * 2**30)


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device", "loop", "dangling", "sparse"])
def test_what_is_no_file_of_a_bounded_size_is_one_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    make(kind, path)
    assert is_there(path)
    assert problem_of(read_file, path).file == problem_of(read_yaml, path).file == str(path)


def test_a_link_to_a_file_is_that_file_and_a_name_too_long_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").symlink_to("a")
    assert read_file(tmp_path / "b") == b"1"
    problem_of(read_file, tmp_path / ("长" * 300))
    problem_of(read_file, tmp_path / "a\0b")
    assert MOST_BYTES == 256 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", "第3行", "键“a”写了两次"),
        ("x:\n  severity: error\n  severity: warning\n", "第3行", "键“severity”写了两次"),
        ("day: 2024-02-31\n", "第1行", "不存在的日期"),
        ("n: 1\nn2: " + "9" * 5000 + "\n", "第2行", "位数过多的数"),
        ("n: 0b2\nm: 0x\n", "", ""),
        ('a: "\\ud800"\n', "第1行", "看不见的字符 U+D800"),
        ('a: "\\a"\n', "第1行", "看不见的字符 U+0007"),
        ("a: 张\u202e三\n", "第1行", "看不见的字符 U+202E"),
        ("a: 张\u200d三\n", "第1行", "看不见的字符 U+200D"),
        ("[" * 100_000, "第1行", "超过 40 层"),
        ("a: &x [*x]\n", "第1行", "引用了自身的别名"),
        ("? [a, b]\n: 1\n", "第1行", "键不是单个的值"),
        ("a: !!python/object/apply:os.system [id]\n", "第1行", "不认得的标签"),
        ("a: [1\n", "第2行", "括号里的各项用逗号隔开"),
        ("a: \x07\n", "", "看不见的控制字符"),
    ],
)
def test_yaml_that_means_nothing_certain_is_an_error_with_its_line(
    text: str, place: str, found: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    if not found:
        assert read_yaml(path) == {"n": "0b2", "m": "0x"}  # no numbers, so words
        return
    problem = problem_of(read_yaml, path)
    assert problem.file == str(path) and problem.cell == place and found in problem.found


def test_a_yaml_bomb_is_counted_as_what_it_unfolds_to(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert "展开后超过" in problem_of(read_yaml, path).found
    path.write_text("\n".join(lines[:3]), encoding="utf-8")
    assert len(read_yaml(path)["a2"]) == 9


def test_yaml_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("a: 0.10\nb: 2024-01-02\nc: {<<: {d: 1}, e: .inf}\nf: 三\n", encoding="utf-8")
    found = read_yaml(path)
    assert found == {"a": Decimal("0.10"), "b": date(2024, 1, 2), "c": {"d": 1, "e": ".inf"}, "f": "三"}
    path.write_bytes("a: 三".encode("gb18030"))
    assert "不是 UTF-8" in problem_of(read_yaml, path).found
    path.write_text("")
    assert read_yaml(path) is None


def test_what_hides_is_named_and_what_is_plain_passes() -> None:
    assert hidden_character("名称（本级）\t1,263.00\n\u200b\ufeff　“”…") == ""
    assert [hidden_character(f"a{c}b") for c in "\u202e\u200d\x07\ud800\uffff"] == [
        "U+202E", "U+200D", "U+0007", "U+D800", "U+FFFF",
    ]  # fmt: skip
