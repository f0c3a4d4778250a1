"""A year from its ledgers to a version by the steps themselves, without Dagster: a third of what the job costs.

For tests that ask what comes of ledgers. That the job takes the same steps, settles, tells and records is for tests of
the job (``run_year``).
"""

from __future__ import annotations

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.base.watcher import SILENT, Watcher
from orchestration.pipeline.outcome import Outcome
from orchestration.publication.gates import failed, run_gates
from orchestration.publication.release import publish_build
from orchestration.publication.versions import versions
from orchestration.warehouse import compiled
from orchestration.warehouse.build import land_inputs, open_build, read_inputs
from orchestration.warehouse.ledger_tables import published_tables, write_ledger_tables
from orchestration.warehouse.suspects import write_suspects


def take_year(settings: Settings, year: int, *, as_published: bool = False, watcher: Watcher = SILENT) -> Outcome:
    """Read, build, localise, judge and publish a department's year."""
    build = open_build(settings, year, as_published)
    before = {version.name for version in versions(settings, year)}
    try:
        inputs = read_inputs(settings, year, as_published, watcher.advance)
    except InputError as error:
        return Outcome(build, problems=error.problems)
    land_inputs(build, inputs)
    broken = [node.name for node in compiled.build(build.warehouse) if node.status == "fail"]
    assert broken == [], "its structure tests failed"
    write_suspects(build)
    write_ledger_tables(build)
    tables = published_tables(build)
    if stopping := failed(run_gates(build, tables)):
        return Outcome(build, failed=[gate.title for gate in stopping])
    if as_published:
        return Outcome(build)
    version, _ = publish_build(settings, build, tables)
    return Outcome(build, version, version.name not in before)
