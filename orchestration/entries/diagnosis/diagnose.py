"""From broken rules on sums of entries to the file, the line or the month that is wrong, as far as print allows.

Whole files first (``structure``). Then error localisation over accounts and printed cells at once: the smallest sets
whose change satisfies all rules, so that a wrong printed cell is told from wrong entries by the rules that it breaks
itself. Then the lines of the accounts that are left (``lines``), and what speaks for each (``explanations``). A year in
which these rules hold is never asked. What does not belong here: whether a rule holds (dbt), reading builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.entries.diagnosis.accounts import Book, Network, expand
from orchestration.entries.diagnosis.explanations import Evidence, Explanation, beside, pair, single
from orchestration.entries.diagnosis.lines import Question, Scan
from orchestration.entries.diagnosis.structure import (
    Doubled,
    Missing,
    doubled_files,
    lacking,
    missing_months,
)  # fmt: skip
from orchestration.entries.diagnosis.told import doubled_row, missing_row, shortfalls
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.solver.system import Clock
from orchestration.localisation.suspects import TIME_LIMIT, Found, Label, find

#: Where as many accounts as printed cells could be wrong, accounts are asked first: they alone can be looked into.
_ACCOUNT = Decimal("0.999")
#: What a missing month may hold is known no better than its bounds; no answer should be to move those.
_UNKNOWN = Decimal(1000)
#: Answers of one fault whose lines are looked for.
_ANSWERS = 30
#: Rows told of one fault.
_ROWS = 20


@dataclass
class Diagnosis:
    """Rows of ``finding``, ``suspect_cell`` and ``suspect_entry``; money in yuan."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    suspects: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A year's network as the judge left it. ``broken``: names of relations that do not hold, in the judge's order."""

    year: int
    quantities: Sequence[Quantity]
    relations: Sequence[Relation]
    broken: Sequence[str]
    labels: Mapping[str, Label]
    weights: Mapping[str, Decimal]
    unprinted: Mapping[str, Iterable[str]]


def diagnose(asked: Asked, books: Sequence[Book], spill: Path, time_limit: float = TIME_LIMIT) -> Diagnosis:
    """What is wrong in a year whose entries do not agree with print. ``spill``: where DuckDB may write."""
    clock = Clock(time_limit)
    doubled, books = doubled_files(books, asked.quantities, asked.relations)
    plain = expand(asked.quantities, asked.relations, books, asked.broken)
    missing = missing_months(books, plain)
    network = expand(asked.quantities, asked.relations, books, asked.broken, lacking(missing, plain))
    labels = {**asked.labels, **_labels(network)}
    weights = {**asked.weights, **{book.contract.entries: _ACCOUNT for book in books}}
    weights |= {f"{book.contract.entries}?": _UNKNOWN for book in books}
    half = clock.left() / 2
    located = find(asked.year, network.quantities, network.relations, labels, weights, asked.unprinted, half)
    in_time = clock.left() > half  # a localisation without faults does not say itself that it was cut short
    found = _Told(asked, network, plain)
    explained = found.lines(located.suspects, missing, books, spill, clock)
    explained.complete &= in_time
    for finding, rows in found.joined(located, explained):
        found.located(finding, rows, explained)
    found.structure(doubled, missing, explained)
    return found.diagnosis


@dataclass
class _Lines:
    """What was found out about the lines of all ledgers. ``places``: (ledger, account, error) -> question."""

    evidence: dict[str, Evidence] = field(default_factory=dict)
    places: dict[tuple[str, Question], int] = field(default_factory=dict)
    complete: bool = True


class _Told:
    """Puts findings together. Each broken rule goes to one finding."""

    def __init__(self, asked: Asked, network: Network, plain: Network):
        self.asked, self.network, self.plain = asked, network, plain
        self.left = dict.fromkeys(asked.broken)
        self.diagnosis = Diagnosis()

    def lines(
        self, suspects: Sequence[Mapping[str, Any]], missing: Sequence[Missing], books: Sequence[Book], spill: Path,
        clock: Clock,
    ) -> _Lines:  # fmt: skip
        """Look for the lines of all accounts in question, ledger by ledger."""
        found = _Lines()
        rows = [row for row in suspects if row["address"] in self.network.accounts and row["answer"] <= _ANSWERS]
        for book in books:
            name = book.contract.entries
            own = [row for row in rows if self.network.accounts[row["address"]][0] is book]
            questions = list(dict.fromkeys(self._question(row) for row in own))
            touched = {values for each in missing if each.book is book for values in each.accounts}
            found.evidence[name] = evidence = Evidence(book)
            for each in missing:
                for values in each.accounts if each.book is book else ():
                    evidence.missing.setdefault(values, set()).add(each.month)
            found.places |= {(name, question): place for place, question in enumerate(questions)}
            accounts = touched | {question.values for question in questions}
            if not accounts:
                continue
            try:
                numbers = book.holding({question.values for question in questions})
                if numbers:
                    for line in Scan(book, numbers, spill, clock).fitting(questions):
                        evidence.lines.setdefault(line.question, []).append(line)
                scan = Scan(book, book.holding(accounts), spill, clock)
                evidence.numbering = scan.numbering(accounts)
                wanted = [(values, voucher, file) for values, voucher, _, file in evidence.numbering.strangers]
                evidence.strange = {(line.values, line.voucher): line for line in scan.at_vouchers(wanted)}
            except TimeoutError:
                found.complete = False
        return found

    def _question(self, row: Mapping[str, Any]) -> Question:
        book, values = self.network.accounts[row["address"]]
        present = book.fen(values)
        low, high = (
            None if row[name] is None else int(row[name] * 100) for name in ("implied_low_yuan", "implied_high_yuan")
        )
        return Question(values, None if high is None else present - high, None if low is None else present - low)

    def joined(self, located: Found, lines: _Lines) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Findings with their suspects. Two accounts that share no printed row are two faults to localisation: where a
        line of the one is what the other lacks, they are one.
        """
        found = [(f, [row for row in located.suspects if row["fault"] == f["fault"]]) for f in located.findings]
        for finding, rows in list(found):
            for other, more in list(found):
                both = finding is not other and (finding, rows) in found and (other, more) in found
                if both and len(rows) == len(more) == 1 and self._is_moved(rows[0], more[0], lines):
                    rules = "、".join(sorted(set(f"{finding['rules']}、{other['rules']}".split("、"))))
                    complete = finding["is_complete"] and other["is_complete"]
                    one = {**finding, "rules": rules, "is_complete": complete}
                    found[found.index((finding, rows))] = (one, [*rows, *more])
                    found.remove((other, more))
        return found

    def _is_moved(self, row: Mapping[str, Any], other: Mapping[str, Any], lines: _Lines) -> bool:
        if row["address"] not in self.network.accounts or other["address"] not in self.network.accounts:
            return False
        (book, values), (beside, others) = (self.network.accounts[each["address"]] for each in (row, other))
        near = book is beside and sum(a != b for a, b in zip(values, others, strict=True)) == 1
        over, under = self._question(row), self._question(other)
        if not near or not over.over or not under.under:
            return False
        name = book.contract.entries
        return bool(pair(lines.evidence[name], lines.places[name, over], over, under))

    def located(self, finding: dict[str, Any], rows: Sequence[dict[str, Any]], lines: _Lines) -> None:
        """A finding of localisation: about printed cells alone it stays as it is, about accounts it names lines."""
        number = len(self.diagnosis.findings) + 1
        about = [row for row in rows if row["address"] in self.network.accounts]
        named = [name for name in finding["rules"].split("、") if name in self.left]
        if about and finding["kind"] == "joint":  # beside a missing month each holds by itself: those of the account
            own = self._touched([row["address"] for row in about]) - self.network.totals
            named = [name for name in self.left if name in own]
        cells = [row for row in rows if row["address"].split("/")[1] in self.asked.weights]
        self.diagnosis.suspects += [{**row, "fault": number} for row in cells]
        if not about:
            for name in named:
                del self.left[name]
            kept = finding["rules"] if finding["kind"] == "joint" else "、".join(named)
            self.diagnosis.findings.append({**finding, "fault": number, "rules": kept})
            return
        for name in named:
            del self.left[name]
        told, best = self._answers(about, lines)
        self._add(number, [{**each.row(), "rank": rank} for rank, each in told])
        complete = finding["is_complete"] and lines.complete
        others = sum(rank == 1 for rank, _ in told) - len(best)
        said = [f"{len(named)} 条规则不成立"] if named else []
        said += [each.statement for each in best]
        said += [f"同样说得通的另有 {others} 处"] if others > 0 else []
        said += [] if complete else ["时限内未能查尽"]
        sure = others <= 0 and all(each.kind not in ("unexplained", "extra_line") for each in best)
        self.diagnosis.findings.append(
            {**finding, "fault": number, "kind": "broken", "severity": "error", "rules": "、".join(named),
             "is_unique": complete and sure, "is_complete": complete, "pattern": None, "pattern_kind": None,
             "statement": "；".join(said)}
        )  # fmt: skip

    def _answers(
        self, about: Sequence[Mapping[str, Any]], lines: _Lines
    ) -> tuple[list[tuple[int, Explanation]], list[Explanation]]:
        """(rank, explanation) of the accounts of all answers of a fault, the likeliest first; and what the likeliest
        answer says, one explanation for each of its parts.
        """
        answers: dict[int, list[Mapping[str, Any]]] = {}
        for row in about:
            if row["answer"] <= _ANSWERS:
                answers.setdefault(row["answer"], []).append(row)
        weighed = [self._parts(rows, lines) for rows in answers.values()]
        marks = [(max(part[0].score for part in parts), sum(part[0].score for part in parts)) for parts in weighed]
        told: dict[str, tuple[int, Explanation]] = {}
        rank = 0
        for mark in sorted(set(marks)):
            deepest = rank
            for parts in (parts for parts, own in zip(weighed, marks, strict=True) if own == mark):
                for part in parts:
                    scores = sorted({each.score for each in part})
                    for each in part:
                        place = rank + 1 + scores.index(each.score)
                        told.setdefault(each.statement, (place, each))
                        deepest = max(deepest, place)
            rank = deepest
        first = weighed[marks.index(min(marks))]
        rows = sorted(told.values(), key=lambda each: each[0])[:_ROWS]
        return rows, list({part[0].statement: part[0] for part in first}.values())

    def _parts(self, rows: Sequence[Mapping[str, Any]], lines: _Lines) -> list[list[Explanation]]:
        """The accounts of one answer, explained: two by one moved line where there is one, else each by itself."""
        left = [(self.network.accounts[row["address"]][0], self._question(row)) for row in rows]
        parts: list[list[Explanation]] = []
        for book, over in [each for each in left if each[1].over]:
            name = book.contract.entries
            pairs = [
                (found, (book, under))
                for other, under in left
                if other is book and under.under
                and (found := pair(lines.evidence[name], lines.places[name, over], over, under))
            ]  # fmt: skip
            if pairs:
                found, taken = min(pairs, key=lambda each: each[0][0].score)
                parts.append(found)
                left = [each for each in left if each not in ((book, over), taken)]
        for book, question in left:
            name = book.contract.entries
            parts.append(single(lines.evidence[name], lines.places[name, question], question))
        return parts

    def structure(self, doubled: Sequence[Doubled], missing: Sequence[Missing], lines: _Lines) -> None:
        """Findings of whole files: a doubled one takes the rules that it broke, a missing month those that are left."""
        whole: list[tuple[list[dict[str, Any]], str, set[str]]] = []
        for copy in doubled:
            row = doubled_row(copy)
            rules = self._touched(copy.book.address(values) for values, _ in copy.book.held(copy.copy))
            whole.append(([row], row["statement"], rules))
        told: set[str] = set()
        for month in missing:
            more = [] if month.book.contract.entries in told else self._beside(month, missing, lines)
            told.add(month.book.contract.entries)
            row = missing_row(month)
            rules = self._touched(month.book.address(values) for values in month.accounts)
            short = shortfalls(month, self.plain, self.asked.labels)
            whole.append(([row, *more, *short], row["statement"], rules))
        for place, (rows, said, rules) in enumerate(whole):
            others = [other[2] for other in whole[place + 1 :]]
            mine = [name for name in self.left if name in rules and not any(name in other for other in others)]
            shared = [name for name in self.left if name in rules and name not in mine]
            mine = sorted([*mine, *shared[: -(-len(shared) // (1 + len(others)))]])
            for name in mine:
                del self.left[name]
            number = len(self.diagnosis.findings) + 1
            self._add(number, rows)
            count = f"{len(mine)} 条规则不成立" if mine else ""
            cut = "" if lines.complete else "时限内未能查尽"
            self.diagnosis.findings.append(
                {"fiscal_year": self.asked.year, "fault": number, "kind": "broken", "severity": "error",
                 "rules": "、".join(mine), "answers": 1, "is_unique": True, "is_complete": lines.complete,
                 "pattern": None, "pattern_kind": None,
                 "statement": "；".join(part for part in (count, said, cut) if part)}
            )  # fmt: skip

    def _touched(self, addresses: Iterable[str]) -> set[str]:
        known = set(addresses)
        return {r.name for r in self.network.relations if not known.isdisjoint(address for address, _ in r.terms)}

    def _beside(self, month: Missing, missing: Sequence[Missing], lines: _Lines) -> list[dict[str, Any]]:
        """What voucher numbers tell of the accounts of all missing months of a ledger, unless it has been told."""
        touched = {values for each in missing if each.book is month.book for values in each.accounts}
        evidence = lines.evidence[month.book.contract.entries]
        told = {(row["file"], row["line"], row["account"]) for row in self.diagnosis.entries}
        rows = [{**each.row(), "rank": 1} for each in beside(evidence, touched)]
        return [row for row in rows if (row["file"], row["line"], row["account"]) not in told][:_ROWS]

    def _add(self, fault: int, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            for name in ("amount_yuan", "implied_low_yuan", "implied_high_yuan"):
                row[name] = None if row[name] is None else Decimal(row[name]).scaleb(-2)
            self.diagnosis.entries.append({"fiscal_year": self.asked.year, "fault": fault, **row})


def _labels(network: Network) -> dict[str, Label]:
    labels = {
        address: Label(book.contract.short, book.label(values), book.contract.amount.header)
        for address, (book, values) in network.accounts.items()
    }
    unknown = [quantity.address for quantity in network.quantities if quantity.address.endswith("?")]
    return labels | {address: replace(labels[address[:-1]], column="缺月") for address in unknown}
