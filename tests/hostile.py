"""Damaged and hostile inputs around the ledgers, from a seed: YAML, folders in place of files, notes, texts.

``KINDS`` names each kind; ``outcome(kind, seed, folder)`` damages a copy of the year 2024 and reads it as a run does.
Used by the tests (a few of each) and by ``python -m tests.hostile COUNT``, with counts by kind and outcome. What is in
the ledgers' own files is damaged by ``tests.damage``.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT, Settings
from orchestration.warehouse.build import Inputs, read_inputs

REFUSED, SAME, OTHERWISE = "refused", "taken, the same figures", "taken, other figures"
_PAUSE = 50  # inputs between two looks at the counts
_ATTACKS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{% for i in range(10**9) %}x{% endfor %}", "{{ 9**9**9 }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{% include '/etc/passwd' %}", "{{ 'a' * 10**9 }}",
    "{{ self._TemplateReference__context }}", "{{ lipsum() }}", "{% set x = 1 %}", "{{ 358 }}", "{{ '358' }}",
    "{% raw %}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ 履职成效.没有这一行 }}", "{{",
    "{% if %}", "٣٥٨", "③⑤⑧",
)  # fmt: skip
_SCALARS = (
    "2024-02-31", "0x7fffffffffffffffffff", "!!python/object/apply:os.system [id]", ".nan", "1e999", '"\\ud800"',
    "&a [*a]", "[" * 60 + "]" * 60, '"a\\u202Eb"', '"\\a"', "9" * 5000, "{a: 1, a: 2}", "!!binary x", "? ? ?",
    "%TAG ! x", "@",
)  # fmt: skip
_PLACES = ("gopher://x/", "s3://", "", "/dev/stdin", "../../../etc", "entries/\\0", "nowhere.csv")
_FIGURES = ("NaN", "Infinity", "-inf", "1E+30", "1_000", "１２", "", "-", "1,2,3", "0x10", "9" * 400, "=1+1", "\0", "½")


def _yaml_files(raw: Path) -> list[Path]:
    return sorted(path for path in raw.rglob("*.yml") if path.is_file())


def bytes_of_yaml(rng: random.Random, raw: Path) -> None:
    path = rng.choice(_yaml_files(raw))
    content = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 6)):
        where = rng.randrange(len(content))
        content[where : where + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    path.write_bytes(content)


def lines_of_yaml(rng: random.Random, raw: Path) -> None:
    path = rng.choice(_yaml_files(raw))
    lines = path.read_text(encoding="utf-8").splitlines()
    where = rng.randrange(len(lines))
    change = rng.choice(("double", "indent", "tab", "cut"))
    if change == "double":
        lines.insert(where, lines[where])
    elif change == "cut":
        lines = lines[:where]
    else:
        lines[where] = ("\t" if change == "tab" else "   ") + lines[where]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def hostile_yaml(rng: random.Random, raw: Path) -> None:
    path = rng.choice(_yaml_files(raw))
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"\nzz{rng.randrange(9)}: {rng.choice(_SCALARS)}\n")


def yaml_bomb(rng: random.Random, raw: Path) -> None:
    path = rng.choice(_yaml_files(raw))
    if rng.random() < 0.3:
        path.write_bytes(b"a: " + b"x" * (5 * 2**20))
        return
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]" for n in range(rng.randint(7, 12))]
    path.write_text("\n".join(levels), encoding="utf-8")


def no_regular_file(rng: random.Random, raw: Path) -> None:
    """In place of any file of the year."""
    path = rng.choice(sorted(path for path in raw.rglob("*") if path.is_file()))
    path.unlink()
    kind = rng.choice(("folder", "pipe", "dangling", "loop", "device", "sparse", "empty", "noise"))
    made: dict[str, Callable[[], object]] = {
        "folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "dangling": lambda: path.symlink_to("nowhere"),
        "loop": lambda: path.symlink_to(path), "device": lambda: path.symlink_to("/dev/zero"),
        "sparse": lambda: _sparse(path), "empty": path.touch,
        "noise": lambda: path.write_bytes(rng.randbytes(2000)),
    }  # fmt: skip
    made[kind]()


def exceptions(rng: random.Random, raw: Path) -> None:
    figure, rule = rng.choice(_FIGURES), rng.choice(("fund_surplus", "no_such_rule", "", "fund_closing"))
    lines = ["规则,所在,差额,理由,证据,确认人", f'{rule},all,"{figure}",理由,证据,{rng.choice(("某甲", "", "‮x"))}']
    rng.shuffle(lines) if rng.random() < 0.2 else None
    encoding = rng.choice(("utf-8", "utf-8", "gb18030", "utf-16"))
    (raw / "2024" / "hunan_hrss" / "exceptions.csv").write_bytes("\n".join(lines).encode(encoding))


def corrections(rng: random.Random, raw: Path) -> None:
    path = raw / "2024" / "hunan_hrss" / "corrections.csv"
    head, row, *_ = path.read_text(encoding="utf-8").splitlines()
    fields = row.split(",")
    fields[rng.randrange(3)] = rng.choice((*_FIGURES, "-4百万元", "-363", "-362.69余", "2024/没有/这一格"))
    path.write_text(f"{head}\n{','.join(fields)}\n", encoding="utf-8")


def narrative(rng: random.Random, raw: Path) -> None:
    path = raw / "2024" / "hunan_hrss" / "narrative.yml"
    said = "".join(rng.choices(_ATTACKS, k=rng.randint(1, 3))).replace("'", "''")
    path.write_text(path.read_text(encoding="utf-8") + f"\n问题:\n  - '{said}'\n", encoding="utf-8")


def sources(rng: random.Random, raw: Path) -> None:
    """Files outside the year's folder, addresses that nothing opens, counts and years that are none."""
    path = raw / "2024" / "hunan_hrss" / "sources.yml"
    text = path.read_text(encoding="utf-8")
    before, after = rng.choice(
        (
            ("file: insured.csv", f"file: {rng.choice(('../contracts/insured.yml', '/etc/passwd', '', 'a/../b'))}"),
            ("year: 2024", f"year: {rng.choice(('2025', '二〇二四', '-1', '2024.0', 'null', '99999999999'))}"),
            ("rows: 44", f"rows: {rng.choice(('43', '0', '-44', '44.5', 'NaN', '四十四'))}"),
            ("ledger: insured", f"ledger: {rng.choice(('nobody', 'fund_balance', '../insured', '[]'))}"),
            ("files:\n", f"entries: [{{ledger: budget_entry, paths: ['{rng.choice(_PLACES)}']}}]\nfiles:\n"),
        )
    )  # fmt: skip
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def names(rng: random.Random, raw: Path) -> None:
    """Characters in a ledger's names that nobody sees."""
    path = rng.choice(sorted((raw / "2024" / "hunan_hrss").glob("*expenditure.csv")))
    text = path.read_text(encoding="utf-8")
    where = text.index("湖南") if "湖南" in text else len(text) - 2
    hidden = rng.choice("\u202e\u200b\u0007\u2066\ufeff\x00\x1b")
    path.write_text(text[:where] + hidden + text[where:], encoding="utf-8")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 * 2**30)


KINDS: dict[str, Callable[[random.Random, Path], None]] = {
    each.__name__: each
    for each in (
        bytes_of_yaml, lines_of_yaml, hostile_yaml, yaml_bomb, no_regular_file, exceptions, corrections, narrative,
        sources, names,
    )
}  # fmt: skip


def figures(inputs: Inputs) -> dict[str, object]:
    return {cell.address: (cell.value, cell.half_width) for cell in inputs.year.cells}


@cache
def sound() -> dict[str, object]:
    return figures(read_inputs(Settings(department="hunan_hrss", home=Path("/nowhere"), raw=ROOT / "raw"), 2024))


def outcome(kind: str, seed: int, folder: Path) -> str:
    """What becomes of the damaged year. Anything but ``InputError`` is a traceback to a user, and comes through."""
    raw = folder / "raw"
    shutil.copytree(ROOT / "raw", raw)
    shutil.copytree(ROOT / "expectations" / "rules", raw / "all rules")
    KINDS[kind](random.Random(f"{kind}/{seed}"), raw)
    try:
        found = read_inputs(
            Settings(department="hunan_hrss", home=folder / "home", raw=raw, rules=raw / "all rules"), 2024
        )
    except InputError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file and problem.found and problem.expected, problem
            assert len(str(problem)) < 20_000
        return REFUSED
    return SAME if figures(found) == sound() else OTHERWISE


def main() -> None:
    """Many of each kind: counts, the longest time and the most memory; what is taken with other figures by its seed."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("count", type=int, nargs="?", default=1000)
    arguments.add_argument("--first", type=int, default=0, help="go on where another call has ended")
    given = arguments.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    longest: dict[str, float] = {}
    other: list[str] = []
    for n in range(given.first, given.first + given.count):
        kind, seed = list(KINDS)[n % len(KINDS)], n // len(KINDS)
        with tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            try:
                result = outcome(kind, seed, Path(folder))
            except Exception as error:
                result = "traceback"
                other.append(f"{kind} {seed}: {type(error).__name__} {str(error)[:200]}")
            counts[kind, result] += 1
            other += [f"{kind} {seed}: {result}"] if result == OTHERWISE else []
            longest[kind] = max(longest.get(kind, 0), time.process_time() - begun)
        if not (n + 1) % _PAUSE:
            so_far = Counter(result for (_, result), number in counts.items() for _ in range(number))
            sys.stderr.write(f"{n + 1}: {dict(so_far)}, {max(longest.values()):.2f} s at most\n")
    outcomes = (REFUSED, SAME, OTHERWISE, "traceback")
    sys.stdout.write(f"| kind | {' | '.join(outcomes)} | longest, s |\n| --- |{' ---: |' * (len(outcomes) + 1)}\n")
    for kind in KINDS:
        row = " | ".join(str(counts[kind, each]) for each in outcomes)
        sys.stdout.write(f"| {kind} | {row} | {longest.get(kind, 0):.2f} |\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    sys.stdout.write(f"\n{given.count} inputs, most memory {memory:,.0f} MiB\n" + "".join(f"{x}\n" for x in other))


if __name__ == "__main__":
    main()
