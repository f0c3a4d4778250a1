"""What is said of whole files of entries: one that was handed in twice, a month without any and what is short for it.

What does not belong here: finding them (``structure``).
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.entries.diagnosis.accounts import Network
from orchestration.entries.diagnosis.explanations import between, yuan
from orchestration.entries.diagnosis.structure import Doubled, MissingMonth, file_like, spans_of
from orchestration.localisation.findings import Label, SuspectEntry, yuan_of


def doubled_file_entry(copy: Doubled) -> SuspectEntry:
    names = [copy.index.files[number].name for number in (copy.copy, copy.original)]
    how = "内容完全相同" if copy.same else "逐月逐科目的金额和笔数相同"
    if not copy.same and copy.index.held(copy.copy) != copy.index.held(copy.original):
        how = "是同一时期的，去掉它各数就相符"
    said = f"{copy.index.contract.short} {names[0]} 与 {names[1]} {how}，重复读入："
    said += f"多计 {copy.entries} 笔、{yuan(copy.fen)} 元"
    months = {month for _, month in copy.index.held(copy.copy)}
    return SuspectEntry(
        kind="doubled_file", ledger=copy.index.contract.entries, file=names[0],
        month=months.pop() if len(months) == 1 else None, amount_yuan=yuan_of(copy.fen), statement=said,
    )  # fmt: skip


def missing_month_entry(month: MissingMonth) -> SuspectEntry:
    index = month.index
    name = file_like(index, month.month) if month.whole else ""
    said = f"{index.contract.short}缺 {month.month} 月：" + ("" if month.whole else f"「{month.among}」")
    said += f"没有一笔 {month.month} 月的明细" + (f"，应有文件 {name}" if name else "")
    said += f"；涉及 {len(month.accounts)} 个科目组合"
    return SuspectEntry(
        kind="missing_month", ledger=index.contract.entries, file=name or None, month=month.month,
        account=month.among or None, statement=said,
    )  # fmt: skip


def shortfalls(month: MissingMonth, network: Network, labels: Mapping[str, Label]) -> list[SuspectEntry]:
    """By printed cell, how much is missing there; where other faults bear on it too, together with those."""
    spans = spans_of(network.quantities)
    known = {month.index.address(values) for values in month.accounts}
    rows = []
    for relation in network.relations:
        own = {address: weight for address, weight in relation.terms if address in network.accounts}
        printed = [address for address, _ in relation.terms if address not in own]
        if len(printed) != 1 or len(set(own.values())) != 1 or known.isdisjoint(own):
            continue
        present = sum(spans[address][0] for address in own)
        low, high = (int(edge - present) for edge in spans[printed[0]])
        label = str(labels[printed[0]])
        if low > 0 or high < 0:
            rows.append(
                SuspectEntry(
                    rank=2, kind="shortfall", ledger=month.index.contract.entries, month=month.month, account=label,
                    implied_low_yuan=yuan_of(low), implied_high_yuan=yuan_of(high),
                    statement=f"{label}：{month.index.contract.short}少 {between(low, high)}",
                )
            )  # fmt: skip
    return rows
