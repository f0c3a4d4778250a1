"""What is said of many problems alike, and of the cells of a rule's two sides."""

from __future__ import annotations

from orchestration.base.problems import Problem
from orchestration.cli.sides import places_of, places_of_problems, said_once


def wrong(n: int, expected: str = "编码 3、5、7 位") -> Problem:
    return Problem("表.xlsx", "一", f"A{n}", f"20{n}", expected)


def test_a_message_that_would_come_495_times_comes_once_with_its_places() -> None:
    problems = [*(wrong(n) for n in range(2, 497)), wrong(3, "数字"), wrong(4, "数字")]
    found = said_once(problems)
    assert [(first.cell, len(alike)) for first, alike in found] == [("A2", 495), ("A3", 1), ("A4", 1)]
    assert places_of_problems(found[0][1]) == "A2、A3、A4 等 495 处"
    assert places_of_problems(found[1][1]) == ""


def test_problems_of_other_sheets_and_of_whole_files_stay_apart() -> None:
    files = [Problem(f"{n}.csv", "", "", "没有这本账", "csv 或 xlsx") for n in range(6)]
    folder = [Problem("raw", "", "", f"{n}.docx", "在 sources.yml 里登记") for n in range(6)]
    assert [len(alike) for _, alike in said_once([*files, *folder])] == [1] * 12


def test_both_sides_are_named_with_file_sheet_and_cell() -> None:
    def cells(*names: str, file: str = "raw/2024/hunan_hrss/表.xlsx", sheet: str = "一") -> list[dict[str, str]]:
        return [{"address": "", "file": file, "sheet": sheet, "cell": name} for name in names]

    assert places_of({"left": cells("E20"), "right": cells("E3", "E4", "E5", "E6")}) == (
        "raw/2024/hunan_hrss/表.xlsx 一 E20 ↔ E3、E4、E5 等 4 处"
    )
    assert places_of({"left": cells("B2"), "right": cells("C3", file="b.csv", sheet="")}) == (
        "raw/2024/hunan_hrss/表.xlsx 一 B2 ↔ b.csv C3"
    )
    (struck,) = cells("B2")
    assert places_of({"left": [struck | {"mark": "划了删除线"}], "right": cells("C3")}) == (
        "raw/2024/hunan_hrss/表.xlsx 一 B2（划了删除线） ↔ C3"
    )
    assert places_of({"left": cells("B2"), "right": []}) == "raw/2024/hunan_hrss/表.xlsx 一 B2"
    assert places_of(None) == ""
