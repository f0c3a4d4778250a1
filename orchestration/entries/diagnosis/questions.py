"""What is asked of the entries, and what their lines answer: one search a ledger for all accounts in question.

What does not belong here: the scan itself (``lines``), what an answer means (``explanations``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.entries.diagnosis.accounts import AccountIndex, Network
from orchestration.entries.diagnosis.explanations import Evidence
from orchestration.entries.diagnosis.lines import LineScanner, Question
from orchestration.entries.diagnosis.structure import MissingMonth
from orchestration.localisation.findings import SuspectCell
from orchestration.localisation.solver.system import Clock

#: Answers of one fault whose lines are looked for.
MOST_ANSWERS = 30


@dataclass
class LineSearch:
    """What was found out about the lines of all ledgers. ``places``: (ledger, question) -> its number."""

    evidence: dict[str, Evidence] = field(default_factory=dict)
    places: dict[tuple[str, Question], int] = field(default_factory=dict)
    complete: bool = True


def question_of(network: Network, suspect: SuspectCell) -> Question:
    """What an account should hold more or less, in fen."""
    index, values = network.accounts[suspect.address]
    present = index.fen(values)
    low, high = (
        None if bound is None else int(bound * 100) for bound in (suspect.implied_low_yuan, suspect.implied_high_yuan)
    )
    return Question(values, None if high is None else present - high, None if low is None else present - low)


def search_lines(
    suspects: Sequence[SuspectCell], network: Network, missing: Sequence[MissingMonth], indexes: Sequence[AccountIndex],
    temporary: Path, clock: Clock,
) -> LineSearch:  # fmt: skip
    """Look for the lines of all accounts in question, ledger by ledger."""
    found = LineSearch()
    wanted = [each for each in suspects if each.address in network.accounts and each.answer <= MOST_ANSWERS]
    for index in indexes:
        name = index.contract.entries
        own = [each for each in wanted if network.accounts[each.address][0] is index]
        questions = list(dict.fromkeys(question_of(network, each) for each in own))
        found.evidence[name] = evidence = Evidence(index)
        for month in missing:
            for values in month.accounts if month.index is index else ():
                evidence.missing.setdefault(values, set()).add(month.month)
        found.places |= {(name, question): place for place, question in enumerate(questions)}
        try:
            _scan(evidence, questions, temporary, clock)
        except TimeoutError:
            found.complete = False
    return found


def _scan(evidence: Evidence, questions: Sequence[Question], temporary: Path, clock: Clock) -> None:
    """Fill in the lines that fit, the voucher numbers, and the lines that stand in another account's series."""
    index = evidence.index
    asked = {question.values for question in questions}
    accounts = asked | evidence.missing.keys()
    if not accounts:
        return
    files = index.holding(asked)
    if files:
        for line in LineScanner(index, files, temporary, clock).fitting(questions):
            evidence.lines.setdefault(line.question, []).append(line)
    scan = LineScanner(index, index.holding(accounts), temporary, clock)
    evidence.series = scan.series(accounts)
    wanted = [(values, voucher, file) for values, voucher, _, file in evidence.series.foreign]
    evidence.foreign_lines = {(line.values, line.voucher): line for line in scan.at_vouchers(wanted)}
