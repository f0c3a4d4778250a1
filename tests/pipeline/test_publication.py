"""Versions: switched in one step, switched back, readable throughout, whole after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.base.settings import Settings
from orchestration.explanation.source import open_source
from orchestration.publication.gates import run_gates
from orchestration.publication.release import publish_build
from orchestration.publication.versions import Version, current_versions, rollback, versions
from orchestration.reporting.published import open_version
from orchestration.warehouse import models
from orchestration.warehouse.build import open_build
from orchestration.warehouse.ledger_tables import published_tables
from orchestration.warehouse.prior import read_prior
from tests.command import ledgergate
from tests.conftest import Published

COMMAND = [sys.executable, "-m", "orchestration.cli.main"]


@pytest.fixture
def installation(published: Published, tmp_path: Path) -> Settings:
    """A copy of the installation in which 2024 is published."""
    home = tmp_path / "home"
    shutil.copytree(published.settings.home, home, ignore=shutil.ignore_patterns("dagster"))
    return Settings(department="hunan_hrss", home=home, raw=published.settings.raw)


def publish_altered(settings: Settings, name: str) -> Version:
    """Publish 2024 once more, with another name for project 1."""
    build = open_build(settings, 2024)
    with duckdb.connect(str(build.warehouse)) as connection:
        connection.execute("update project_expenditure set project_name = ? where project_no = 1", [name])
    run_gates(build, published_tables(build))
    version, is_new = publish_build(settings, build, published_tables(build))
    assert is_new
    return version


def served(settings: Settings) -> str:
    with duckdb.connect(str(settings.serving), read_only=True) as connection:
        ((name,),) = connection.execute(
            "select project_name from project_expenditure where fiscal_year = 2024 and project_no = 1"
        ).fetchall()
    return str(name)


def test_a_new_version_is_current_and_the_old_one_stays(installation: Settings) -> None:
    (old,) = versions(installation, 2024)
    new = publish_altered(installation, "改名")
    found = {version.name: version.current for version in versions(installation, 2024)}
    assert found == {new.name: True, old.name: False}
    assert served(installation) == "改名"


def test_rollback_switches_back_and_forth_without_touching_a_version(installation: Settings) -> None:
    (old,) = versions(installation, 2024)
    new = publish_altered(installation, "改名")
    content = {path: path.read_bytes() for path in installation.versions(2024).rglob("*") if path.is_file()}
    rollback(installation, 2024, old.name)
    assert (served(installation), current_versions(installation)) == ("省领导联系服务专家经费", {2024: old.name})
    rollback(installation, 2024, new.name)
    assert (served(installation), current_versions(installation)) == ("改名", {2024: new.name})
    assert {path: path.read_bytes() for path in installation.versions(2024).rglob("*") if path.is_file()} == content


def test_rollback_to_a_version_that_is_not_there_changes_nothing(installation: Settings) -> None:
    before = installation.serving.read_bytes()
    with pytest.raises(KeyError):
        rollback(installation, 2024, "20200101T000000Z-00000000")
    assert installation.serving.read_bytes() == before


def test_a_reader_keeps_what_it_opened_while_the_year_is_switched(installation: Settings) -> None:
    with duckdb.connect(str(installation.serving), read_only=True) as reader:
        publish_altered(installation, "改名")
        ((name,),) = reader.execute("select project_name from project_expenditure where project_no = 1").fetchall()
    assert name == "省领导联系服务专家经费"
    assert served(installation) == "改名"


def test_home_may_have_any_ordinary_name_and_lie_deep(published: Published, tmp_path: Path) -> None:
    home = tmp_path / "it's $HOME 年度" / ("d" * 100) / "h"
    shutil.copytree(published.settings.home, home, ignore=shutil.ignore_patterns("dagster"))
    settings = Settings(department="hunan_hrss", home=home, raw=published.settings.raw)
    version = publish_altered(settings, "改名")
    assert served(settings) == "改名"
    source = open_source(settings, 2024)
    assert source is not None and source.rows("select count(*) as n from cell")[0]["n"] > 0
    shutil.rmtree(settings.build(2024))
    source = open_source(settings, 2024)
    assert source is not None and source.kind == "published"
    assert source.rows("select count(*) as n from cell")[0]["n"] > 0
    assert open_version(settings, 2024).name == version.name
    assert len(read_prior(settings, 2024, {}).cells) == len(open_version(settings, 2024).tables["cell"])


def test_what_killed_publishers_leave_is_swept(installation: Settings) -> None:
    (version,) = versions(installation, 2024)
    before = {path for path in installation.home.rglob("*") if path.is_file()}
    for number in range(50):
        (installation.versions(2024) / f".draft-{number}").mkdir()
        (installation.versions(2024) / f".draft-{number}" / "cell.parquet").write_bytes(b"half")
        (installation.home / f".ledgergate.duckdb-{number}-aa").write_bytes(b"half")
        (installation.home / f".ledgergate.duckdb-{number}-aa.wal").write_bytes(b"half")
    installation.serving.with_name("ledgergate.duckdb.wal").write_bytes(b"a reader's log")
    rollback(installation, 2024, version.name)
    assert {path for path in installation.home.rglob("*") if path.is_file()} == before
    assert not list(installation.versions(2024).glob(".*"))
    assert served(installation) == "省领导联系服务专家经费"


def test_a_switch_that_was_killed_half_way_is_done_by_the_next_publication(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = versions(installation, 2024)
    replace = Path.replace

    def killed(path: Path, target: Path) -> Path:
        if target == installation.serving:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        publish_altered(installation, "改名")
    monkeypatch.undo()
    (new,) = (version for version in versions(installation, 2024) if version.name != old.name)
    assert current_versions(installation) == {2024: new.name} and served(installation) != "改名"
    build = open_build(installation, 2024)
    assert publish_build(installation, build, published_tables(build)) == (new, False)
    assert served(installation) == "改名"


def test_a_lost_serving_file_is_made_anew_from_the_versions(installation: Settings) -> None:
    installation.serving.unlink()
    version = publish_altered(installation, "改名")
    assert current_versions(installation) == {2024: version.name}


def test_a_publisher_killed_before_the_switch_leaves_no_half_version(installation: Settings) -> None:
    before = served(installation)
    script = f"""
import os, signal
from pathlib import Path
from orchestration.base.settings import Settings
from orchestration.publication import versions
settings = Settings(department="hunan_hrss", home=Path({str(installation.home)!r}), raw=Path({str(installation.raw)!r}))
versions._switch = lambda *rest: os.kill(os.getpid(), signal.SIGKILL)
from tests.pipeline.test_publication import publish_altered
publish_altered(settings, "被杀")
"""
    # Through a file: the gates' own process imports the main module anew.
    main = installation.home / "kill.py"
    main.write_text(f"if __name__ == '__main__':\n    exec({script!r})\n", encoding="utf-8")
    done = subprocess.run([sys.executable, str(main)], cwd=models.ROOT, env=environment(installation), timeout=600)
    assert done.returncode == -signal.SIGKILL
    assert served(installation) == before
    written = {version.name for version in versions(installation, 2024)}
    publish_build(installation, (build := open_build(installation, 2024)), published_tables(build))
    assert served(installation) == "被杀"
    assert {version.name for version in versions(installation, 2024)} == written, "what it had written is taken"


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "LEDGERGATE_HOME": str(settings.home),
        "LEDGERGATE_RAW": str(settings.raw),
        "DAGSTER_HOME": str(settings.home / "dagster"),
        "PYTHONPATH": str(models.ROOT),
    }


def start(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def another_year(raw: Path, year: int) -> None:
    """The 2024 ledgers once more as another year (synthetic: only for running two years side by side)."""
    folder = raw / str(year) / "hunan_hrss"
    shutil.copytree(raw / "2024" / "hunan_hrss", folder)
    sources = yaml.safe_load((folder / "sources.yml").read_text(encoding="utf-8")) | {"year": year}
    (folder / "sources.yml").write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")
    corrections = folder / "corrections.csv"
    corrections.write_text(corrections.read_text(encoding="utf-8").replace("2024/", f"{year}/"), encoding="utf-8")


def test_two_years_run_at_the_same_time_while_a_reader_queries(installation: Settings, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(installation.raw, raw)
    another_year(raw, 2026)
    settings = Settings(department="hunan_hrss", home=installation.home, raw=raw)
    with (raw / "2024" / "hunan_hrss" / "budget_scope.csv").open("a", encoding="utf-8") as ledger:
        ledger.write("社会保障基金预算,不涉及,六\n")
    contract = raw / "contracts" / "budget_scope.yml"
    contract.write_text(
        contract.read_text(encoding="utf-8")
        .replace(
            "      社会保险基金预算: social_insurance",
            "      社会保险基金预算: social_insurance\n      社会保障基金预算: other",
        )
        .replace("rows: every", "rows: any"),  # 2026 does without
        encoding="utf-8",
    )
    (old,) = versions(settings, 2024)
    runs = [start(settings, "run", "2024", "--json"), start(settings, "run", "2026", "--json")]
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(served(settings))
            time.sleep(0.25)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        printed = [run.communicate(timeout=900) for run in runs]
    finally:
        stop.set()
        reader.join()
    assert [run.returncode for run in runs] == [0, 0], printed
    published = {json.loads(text)["year"]: json.loads(text)["published"] for text, _ in printed}
    assert current_versions(settings) == published and published[2024] != old.name
    assert seen == {"省领导联系服务专家经费"}
    with duckdb.connect(str(settings.serving), read_only=True) as connection:
        counts = connection.execute(
            "select fiscal_year, count(*) from project_expenditure group by all order by all"
        ).fetchall()
    assert counts == [(2024, 37), (2026, 37)]


#: What a run is seen doing in its build folder when it is killed. Facts, not seconds: those hit another step on each
#: machine.
STEPS: dict[str, Callable[[Path, float], bool]] = {
    "landing": lambda folder, began: any(folder.glob(".landing*/*")),
    "building models": lambda folder, began: (folder / "not_read.json").stat().st_mtime > began,
    "passing the gates": lambda folder, began: (folder / "gates.html").stat().st_mtime > began,
}


def test_runs_killed_at_one_step_after_another_leave_the_year_readable_and_the_next_run_heals(
    installation: Settings,
) -> None:
    """Each run begins with what the killed ones before it have left, and has to get further."""
    before, content = current_versions(installation), installation.serving.read_bytes()
    folder = installation.build(2024)
    for step, seen in STEPS.items():
        began = time.time()
        run = start(installation, "run", "2024")
        while run.poll() is None and not seen(folder, began):
            time.sleep(0.002)
        run.kill()
        printed, errors = run.communicate()
        assert run.returncode == -signal.SIGKILL, f"it ended before it was seen {step}: {printed}{errors}"
        assert (current_versions(installation), installation.serving.read_bytes()) == (before, content)
        if step == "landing":
            assert list(folder.glob(".landing*"))  # something is there to be cleared away
    again = ledgergate(installation, "run", "2024", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["published"] == before[2024]
    left = [path.name for path in installation.build(2024).iterdir() if path.name.startswith(".")]
    assert left == []


def test_versions_may_live_at_an_address(published: Published, tmp_path: Path) -> None:
    """``memory://`` stands for any object store: no folder there can be moved in one step."""
    local = tmp_path / "home"
    shutil.copytree(published.settings.home, local, ignore=shutil.ignore_patterns("dagster", "published", "*.duckdb"))
    shutil.copytree(published.settings.build(2024), local / "build" / "2024" / "hunan_hrss", dirs_exist_ok=True)
    far = Settings(
        department="hunan_hrss",
        home=local,
        raw=published.settings.raw,
        published_at=f"memory://{tmp_path.name}/published",
    )
    first, _ = publish_build(far, (build := open_build(far, 2024)), published_tables(build))
    near = published.outcome.version
    assert near is not None and first.manifest["content_sha256"] == near.manifest["content_sha256"]
    assert {path.name for path in first.folder.iterdir()} == {path.name for path in near.folder.iterdir()}
    second = publish_altered(far, "改名")
    assert served(far) == "改名"
    rollback(far, 2024, first.name)
    assert (served(far), current_versions(far)) == ("省领导联系服务专家经费", {2024: first.name})
    assert {version.name for version in versions(far, 2024)} == {first.name, second.name}
    assert not (local / "published").exists() and not list(local.rglob(".draft*"))
    assert open_version(far, 2024).tables.keys() == set(published_tables(build))


def test_what_lacks_its_manifest_is_no_version(published: Published, tmp_path: Path) -> None:
    """An upload that was cut off: the manifest goes last."""
    far = Settings(
        department="hunan_hrss", home=tmp_path, raw=published.settings.raw, published_at=f"memory://{tmp_path.name}/cut"
    )
    (far.versions(2024) / "20250101T000000Z-00000000" / "cell.parquet").write_bytes(b"")
    assert versions(far, 2024) == []
