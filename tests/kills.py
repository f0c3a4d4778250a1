"""Publishers killed at any moment while others read: ``python -m tests.kills COUNT``, over a home of its own where 2024
is published; ``--departments N``: runs of N synthetic departments; or ``--runs``: whole runs, one after another, with
files and bytes counted.

Each publisher is a forked process that publishes and rolls back in turns until it is killed. Meanwhile readers open the
serving file the usual way, again and again. Nothing may be lost, torn or left over; counts go to ``make fuzz``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import duckdb

from orchestration.base.departments import SOURCES, departments
from orchestration.base.settings import ROOT, Settings
from orchestration.pipeline.outcome import Outcome
from orchestration.publication.release import publish_build
from orchestration.publication.versions import MANIFEST, current_versions, rollback, versions
from orchestration.synthetic.departments import write_departments
from orchestration.warehouse.build import open_build
from orchestration.warehouse.current import CURRENT
from orchestration.warehouse.ledger_tables import published_tables

YEAR = 2024
#: Seconds in which a publisher has switched back and published, on a busy machine too.
LONGEST = 6.0


def another(settings: Settings, first: str) -> str:
    """A version with the rows of the first that says it is of another content: after it, the build is published."""
    name = "20200101T000000Z-00000000"
    folder = Path(shutil.copytree(settings.versions(YEAR) / first, settings.versions(YEAR) / name))
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    text = json.dumps({**manifest, "version": name, "content_sha256": "0" * 64}, ensure_ascii=False)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return name


def publisher(settings: Settings, other: str) -> None:
    """Switches back to the other version and publishes the build anew, for ever."""
    build = open_build(settings, YEAR)
    tables = published_tables(build)
    while True:
        rollback(settings, YEAR, other)
        publish_build(settings, build, tables)


def look(settings: Settings) -> str:
    """What a reader sees: one version's name and all of its rows, or what is wrong."""
    try:
        with duckdb.connect(str(settings.serving), read_only=True) as connection:
            ((name,),) = connection.execute(f"select version from {CURRENT} where fiscal_year = {YEAR}").fetchall()
            ((cells,),) = connection.execute("select count(*) from cell").fetchall()
            ((rules,),) = connection.execute("select count(*) from reconciliation").fetchall()
    except Exception as error:  # whatever a reader meets is what is counted
        return f"{type(error).__name__}: {error}"
    return (
        "whole" if (cells, rules) == _WHOLE.setdefault("rows", (cells, rules)) and name else f"{name} {cells} {rules}"
    )


_WHOLE: dict[str, tuple[int, int]] = {}


def forked(work: object, *arguments: object) -> int:
    """The id of a process that does this and nothing else."""
    child = os.fork()
    if child == 0:
        assert callable(work)
        try:
            work(*arguments)
            os._exit(0)
        finally:
            os._exit(1)
    return child


def broken_versions(settings: Settings) -> list[str]:
    """Versions without a manifest, or without a table that it names."""
    found = []
    for version in versions(settings, YEAR):
        if not (version.folder / MANIFEST).is_file():
            found.append(version.name)
            continue
        found += [
            version.name for table in version.manifest["tables"] if not (version.folder / f"{table}.parquet").is_file()
        ]
    return found


def leftovers(settings: Settings) -> list[str]:
    """Hidden files and folders outside Dagster's own: locks stay, drafts must not."""
    hidden = (path for path in settings.home.rglob(".*") if "dagster" not in path.relative_to(settings.home).parts)
    return sorted(str(path.relative_to(settings.home)) for path in hidden if not path.name.endswith(".lock"))


def kill_publishers(settings: Settings, count: int, seed: int = 0) -> Counter[str]:
    """Kill as many publishers, each at a moment of its own; what readers saw meanwhile, what was wrong after each."""
    chance = random.Random(seed)
    (first, *_) = (version.name for version in versions(settings, YEAR) if version.current)
    other = another(settings, first)
    seen: Counter[str] = Counter()
    seen[f"reader: {look(settings)}"] += 1
    for _ in range(count):
        child = forked(publisher, settings, other)
        until = time.monotonic() + chance.uniform(0.0, LONGEST)
        while time.monotonic() < until:
            seen[f"reader: {look(settings)}"] += 1
            time.sleep(0.02)  # readers are no test of how much a machine can do
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        known = {version.name for version in versions(settings, YEAR)}
        seen["kills"] += 1
        seen["the current version is lost"] += current_versions(settings).get(YEAR) not in known
        seen["versions that are not whole"] += len(broken_versions(settings))
    rollback(settings, YEAR, first)  # whoever comes next sweeps
    seen["versions"] = len(versions(settings, YEAR))
    seen["left over"] = len(leftovers(settings))
    return seen


def together_home(home: Path, count: int) -> Settings:
    """An installation of its own with so many synthetic departments, each published once."""
    write_departments(home / "raw", YEAR, count)
    settings = Settings(home=home / "home", raw=home / "raw")
    assert all(outcome.version for outcome in run_all(settings).values())
    return settings


def run_all(settings: Settings) -> dict[str, Outcome]:
    from orchestration.pipeline.together import run_together  # not for publishers, which are forked

    return run_together(settings, YEAR, sorted(departments(settings.raw, YEAR)))


def change(settings: Settings, n: int) -> None:
    """Another name for each department: whatever runs next publishes all of them anew."""
    for sources in settings.raw.glob(f"{YEAR}/*/{SOURCES}"):
        text = sources.read_text(encoding="utf-8")
        sources.write_text(re.sub(r"(?m)^(department: .*?)(·\d+)?$", rf"\g<1>·{n}", text), encoding="utf-8")


def look_at_all(settings: Settings) -> str:
    """What a reader sees: every department's year, each with all of its rows, or what is wrong."""
    try:
        with duckdb.connect(str(settings.serving), read_only=True) as connection:
            found = connection.execute(_OF_EACH).fetchall()
    except Exception as error:  # whatever a reader meets is what is counted
        return f"{type(error).__name__}: {error}"
    return "whole" if found == _ALL.setdefault("rows", found) else f"torn: {set(found) ^ set(_ALL['rows'])}"


_ALL: dict[str, list[tuple[object, ...]]] = {}
_OF_EACH = f"""
    select department, count(distinct version), (select count(*) from cell where cell.department = now.department),
           (select count(*) from reconciliation as judged where judged.department = now.department),
           (select count(distinct department_name) from ledger_source as of where of.department = now.department)
    from {CURRENT} as now group by department order by department
"""


def kill_runs(settings: Settings, count: int, longest: float, seed: int = 0) -> Counter[str]:
    """Kill as many runs of all departments, each at a moment of its own, with readers in a loop; then let one end."""
    chance = random.Random(seed)
    seen: Counter[str] = Counter({f"reader: {look_at_all(settings)}": 1})
    command = [sys.executable, "-m", "tests.kills", "--runs-on-demand", "--home", str(settings.home.parent)]
    runs = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert runs.stdin and runs.stdout
    for n in range(count):
        change(settings, n)
        runs.stdin.write("\n")
        run = int(runs.stdout.readline())
        until = time.monotonic() + chance.uniform(0.0, longest)
        while time.monotonic() < until:
            seen[f"reader: {look_at_all(settings)}"] += 1
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.kill(run, signal.SIGKILL)
        seen["ended before"] += not int(runs.stdout.readline())
        seen["kills"] += 1
        for code in departments(settings.raw, YEAR):
            own = settings.of(code)
            known = {version.name for version in versions(own, YEAR)}
            seen["the current version is lost"] += current_versions(own).get(YEAR) not in known
            seen["versions that are not whole"] += len(broken_versions(own))
    runs.stdin.close()
    runs.wait()
    healed = run_all(settings)
    seen["published by the run after"] = sum(outcome.version is not None for outcome in healed.values())
    seen["not healed"] = sum(outcome.version is None for outcome in healed.values())
    seen[f"reader: {look_at_all(settings)}"] += 1
    seen["left over"] = len(leftovers(settings))
    builds = [path for path in settings.together(YEAR).iterdir() if path.is_dir()]
    seen["builds in common left over"] = len(builds) - 1
    return seen


def run_on_demand(settings: Settings) -> None:
    """For each line a run of all departments in a process of its own: its id at once, in the end what it came to. What
    is imported is imported once; it would be most of each run.
    """
    from orchestration.pipeline import together

    together.departments_job(together.Workspace(settings.of("")))
    for _ in sys.stdin:
        child = forked(run_all, settings)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


def held(settings: Settings) -> tuple[int, int]:
    """Files and bytes of a home."""
    files = [path for path in settings.home.rglob("*") if path.is_file() and not path.is_symlink()]
    return len(files), sum(path.stat().st_size for path in files)


def run_often(settings: Settings, count: int) -> Counter[str]:
    """Whole runs of the year in this process, and what the home holds more of after each tenth of them."""
    from orchestration.pipeline.run import run_year  # not for publishers, which are forked

    seen: Counter[str] = Counter()
    for n in range(count + 1):  # the first makes what every home has
        outcome = run_year(settings, YEAR)
        assert outcome.version is not None, (outcome.problems, outcome.failed)
        if not n % max(count // 10, 1):
            files, size = held(settings)
            sys.stdout.write(f"{n} runs more: {files} files, {size / 2**20:.1f} MiB\n")
            sys.stdout.flush()
        seen["runs"] += n > 0
    seen["versions"] = len(versions(settings, YEAR))
    seen["left over"] = len(leftovers(settings))
    return seen


_NOT_WRONG = ("kills", "runs", "versions", "reader: whole", "ended before", "published by the run after")


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("count", type=int, nargs="?", default=200)
    arguments.add_argument("--home", type=Path, required=True, help="a home of its own, in which 2024 is published")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--runs", action="store_true", help="whole runs that nobody kills, and what they leave")
    arguments.add_argument("--departments", type=int, default=0, help="kill runs of so many synthetic departments")
    arguments.add_argument("--longest", type=float, default=60.0, help="seconds after which a run is killed at most")
    arguments.add_argument("--runs-on-demand", action="store_true", help="the runs that are killed")
    given = arguments.parse_args()
    if given.runs_on_demand:
        run_on_demand(Settings(home=given.home / "home", raw=given.home / "raw"))
        return 0
    if given.departments:
        seen = kill_runs(together_home(given.home, given.departments), given.count, given.longest, given.seed)
    elif given.runs:
        seen = run_often(Settings(department="hunan_hrss", home=given.home, raw=ROOT / "raw"), given.count)
    else:
        seen = kill_publishers(
            Settings(department="hunan_hrss", home=given.home, raw=given.home / "raw"), given.count, given.seed
        )
    for what, number in sorted(seen.items()):
        sys.stdout.write(f"{what}: {number}\n")
    wrong = [what for what in seen if seen[what] and what not in _NOT_WRONG]
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
