"""The two editions of a report: what the office publishes, and what its own people check it with."""

from __future__ import annotations

from enum import StrEnum


class Edition(StrEnum):
    """``public``: text, tables and annexes, nothing of rules, addresses and versions. ``internal``: all of that too."""

    PUBLIC = "public"
    INTERNAL = "internal"

    @property
    def document(self) -> str:
        return "report.docx" if self is Edition.PUBLIC else "report-internal.docx"

    @property
    def workbook(self) -> str:
        return "annexes.xlsx" if self is Edition.PUBLIC else "annexes-internal.xlsx"

    @property
    def pdf(self) -> str:
        return "report.pdf" if self is Edition.PUBLIC else "report-internal.pdf"


#: The page is the office's desk: it belongs to the internal edition.
PAGE = "report.html"
#: Of all departments of a year, beside their reports.
PROVINCE_PAGE, PROVINCE_WORKBOOK = "province.html", "汇总表.xlsx"
BOTH = tuple(Edition)
