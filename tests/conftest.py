"""Shared by all tests: a copy of the real 2024 ledgers to break, and an installation of its own for each test."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from orchestration.base.settings import ROOT, Settings

if TYPE_CHECKING:
    from orchestration.pipeline.outcome import Outcome

# The same examples every time, and no clock: a busy machine fails no property.
hypothesis.settings.register_profile("ledgergate", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ledgergate")
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
os.environ["GX_ANALYTICS_ENABLED"] = "false"
# Whoever runs the tests must not alert people, or write to a real installation.
for name in [name for name in os.environ if name.startswith("LEDGERGATE_")]:
    del os.environ[name]
os.environ["LEDGERGATE_LANG"] = "zh"  # whatever the locale of whoever runs the tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits begins first: one worker waits for it while the others compute, and nothing long comes last."""
    items.sort(key=lambda item: not any(item.get_closest_marker(waits) for waits in ("browser", "drill", "spark")))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A copy of raw/ that the test may change."""
    return Path(shutil.copytree(ROOT / "raw", tmp_path / "raw"))


@pytest.fixture
def settings(tmp_path: Path, raw: Path) -> Settings:
    """An installation of the test's own over its copy of raw/."""
    return Settings(department="hunan_hrss", home=tmp_path / "home", raw=raw)


@dataclass(frozen=True)
class Published:
    settings: Settings
    outcome: Outcome

    def state(self) -> dict[str, tuple[int, int, int]]:
        """Which file it is that stands in each place, but for what tests may leave there: Dagster's records, reports,
        what is built beside the year, locks, and what ``explain`` has read once.
        """
        found = {}
        for root in (self.settings.raw, self.settings.home):
            for folder, folders, names in os.walk(root):
                folders[:] = {*folders} - {"dagster", "reports", "hunan_hrss-as-published"}
                for path in (Path(folder, name) for name in names if name != "places.json" and name[0] != "."):
                    stat = path.stat()
                    found[str(path)] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        return found


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Published:
    """The real 2024 ledgers, taken to a published version by the job. Tests that change anything make their own.

    The first worker makes it, the others take a copy: a run costs as much as fifty tests.
    """
    own = tmp_path_factory.mktemp("published")
    if worker_id == "master":
        return _run_2024(own)
    shared = tmp_path_factory.getbasetemp().parent / "published-by-the-first"
    shared.mkdir(exist_ok=True)
    with (shared / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made, kept = shared / "made.pickle", shared / "installation"
        if not made.exists():
            kept.mkdir()
            made.write_bytes(pickle.dumps(_run_2024(kept)))
    shutil.copytree(kept, own, dirs_exist_ok=True)
    return _moved(pickle.loads(made.read_bytes()), kept, own)


@pytest.fixture(scope="session")
def _published_state(published: Published) -> dict[str, tuple[int, int, int]]:
    return published.state()


@pytest.fixture(autouse=True)
def _leaves_the_published_year_as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Who changes the installation that all tests of a worker share fails, not one that comes after it."""
    if "published" not in request.fixturenames:
        yield
        return
    published: Published = request.getfixturevalue("published")
    before: dict[str, tuple[int, int, int]] = request.getfixturevalue("_published_state")
    yield
    after = published.state()
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    before.clear()
    before.update(after)
    assert changed == [], "it changed the published year that tests share: it needs one of its own"


def _moved(made: Published, before: Path, after: Path) -> Published:
    """The same installation in another folder."""

    def there(path: Path) -> Path:
        return after / path.relative_to(before)

    version, build = made.outcome.version, made.outcome.build
    assert version is not None
    outcome = replace(
        made.outcome,
        build=replace(build, folder=there(build.folder)),
        version=replace(version, folder=there(version.folder)),
    )
    return Published(replace(made.settings, home=there(made.settings.home), raw=there(made.settings.raw)), outcome)


def _run_2024(folder: Path) -> Published:
    from orchestration.pipeline.run import run_year  # a unit test need not wait for Dagster

    raw = folder / "raw"
    shutil.copytree(ROOT / "raw", raw)
    settings = Settings(department="hunan_hrss", home=folder / "home", raw=raw)
    outcome = run_year(settings, 2024)
    assert outcome.version is not None, outcome
    return Published(settings, outcome)


def edit(path: Path, before: str, after: str) -> None:
    """Replace a text that stands in a file exactly once."""
    content = path.read_text(encoding="utf-8")
    assert content.count(before) == 1, f"{before!r} stands {content.count(before)} times in {path.name}"
    path.write_text(content.replace(before, after), encoding="utf-8")
