"""The ledgers of a synthetic province. What its entries are belongs in ``test_generate``; a whole one is built in
``tests/pipeline``.
"""

from __future__ import annotations

from orchestration.ledgers.reader import Year
from orchestration.ledgers.sources import Source, Sources
from orchestration.synthetic.province import _as_stated


def test_a_ledger_of_several_files_and_sheets_keeps_each_of_them() -> None:
    files = (
        Source(file="a.xlsx", ledger="evaluation_funding", sheet="一"),
        Source(file="b.csv", ledger="evaluation_funding"),
        Source(file="c.csv", ledger="insured", unit="万元", document="report"),
    )
    year = Year(2024, Sources(year=2024, files=files), {})
    assert _as_stated(year, "evaluation_funding") == [
        {"file": "a.xlsx", "ledger": "evaluation_funding", "sheet": "一"},
        {"file": "b.csv", "ledger": "evaluation_funding"},
    ]
    assert _as_stated(year, "insured") == [{"file": "c.csv", "ledger": "insured", "unit": "万元"}]
