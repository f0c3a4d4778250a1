"""What a synthetic ledger will hold, before a line of it is written: how many entries each account gets, which months
they fall into, and which faults are planted where. Whole numbers over some two hundred accounts; no entries here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from orchestration.synthetic.targets import Target

MONTHS = 12
#: The months that entries of a kind fall into, first and last; every other kind has the whole year.
SEASONS = {"carryover": (1, 1), "initial_budget": (1, 3), "adjustment": (3, 12)}
#: An amount in 元 read as one in 万元.
WRONG_UNIT = 10**4
FAULTS = ("wrong_unit", "lost_line", "wrong_project", "doubled_file", "missing_month")
MOST_FAULTS = 40


class PlanError(ValueError):
    """The call asks for what cannot be. ``str(error)`` says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """One planted fault: the key that whoever looks for it is measured by."""

    kind: str  # one of FAULTS
    ledger: str
    month: int
    account: int | None = None  # which account, for a fault of one line
    line: int | None = None  # which of its entries, from 0
    project_no: str = ""  # where a moved entry went


@dataclass(frozen=True, slots=True)
class Account:
    """A target and the number of entries that it is split into."""

    number: int
    target: Target
    entries: int
    fault: PlantedFault | None = None

    @property
    def large(self) -> tuple[int, int]:
        """(line, fen without sign): one entry holds a tenth of the account, a large payment among many small ones."""
        return self.number * 7919 % self.entries, abs(self.target.fen) // 10 if self.entries > 1 else 0

    @property
    def season(self) -> tuple[int, int]:
        return SEASONS.get(self.target.values.get("entry_kind", ""), (1, MONTHS))

    def lines(self, month: int) -> range:
        """The entries of a month: the season's months share them in order."""
        first, last = self.season
        span = last - first + 1
        if not first <= month <= last:
            return range(0)
        edge = [-(-(month - first + step) * self.entries // span) for step in (0, 1)]
        return range(*edge)


@dataclass(frozen=True)
class Plan:
    """A whole synthetic year."""

    year: int
    seed: int
    accounts: tuple[Account, ...]
    faults: tuple[PlantedFault, ...]

    def of(self, ledger: str) -> list[Account]:
        return [account for account in self.accounts if account.target.ledger == ledger]

    @property
    def ledgers(self) -> list[str]:
        return list(dict.fromkeys(account.target.ledger for account in self.accounts))

    def months(self, ledger: str) -> Iterator[int]:
        """Months that have a file: those with entries, less the missing ones."""
        missing = {fault.month for fault in self.faults if (fault.kind, fault.ledger) == ("missing_month", ledger)}
        for month in range(1, MONTHS + 1):
            if month not in missing and any(account.lines(month) for account in self.of(ledger)):
                yield month

    def doubled(self, ledger: str) -> set[int]:
        return {fault.month for fault in self.faults if (fault.kind, fault.ledger) == ("doubled_file", ledger)}


def make_plan(targets: Sequence[Target], year: int, seed: int, entries: int, faults: int = 0) -> Plan:
    """Share ``entries`` among the targets and choose the faults. The same arguments give the same plan.

    Raises ``PlanError`` where there are fewer entries than accounts, or more than the amounts can be split into.
    """
    if entries < 2 * len(targets):
        raise PlanError(f"{entries} 笔不够：{year} 年有 {len(targets)} 个科目组合，至少要 {2 * len(targets)} 笔")
    counted = _counted(targets, entries)
    if any(2 * count > abs(target.fen) for target, count in counted if count > 1):
        raise PlanError(f"{entries} 笔太多：有的科目组合分不到每笔一分")
    accounts = [Account(n, *pair) for n, pair in enumerate(counted)]
    planted = _faults(accounts, seed, faults)
    by_account = {fault.account: fault for fault in planted if fault.account is not None}
    return Plan(year, seed, tuple(replace(a, fault=by_account.get(a.number)) for a in accounts), tuple(planted))


def _counted(targets: Sequence[Target], entries: int) -> list[tuple[Target, int]]:
    """Each target with its number of entries, ledger by ledger: ledgers share alike, accounts by their amounts."""
    ledgers = list(dict.fromkeys(target.ledger for target in targets))
    found: list[tuple[Target, int]] = []
    for ledger, share in zip(ledgers, _shares([1] * len(ledgers), entries, at_least=0), strict=True):
        own = [target for target in targets if target.ledger == ledger]
        found += zip(own, _shares([abs(target.fen) for target in own], share, at_least=1), strict=True)
    return found


def _shares(weights: Sequence[int], total: int, at_least: int) -> list[int]:
    """``total`` whole things shared by weight, each share at least so many; what is left over goes to the first."""
    spare = total - at_least * len(weights)
    shares = [at_least + spare * weight // sum(weights) for weight in weights]
    shares[weights.index(max(weights))] += total - sum(shares)
    return shares


def _faults(accounts: Sequence[Account], seed: int, number: int) -> list[PlantedFault]:
    """Faults of all kinds in turn, no two in one account or one month's file, so that each can be told by itself.

    A fault of one line takes the account's largest entry: a lost one of a few yuan could not be seen in any print.
    """
    if not 0 <= number <= MOST_FAULTS:
        raise PlanError(f"错误数 {number}；应在 0 与 {MOST_FAULTS} 之间")
    chance = random.Random(seed)  # noqa: S311  which faults, not which numbers
    files = _files(accounts, chance)
    wanted = [FAULTS[n % len(FAULTS)] for n in range(number)]
    found = {
        n: PlantedFault(kind, *files.pop())
        for n, kind in enumerate(wanted)
        if kind in ("doubled_file", "missing_month")
    }
    taken = {(fault.ledger, fault.month) for fault in found.values()}
    lines = [a for a in accounts if (a.target.ledger, _month(a, a.large[0])) not in taken]
    chance.shuffle(lines)
    projects = sorted({_project_no(account) for account in accounts} - {""})
    for n, kind in enumerate(wanted):
        if n not in found:
            found[n] = _fault_of_a_line(kind, lines, projects, chance)
    return [found[n] for n in range(number)]


def _files(accounts: Sequence[Account], chance: random.Random) -> list[tuple[str, int]]:
    """Ledgers and months that have entries, the first month apart, shuffled."""
    ledgers = list(dict.fromkeys(account.target.ledger for account in accounts))
    files = [(ledger, month) for ledger in ledgers for month in range(2, MONTHS + 1)]
    chance.shuffle(files)
    return [
        (ledger, month)
        for ledger, month in files
        if sum(len(account.lines(month)) for account in accounts if account.target.ledger == ledger)
    ]


def _fault_of_a_line(kind: str, left: list[Account], projects: Sequence[str], chance: random.Random) -> PlantedFault:
    """A fault in the largest entry of the first account that is left and suits; that account is used up."""
    needs_project = kind == "wrong_project"
    account = next(each for each in left if each.entries > 1 and (_project_no(each) or not needs_project))
    left.remove(account)
    moved = chance.choice([each for each in projects if each != _project_no(account)]) if needs_project else ""
    line = account.large[0]
    return PlantedFault(kind, account.target.ledger, _month(account, line), account.number, line, moved)


def _project_no(account: Account) -> str:
    return account.target.values.get("project_no") or ""


def _month(account: Account, line: int) -> int:
    return next(month for month in range(1, MONTHS + 1) if line in account.lines(month))
