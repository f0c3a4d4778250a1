"""The words that every room shows people for the same thing, and how an exact number is written out.

What does not belong here: sentences, which stand with what they speak of.
"""

from __future__ import annotations

from decimal import Decimal

STATUSES = {
    "consistent": ("相符", "green"),
    "rounding": ("尾差范围内", "green"),
    "corrected": ("更正后相符", "cyan"),
    "accepted": ("已确认", "cyan"),
    "undefined": ("无意义", "yellow"),
    "inconsistent": ("不符", "red"),
    "missing": ("缺少对应数据", "red"),
}
#: Statuses of a rule instance that does not hold.
BROKEN = ("inconsistent", "missing")
BROKEN_IN_SQL = "('inconsistent', 'missing')"
#: What a published form shows where the ledgers give no figure; read back, it is none.
NOT_PROVIDED = "未提供"
SECTIONS = {"execution": "预算执行", "output": "产出", "benefit": "效益", "satisfaction": "满意度", "total": "合计"}


def decimal_text(value: Decimal) -> str:
    """A decimal without padding: at least two places where it has any, else as it is."""
    text = f"{value:f}"
    if "." not in text:
        return text
    whole, fraction = text.split(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction.ljust(2, '0')}"
