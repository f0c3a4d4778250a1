"""No figure that the year holds is missing from the public edition: each stands there from its own cell, or is named
here with where it stands instead.
"""

from __future__ import annotations

from orchestration.reporting.document import write_document
from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import chinese_date
from orchestration.reporting.forms import build_forms
from orchestration.reporting.layout import printed_in_forms
from orchestration.reporting.published import open_version
from tests.conftest import Published


def test_every_figure_of_the_year_stands_in_the_public_edition(published: Published) -> None:
    version = open_version(published.settings, 2024)
    fields = Fields(version)
    forms = build_forms(fields)
    written = write_document(fields, forms, None, edition=Edition.PUBLIC)
    shown = {address for each in (*written.printed, *printed_in_forms(forms)) for address in each.figure.addresses}
    text = "".join(block.text for block in written.body)
    left = {cell["address"]: cell for cell in version.tables["cell"] if cell["value"] is not None}
    left = {address: cell for address, cell in left.items() if address not in shown}
    of_ledger = {cell["ledger"] for cell in left.values()}
    assert of_ledger == {"restatement", "score_section", "report_date", "stated_count", "operating_cost"}

    # What the text says again is bound to a cell that is shown.
    bound = {row["address"] for row in version.tables["rule_cell"] if row["rule_id"] == "restated_fact"}
    again = {address for address in left if "/restatement/" in address}
    assert again <= bound and bound - again <= shown
    # Scores are printed as computed; a rule holds them to the reported ones.
    scores = {row["section"]: row for row in version.tables["score_summary"]}
    for address in [address for address in left if "/score_section/" in address]:
        *_, section, measure = address.split("/")
        assert (
            scores[section][measure] == left[address]["value"] and f"{scores[section][measure].normalize():f}" in text
        )
    for address in [address for address in left if "/report_date/" in address and "report_signed" not in address]:
        day = next(row["day"] for row in version.tables["report_date"] if row["event"] == address.split("/")[-2])
        assert chinese_date(day.date() if hasattr(day, "date") else day) in text, address
    assert (
        left["2024/hunan_hrss/operating_cost/three_public/budget_change"]["text"] == "不变" and "预算与上年持平" in text
    )
    assert sum(form.is_annex for form in forms) == left["2024/hunan_hrss/stated_count/annex/number"]["value"]
    funds = [block.text for block in written.body if block.level == 2 and block.text.endswith("保险基金")]
    assert len(funds) == left["2024/hunan_hrss/stated_count/fund/number"]["value"]
