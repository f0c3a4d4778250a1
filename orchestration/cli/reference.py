"""The reference pages under ``docs/``: what stands in the code and its data, written out for people.

``docs/rules.md`` comes from ``expectations/rules`` and the gates, ``docs/dictionary.md`` from the dbt manifest and the
contracts, ``docs/commands.md`` from the command itself and the Makefile. Facts are gathered here; every sentence stands
in ``templates/*.md.j2``. A test fails while a page differs from what ``make docs`` would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.suites.year import SUITES
from orchestration.base.settings import ROOT
from orchestration.base.wording import STATUSES
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.rules.model import Rule, digits_rule, read_rules
from orchestration.warehouse.suspects import SCHEMAS as FINDINGS

DOCS = ROOT / "docs"
RULES = ROOT / "expectations" / "rules"
CONTRACTS = ROOT / "raw" / "contracts"
#: The order in which the dictionary goes through dbt's groups: as the data flows.
GROUPS = ("unit", "project", "fund", "scores", "reconciliation")
_SQL_TYPES = {"string": "varchar"}

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=False,  # noqa: S701  Markdown of our own; nothing comes from outside
    undefined=StrictUndefined,  # an option or status that a template doesn't explain is an error
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def _table_cell(text: object) -> str:
    """Text for a cell of a Markdown table."""
    return " ".join(str(text).replace("|", "\\|").split())


_PAGES.filters["cell"] = _table_cell


def rules_page(folder: Path = RULES) -> str:
    """``docs/rules.md``: every rule of every file in ``folder``, and the gates."""
    rules = {path: read_rules(path) for path in sorted(folder.glob("*.yml"))}
    severities = [rule.severity for found in rules.values() for rule in found]
    return _PAGES.get_template("rules.md.j2").render(
        files=[
            {"name": path.name, "about": _opening_comment(path), "rules": [_rule_facts(rule) for rule in found]}
            for path, found in rules.items()
        ],
        options=[field.alias or name for name, field in Rule.model_fields.items()],
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        statuses=STATUSES,
        gates=SUITES,
    )


def _rule_facts(rule: Rule) -> dict[str, Any]:
    stated = rule.model_dump(exclude_defaults=True, by_alias=True, exclude={"id", "title", "severity", "check"})
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "check": rule.check,
        "stated": {name: _as_written(value) for name, value in stated.items()},
        "companion": digits_rule(rule).id if rule.same_digits else "",
    }


def _as_written(value: object) -> str:
    """An option's value, as YAML has it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_as_written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_as_written, value)) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _opening_comment(path: Path) -> list[str]:
    """The comment lines at the top of a rule file."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return lines


def dictionary_page(manifest: Mapping[str, Any], contracts: Mapping[str, Contract]) -> str:
    """``docs/dictionary.md``: published tables (as dbt's manifest describes them), ledgers, statuses and terms."""
    nodes = list(manifest["nodes"].values())
    known = [*nodes, *(_written_after(source) for source in manifest["sources"].values())]
    tables = sorted((node for node in known if "published" in node["tags"]), key=lambda node: node["name"])
    names = {table["name"] for table in tables}
    table_of = _table_of(contracts, names)
    return _PAGES.get_template("dictionary.md.j2").render(
        groups=[(group, [table for table in tables if table["group"] == group]) for group in _groups_of(tables)],
        table_of=table_of,
        feeding={table: [ledger for ledger in table_of if table_of[ledger] == table] for table in names},
        seeds=sorted((node for node in nodes if node["resource_type"] == "seed"), key=lambda node: node["name"]),
        ledgers=list(contracts.values()),
        columns={name: _column_facts(contract) for name, contract in contracts.items()},
        statuses=STATUSES,
        sql_types=_SQL_TYPES,
    )


def _table_of(contracts: Mapping[str, Contract], tables: Set[str]) -> dict[str, str]:
    """Ledger -> its table. A ledger of words alone has no figures that flow anywhere; its table bears its name."""
    return {name: contract.table or (name if name in tables else "") for name, contract in contracts.items()}


def _written_after(source: Mapping[str, Any]) -> dict[str, Any]:
    """A table that is written after the models, and that dbt knows as a source: group and types stand in the code."""
    types = FINDINGS.get(source["name"], {})
    columns = {name: {**column, "data_type": types.get(name)} for name, column in source["columns"].items()}
    return {**source, "group": "reconciliation", "columns": columns}


def _groups_of(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    found = {table["group"] for table in tables}
    return [*(group for group in GROUPS if group in found), *sorted(found - set(GROUPS))]


def _column_facts(contract: Contract) -> list[dict[str, Any]]:
    """Name, header, aliases and nature of each column of a ledger, in its own order."""
    measures = {measure.name: measure for measure in contract.measures}
    texts = {text.name for text in contract.texts}
    facts = []
    for column in contract.columns:
        measure = measures.get(column.name)
        codes = {} if measure or column.name in texts else getattr(column, "values", {})
        facts.append(
            {
                "name": column.name,
                "header": column.header,
                "aliases": column.aliases,
                "nature": measure.kind if measure else "text" if column.name in texts else "key",
                "codes": codes,
                "optional": column.optional,
                "unit": measure.unit if measure else "",
                "blank": measure.blank if measure else None,
                "zero_words": measure.zero_words if measure else (),
                "checked_only": measure is not None and bool(contract.table) and column.name in contract.unpublished,
            }
        )
    return facts


@dataclass(frozen=True)
class Parameter:
    """One argument or option of a command."""

    name: str  # as typed: YEAR, --json, --contract PATH
    about: str
    required: bool
    is_option: bool


@dataclass(frozen=True)
class Command:
    """One command of ``ledgergate``, as its own help tells it."""

    name: str
    about: str
    usage: str
    parameters: tuple[Parameter, ...]
    examples: tuple[str, ...]


def commands(app: typer.Typer) -> tuple[str, list[Command]]:
    """The program's help, and each of its commands in the order in which help lists them."""
    program: Any = typer.main.get_command(app)
    found = []
    for name, command in each_command(program):
        parameters = tuple(_parameter(each) for each in command.params if not each.hidden)
        arguments = [each.name for each in parameters if not each.is_option]
        options = [f"[{each.name}]" for each in parameters if each.is_option]
        examples = re.sub(r"^Examples?:\s*", "", command.epilog or "").split("   |   ")
        found.append(
            Command(
                name=name,
                about=command.help or "",
                usage=" ".join(["ledgergate", name, *arguments, *options]),
                parameters=parameters,
                examples=tuple(example.strip() for example in examples if example.strip()),
            )
        )
    return program.help or "", found


def each_command(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, those of a group by its name and theirs: ``backup save``."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from each_command(command, f"{before}{name} ")
        else:
            yield before + name, command


def _parameter(parameter: Any) -> Parameter:
    is_option = parameter.param_type_name == "option"
    if not is_option:
        name = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
    elif parameter.is_flag:
        name = parameter.opts[0]
    else:
        annotation = parameter.type_descriptor.annotation
        name = f"{parameter.opts[0]} {getattr(annotation, '__name__', 'value').upper()}"
    return Parameter(name, parameter.help or "", parameter.required, is_option)


def commands_page(app: typer.Typer, makefile: str) -> str:
    """``docs/commands.md``: every command with its arguments and options, and every target of the Makefile."""
    about, found = commands(app)
    return _PAGES.get_template("commands.md.j2").render(
        about=about.split("\n\n")[0],
        commands=found,
        targets=re.findall(r"^([a-z-]+):.*?## *(.+)$", makefile, re.MULTILINE),
    )


def pages() -> dict[Path, str]:
    """Every generated page: where it stands, and what it says now."""
    from orchestration.cli.main import app
    from orchestration.warehouse import models

    manifest = json.loads(models.parse().read_text(encoding="utf-8"))
    return {
        DOCS / "rules.md": rules_page(),
        DOCS / "dictionary.md": dictionary_page(manifest, read_contracts(CONTRACTS)),
        DOCS / "commands.md": commands_page(app, (ROOT / "Makefile").read_text(encoding="utf-8")),
    }


def main() -> None:
    """Write the pages that ``make docs`` promises."""
    DOCS.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
