"""From broken rules on sums of entries to the file, the line or the month that is wrong, as far as print allows.

Whole files first (``structure``). Then error localisation over accounts and printed cells at once: the smallest sets
whose change satisfies all rules, so that a wrong printed cell is told from wrong entries by the rules that it breaks
itself. Then the lines of the accounts that are left (``lines``), and what speaks for each (``explanations``). A year in
which these rules hold is never asked. What does not belong here: whether a rule holds (dbt), reading builds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.entries.accounts import Book, Network, expand
from orchestration.entries.explanations import Evidence, Explanation, beside, between, pair, single, yuan
from orchestration.entries.lines import Question, Scan
from orchestration.entries.structure import (
    Doubled, Missing, doubled_files, file_like, lacking, missing_months, spans_of,
)  # fmt: skip
from orchestration.reconciliation.network import Quantity, Relation
from orchestration.reconciliation.suspects import TIME_LIMIT, Found, Label, find
from orchestration.reconciliation.system import Clock

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
    """What is wrong in a year whose entries do not agree with print. ``spill``: where DuckDB may write what it can't hold."""
    clock = Clock(time_limit)
    doubled, books = doubled_files(books, asked.quantities, asked.relations)
    missing = missing_months(books, expand(asked.quantities, asked.relations, books))
    plain = expand(asked.quantities, asked.relations, books)
    network = expand(asked.quantities, asked.relations, books, lacking(missing, plain))
    labels = {**asked.labels, **_labels(network)}
    weights = {**asked.weights, **{book.contract.entries: _ACCOUNT for book in books}}
    weights |= {f"{book.contract.entries}?": _UNKNOWN for book in books}
    located = find(asked.year, network.quantities, network.relations, labels, weights, asked.unprinted, clock.left() / 2)
    found = _Told(asked, network, plain)
    explained = found.lines(located.suspects, missing, books, spill, clock)
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
        low, high = (None if row[name] is None else int(row[name] * 100) for name in ("implied_low_yuan", "implied_high_yuan"))
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
        rules = [name for name in finding["rules"].split("、") if name in self.left]
        finding = {**finding, "fault": number}
        if finding["kind"] != "joint":
            for name in rules:
                del self.left[name]
            finding["rules"] = "、".join(rules)
        about = [row for row in rows if row["address"] in self.network.accounts]
        cells = [row for row in rows if row["address"].split("/")[1] in self.asked.weights]
        self.diagnosis.suspects += [{**row, "fault": number} for row in cells]
        if not about:
            self.diagnosis.findings.append(finding)
            return
        told = self._answers(about, lines)
        entries = [{**each.row(), "rank": rank} for rank, each in told]
        self._add(number, entries)
        best = [each for rank, each in told if rank == 1]
        complete = finding["is_complete"] and lines.complete
        said = f"{len(rules)} 条规则不成立；{best[0].statement}"
        said += f"；同样说得通的另有 {len(best) - 1} 处" if len(best) > 1 else ""
        said += "" if complete else "；时限内未能查尽"
        one = len(best) == 1 and best[0].kind not in ("unexplained", "extra_line")
        self.diagnosis.findings.append(
            {**finding, "is_unique": complete and one, "is_complete": complete, "pattern": None, "pattern_kind": None,
             "statement": said}
        )  # fmt: skip

    def _answers(self, about: Sequence[Mapping[str, Any]], lines: _Lines) -> list[tuple[int, Explanation]]:
        """(rank, explanation) of the accounts of all answers of a fault, the likeliest first."""
        answers: dict[int, list[Mapping[str, Any]]] = {}
        for row in about:
            if row["answer"] <= _ANSWERS:
                answers.setdefault(row["answer"], []).append(row)
        weighed = []
        for rows in answers.values():
            parts = self._parts(rows, lines)
            weighed.append((max(part[0].score for part in parts), sum(part[0].score for part in parts), parts))
        weighed.sort(key=lambda each: each[:2])
        told: list[tuple[int, Explanation]] = []
        seen: set[str] = set()
        rank = 0
        marks: list[tuple[int, int]] = []
        for worst, total, parts in weighed:
            if (worst, total) not in marks:
                marks.append((worst, total))
                rank = max([rank, *(n for n, _ in told)], default=0)
            for part in parts:
                for each in part:
                    if each.statement not in seen:
                        seen.add(each.statement)
                        told.append((rank + 1 + sorted({e.score for e in part}).index(each.score), each))
        return sorted(told, key=lambda each: each[0])[:_ROWS]

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
        whole: list[tuple[str, list[dict[str, Any]], str, set[str]]] = []
        for copy in doubled:
            row = _doubled(copy)
            rules = self._touched(copy.book, {values for values, _ in copy.book.held(copy.copy)})
            whole.append((copy.book.contract.entries, [row], row["statement"], rules))
        told: set[str] = set()
        for month in missing:
            more = [] if month.book.contract.entries in told else self._beside(month, missing, lines)
            told.add(month.book.contract.entries)
            row = _missing(month)
            rules = self._touched(month.book, month.accounts)
            whole.append((month.book.contract.entries, [row, *more, *self._shortfalls(month)], row["statement"], rules))
        for place, (_, rows, said, rules) in enumerate(whole):
            others = [other[3] for other in whole[place + 1 :]]
            mine = [name for name in self.left if name in rules and not any(name in other for other in others)]
            shared = [name for name in self.left if name in rules and name not in mine]
            mine = sorted([*mine, *shared[: -(-len(shared) // (1 + len(others)))]])
            for name in mine:
                del self.left[name]
            number = len(self.diagnosis.findings) + 1
            self._add(number, rows)
            self.diagnosis.findings.append(
                {"fiscal_year": self.asked.year, "fault": number, "kind": "broken", "severity": "error",
                 "rules": "、".join(mine), "answers": 1, "is_unique": True, "is_complete": lines.complete,
                 "pattern": None, "pattern_kind": None,
                 "statement": (f"{len(mine)} 条规则不成立；" if mine else "") + said + ("" if lines.complete else "；时限内未能查尽")}
            )  # fmt: skip

    def _touched(self, book: Book, accounts: Collection[Any]) -> set[str]:
        known = {book.address(values) for values in accounts}
        return {r.name for r in self.network.relations if not known.isdisjoint(address for address, _ in r.terms)}

    def _beside(self, month: Missing, missing: Sequence[Missing], lines: _Lines) -> list[dict[str, Any]]:
        """What voucher numbers tell of the accounts of all missing months of a ledger, unless it has been told."""
        touched = {values for each in missing if each.book is month.book for values in each.accounts}
        evidence = lines.evidence[month.book.contract.entries]
        told = {(row["file"], row["line"], row["account"]) for row in self.diagnosis.entries}
        rows = [{**each.row(), "rank": 1} for each in beside(evidence, touched)]
        return [row for row in rows if (row["file"], row["line"], row["account"]) not in told][:_ROWS]

    def _shortfalls(self, month: Missing) -> list[dict[str, Any]]:
        """By printed cell, how much is missing there; where other faults bear on it too, together with those."""
        spans = spans_of(self.plain.quantities)
        known = {month.book.address(values) for values in month.accounts}
        rows = []
        for relation in self.plain.relations:
            printed = [address for address, _ in relation.terms if address not in self.plain.accounts]
            weights = {weight for address, weight in relation.terms if address in self.plain.accounts}
            named = len(printed) == 1 and len(weights) == 1 and relation.name in self.asked.broken
            if not named or known.isdisjoint(address for address, _ in relation.terms):
                continue
            present = sum(spans[address][0] for address, _ in relation.terms if address in self.plain.accounts)
            low, high = (int(edge - present) for edge in spans[printed[0]])
            label = str(self.asked.labels[printed[0]])
            said = f"{label}：{month.book.contract.short}少 {between(low, high)}"
            rows.append(
                {"rank": 2, "kind": "shortfall", "ledger": month.book.contract.entries, "file": None, "line": None,
                 "month": month.month, "account": label, "amount_yuan": None, "implied_low_yuan": low,
                 "implied_high_yuan": high, "statement": said}
            )  # fmt: skip
        return [row for row in rows if row["implied_low_yuan"] > 0 or row["implied_high_yuan"] < 0]

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


def _doubled(copy: Doubled) -> dict[str, Any]:
    names = [copy.book.files[number].name for number in (copy.copy, copy.original)]
    how = "内容完全相同" if copy.same else "逐月逐科目的金额和笔数相同"
    if not copy.same and copy.book.held(copy.copy) != copy.book.held(copy.original):
        how = "是同一时期的，去掉它各数就相符"
    said = f"{copy.book.contract.short} {names[0]} 与 {names[1]} {how}，重复读入：多计 {copy.entries} 笔、{yuan(copy.fen)} 元"
    months = {month for _, month in copy.book.held(copy.copy)}
    return {
        "rank": 1, "kind": "doubled_file", "ledger": copy.book.contract.entries, "file": names[0], "line": None,
        "month": months.pop() if len(months) == 1 else None, "account": None, "amount_yuan": copy.fen,
        "implied_low_yuan": None, "implied_high_yuan": None, "statement": said,
    }  # fmt: skip


def _missing(month: Missing) -> dict[str, Any]:
    book = month.book
    name = file_like(book, month.month) if month.whole else ""
    said = f"{book.contract.short}缺 {month.month} 月：" + ("" if month.whole else f"「{month.among}」")
    said += f"没有一笔 {month.month} 月的明细" + (f"，应有文件 {name}" if name else "")
    said += f"；涉及 {len(month.accounts)} 个科目组合"
    return {
        "rank": 1, "kind": "missing_month", "ledger": book.contract.entries, "file": name or None, "line": None,
        "month": month.month, "account": month.among or None, "amount_yuan": None, "implied_low_yuan": None,
        "implied_high_yuan": None, "statement": said,
    }  # fmt: skip
