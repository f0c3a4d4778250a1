"""How people name a cell: in the words of the ledger or in codes, and what the message says where it is no name."""

from __future__ import annotations

import pytest

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.ledgers.naming import UnknownNameError, cell_path


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    return read_contracts(ROOT / "raw" / "contracts")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("部门总数/合计/资金总额", "department_summary/total/total_budget"),
        ("department_summary/total/total_budget", "department_summary/total/total_budget"),
        ("部门总数/基本支出/预算资金总额", "department_summary/basic/total_budget"),
        ("表3/第17行/本年调整", "project_expenditure/17/adjustment"),
        ("表3 项目支出明细表/17/本年调整", "project_expenditure/17/adjustment"),
        ("基金收支/失业保险：支出：合计/完成预算", "fund_statement/unemployment:expenditure:total/completion_rate"),
        ("基金收支/unemployment:支出:total/预算数", "fund_statement/unemployment:expenditure:total/budget"),
        ("人员情况/行政编制/编制数", "establishment/行政编制/quota"),
    ],
)  # fmt: skip
def test_a_cell_is_named_in_words_or_codes(text: str, path: str, contracts: dict[str, Contract]) -> None:
    assert cell_path(text, contracts) == path


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("资金总额", "资金总额", "账/行/栏"),
        ("部门/合计/资金总额", "部门", "部门总数"),
        ("部门总数/合计/资金", "资金", "部门总数的栏：资金总额"),
        ("部门总数/基本/资金总额", "基本", "基本支出、项目支出"),
        ("基金收支/失业保险/完成预算", "失业保险", "险种:收支:项目"),
        ("表3/末行/本年调整", "末行", "整数"),
    ],
)
def test_what_names_no_cell_is_told_with_what_would(
    text: str, found: str, expected: str, contracts: dict[str, Contract]
) -> None:
    with pytest.raises(UnknownNameError) as error:
        cell_path(text, contracts)
    assert error.value.found == found and expected in error.value.expected
