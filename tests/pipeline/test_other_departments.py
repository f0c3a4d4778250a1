"""Departments that keep few of the ledgers: raw to published to reported, and what they don't keep is 未提供."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
import yaml
from docx import Document
from typer.testing import CliRunner

from orchestration.base.settings import Settings
from orchestration.cli.main import app
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import FieldError
from orchestration.reporting.published import open_version
from tests.steps import take_year

BUDGET = (
    "department_summary", "unit_basic_expenditure", "unit_project_expenditure", "project_expenditure",
    "category_expenditure",
)  # fmt: skip


def keep_only(folder: Path, ledgers: tuple[str, ...]) -> None:
    """A year's folder with these ledgers and no others; what was written about the others goes too."""
    path = folder / "sources.yml"
    sources = yaml.safe_load(path.read_text(encoding="utf-8"))
    for source in sources["files"]:
        if source["ledger"] not in ledgers:
            (folder / source["file"]).unlink()
    sources["files"] = [source for source in sources["files"] if source["ledger"] in ledgers]
    sources["required"] = list(ledgers)
    path.write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")
    (folder / "narrative.yml").unlink()
    if "project_expenditure" not in ledgers:
        (folder / "corrections.csv").unlink()


@pytest.mark.parametrize(
    ("ledgers", "printed", "absent", "pictures"),
    [
        (BUDGET, "预算执行率86.60%", ["人员情况.合计.编制数", "编制分类", "基金收支.工伤保险支出合计.实际数"], 1),
        (("fund_statement",), "完成预算的", ["部门总数.合计.资金总额", "基金结余.工伤保险.期末滚存结余"], 0),
    ],
    ids=["budget", "fund"],
)
def test_a_department_with_few_ledgers_is_published_and_reported(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledgers: tuple[str, ...], printed: str,
    absent: list[str], pictures: int,
) -> None:  # fmt: skip
    keep_only(settings.raw / "2024" / "hunan_hrss", ledgers)
    outcome = take_year(settings, 2024)
    assert outcome.version is not None, (outcome.problems, outcome.failed)

    monkeypatch.setenv("LEDGERGATE_HOME", str(settings.home))
    monkeypatch.setenv("LEDGERGATE_RAW", str(settings.raw))
    done = CliRunner().invoke(app, ["report", "2024", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0 and "Traceback" not in done.output, done.output

    document = Document(io.BytesIO((tmp_path / "out" / "report.docx").read_bytes()))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert printed in text and not re.search("[\ue000-\ue011]", text)
    for name in absent:
        assert f"【未提供：{name}】" in text and f"【未提供：{name}】" in re.sub(r"\s", "", done.output)
    assert len(document.inline_shapes) == pictures
    if "fund_statement" not in ledgers:  # that there is no figure does not mean that nothing was spent
        assert "未安排支出预算" not in text and "未发生支出。" not in text
    book = openpyxl.load_workbook(tmp_path / "out" / "annexes.xlsx")
    staff = {cell.value for row in book["附件1"].iter_rows(min_row=4, max_row=4, min_col=2) for cell in row}
    assert staff <= {"未提供", None} and "未提供" in staff
    assert not any("【" in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)

    fields = Fields(open_version(settings, 2024))
    assert fields.plain_text("{{ 人员情况.合计.编制数 }}") == "【未提供：人员情况.合计.编制数】"
    for unknown in ("{{ 人员状况.合计.编制数 }}", "{{ 人员情况.合计.编制人数 }}", "{{ 扣分.产品 }}"):
        with pytest.raises(FieldError, match="没有"):
            fields.plain_text(unknown)
