"""The red-line: between two versions of a year, and between a document and our report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docx import Document
from typer.testing import CliRunner

from orchestration.cli.main import app
from orchestration.reporting.published import Published as Version
from orchestration.reporting.published import open_version
from orchestration.reporting.redline import Redline, between_versions, from_document, render_redline
from tests.conftest import Published
from tests.pipeline.version import copy_of, rewrite

CELL = "2024/hunan_hrss/project_expenditure/17/adjustment"


@pytest.fixture(scope="module")
def version(published: Published) -> Version:
    return open_version(published.settings, 2024)


@pytest.fixture(scope="module")
def before(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A version before: without the correction, with another figure of a project, and another sentence."""
    old = copy_of(published, tmp_path_factory.mktemp("before"))
    rewrite(old, "correction", where="false")
    rewrite(old, "cell", replace="case when address = '2024/hunan_hrss/project_expenditure/5/final_expenditure' "
            "then '4,640.52' else text end as text")  # fmt: skip
    rewrite(old, "reconciliation", replace="case when rule_id = 'budget_composition' and instance = "
            "'project_expenditure/17' then 'inconsistent' else status end as status")  # fmt: skip
    rewrite(old, "narrative", replace="replace(text, '接受社会监督', '不接受监督') as text")
    return old


@pytest.fixture(scope="module")
def redline(before: Version, version: Version) -> Redline:
    return between_versions(before, version)


def test_a_version_against_itself_has_nothing_changed(version: Version) -> None:
    same = between_versions(version, version)
    assert same.is_empty and (same.gone, same.come) == ((), ())
    assert "没有不同" in render_redline(same, 2024)


def test_each_changed_figure_is_told_with_its_place_and_the_correction_behind_it(redline: Redline) -> None:
    found = {change.label: change for change in redline.figures}
    assert len(found) == 2
    corrected = next(change for label, change in found.items() if "第17行" in label)
    assert (corrected.before, corrected.after) == ("-362.20 万元", "-362.69 万元")
    assert corrected.place == "raw/2024/hunan_hrss/project_expenditure.csv E20"
    assert corrected.why.startswith("更正：") and "表2第5行" in corrected.why and "依勾稽关系推定" in corrected.why
    ledger = next(change for label, change in found.items() if "第5行" in label)
    assert (ledger.before, ledger.after) == ("4,640.52 万元", "4,641.52 万元")
    assert ledger.why == "账表改动：raw/2024/hunan_hrss/project_expenditure.csv G8"


def test_a_withdrawn_correction_is_told_as_such(before: Version, version: Version) -> None:
    back = between_versions(version, before)
    assert any(change.why.startswith("撤销更正：") and change.after == "-362.20 万元" for change in back.figures)


def test_what_rules_say_otherwise_is_told(redline: Redline) -> None:
    (rule,) = redline.rules
    assert (rule.before, rule.after) == ("不符", "更正后相符")


def test_the_text_is_compared_word_by_word_under_its_heading(redline: Redline) -> None:
    (paragraph,) = [change for change in redline.text if "监督" in "".join(text for _, text in change.pieces)]
    assert paragraph.section.startswith("十、")
    assert [(kind, text) for kind, text in paragraph.pieces if kind != "same"] == [("del", "不"), ("ins", "社会")]
    page = render_redline(redline, 2024)
    assert "<del>" in page and "<ins>" in page and "<script" not in page


def test_a_document_is_compared_with_the_report_made_of_it(version: Version, tmp_path: Path) -> None:
    document = Document()
    for text in (
        "八、存在的问题及原因分析",
        "本报告没有的一段，去年为 987,654.32 万元。",
        "十、绩效自评结果应用和公开情况",
        "本报告在部门门户网站公开，接受群众监督。",
    ):
        document.add_paragraph(text)
    path = tmp_path / "source.docx"
    document.save(str(path))
    found = from_document(path, version)
    assert "987,654.32" in found.gone and "86.60%" in found.come
    (corrected,) = found.figures
    assert (corrected.before, corrected.after) == ("-362.20", "-362.69")
    kinds = {"".join(text for _, text in change.pieces): {kind for kind, _ in change.pieces} for change in found.text}
    assert kinds["本报告没有的一段，去年为987,654.32万元。"] == {"del"}
    assert any("群众" in text and kind == {"same", "del", "ins"} for text, kind in kinds.items())


def test_the_command_writes_the_page_and_names_each_change(
    published: Published, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGERGATE_HOME", str(published.settings.home))
    monkeypatch.setenv("LEDGERGATE_RAW", str(published.settings.raw))
    call = ["report", "2024", "--redline", version.name, "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["figures"] == []
    assert (tmp_path / "redline.html").is_file()
    refused = CliRunner().invoke(app, ["report", "2024", "--redline", "20990101T000000Z-00000000"])
    assert refused.exit_code == 2 and "没有版本" in refused.output
