"""``make fuzz``: a thousand damaged inputs (``tests.damage``, ``tests.damaged_tables``) in one process under bounds of
memory and time, with what it opens watched; counts by kind and outcome, into ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.bench import PAGE
from tests.damage import EITHER, REFUSED, TAKEN, damaged, kinds, outcome

#: What the inputs may take in one process: address space (what libraries map counts too); processor seconds each.
MEMORY, SECONDS = 2 * 2**30, 30


def watch_reads(folder: Path) -> list[str]:
    """Files that this process opens from now on outside of ``folder`` and of what Python itself is made of."""
    found: list[str] = []
    own = (
        str(folder),
        str(Path(sys.prefix).resolve()),
        str(Path(sys.base_prefix).resolve()),
        str(Path(__file__).parents[1]),
    )

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("open", "os.open") and isinstance(arguments[0], str | bytes | Path):
            name = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
            if name.startswith("/") and not name.startswith((*own, sys.prefix, "/dev/null")):
                found.append(name)
        elif event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn")):
            found.append(event)

    sys.addaudithook(hear)
    return found


def main() -> None:
    """Many of each kind under bounds of memory and time: counts, the longest time and the most memory."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("count", type=int, nargs="?", default=1000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = arguments.parse_args()
    every = kinds()
    counts: Counter[tuple[str, str]] = Counter()
    longest: dict[str, float] = {}
    unexpected: list[str] = []
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as scratch:
        outside = watch_reads(Path(scratch))
        for n in range(given.count):
            kind = list(every)[n % len(every)]
            _, expected, at_a_cell = every[kind]
            folder = Path(scratch) / str(n)
            path = damaged(kind, given.seed + n // len(every), folder)
            signal.alarm(20 * SECONDS)  # what waits for ever ends the process, and what works for ever
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            begun = time.process_time()
            found = outcome(path, at_a_cell=at_a_cell)
            longest[kind] = max(longest.get(kind, 0), time.process_time() - begun)
            signal.alarm(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
            counts[kind, found] += 1
            unexpected += [f"{kind} {n}: {found}"] if expected not in (EITHER, found) else []
            shutil.rmtree(folder)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    lines = [
        "| kind | refused, with what to do | read | longest, processor s |", "| --- | ---: | ---: | ---: |",
        *(f"| {k} | {counts[k, REFUSED]} | {counts[k, TAKEN]} | {longest.get(k, 0):.2f} |" for k in every),
        "", f"{given.count} inputs in one process that may map {MEMORY / 2**30:.0f} GiB and take {SECONDS} s of "
        f"processor time for each: {memory:,.0f} MiB at most, {len(unexpected)} other than expected, {len(outside)} "
        "reads outside the folder, no traceback.",
    ]  # fmt: skip
    text = "\n".join(lines)
    sys.stdout.write(f"{text}\n")
    if unexpected or outside:
        raise SystemExit("\n".join([*unexpected, *outside]))
    if given.write:
        write_section(text)


def write_section(text: str) -> None:
    heading = "## Damaged inputs"
    about = "`make fuzz`: ledger files damaged by hand, disk or bad will, from a seed; each read as `check` reads it."
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(heading)
    _, mark, after = rest.partition("\n## ")
    whole = f"{head.rstrip()}\n\n{heading}\n\n{about}\n\n{text}\n" + (f"\n## {after}" if mark else "")
    PAGE.write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()
