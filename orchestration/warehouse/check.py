"""Reconciles whatever ledgers it is given, in a build of its own. Publishes nothing and knows nothing of Dagster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.settings import Settings
from orchestration.base.wording import BROKEN_IN_SQL
from orchestration.entries.contract import read_entry_contracts
from orchestration.ledgers.contract import read_contract, read_contracts
from orchestration.ledgers.reader import read_paths
from orchestration.rules.rules import compile_rules, read_rules
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, Inputs, land_inputs, read_notes
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.models import ModelsFailedError
from orchestration.warehouse.suspects import write_suspects

#: What a check looks at: the judge's tables, with the score that they make.
JUDGED = ("reconciliation", "correction", "accepted_exception", "cell", "score_summary")


@dataclass(frozen=True)
class Checked:
    """What ``check`` found."""

    build: Build
    broken: int  # error-severity rule instances that do not hold
    skipped: dict[str, list[str]]  # rule -> the ledgers that it would need


def check_paths(
    settings: Settings,
    paths: Sequence[Path],
    folder: Path,
    *,
    contract: Path | None = None,
    year: int | None = None,
    as_published: bool = False,
    on_node: Callable[[str], None] = lambda name: None,
) -> Checked:
    """Reconcile the ledgers under ``paths``; the build is made in ``folder``. Raises ``InputError``."""
    engine = engine_of(settings)
    contracts = read_contracts(settings.contracts)
    forced = read_contract(contract) if contract else None
    rules = read_rules(settings.rules)
    ledgers = read_paths(paths, year, contracts, forced)
    rulebook = compile_rules(
        rules, ledgers.contracts, ledgers.year, str(settings.rules), cells=ledgers.cells, known=contracts
    )
    notes = [read_notes(path, ledgers, rulebook) for path in paths if path.is_dir()]
    corrections = [] if as_published else [correction for found, _ in notes for correction in found]
    exceptions = [accepted for _, found in notes for accepted in found]
    build = Build(ledgers.year, folder)
    land_inputs(build, Inputs(ledgers, rulebook, corrections, exceptions=exceptions))
    nodes = compiled.build(build.warehouse, JUDGED, on_node=on_node, engine=engine)
    if failed := [f"{node.name}（{node.failures} 行）" for node in nodes if node.status == "fail"]:
        raise ModelsFailedError(f"数据结构检查未通过：{'、'.join(failed)}")
    write_suspects(build)
    (broken,) = build.rows(
        f"select count(*) as n from reconciliation where severity = 'error' and status in {BROKEN_IN_SQL}"
    )
    # Not every year has entries: rules on them are not missed.
    sums = {each.ledger for entry in read_entry_contracts(settings.entry_contracts).values() for each in entry.sums}
    skipped = {rule: absent for rule, absent in rulebook.skipped.items() if not sums.issuperset(absent)}
    return Checked(build, broken["n"], skipped)
