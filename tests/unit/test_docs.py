"""The pages under docs/ say what the code says: the generated ones word for word, the written ones by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
import yaml

from expectations.suites.year import SUITES
from orchestration.base.settings import ROOT
from orchestration.cli import reference
from orchestration.cli.main import app
from orchestration.ledgers.contract import read_contracts
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule, read_rules

DOCS = ROOT / "docs"
WRITTEN = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])


@pytest.fixture(scope="module")
def pages() -> dict[Path, str]:
    return reference.pages()


@pytest.mark.parametrize("name", ["rules.md", "dictionary.md", "commands.md"])
def test_generated_page_is_fresh(name: str, pages: dict[Path, str]) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages[DOCS / name], f"docs/{name} is stale: run `make docs`"


def test_every_rule_has_an_entry() -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    assert [rule.id for rule in read_rules(ROOT / "expectations" / "rules") if f"\n### {rule.id}\n" not in page] == []


def test_a_rule_that_is_added_appears_with_all_that_it_states(tmp_path: Path) -> None:
    rule = {"id": "new", "title": "甲＝乙", "for": {"m": ["a", "b"]}, "check": "x/{r}/{m} = y/{r}/{m}"}
    entry = yaml.safe_dump([{**rule, "same_digits": True}], allow_unicode=True)
    (tmp_path / "more.yml").write_text(f"# 说明\n{entry}", encoding="utf-8")
    page = reference.rules_page(tmp_path)
    assert (
        "## more.yml\n\n说明\n" in page and "### new\n\n甲＝乙（必须成立）\n\n```\nx/{r}/{m} = y/{r}/{m}\n```" in page
    )
    assert "`for: {m: [a, b]}`" in page and "`same_digits: true`" in page and "`new_digits`" in page


def test_the_examples_of_rules_are_rules() -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    examples = [entry for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) for entry in yaml.safe_load(block)]
    contracts = read_contracts(ROOT / "raw" / "contracts")
    assert len(compile_rules(map(Rule.model_validate, examples), contracts, 2024).rules) == len(examples) > 0


def test_every_gate_is_described() -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    assert [suite.name for suite in SUITES if f"| `{suite.name}` |" not in page] == []


def test_every_command_and_option_is_described() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    described = {part.split("\n", 1)[0]: part for part in page.split("\n## ")[1:]}
    for name, command in reference.each_command(typer.main.get_command(app)):
        assert name in described, name
        missing = [option for each in command.params for option in each.opts if option.startswith("-")]
        missing = [option for option in missing if not re.search(rf"\| `{option}\b", described[name])]
        assert missing == [], f"{name}: {missing}"


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name in names if f"ledgergate {name}" not in text] == []


def test_every_setting_is_described() -> None:
    code = (ROOT / "orchestration" / "base" / "settings.py").read_text(encoding="utf-8")
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert [name for name in re.findall(r'"((?:LEDGERGATE|DAGSTER)_\w+)"', code) if f"`{name}`" not in page] == []


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)]
    assert [target for target in targets if target and not (path.parent / target).exists()] == []


def test_no_published_picture_is_large() -> None:
    assert [path.name for path in (DOCS / "images").glob("*.png") if path.stat().st_size > 400_000] == []


def test_the_runbook_says_the_same_in_both_languages() -> None:
    """Section by section: as many rows and steps, the same calls, files and figures."""

    def outline(name: str) -> list[tuple[int, int, set[str]]]:
        sections = (ROOT / "docs" / name).read_text(encoding="utf-8").split("\n## ")
        return [
            (
                len(re.findall(r"^\|", section, re.MULTILINE)),
                len(re.findall(r"^\d+\. ", section, re.MULTILINE)),
                set(re.findall(r"\d+(?:\.\d+)? [KM]B", section)),
            )
            for section in sections
        ]

    english, chinese = outline("runbook.md"), outline("runbook.zh-CN.md")
    assert len(english) == 10 and chinese == english
