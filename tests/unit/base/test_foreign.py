"""What libraries find wrong is said in Chinese: every error that they know has its sentence."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core.core_schema import ErrorType

from orchestration.base.foreign import expected_by_pydantic, said_by_yaml
from orchestration.base.problems import InputError
from orchestration.base.yaml_files import read_yaml
from orchestration.cli import main as command
from orchestration.ledgers.contract import read_contract


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_every_error_of_pydantic_has_a_chinese_sentence(kind: str) -> None:
    said = expected_by_pydantic(kind, {"error": ValueError("错"), "expected": "'a'"})
    assert said and "{" not in said
    assert not set(re.findall(r"[A-Za-z]+", said)) - {"a", "true", "false", "UUID", "JSON", "ASCII"}


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"a: b: c\n", "第1行", "冒号出现在不该出现的地方"),
        (b"a: 1\n\tb: 2\n", "第2行", "缩进只用空格"),
        (b"a: [1, 2\n", "第2行", "括号要成对"),
        (b"a: 1\n  b: 2\n", "第2行", "冒号出现在不该出现的地方"),
        (b'a: "x\n', "第2行", "引号没有闭合"),
        (b"a: *b\n", "第1行", "没有这个别名"),
        (b"a: !x 1\n", "第1行", "不认得的标签"),
        (b"a: \xff\n", "", "第 4 个字节起不是 UTF-8"),
        (b"a: 1\n---\nb: 2\n", "第2行", "一个文件只写一份 YAML"),
    ],
)
def test_what_is_no_yaml_is_said_in_chinese(tmp_path: Path, content: bytes, line: str, said: str) -> None:
    path = tmp_path / "sources.yml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    (problem,) = caught.value.problems
    assert problem.cell == line and said in problem.found
    assert not re.search(r"[a-z]{4}", problem.found)


def test_a_problem_of_our_own_stays_as_it_is() -> None:
    assert said_by_yaml("键“a”写了两次") == "键“a”写了两次"


def test_a_contract_that_is_wrong_says_in_chinese_what_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "asset.yml"
    path.write_text("ledger: asset\ntitle: 资产\nkeys: 3\nfoo: 1\nrequired: 也许\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_contract(path)
    said = {problem.cell: problem.expected for problem in caught.value.problems}
    assert said["keys"] == "列表" and said["required"] == "true 或 false"
    assert said["foo"] == "没有这一项：删去，或改成认得的名字"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("run", "缺少参数 year"),
        ("run abc", "year 的值不对：应为 整数"),
        ("run 1", "year 的值不对：应为 不小于 1990"),
        ("nothing", "没有这个命令：nothing"),
        ("run 2024 --nope", "没有这个选项：--nope"),
        ("run 2024 x", "多余的参数：x"),
        ("report 2024 --edition z", "edition 的值不对：应为 public、internal、both 之一"),
        ("check a --year", "选项 --year 后面要有值"),
    ],
)
def test_a_wrong_call_is_told_in_chinese(
    call: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # as the command itself does, for good
    monkeypatch.setattr(sys, "argv", ["ledgergate", *call.split()])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"调用不对  {said}"
    assert told[1].startswith("写法见 ledgergate") and told[1].endswith(" -h")
