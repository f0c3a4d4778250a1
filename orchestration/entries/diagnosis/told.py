"""Rows of ``suspect_entry`` on whole files: one that was handed in twice, a month without any and what is short for it.

Amounts are in fen here; ``diagnose`` turns them into yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.entries.diagnosis.accounts import Network
from orchestration.entries.diagnosis.explanations import between, yuan
from orchestration.entries.diagnosis.structure import Doubled, Missing, file_like, spans_of
from orchestration.localisation.suspects import Label


def doubled_row(copy: Doubled) -> dict[str, Any]:
    names = [copy.book.files[number].name for number in (copy.copy, copy.original)]
    how = "内容完全相同" if copy.same else "逐月逐科目的金额和笔数相同"
    if not copy.same and copy.book.held(copy.copy) != copy.book.held(copy.original):
        how = "是同一时期的，去掉它各数就相符"
    said = f"{copy.book.contract.short} {names[0]} 与 {names[1]} {how}，重复读入："
    said += f"多计 {copy.entries} 笔、{yuan(copy.fen)} 元"
    months = {month for _, month in copy.book.held(copy.copy)}
    return {
        "rank": 1, "kind": "doubled_file", "ledger": copy.book.contract.entries, "file": names[0], "line": None,
        "month": months.pop() if len(months) == 1 else None, "account": None, "amount_yuan": copy.fen,
        "implied_low_yuan": None, "implied_high_yuan": None, "statement": said,
    }  # fmt: skip


def missing_row(month: Missing) -> dict[str, Any]:
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


def shortfalls(month: Missing, network: Network, labels: Mapping[str, Label]) -> list[dict[str, Any]]:
    """By printed cell, how much is missing there; where other faults bear on it too, together with those."""
    spans = spans_of(network.quantities)
    known = {month.book.address(values) for values in month.accounts}
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
                {"rank": 2, "kind": "shortfall", "ledger": month.book.contract.entries, "file": None, "line": None,
                 "month": month.month, "account": label, "amount_yuan": None, "implied_low_yuan": low,
                 "implied_high_yuan": high,
                 "statement": f"{label}：{month.book.contract.short}少 {between(low, high)}"}
            )  # fmt: skip
    return rows
