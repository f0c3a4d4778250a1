"""``ledgergate correct``: a correction is judged before it is written, and written whole or not at all."""

from __future__ import annotations

import csv
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import ROOT, Settings
from orchestration.cli.cells import register
from orchestration.explanation import correct
from orchestration.explanation.source import UnknownAddressError
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.corrections import HEADERS, read_corrections, with_row
from orchestration.ledgers.reader import Year, read_year

ADDRESS = "2024/hunan_hrss/project_expenditure/17/adjustment"
ROW = {
    "address": ADDRESS,
    "printed": "-362.20",
    "corrected": "-362.69",
    "reason": "与本行不符",
    "evidence": "=1,062.93 的反数：“甲”",
    "basis": "derived",
    "confirmed_by": "",
}
OTHER = "2024/hunan_hrss/project_expenditure/18/adjustment"
HEADER = ",".join(HEADERS.values())
Invoke = Callable[..., Result]


@pytest.fixture(scope="module")
def real() -> Year:
    return read_year(ROOT / "raw" / "2024" / "hunan_hrss", 2024, read_contracts(ROOT / "raw" / "contracts"))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2024 as it was published: no corrections. Shared: tests that write take ``folder``."""
    folder = tmp_path_factory.mktemp("printed")
    shutil.copytree(ROOT / "raw", folder / "raw")
    (folder / "raw" / "2024" / "hunan_hrss" / "corrections.csv").unlink()
    return Settings(department="hunan_hrss", home=folder / "home", raw=folder / "raw")


@pytest.fixture(scope="module")
def proposal(printed: Settings) -> correct.Proposal:
    """The right correction, judged once."""
    before = contents(printed.raw)
    made = correct.propose(printed, 2024, ADDRESS, "-362.69", reason="与本行不符", evidence="表2第5行")
    assert contents(printed.raw) == before, "judging writes nothing under raw/"
    return made


@pytest.fixture
def folder(printed: Settings, tmp_path: Path) -> Settings:
    raw = Path(shutil.copytree(printed.raw, tmp_path / "raw"))
    return Settings(department="hunan_hrss", home=tmp_path / "home", raw=raw)


@pytest.fixture
def invoke(folder: Settings, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    app = typer.Typer()
    register(app)
    monkeypatch.setenv("LEDGERGATE_HOME", str(folder.home))
    monkeypatch.setenv("LEDGERGATE_RAW", str(folder.raw))
    return lambda *arguments: CliRunner().invoke(
        app, ["correct", "2024", *arguments, "--reason", "理由", "--evidence", "证据"]
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def path_of(settings: Settings) -> Path:
    return settings.ledgers(2024) / "corrections.csv"


def refused(settings: Settings, address: str = ADDRESS, value: str = "-362.69", **changes: Any) -> list[Problem]:
    """The problems of a proposal that can't be read; nothing has been written."""
    before = contents(settings.raw)
    with pytest.raises(InputError) as caught:
        correct.propose(settings, 2024, address, value, **{"reason": "理由", "evidence": "证据", **changes})
    assert contents(settings.raw) == before
    return caught.value.problems


# --- judged ---------------------------------------------------------------------------------------------------------


def test_the_right_correction_brings_the_two_broken_rules_to_none(proposal: correct.Proposal) -> None:
    assert [row["rule_id"] for row in proposal.before] == ["budget_composition", "project_column_total"]
    assert (proposal.after, proposal.newly_broken, proposal.helps) == ([], [], True)
    assert all("更正后" in statement for statement in proposal.statements.values())
    assert (proposal.row["printed"], proposal.row["basis"], proposal.content) == ("-362.20", "derived", None)


def test_it_is_written_where_none_stood_and_reads_back(proposal: correct.Proposal, folder: Settings) -> None:
    correct.write(replace(proposal, path=path_of(folder)))
    year = read_year(folder.ledgers(2024), 2024, read_contracts(folder.contracts))
    (correction,) = read_corrections(path_of(folder), year)
    assert (correction.address, correction.value, correction.half_width) == (ADDRESS, -362_690_000, 5_000)
    assert path_of(folder).read_text(encoding="utf-8").startswith(HEADER + "\n")
    assert not list(folder.ledgers(2024).glob(".*")), "no draft is left behind"


def test_a_change_that_mends_nothing_is_refused_unless_forced(
    invoke: Invoke, folder: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, judged = contents(folder.raw), correct.propose
    made: list[correct.Proposal] = []
    monkeypatch.setattr(correct, "propose", lambda *a, **k: made.append(judged(*a, **k)) or made[-1])
    call = (ADDRESS, "-362.21", "--confirmed-by", "=规划财务处")
    result = invoke(*call)
    assert result.exit_code == 1
    assert "-362.20 → -362.21（=规划财务处 确认）" in result.stdout
    assert "不成立的规则  2 条 → 2 条" in result.stdout and "仍不成立  表3 第17行" in result.stdout
    assert "未写入" in result.stderr and "--force" in result.stderr
    assert contents(folder.raw) == before
    monkeypatch.setattr(correct, "propose", lambda *a, **k: made[0])  # judged once is enough
    result = invoke(*call, "--force")
    assert result.exit_code == 0
    assert "已写入" in result.stdout and "--force：不成立的规则没有减少" in result.stdout
    assert "撤销：删去该文件最后一行" in result.stdout
    assert path_of(folder).read_text(encoding="utf-8") == (
        f"{HEADER}\n{ADDRESS},-362.20,-362.21,理由,证据,confirmed,=规划财务处\n"
    )


def test_a_dry_run_says_what_would_be_and_writes_nothing(
    invoke: Invoke, folder: Settings, proposal: correct.Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder.raw)
    monkeypatch.setattr(correct, "propose", lambda *a, **k: replace(proposal, path=path_of(folder)))
    result = invoke(ADDRESS, "-362.69", "--dry-run")
    assert result.exit_code == 0
    assert "不成立的规则  2 条 → 0 条" in result.stdout and "成立  表3 合计：更正后" in result.stdout
    assert "试算，未写入" in result.stdout
    assert contents(folder.raw) == before
    assert invoke(ADDRESS, "-362.69").exit_code == 0
    assert contents(folder.raw) == before | {"2024/hunan_hrss/corrections.csv": proposal.proposed}


# --- refused before anything is judged --------------------------------------------------------------------------------


def test_an_unknown_address_is_exit_2_with_the_nearest(invoke: Invoke, printed: Settings) -> None:
    result = invoke("2024/hunan_hrss/project_expenditure/17/adjustmnt", "1")
    assert result.exit_code == 2 and ADDRESS in result.stderr
    with pytest.raises(UnknownAddressError):
        correct.propose(
            printed, 2024, "2024/hunan_hrss/project_expenditure/17/project_name", "甲", reason="a", evidence="b"
        )


@pytest.mark.parametrize(
    ("value", "found", "expected"),
    [
        ("36,2.69", "36,2.69", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
        (" ", "空白", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
        ("=1+1", "=1+1", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
        ("5%", "5%", "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"),
    ],
)
def test_a_value_that_is_no_figure_of_the_kind_is_exit_2(
    printed: Settings, value: str, found: str, expected: str
) -> None:
    (problem,) = refused(printed, value=value)
    assert (problem.file, problem.found, problem.expected) == (ADDRESS, found, expected)


def test_all_that_is_wrong_in_the_call_is_said_at_once(invoke: Invoke, printed: Settings) -> None:
    problems = refused(printed, value="x", reason=" ", evidence="", confirmed_by=" ")
    assert [problem.file for problem in problems] == ["--reason", "--evidence", "--confirmed-by", ADDRESS]
    assert invoke(ADDRESS, "x").exit_code == 2


def test_a_text_that_no_encoding_holds_is_exit_2(printed: Settings) -> None:
    (problem,) = refused(printed, reason="半个字 \ud83d")
    assert problem.expected == "可写成 UTF-8 的文字"


def test_a_nul_that_would_spoil_the_file_is_exit_2(printed: Settings) -> None:
    (problem,) = refused(printed, reason="甲\0乙")
    assert problem.file == str(path_of(printed)) and "NUL" in problem.found


def test_a_second_correction_of_a_cell_is_exit_2(folder: Settings, invoke: Invoke) -> None:
    path_of(folder).write_bytes(with_row(None, ROW))
    (problem,) = refused(folder)
    assert (problem.cell, problem.found) == (ADDRESS, "已有更正 -362.20 → -362.69")
    assert invoke(ADDRESS, "-362.70", "--force").exit_code == 2, "force is no way around it"


def test_a_stale_correction_in_the_file_is_exit_2(folder: Settings) -> None:
    path_of(folder).write_bytes(with_row(None, ROW | {"printed": "-362.99"}))
    (problem,) = refused(folder, address=OTHER, value="1")
    assert "更正已过时" in problem.expected


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("closed", [True, False])
def test_the_file_keeps_its_bytes_and_the_row_its_encoding_and_line_end(
    real: Year, tmp_path: Path, encoding: str, end: str, closed: bool
) -> None:
    standing = f'{OTHER},{printed_of(real, OTHER)},1.00,"甲,\n乙",丙,confirmed,丁'
    old = (HEADER + end + standing + end * closed).encode(encoding)
    new = with_row(old, ROW)
    assert new.startswith(old)
    appended = new[len(old) :].decode("utf-8" if encoding == "utf-8-sig" else encoding)
    assert appended.endswith(end) and appended.startswith(end) is not closed and appended.count(end) == 2 - closed
    assert next(csv.reader([appended.strip()])) == list(ROW.values())
    path = tmp_path / "corrections.csv"
    path.write_bytes(new)
    assert [correction.address for correction in read_corrections(path, real)] == [OTHER, ADDRESS]


def printed_of(year: Year, address: str) -> str:
    return next(f'"{cell.text}"' for cell in year.cells if cell.address == address)


def test_the_row_follows_the_columns_of_the_file(real: Year, tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_bytes(with_row(",".join(reversed(HEADERS.values())).encode(), ROW))
    (correction,) = read_corrections(path, real)
    assert (correction.corrected, correction.evidence) == ("-362.69", ROW["evidence"])


@pytest.mark.parametrize("text", ["=SUM(A1)", "+5", "-5", "@甲", "0017", "“引号”", '"quoted", and more', "'甲"])
def test_a_text_is_kept_as_it_is(real: Year, tmp_path: Path, text: str) -> None:
    path = tmp_path / "corrections.csv"
    path.write_bytes(with_row(None, ROW | {"evidence": text}))
    (correction,) = read_corrections(path, real)
    assert correction.evidence == text


def test_a_line_break_becomes_a_space_so_that_the_last_line_is_the_whole_row() -> None:
    content = with_row(None, ROW | {"reason": "第一行\r\n  第二行\u2028第三行"}).decode()
    assert content.count("\n") == 2 and "第一行 第二行 第三行" in content


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(proposal: correct.Proposal, folder: Settings) -> None:
    path_of(folder).write_text(HEADER + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        correct.write(replace(proposal, path=path_of(folder)))
    assert "核对期间" in caught.value.problems[0].found
    assert path_of(folder).read_text(encoding="utf-8") == HEADER + "\n"
    assert not list(folder.ledgers(2024).glob(".*"))


def test_a_failing_disk_leaves_the_old_file(
    proposal: correct.Proposal, folder: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    path_of(folder).write_text(HEADER + "\n", encoding="utf-8")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        correct.write(replace(proposal, path=path_of(folder), content=path_of(folder).read_bytes()))
    assert path_of(folder).read_text(encoding="utf-8") == HEADER + "\n"
    assert not list(folder.ledgers(2024).glob(".*"))


def test_mode_and_link_of_the_file_stay(proposal: correct.Proposal, folder: Settings, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.csv"
    target.write_text(HEADER + "\n", encoding="utf-8")
    target.chmod(0o640)
    path_of(folder).symlink_to(target)
    correct.write(replace(proposal, path=path_of(folder), content=target.read_bytes()))
    assert path_of(folder).is_symlink() and stat.S_IMODE(target.stat().st_mode) == 0o640
    assert ADDRESS in target.read_text(encoding="utf-8")
