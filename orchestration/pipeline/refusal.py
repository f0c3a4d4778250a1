"""What is refused before anything is built, said within a second or two: Dagster, dbt and Great Expectations take ten
to import, and are not needed to see that a file is missing or a figure can't be read.

Everything else of a run belongs in ``run``. The inputs are read again there, under the lock of the year.
"""

from __future__ import annotations

import uuid

from orchestration.base.departments import beside
from orchestration.base.locks import LockedError
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import CONTRACTS, Settings
from orchestration.base.years import fiscal_year
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_year


def refused(settings: Settings, year: int, *, as_published: bool = False, bundled: bool = False) -> list[Problem]:
    """All that is wrong with a year's inputs, where its ledgers can't be read; told and settled as a run would. None
    where they can: entries, which may be long, and what only a whole run sees are left to it.
    """
    if fiscal_year(str(year)) is None or not _something_is_wrong(settings, year):
        return []
    from orchestration.alerting import events  # here: with DuckDB and Arrow, which a year that can be read meets later
    from orchestration.publication.watch import Settled, scan_inputs, settle
    from orchestration.warehouse.build import read_inputs

    fingerprint = scan_inputs(settings, [year]).get(year, "")
    try:
        read_inputs(settings, year, as_published)  # the same, and what is wrong with rules and texts too
    except LockedError:
        return []
    except InputError as error:
        if not as_published:
            if fingerprint:
                settle(settings, year, Settled(fingerprint, "refused"))
            events.bad_input(events.Run(settings, year, str(uuid.uuid4()), bundled), error.problems)
        return error.problems
    return []  # mended meanwhile


def _something_is_wrong(settings: Settings, year: int) -> bool:
    folder = settings.ledgers(year)
    try:
        read_year(folder, year, read_contracts(settings.contracts, *beside(folder, year, CONTRACTS)))
    except InputError:
        return True
    return False
