"""Tables made for these tests: amounts drawn with a seed, so that nothing in them agrees by chance or by design."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

Rows = list[list[str]]


def fen(value: int) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100:,}.{abs(value) % 100:02d}"


def grouped(rows: int, groups: int, seed: int = 1) -> tuple[Rows, list[tuple[int, int]]]:
    """Detail rows under a key of four parts, in groups with a total each: four amounts, the fourth the sum of the
    others, two more, and their sum. Also the places of all amounts.
    """
    draw = random.Random(seed)
    table: Rows = [
        ["单位：元"],
        ["地区", "单位", "科室", "项目", "结转", "预算", "调整", "合计数", "基本", "项目支出", "支出数"],
    ]
    each = rows // groups
    for group in range(groups):
        names = [f"地区{group // 100}", f"单位{group // 10 % 10}", f"科室{group % 10}"]
        sums = [0] * 7
        for item in range(each):
            a, b, c, e, f = (draw.randrange(10_000, 90_000_000) for _ in range(5))
            amounts = [a, b, c, a + b + c, e, f, e + f]
            sums = [x + y for x, y in zip(sums, amounts, strict=True)]
            table.append([*names, f"项目{item}", *map(fen, amounts)])
        table.append([*names, "合计", *map(fen, sums)])
    return table, [(r, c) for r in range(2, len(table)) for c in range(4, 11)]


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    path.write_text("\n".join(",".join(f'"{x}"' if "," in x else x for x in row) for row in rows) + "\n", "utf-8")
    return path
