"""Where an installation may be."""

from __future__ import annotations

import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import MOST_HOME_BYTES, Settings
from orchestration.base.sql import listed, sql_text


@pytest.mark.parametrize("name", ["with space", "年度 账", "$HOME", "o'clock", 'a"b', "a#b&c=d;e@f:g", "x" * 200])
def test_any_ordinary_name_will_do(name: str) -> None:
    assert Settings.from_environment({"LEDGERGATE_HOME": f"/srv/{name}"}).home.name == name


@pytest.mark.parametrize(("path", "expected"), [
    ("/srv/" + "x/" * 450, f"不超过 {MOST_HOME_BYTES} 字节"),
    ("/srv/" + "年" * 200, f"不超过 {MOST_HOME_BYTES} 字节"),
    ("/srv/a?b", "没有“?”"),
    ("/srv/a[1]", "没有“[”"),
    ("/srv/a%41", "没有“%”"),
])  # fmt: skip
def test_a_place_where_no_database_can_be_is_one_clear_line(path: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings.from_environment({"LEDGERGATE_HOME": path})
    (problem,) = caught.value.problems
    assert expected in problem.expected and "\n" not in str(problem) and len(str(problem)) < 300


def test_apostrophes_are_text_in_sql() -> None:
    assert sql_text("it's") == "'it''s'"
    assert listed(["a", "b'"]) == "'a', 'b'''"
