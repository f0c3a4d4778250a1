"""Which years are fiscal years here. What does not belong here: what a year's folder holds."""

from __future__ import annotations

import re
from datetime import datetime

from orchestration.base.clock import place_zone

#: From the first year of budgets as forms print them to the year after the running one, whose budget is being made.
FIRST_YEAR = 1990


def fiscal_year(text: str) -> int | None:
    """The fiscal year that a text is, and nothing else beside it; None where it is none."""
    if not re.fullmatch(r"\d{4}", text, re.ASCII):
        return None
    year = int(text)
    return year if FIRST_YEAR <= year <= datetime.now(place_zone()).year + 1 else None
