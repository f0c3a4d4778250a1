"""How an interval and a figure are said in Chinese, exact where decimals can be.

What does not belong here: finding the interval (``localisation.implied``).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from orchestration.ledgers.money import day_of, unit_kind
from orchestration.localisation.implied import ImpliedInterval
from orchestration.localisation.solver.network import Quantity


def interval_text(implied: ImpliedInterval, cell: Quantity) -> str:
    """应在 -362.705 与 -362.675 万元之间, in the unit that the cell is printed in; exact where decimals can be."""
    if implied.possible is False:
        return "改成什么数都不行"
    unit = f" {cell.printed_unit}" if cell.printed_unit and cell.printed_unit != "%" and cell.unit != "date" else ""
    low = None if implied.low is None else _shown(implied.low, cell, down=True)
    high = None if implied.high is None else _shown(implied.high, cell, down=False)
    ends = "（不含下限）" * implied.open_low + "（不含上限）" * implied.open_high
    if low is None and high is None:
        text = "什么数都行"
    elif high is None:
        text = f"应{'大于' if implied.open_low else '不低于'} {low}{unit}"
    elif low is None:
        text = f"应{'小于' if implied.open_high else '不高于'} {high}{unit}"
    else:
        text = f"应为 {low}{unit}" if implied.low == implied.high else f"应在 {low} 与 {high}{unit}之间{ends}"
    return text if implied.possible else f"时限内未能判定，只知{text}"


def _shown(bound: Fraction, cell: Quantity, *, down: bool) -> str:
    """A bound in the printed unit. What no decimal can give is rounded outwards, four places behind the print."""
    if cell.unit == "date":
        return day_of(Decimal(floor(bound) if down else ceil(bound))).isoformat()
    known = unit_kind(cell.printed_unit) if cell.printed_unit else None
    number = bound / Fraction(known[1]) if known else bound
    places = places_of_number(number)
    about = places is None
    if places is None:
        places = _printed_places(cell.text) + 4
    scaled = number * 10**places
    digits = spelled_out(floor(scaled) if down else ceil(scaled), places)
    shortest = 2 if cell.unit in ("yuan", "ratio") else 0
    if "." in digits:
        whole, fraction = digits.split(".")
        fraction = fraction.rstrip("0").ljust(shortest, "0")
        digits = f"{whole}.{fraction}" if fraction else whole
    elif shortest:
        digits += "." + "0" * shortest
    return f"{'约 ' if about else ''}{digits}{'%' if cell.printed_unit == '%' else ''}"


def places_of_number(number: Fraction) -> int | None:
    """How many decimal places a number has; None where they never end."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def _printed_places(text: str) -> int:
    _, _, fraction = text.partition(".")
    return len(fraction) - len(fraction.lstrip("0123456789"))


def spelled_out(scaled: int, places: int) -> str:
    """``scaled / 10**places``, spelled out."""
    digits = str(abs(scaled)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if scaled < 0 else text


def printed_text(text: str, printed_unit: str) -> str:
    """-362.20 万元; 86.60%; 空白."""
    if not text:
        return "空白"
    return text if not printed_unit or printed_unit in text else f"{text} {printed_unit}"
