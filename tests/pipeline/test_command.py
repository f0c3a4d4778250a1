"""The command as people and scripts call it: output, JSON and exit codes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from typer.testing import CliRunner, Result

from orchestration.base.settings import ROOT
from orchestration.cli.main import app
from orchestration.cli.summary import as_json
from orchestration.publication import versions as version_store
from tests.conftest import Published, edit


@pytest.fixture(scope="module")
def home(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published year, of this module's own: its runs settle it, and what one leaves the next may find."""
    copied = tmp_path_factory.mktemp("command") / "home"
    return Path(shutil.copytree(published.settings.home, copied, ignore=shutil.ignore_patterns("dagster")))


@pytest.fixture
def invoke(home: Path, published: Published, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the command over the published year."""
    monkeypatch.setenv("LEDGERGATE_HOME", str(home))
    monkeypatch.setenv("LEDGERGATE_RAW", str(published.settings.raw))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return call


def test_run_prints_one_screen(invoke: Any, published: Published) -> None:
    result = invoke("run", "2024")
    assert result.exit_code == 0
    text = result.stdout
    assert published.outcome.version is not None
    for told in ("18 本账", "更正后相符", "96.48 分 优",
                 "2024/hunan_hrss/project_expenditure/17/adjustment  -362.20 → -362.69",
                 "超出 3.45 万元", published.outcome.version.name):  # fmt: skip
        assert told in text
    assert len(text.splitlines()) <= 24


def test_run_as_published_names_rule_both_sides_and_difference(invoke: Any) -> None:
    result = invoke("run", "2024", "--as-published", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    told = ["errors", "notices", "judged", "not_read"]
    lists = ["judged_by_year", "not_checked", "coverage", "rules", "findings", "suspects", "suspect_entries",
             "not_judged", "corrections"]  # fmt: skip
    assert list(found) == ["year", "department", "published", *told, *lists, "score"]
    assert (found["year"], found["published"], found["errors"], found["corrections"]) == (2024, None, [], [])
    broken = [r for r in found["rules"] if r["severity"] == "error" and r["status"] == "inconsistent"]
    assert [(r["rule_id"], r["instance"]) for r in broken] == [
        ("budget_composition", "project_expenditure/17"),
        ("project_column_total", "adjustment"),
    ]
    assert broken[0]["left_value"] == "9292000.00" and broken[0]["right_value"] == "9296900.00"
    assert (broken[0]["difference"], broken[0]["allowed"], broken[0]["unit"]) == ("-4900.00", "200.00", "yuan")
    assert found["score"]["total"] == {"weight": "100.00", "score": "96.48", "grade": "优"}
    assert all(r["status"] != "consistent" for r in found["rules"])


def test_the_json_of_a_published_year_tells_corrections_and_what_is_not_consistent(published: Published) -> None:
    assert published.outcome.version is not None
    found = as_json(2024, "hunan_hrss", published.outcome.build, published.outcome.version.name, [])
    assert found["published"] == published.outcome.version.name
    assert [c["address"] for c in found["corrections"]] == ["2024/hunan_hrss/project_expenditure/17/adjustment"]
    assert {r["status"] for r in found["rules"]} == {"rounding", "inconsistent", "corrected", "missing"}


def test_bad_input_is_exit_2_with_every_problem_in_json(invoke: Any, raw: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LEDGERGATE_RAW", str(raw))
    edit(raw / "2024" / "hunan_hrss" / "fund_balance.csv", "1806.43", '"1806,43"')
    edit(raw / "2024" / "hunan_hrss" / "establishment.csv", "91.35%", "九成")
    result = invoke("run", "2024", "--json")
    assert result.exit_code == 2
    errors = json.loads(result.stdout)["errors"]
    assert [(e["file"], e["cell"], e["found"]) for e in errors] == [
        ("raw/2024/hunan_hrss/establishment.csv", "D6", "九成"),
        ("raw/2024/hunan_hrss/fund_balance.csv", "E3", "1806,43"),
    ]
    assert all(e["expected"] for e in errors)


def test_a_year_without_ledgers_is_exit_2(invoke: Any) -> None:
    result = invoke("run", "2025")
    assert result.exit_code == 2 and "没有一个部门的账" in result.stderr


@pytest.mark.parametrize("arguments", [["run", "二〇二四"], ["run"], ["run", "2024", "--nonsense"], ["nothing"]])
def test_a_wrong_call_is_exit_2(invoke: Any, arguments: list[str]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_check_of_the_folder_applies_its_corrections(invoke: Any) -> None:
    assert invoke("check", str(ROOT / "raw" / "2024" / "hunan_hrss")).exit_code == 0
    result = invoke("check", str(ROOT / "raw" / "2024" / "hunan_hrss"), "--as-published", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    broken = {r["rule_id"]: r for r in found["rules"] if r["severity"] == "error" and r["status"] == "inconsistent"}
    assert broken.keys() == {"budget_composition", "project_column_total"}
    row, column = broken["budget_composition"], broken["project_column_total"]
    assert [Path(c["file"]).name + " " + c["cell"] for c in row["left_cells"]] == ["project_expenditure.csv F20"]
    assert [c["cell"] for c in row["right_cells"]] == ["E20", "C20", "D20"]
    assert len(column["left_cells"]) == 1 and len(column["right_cells"]) == 37


def test_check_leaves_a_page_of_what_the_rules_found(invoke: Any, tmp_path: Path) -> None:
    page = tmp_path / "核对.html"
    done = invoke("check", str(ROOT / "raw" / "2024" / "hunan_hrss"), "--as-published", "--page", str(page))
    assert done.exit_code == 1 and f"核对页  {page}" in done.stdout
    said = page.read_text(encoding="utf-8")
    assert "2024 年度核对结果" in said and "有规则不成立" in said and "发布" not in said.split("提示事项")[0]
    assert "应在 -362.71 与 -362.67 之间" in said and "raw/2024/hunan_hrss/project_expenditure.csv E20" in said


def test_the_worked_example_of_the_documentation_is_as_it_says(
    invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files as they stand there, its command, and what it prints."""
    page = (ROOT / "docs" / "ledgers.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```(?:csv|yaml) (车队/\S+)\n(.*?)```", page, re.DOTALL))
    assert len(files) == 4
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (said,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    done = invoke("check", "车队/2025")
    assert done.exit_code == 1 and said in done.stdout
    edit(tmp_path / "车队" / "2025" / "车辆.csv", "5.85", "5.58")
    mended = invoke("check", "车队/2025", "--json")
    assert mended.exit_code == 0
    assert json.loads(mended.stdout)["errors"] == []


def test_check_of_a_single_workbook_says_which_rules_it_could_not_judge(invoke: Any, tmp_path: Path) -> None:
    path = tmp_path / "决算.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("项目")
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.write(0, 0, "表3 项目支出明细表")
        sheet.write(1, 6, "单位：万元")
        sheet.write_row(2, 0, ["序号", "项目明细", "上年结转", "年初预算", "本年调整", "预算资金", "决算支出"])
        sheet.write_row(3, 0, [1, "甲项目"])
        sheet.write_row(3, 2, [1.5, 100, -20.25, 81.25, 80], money)
        sheet.write_row(4, 0, ["合计", ""])
        sheet.write_row(4, 2, [1.5, 100, -20.25, 81.35, 80], money)
    result = invoke("check", str(path), "--year", "2025")
    assert result.exit_code == 1
    assert "预算资金 81.35 万元" in result.stdout and "条规则所需的账不在其中" in result.stdout


def test_check_with_rules_of_ones_own(invoke: Any, tmp_path: Path) -> None:
    rules = tmp_path / "mine.yml"
    rules.write_text(
        "- {id: no_project_over_six_thousand, title: 项目预算不超过六千万元,\n"
        "   check: 'project_expenditure/{row}/total_budget <= 6000万元'}\n",
        encoding="utf-8",
    )
    result = invoke(
        "check", str(ROOT / "raw" / "2024" / "hunan_hrss" / "project_expenditure.csv"), "--rules", str(rules), "--json"
    )
    assert result.exit_code == 1
    broken = [r for r in json.loads(result.stdout)["rules"] if r["status"] == "inconsistent"]
    assert [(r["rule_id"], r["instance"]) for r in broken] == [
        ("no_project_over_six_thousand", "5"),
        ("no_project_over_six_thousand", "total"),
    ]
    assert "表3 第5行" in broken[0]["statement"] and "超过 定数 6000.00 万元" in broken[0]["statement"]


def test_check_of_what_cannot_be_read_is_exit_2(invoke: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    result = invoke("check", str(tmp_path), "--year", "2024", "--json")
    assert result.exit_code == 2
    (error,) = json.loads(result.stdout)["errors"]
    assert error["found"] == "认不出是哪本账"
    assert invoke("check", str(tmp_path / "nowhere")).exit_code == 2


def test_a_new_ledger_and_rule_need_no_code(invoke: Any, raw: Path, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("LEDGERGATE_RAW", str(raw))
    (raw / "contracts" / "vehicle.yml").write_text(
        "ledger: vehicle\ntitle: 公务用车表\nshort: 公务用车\nrequired: false\n"
        "keys: [{name: unit_name, header: 单位名称}]\n"
        "measures: [{name: number, header: 车辆数, kind: count}, {name: cost, header: 运行费, unit: 元}]\n"
        'label: "{unit_name}"\n',
        encoding="utf-8",
    )
    rules = tmp_path / "vehicle_rules.yml"
    rules.write_text(
        "- {id: vehicle_total, title: 车辆合计, for: {m: [number, cost]},"
        " check: 'vehicle/total/{m} = sum(vehicle/*/{m})'}\n",
        encoding="utf-8",
    )
    folder = tmp_path / "2025"
    folder.mkdir()
    (folder / "公务用车表.csv").write_text(
        '单位名称,车辆数,运行费\n甲,2辆,"30,000.00"\n乙,3辆,"45,000.50"\n合计,6辆,"75,000.50"\n', encoding="utf-8"
    )
    result = invoke("check", str(folder), "--rules", str(rules), "--json")
    assert result.exit_code == 1
    (row,) = [r for r in json.loads(result.stdout)["rules"] if r["status"] == "inconsistent"]
    assert (row["instance"], row["left_value"], row["right_value"], row["unit"]) == ("number", "6.00", "5.00", "count")


def test_versions_and_rollback(invoke: Any, published: Published, tmp_path: Path, monkeypatch: Any) -> None:
    home = tmp_path / "home"
    shutil.copytree(published.settings.home, home)
    monkeypatch.setenv("LEDGERGATE_HOME", str(home))
    (version,) = version_store.versions(published.settings, 2024)
    listed = json.loads(invoke("versions", "2024", "--json").stdout)
    assert [(v["version"], v["current"]) for v in listed["versions"]] == [(version.name, True)]
    assert version.name in invoke("versions", "2024").stdout
    assert invoke("rollback", "2024", version.name).exit_code == 0
    wrong = invoke("rollback", "2024", "20200101T000000Z-00000000")
    assert wrong.exit_code == 2 and version.name in wrong.stderr
    assert "还没有发布过" in invoke("versions", "2030").stdout


@pytest.mark.parametrize("command", ["run", "check", "versions", "rollback"])
def test_help_has_examples(invoke: Any, command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0 and "Example" in result.stdout
