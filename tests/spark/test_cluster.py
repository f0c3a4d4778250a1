"""The whole command on a cluster of its own: a master and two workers on loopback. One of them dies at work."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.entries.contract import read_entry_contracts
from orchestration.pipeline.run import run_year
from orchestration.synthetic.generate import generate
from orchestration.synthetic.plan import make_plan
from orchestration.synthetic.targets import targets
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, open_build
from orchestration.warehouse.spark import entries as spark_entries
from tests.pipeline.test_entries import ENTRIES, NAMED
from tests.spark.cluster import Cluster, standalone, wait_for
from tests.spark.conftest import columns, contents, installation

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with standalone(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running


def start(settings: Settings, cluster: Cluster, *options: str) -> tuple[subprocess.Popen[str], Build]:
    """``ledgergate run 2024`` on the cluster, in a home of its own."""
    home = settings.home.with_name("on-the-cluster")
    environment = os.environ | {
        "LEDGERGATE_HOME": str(home), "LEDGERGATE_RAW": str(settings.raw), "LEDGERGATE_TARGET": "spark",
        "LEDGERGATE_SPARK_MASTER": cluster.master, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "orchestration.cli.main", "run", "2024", "--json", *options]
    running = subprocess.Popen(
        command, cwd=settings.raw, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    return running, open_build(replace(settings, home=home), 2024)


#: Seconds after which nothing comes any more: far beyond what a busy machine needs, since nothing here is about speed.
NEVER = 900


def finished(running: subprocess.Popen[str], code: int) -> dict[str, Any]:
    try:
        said, errors = running.communicate(timeout=NEVER)
    finally:
        if running.poll() is None:
            running.kill()
    assert running.returncode == code, errors[-4000:]
    content: dict[str, Any] = json.loads(said)
    return content


def test_workers_that_die_at_work_cost_retries_and_nothing_else(tmp_path: Path, cluster: Cluster) -> None:
    """Entries are summed and models built while either loses a worker: what is published is equal byte for byte."""
    settings = installation(tmp_path)
    folder = settings.ledgers(2024) / "entries"
    contracts = read_entry_contracts(settings.entry_contracts)
    generate(make_plan(targets(settings, 2024), 2024, 7, ENTRIES), contracts, folder, "csv.gz")
    odd = csv_of(folder / "fund_entry" / "fund_entry-2024-03.synthetic.csv.gz")
    odd.write_text(odd.read_text(encoding="utf-8") + "2024-03-01,一行坏的\n", encoding="utf-8")
    with (settings.ledgers(2024) / "sources.yml").open("a", encoding="utf-8") as sources:
        sources.write(NAMED.replace("fund_entry]}", "fund_entry], bad_lines: 1}"))
    there = sorted(path.name for path in settings.raw.iterdir())
    before = set(cluster.folder.glob("worker-0/app-*"))
    running, build = start(settings, cluster)
    stands = build.folder / "spark" / "tables" / "main.db" / "int_cell" / "_SUCCESS"
    try:
        wait_for(lambda: running.poll() is not None or has_a_task(cluster, "worker-0", before), NEVER, "a task")
        assert running.poll() is None
        cluster.kill("worker-0")
        cluster.add_worker("worker-0")
        wait_for(lambda: stands.exists() or running.poll() is not None, NEVER, "a model that stands")
        assert running.poll() is None
        cluster.kill("worker-1")
        expected = run_year(settings, 2024)  # meanwhile
        assert expected.version is not None, expected
        assert finished(running, 0)["published"]
    finally:
        if running.poll() is None:
            running.kill()
    for log in (spark_entries.LOG, "spark.log"):
        assert "Lost executor" in (build.folder / log).read_text(encoding="utf-8"), log
    assert contents(build) == contents(expected.build)
    assert columns(build) == columns(expected.build)
    assert build.quarantine.read_bytes() == expected.build.quarantine.read_bytes()
    [ours] = (build.folder.parents[2] / "published" / "2024" / "hunan_hrss").iterdir()
    for table in compiled.published_tables():
        theirs = expected.version.folder / f"{table}.parquet"
        assert (ours / theirs.name).read_bytes() == theirs.read_bytes(), table
    manifest = json.loads((ours / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["content_sha256"] == expected.version.manifest["content_sha256"]
    assert not (build.folder / "spark" / "tables").exists()
    assert sorted(path.name for path in settings.raw.iterdir()) == there  # where the command ran: no metastore, no log


def has_a_task(cluster: Cluster, worker: str, before: set[Path]) -> bool:
    """Whether a worker is at work on a task of an application that was not there before."""
    said = [path for path in cluster.folder.glob(f"{worker}/app-*/*/stderr") if path.parents[1] not in before]
    return any("Running task" in path.read_text(encoding="utf-8", errors="replace") for path in said)


def csv_of(packed: Path) -> Path:
    """A compressed file in place of which the plain one stands."""
    plain = packed.with_suffix("")
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    return plain
