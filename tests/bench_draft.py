"""The relation finder on the benchmark of annotated spreadsheets: predictions in the scorer's form, and the time."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

from orchestration.drafting.figures import Notation, read_figures
from orchestration.drafting.labels import labels_of
from orchestration.drafting.relations import find_relations, instances

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=20.0, help="limit a table")
    parser.add_argument("--part", default="", help="k/n: only every n-th table, from the k-th")
    options = parser.parse_args()
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
