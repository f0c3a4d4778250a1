"""What a command prints, for whoever reads English: styled texts, markup and tables; never JSON.

What does not belong here: the catalogue, which is tested against the code in ``tests/unit/base/test_language.py``.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.cli.summary import show_problems
from orchestration.cli.terminal import Screen, print_json


@pytest.fixture
def screen() -> Screen:
    return Screen(file=io.StringIO(), highlight=False, soft_wrap=True, force_terminal=False)


def printed(screen: Screen) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_the_setting_speaks_english_and_names_stay(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    screen.print("[red]未发布[/]  未通过：勾稽成立、评分自洽")
    screen.print(
        Text.assemble(("疑点  ", "red"), "表3 第17行 本年调整 列示为 3 万元，应为 4", ("  raw/表3.csv E20", "dim"))
    )
    assert printed(screen).splitlines() == [
        "Not published  failed: Rules hold, Scores agree",
        "Suspect  表3 第17行 本年调整 is printed 3 万元, should be 4  raw/表3.csv E20",
    ]


def test_tables_speak_too(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    table = Table(box=None)
    table.add_column("相符")
    table.add_row("必须成立的规则")
    screen.print(table)
    assert "holds" in printed(screen) and "rules that must hold" in printed(screen)


def test_chinese_is_printed_as_it_is(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "zh")
    screen.print("[red]未发布[/]  未通过：勾稽成立")
    assert printed(screen) == "未发布  未通过：勾稽成立\n"


def test_what_is_wrong_with_the_input_is_said_in_english(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    show_problems(screen, [Problem("raw/2024/hunan_hrss/表3.csv", "", "E20", "空白", "一个数，如 ≥10万人")])
    assert printed(screen).splitlines() == [
        "Errors in the input: 1; nothing was built",
        "raw/2024/hunan_hrss/表3.csv  E20  found blank; expected a number, as ≥10万人",
    ]


def test_json_is_the_same_in_every_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    print_json({"statement": "两表都列有此行"})
    assert "两表都列有此行" in capsys.readouterr().out


def test_a_language_that_nobody_speaks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="LEDGERGATE_LANG：读到 fr；应为 zh 或 en"):
        Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path), "LEDGERGATE_LANG": "fr"})
