"""Puts findings on entries together. Each broken rule goes to one finding.

What does not belong here: finding accounts (``localisation``), months and files (``structure``), lines (``questions``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from orchestration.entries.diagnosis.accounts import AccountIndex, Network
from orchestration.entries.diagnosis.explanations import EntryExplanation, beside, pair, single
from orchestration.entries.diagnosis.lines import Question
from orchestration.entries.diagnosis.questions import MOST_ANSWERS, LineSearch, question_of
from orchestration.entries.diagnosis.structure import Doubled, MissingMonth
from orchestration.entries.diagnosis.wording import doubled_file_entry, missing_month_entry, shortfalls
from orchestration.localisation.findings import Finding, Findings, Label, SuspectCell, SuspectEntry

#: Entries told of one fault.
_MOST_ENTRIES = 20
#: An explanation of these kinds fits without being sure.
_UNSURE = frozenset({"unexplained", "extra_line"})
#: A finding as localisation made it, with its suspects.
Located = tuple[Finding, list[SuspectCell]]
#: A whole file or month: what is told of it, its sentence, the relations that it bears on.
_Whole = tuple[list[SuspectEntry], str, Set[str]]


class FindingBuilder:
    """``broken``: relations that do not hold, in the judge's order; ``printed``: ledgers that print cells."""

    def __init__(
        self, year: int, broken: Sequence[str], printed: Set[str], network: Network, lines: LineSearch
    ) -> None:
        self.year, self.printed, self.network, self.lines = year, printed, network, lines
        self.left = dict.fromkeys(broken)
        self.findings: list[Finding] = []
        self.suspects: list[SuspectCell] = []
        self.entries: list[SuspectEntry] = []

    def built(self) -> Findings:
        return Findings(tuple(self.findings), tuple(self.suspects), tuple(self.entries))

    def joined(self, located: Findings) -> list[Located]:
        """Findings with their suspects. Two accounts that share no printed row are two faults to localisation: where a
        line of the one is what the other lacks, they are one.
        """
        found: list[Located] = [
            (finding, [each for each in located.suspects if each.fault == finding.fault])
            for finding in located.findings
        ]
        for one in list(found):
            for other in list(found):
                if one is not other and one in found and other in found and self._is_one(one, other):
                    found[found.index(one)] = self._merged(one, other)
                    found.remove(other)
        return found

    def _is_one(self, one: Located, other: Located) -> bool:
        return len(one[1]) == len(other[1]) == 1 and self._is_moved(one[1][0], other[1][0])

    @staticmethod
    def _merged(one: Located, other: Located) -> Located:
        (finding, suspects), (beside, more) = one, other
        relations = tuple(sorted({*finding.relations, *beside.relations}))
        complete = finding.is_complete and beside.is_complete
        return replace(finding, relations=relations, is_complete=complete), [*suspects, *more]

    def _is_moved(self, one: SuspectCell, other: SuspectCell) -> bool:
        """Whether some line of one account is what the other, alike but for one dimension, lacks."""
        if one.address not in self.network.accounts or other.address not in self.network.accounts:
            return False
        (index, values), (beside, others) = (self.network.accounts[each.address] for each in (one, other))
        near = index is beside and sum(a != b for a, b in zip(values, others, strict=True)) == 1
        over, under = (question_of(self.network, each) for each in (one, other))
        if not near or not over.over or not under.under:
            return False
        return bool(self._pair(index, over, under))

    def located(self, finding: Finding, suspects: Sequence[SuspectCell]) -> None:
        """A finding of localisation: about printed cells alone it stays as it is, about accounts it names lines."""
        number = len(self.findings) + 1
        about = [each for each in suspects if each.address in self.network.accounts]
        named = self._named(finding, about)
        self.suspects += [replace(each, fault=number) for each in suspects if each.ledger in self.printed]
        for name in named:
            del self.left[name]
        if not about:
            kept = finding.relations if finding.kind == "joint" else named
            self.findings.append(replace(finding, fault=number, relations=kept))
            return
        told, best = self._answers(about)
        self._add(number, [explanation.entry(rank) for rank, explanation in told])
        self.findings.append(self._on_entries(finding, number, named, told, best))

    def _named(self, finding: Finding, about: Sequence[SuspectCell]) -> tuple[str, ...]:
        """The broken relations that are this finding's."""
        if about and finding.kind == "joint":  # beside a missing month each holds by itself: those of the account
            own = self._touched([each.address for each in about]) - self.network.totals
            return tuple(name for name in self.left if name in own)
        return tuple(name for name in finding.relations if name in self.left)

    def _on_entries(
        self, finding: Finding, number: int, named: tuple[str, ...], told: Sequence[tuple[int, EntryExplanation]],
        best: Sequence[EntryExplanation],
    ) -> Finding:  # fmt: skip
        complete = finding.is_complete and self.lines.complete
        others = sum(rank == 1 for rank, _ in told) - len(best)
        said = [f"{len(named)} 条规则不成立"] if named else []
        said += [each.statement for each in best]
        said += [f"同样说得通的另有 {others} 处"] if others > 0 else []
        said += [] if complete else ["时限内未能查尽"]
        sure = others <= 0 and all(each.kind not in _UNSURE for each in best)
        return replace(
            finding, fault=number, kind="broken", severity="error", relations=named, is_unique=complete and sure,
            is_complete=complete, pattern=None, pattern_kind=None, statement="；".join(said),
        )  # fmt: skip

    def _answers(
        self, about: Sequence[SuspectCell]
    ) -> tuple[list[tuple[int, EntryExplanation]], list[EntryExplanation]]:
        """(rank, explanation) of the accounts of all answers of a fault, the likeliest first; and what the likeliest
        answer says, one explanation for each of its parts.
        """
        answers: dict[int, list[SuspectCell]] = {}
        for each in about:
            if each.answer <= MOST_ANSWERS:
                answers.setdefault(each.answer, []).append(each)
        weighed = [self._parts(suspects) for suspects in answers.values()]
        marks = [(max(part[0].score for part in parts), sum(part[0].score for part in parts)) for parts in weighed]
        told: dict[str, tuple[int, EntryExplanation]] = {}
        rank = 0
        for mark in sorted(set(marks)):
            deepest = rank
            for parts in (parts for parts, own in zip(weighed, marks, strict=True) if own == mark):
                deepest = max(deepest, _tell(parts, rank, told))
            rank = deepest
        first = weighed[marks.index(min(marks))]
        ranked = sorted(told.values(), key=lambda each: each[0])[:_MOST_ENTRIES]
        return ranked, list({part[0].statement: part[0] for part in first}.values())

    def _parts(self, suspects: Sequence[SuspectCell]) -> list[list[EntryExplanation]]:
        """The accounts of one answer, explained: two by one moved line where there is one, else each by itself."""
        left = [(self.network.accounts[each.address][0], question_of(self.network, each)) for each in suspects]
        parts: list[list[EntryExplanation]] = []
        for index, over in [each for each in left if each[1].over]:
            pairs = [
                (found, (index, under))
                for other, under in left
                if other is index and under.under and (found := self._pair(index, over, under))
            ]
            if pairs:
                found, taken = min(pairs, key=lambda each: each[0][0].score)
                parts.append(found)
                left = [each for each in left if each not in ((index, over), taken)]
        for index, question in left:
            name = index.contract.entries
            parts.append(single(self.lines.evidence[name], self.lines.places[name, question], question))
        return parts

    def _pair(self, index: AccountIndex, over: Question, under: Question) -> list[EntryExplanation]:
        name = index.contract.entries
        return pair(self.lines.evidence[name], self.lines.places[name, over], over, under)

    def structure(
        self, doubled: Sequence[Doubled], missing: Sequence[MissingMonth], plain: Network, labels: Mapping[str, Label]
    ) -> None:
        """Findings of whole files: a doubled one takes the rules that it broke, a missing month those that are left."""
        whole: list[_Whole] = [self._doubled(copy) for copy in doubled]
        told: set[str] = set()
        for month in missing:
            first_of_its_ledger = month.index.contract.entries not in told
            told.add(month.index.contract.entries)
            more = self._beside(month, missing) if first_of_its_ledger else []
            entry = missing_month_entry(month)
            touched = self._touched(month.index.address(values) for values in month.accounts)
            whole.append(([entry, *more, *shortfalls(month, plain, labels)], entry.statement, touched))
        for place, (entries, statement, relations) in enumerate(whole):
            self._whole(entries, statement, self._share(relations, [other[2] for other in whole[place + 1 :]]))

    def _doubled(self, copy: Doubled) -> _Whole:
        entry = doubled_file_entry(copy)
        relations = self._touched(copy.index.address(values) for values, _ in copy.index.held(copy.copy))
        return [entry], entry.statement, relations

    def _share(self, relations: Set[str], others: Sequence[Set[str]]) -> tuple[str, ...]:
        """What one of several wholes takes of the relations that are left: its own, and its part of the shared ones."""
        mine = [name for name in self.left if name in relations and not any(name in other for other in others)]
        shared = [name for name in self.left if name in relations and name not in mine]
        return tuple(sorted([*mine, *shared[: -(-len(shared) // (1 + len(others)))]]))

    def _whole(self, entries: Sequence[SuspectEntry], statement: str, relations: tuple[str, ...]) -> None:
        for name in relations:
            del self.left[name]
        number = len(self.findings) + 1
        self._add(number, entries)
        count = f"{len(relations)} 条规则不成立" if relations else ""
        cut = "" if self.lines.complete else "时限内未能查尽"
        self.findings.append(
            Finding(
                fiscal_year=self.year, fault=number, kind="broken", severity="error", relations=relations, answers=1,
                is_unique=True, is_complete=self.lines.complete, pattern=None, pattern_kind=None,
                statement="；".join(part for part in (count, statement, cut) if part),
            )
        )  # fmt: skip

    def _touched(self, addresses: Iterable[str]) -> set[str]:
        known = set(addresses)
        return {r.name for r in self.network.relations if not known.isdisjoint(address for address, _ in r.terms)}

    def _beside(self, month: MissingMonth, missing: Sequence[MissingMonth]) -> list[SuspectEntry]:
        """What voucher numbers tell of the accounts of all missing months of a ledger, unless it has been told."""
        touched = {values for each in missing if each.index is month.index for values in each.accounts}
        evidence = self.lines.evidence[month.index.contract.entries]
        told = {entry.place for entry in self.entries}
        entries = [explanation.entry(1) for explanation in beside(evidence, touched)]
        return [entry for entry in entries if entry.place not in told][:_MOST_ENTRIES]

    def _add(self, fault: int, entries: Iterable[SuspectEntry]) -> None:
        self.entries += [replace(entry, fiscal_year=self.year, fault=fault) for entry in entries]


def _tell(parts: Sequence[Sequence[EntryExplanation]], rank: int, told: dict[str, tuple[int, EntryExplanation]]) -> int:
    """Rank the explanations of one answer behind ``rank``, unless they were told; returns the deepest place."""
    deepest = rank
    for part in parts:
        scores = sorted({each.score for each in part})
        for each in part:
            place = rank + 1 + scores.index(each.score)
            told.setdefault(each.statement, (place, each))
            deepest = max(deepest, place)
    return deepest
