"""An explanation as the object that ``--json`` prints."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.base.wording import decimal_text
from orchestration.explanation.explain import Explanation
from orchestration.explanation.wording import interval_text, places_of_number, spelled_out
from orchestration.localisation.implied import ImpliedInterval


def as_json(found: Explanation) -> dict[str, Any]:
    """The object that ``--json`` prints. Amounts in yuan, all else in ones, as strings; exact: a bound that no decimal
    can give is a fraction (1/3)."""
    cell = found.cell
    return {
        "address": cell["address"],
        "year": found.source.year,
        "source": {"kind": found.source.kind, "path": str(found.source.path)},
        "label": found.label,
        **{name: cell[name] for name in ("text", "printed_unit", "unit")},
        **{name: _number(cell[name]) for name in ("printed_value", "value", "half_width")},
        "mark": found.mark, "rounding": found.rounding,
        "corrected": cell["is_corrected"],
        "correction": found.correction,
        **{name: cell[name] for name in ("file", "sheet", "cell")},
        "flows": None if found.flows is None else [
            {"table": flow["published_table"], "column": flow["measure"], "value": _number(flow["published_value"])}
            for flow in found.flows if flow["published_table"]
        ],
        "rules": None if found.rules is None else [
            {
                **{name: getattr(part.instance, name)
                   for name in ("rule_id", "instance", "severity", "status", "statement")},
                "implied": _implied_json(part.implied, found, cell["address"]),
                "causes": [{"address": cause.address, "implied": _implied_json(cause.implied, found, cause.address)}
                           for cause in part.causes],
                "others": part.others,
            }
            for part in found.rules
        ],
        "implied": _implied_json(found.implied, found, cell["address"]),
        "implied_with_warnings": _implied_json(found.implied_with_warnings, found, cell["address"]),
        "fits": found.fits if found.rules is not None and cell["value"] is not None else None,
        "score": _score_json(found.score),
        "suspects": found.suspects,
        "patterns": found.patterns,
        "places": found.places,
    }  # fmt: skip


def _implied_json(implied: ImpliedInterval, found: Explanation, address: str) -> dict[str, Any] | None:
    quantity = found.quantities.get(address)
    if quantity is None:
        return None
    scale = Fraction(1, 100) if quantity.unit == "yuan" else Fraction(1)
    low, high = (None if bound is None else _exact(bound * scale) for bound in (implied.low, implied.high))
    return {
        "possible": implied.possible, "low": low, "high": high, "low_excluded": implied.open_low,
        "high_excluded": implied.open_high, "statement": interval_text(implied, quantity),
    }  # fmt: skip


def _score_json(score: dict[str, Any] | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {name: _number(value) if isinstance(value, Decimal) else value for name, value in score.items()}


def _exact(number: Fraction) -> str:
    places = places_of_number(number)
    return str(number) if places is None else spelled_out(int(number * 10**places), places)


def _number(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
