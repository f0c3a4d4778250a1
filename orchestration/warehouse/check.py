"""Reconciles whatever ledgers it is given, in a build of its own. Publishes nothing and knows nothing of Dagster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.departments import SOURCES, department_of, known_departments
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import CONTRACTS, RULES, Settings
from orchestration.base.wording import BROKEN_IN_SQL
from orchestration.base.years import fiscal_year
from orchestration.documents.formats import is_document
from orchestration.documents.stated import rules_on_what_is_stated, without_rules_that_must_hold
from orchestration.entries.contract import read_entry_contracts
from orchestration.ledgers.contract import Contract, read_contract, read_contracts
from orchestration.ledgers.reader import Year, read_paths
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule, rules_beside
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, Inputs, known_ledgers, land_inputs, read_inputs, read_notes
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.models import ModelsFailedError
from orchestration.warehouse.prior import read_prior
from orchestration.warehouse.suspects import write_suspects

if TYPE_CHECKING:
    from orchestration.documents.reader import DocumentReading

#: What a check looks at: the judge's tables, with the score that they make.
JUDGED = ("reconciliation", "rule_summary", "correction", "accepted_exception", "cell", "score_summary")


@dataclass(frozen=True)
class CheckResult:
    """What ``check`` found."""

    build: Build
    broken: int  # error-severity rule instances that do not hold
    documents: tuple[DocumentReading, ...] = ()  # what was read of each published document


def check_paths(
    settings: Settings,
    paths: Sequence[Path],
    folder: Path,
    *,
    contract: Path | None = None,
    year: int | None = None,
    as_published: bool = False,
    on_node: Callable[[str], None] = lambda name: None,
) -> CheckResult:
    """Reconcile the ledgers under ``paths``; the build is made in ``folder``. Raises ``InputError``."""
    engine = engine_of(settings)
    paths = [_only_department(path) for path in paths]
    whole = None if contract else _whole_year(paths, year)
    readings: list[DocumentReading] = []
    if whole:
        folder_of_year = paths[0].resolve()
        settings = settings.of(department_of(folder_of_year, whole))
        inputs = read_inputs(settings, whole, as_published, folder=folder_of_year)
    else:
        inputs, readings = _whatever(settings, paths, contract, year, as_published, folder)
    build = Build(inputs.year.year, folder, inputs.year.department)
    land_inputs(build, inputs)
    nodes = compiled.build(build.warehouse, JUDGED, on_node=on_node, engine=engine)
    if failed := [f"{node.name}（{node.failures} 行）" for node in nodes if node.status == "fail"]:
        raise ModelsFailedError(f"数据结构检查未通过：{'、'.join(failed)}")
    write_suspects(build)
    (broken,) = build.rows(
        f"select count(*) as n from reconciliation where severity = 'error' and status in {BROKEN_IN_SQL}"
    )
    return CheckResult(build, broken["n"], tuple(readings))


def _whose_before(settings: Settings, year: int) -> Settings:
    """Loose files say nothing of their department: they stand beside the published year before where it has but one."""
    known = [] if settings.department else known_departments(settings, year)
    return settings.of(known[0]) if len(known) == 1 else settings


def _only_department(path: Path) -> Path:
    """A year's folder stands for its one department's. Raises ``InputError`` where there are several."""
    if fiscal_year(path.resolve().name) is None or (path / SOURCES).is_file() or not path.is_dir():
        return path
    folders = sorted(folder for folder in path.iterdir() if (folder / SOURCES).is_file())
    if len(folders) > 1:
        names = "、".join(folder.name for folder in folders)
        raise InputError([Problem(str(path), "", "", f"{len(folders)} 个部门", f"其中一个的文件夹：{names}")])
    return folders[0] if folders else path


def _whole_year(paths: Sequence[Path], year: int | None) -> int | None:
    """The year whose whole folder is to be checked, as ``run`` would read it; None for anything else.

    It is called by the year, or lies among the year's departments, and says in its sources.yml what belongs to it.
    """
    if len(paths) != 1 or not (paths[0] / SOURCES).is_file():
        return None
    folder = paths[0].resolve()
    return year or fiscal_year(folder.parent.name) or fiscal_year(folder.name)


def _known(settings: Settings, folders: Sequence[Path]) -> tuple[dict[str, Contract], list[Rule]]:
    """The contracts and rules of all, and those that stand in these folders."""
    contracts = read_contracts(settings.contracts, *(folder / CONTRACTS for folder in folders))
    return contracts, rules_beside(settings.rules, *(folder / RULES for folder in folders))


@dataclass(frozen=True)
class _Read:
    """What was read: ledgers and documents as one year; and what was drafted of the documents' other tables."""

    year: Year
    readings: list[DocumentReading]
    contracts: dict[str, Contract]
    rules: list[Rule]


def _read(
    paths: Sequence[Path],
    contracts: dict[str, Contract],
    rules: list[Rule],
    year: int | None,
    forced: Contract | None,
    folder: Path,
) -> _Read:
    """``folder``: where drafts are written."""
    documents = [path for path in paths if is_document(path)]
    loose = [path for path in paths if path not in documents]
    if not documents:
        return _Read(read_paths(loose, year, contracts, forced), [], contracts, rules)
    # Half a second, and few checks have any.
    from orchestration.documents.reader import joined, nothing_read, read_document
    from orchestration.drafting.documents import draft_document

    readings = []
    for number, path in enumerate(documents, 1):
        drafted = draft_document(
            read_document(path, contracts, rules, year), contracts, folder / f"draft-{number}", number
        )
        readings.append(drafted.reading)
        contracts, rules = {**contracts, **drafted.contracts}, [*rules, *drafted.rules]
    others = read_paths(loose, year, contracts, forced) if loose else None
    together = joined(readings, others)
    if not together.ledgers:
        raise InputError([problem for reading in readings for problem in nothing_read(reading)])
    return _Read(together, readings, contracts, rules)


def _whatever(
    settings: Settings, paths: Sequence[Path], contract: Path | None, year: int | None, as_published: bool, folder: Path
) -> tuple[Inputs, list[DocumentReading]]:
    """Loose files, folders and documents: whatever ledgers are recognised in them, beside the published year before."""
    folders = [path for path in paths if path.is_dir()]
    contracts, rules = _known(settings, folders)
    forced = read_contract(contract) if contract else None
    read = _read(paths, contracts, rules, year, forced, folder)
    ledgers, contracts, rules = read.year, read.contracts, read.rules
    rulebook = compile_rules(
        rules, ledgers.contracts, ledgers.year, str(settings.rules), cells=ledgers.cells, known=contracts
    )
    drafted = {name for reading in read.readings for name in reading.drafted}
    rulebook = without_rules_that_must_hold(rules_on_what_is_stated(rulebook, ledgers.ledgers), drafted)
    notes = [read_notes(path, ledgers, rulebook) for path in folders]
    prior = read_prior(_whose_before(settings, ledgers.year - 1), ledgers.year - 1, contracts)
    known, sums = known_ledgers(contracts, read_entry_contracts(settings.entry_contracts))
    inputs = Inputs(
        ledgers,
        rulebook,
        [] if as_published else [correction for found, _ in notes for correction in found],
        prior.cells,
        [accepted for _, found in notes for accepted in found],
        prior_judged=prior.judged,
        known=known,
        sums=sums,
    )
    return inputs, read.readings
