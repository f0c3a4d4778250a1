"""The relation finder on the benchmark of annotated spreadsheets: predictions in the scorer's form, and the time. Also
the annotations that the figures of their own table contradict, as a list, and the data set without them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.drafting.figures import Figures, Notation, read_figures
from orchestration.drafting.labels import labels_of
from orchestration.drafting.relations import find_relations, instances
from orchestration.ledgers.spreadsheet import reference

THOUSANDS = {"Comma": ",", "Space": " ", "None": "", "Point": "."}
POINTS = {"Point": ".", "Comma": ","}


def notation_of(number_format: str) -> Notation:
    thousands, point = number_format.split()
    return Notation(THOUSANDS[thousands], POINTS[point])


def predict(table: dict[str, Any], seconds: float | None) -> dict[str, Any]:
    rows, notation = table["table_array"], notation_of(table["number_format"])
    labels = {columns: labels_of(rows, notation, columns=columns) for columns in (False, True)}
    found = find_relations(read_figures(rows, notation), seconds, labels=labels)
    aggregations = [
        {"operator": relation.candidate.operator, "aggregator": result, "aggregatees": operands}
        for relation in found.found
        for result, operands in instances(relation)
    ]
    return {"file_name": table["file_name"], "table_id": table["table_id"], "aggregations": aggregations,
            "partial": found.partial}  # fmt: skip


def contradiction(figures: Figures, annotation: dict[str, Any]) -> str:
    """What the figures say instead, by the closed intervals of all of them; nothing where they agree."""
    operator, operands = annotation["operator"], annotation["aggregatee_indices"]
    r, c = annotation["aggregator_index"]
    value, half = figures.values[r][c], figures.halves[r][c]
    printed = [(v, figures.halves[i][k]) for i, k in operands if (v := figures.values[i][k]) is not None]
    if value is None:
        return "result is no figure"
    if operator in ("Sum", "Average"):
        total, wide = sum(v for v, _ in printed), sum(h for _, h in printed)
        counts = [1] if operator == "Sum" else [len(printed), len(operands)]
        if not printed and (value or operator == "Average"):
            return "operands are blank"
        if any(abs(total - value * n) <= wide + half * n for n in counts):
            return ""
        return _plain(figures, total, counts[0])
    if len(printed) < 2:
        return "operand is no figure"
    if operator == "Division":
        return _quotient(figures, (value, half), printed[0], [printed[1]], change=False)
    return _quotient(figures, (value, half), printed[0], printed, change=True)


def _quotient(
    figures: Figures, result: tuple[int, int], first: tuple[int, int], below: Sequence[tuple[int, int]], *, change: bool
) -> str:  # fmt: skip
    """A quotient, as a fraction or in percent; a change may be of either of its two figures."""
    told = "denominator is zero"
    for at, (denominator, narrow) in enumerate(below):
        other, wide = below[1 - at] if change else first
        if not denominator:
            continue
        numerator, wide = (other - denominator, wide + narrow) if change else (other, wide)
        for factor in (1, 100):
            difference = abs(result[0] * denominator - numerator * figures.one * factor)
            allowed = result[1] * abs(denominator) + wide * figures.one * factor + narrow * abs(result[0])
            if difference <= allowed:
                return ""
        told = _plain(figures, numerator * figures.one, denominator)
    return told


def _plain(figures: Figures, numerator: int, denominator: int) -> str:
    return f"{(Decimal(numerator) / denominator / figures.one):.6f}".rstrip("0").rstrip(".")


def disputed(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The annotations of a table that its own figures contradict, with what these say."""
    figures = read_figures(table["table_array"], notation_of(table["number_format"]))
    for annotation in table["aggregation_annotations"]:
        if told := contradiction(figures, annotation):
            yield annotation, told


def list_disputed(data: Path, out: Path, agreed: Path) -> None:
    """Write the disputed annotations as a table, and the data set without them."""
    with gzip.open(data, "rt", encoding="utf-8") as lines, out.open("w", encoding="utf-8", newline="") as listed, \
            agreed.open("w", encoding="utf-8") as rest:  # fmt: skip
        writer = csv.writer(listed, lineterminator="\n")
        writer.writerow(["file", "sheet", "kind", "cell", "printed", "annotated as of", "figures say"])
        for line in lines:
            table = json.loads(line)
            wrong = list(disputed(table))
            for annotation, told in wrong:
                cells = [reference(r, c) for r, c in sorted(map(tuple, annotation["aggregatee_indices"]))]
                shown = " ".join(cells) if len(cells) < 4 else f"{cells[0]} to {cells[-1]} ({len(cells)})"
                r, c = annotation["aggregator_index"]
                printed = table["table_array"][r][c]
                where = [table["file_name"], table["table_id"], annotation["operator"], reference(r, c)]
                writer.writerow([*where, printed, shown, told])
            out_of = {id(annotation) for annotation, _ in wrong}
            kept = [each for each in table["aggregation_annotations"] if id(each) not in out_of]
            rest.write(json.dumps(table | {"aggregation_annotations": kept}) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--agreed", type=Path, help="list disputed annotations in --out, the other data here")
    parser.add_argument("--seconds", type=float, default=20.0, help="limit a table")
    parser.add_argument("--part", default="", help="k/n: only every n-th table, from the k-th")
    options = parser.parse_args()
    if options.agreed:
        list_disputed(options.data, options.out, options.agreed)
        return
    began = time.process_time()
    with gzip.open(options.data, "rt", encoding="utf-8") as lines, options.out.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            if options.part:
                k, n = map(int, options.part.split("/"))
                if number % n != k:
                    continue
            table = json.loads(line)
            start = time.process_time()
            prediction = predict(table, options.seconds)
            took = time.process_time() - start
            if took > 3 or prediction["partial"]:
                sys.stderr.write(f"{table['file_name']} {took:.1f} s {prediction['partial']}\n")
            out.write(json.dumps(prediction) + "\n")
    sys.stderr.write(f"processor time {time.process_time() - began:.1f} s\n")


if __name__ == "__main__":
    main()
