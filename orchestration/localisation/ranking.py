"""Which answer to look at first: by its witnesses, its slips and its totals, in the order that ``slips.yml`` gives.

What does not belong here: finding the answers (``localise``) and wording the finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.localisation.corroboration import Corroboration, Witness
from orchestration.localisation.knowledge import Knowledge
from orchestration.localisation.localise import Answer, Change, Fault
from orchestration.localisation.slips import Slip, exchanged, typing_slips


@dataclass(frozen=True, slots=True)
class Ranked:
    """An answer with what speaks for it. Answers that nothing tells apart share a ``rank`` (from 1)."""

    rank: int
    answer: Answer
    witnesses: tuple[Witness, ...]
    slips: tuple[Slip, ...]


def rank(
    fault: Fault, evidence: Corroboration, knowledge: Knowledge, beside: Sequence[Change] = ()
) -> tuple[Ranked, ...]:
    """The answers of a fault, the likeliest first by the criteria in the order that ``slips.yml`` gives.

    ``witness``: fewest cells without one (then without one of the same measure); ``slip``: fewest cells that no slip
    explains; ``totals``: fewest cells printed in total rows. ``beside``: what other faults settle (``settled``), for
    figures that were exchanged between two faults.
    """
    judged = []
    for answer in fault.answers:
        witnesses = tuple(w for c in answer.changes for w in evidence.witnesses(c, answer.addresses, fault.relations))
        typed = (s for c in answer.changes for s in typing_slips(evidence.cells[c.address], c.low, c.high, knowledge))
        slips = (*exchanged(answer, beside, evidence.cells, knowledge), *typed)
        scores = {
            "witness": (_lacking(answer, witnesses), _lacking(answer, (w for w in witnesses if w.same_measure))),
            "slip": (_lacking_slip(answer, slips),),
            "totals": (sum(evidence.cells[a].row_kind == "total" for a in answer.addresses),),
        }
        judged.append((tuple(scores[criterion] for criterion in knowledge.criteria), answer, witnesses, slips))
    places = sorted({score for score, _, _, _ in judged})
    ranked = [Ranked(places.index(score) + 1, answer, seen, slips) for score, answer, seen, slips in judged]
    return tuple(sorted(ranked, key=lambda r: r.rank))


def _lacking(answer: Answer, witnesses: Iterable[Witness]) -> int:
    return len(set(answer.addresses) - {w.suspect for w in witnesses})


def _lacking_slip(answer: Answer, slips: Iterable[Slip]) -> int:
    return len(set(answer.addresses) - {s.address for s in slips})
