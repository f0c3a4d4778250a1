"""Where things are. The only place that reads the ``LEDGERGATE_`` environment; all else is handed a ``Settings``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.base.addresses import resolve_path
from orchestration.base.problems import InputError, Problem

ROOT = Path(__file__).resolve().parents[2]

#: Folders that may stand beside a year's ledgers, and add to what all years share or take its place.
CONTRACTS, RULES = "contracts", "rules"
#: How the folder of a build is called that is only looked at.
AS_PUBLISHED = "-as-published"
#: In the folder of a build: its tables; or where it has its share of those of many, until somebody asks for it.
WAREHOUSE, SHARE = "warehouse.duckdb", "share"


#: SQLite opens no path beyond 512 bytes, and Dagster's records lie this far below ``home``.
MOST_HOME_BYTES = 512 - 120
#: DuckDB takes what follows a question mark for options, and *[ for patterns; Dagster's records take %41 for A.
_NO_PATH = "?*[%"


#: The zone in which times are shown, by its IANA name.
TIMEZONE = "LEDGERGATE_TIMEZONE"


#: The language in which people are told. Figures, names, JSON, tables and the filed report don't change with it.
LANGUAGE, LANGUAGES = "LEDGERGATE_LANG", ("zh", "en")


def timezone_name(environment: Mapping[str, str] | None = None) -> str:
    """The zone of the place: the setting, else that of the system's TZ, else that of the first department."""
    env = os.environ if environment is None else environment
    return env.get(TIMEZONE) or env.get("TZ", "").removeprefix(":") or "Asia/Shanghai"


@dataclass(frozen=True)
class Settings:
    """Folders of one installation, all absolute; whom to alert, and where people look at runs. Where ``department`` is
    given, the folders of years are that department's.
    """

    home: Path  # builds, published versions, the serving file
    raw: Path  # contracts, and the ledgers of each year
    rules: Path = ROOT / "expectations" / "rules"
    target: str = "duckdb"  # the engine that builds the models: duckdb or spark
    spark_master: str = "local[2]"
    spark_driver: str = "127.0.0.1"  # this machine, as Spark's workers reach it
    spark_folder: str = ""  # where Spark and its workers share files, if not in the build folder
    alert_urls: str = field(default="", repr=False)  # holds passwords and tokens: never shown
    ui_url: str = "http://127.0.0.1:3000"
    postgres_url: str = field(default="", repr=False)  # where Dagster's records are, if not in files
    published_at: str = ""  # where versions are, if not under ``home``: a folder, or an address that fsspec knows
    department: str = ""  # the code of the one whose years are meant

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Raises ``InputError`` where the databases of an installation could not be at ``LEDGERGATE_HOME``, and where
        nothing is said in the language that is asked for.
        """
        env = os.environ if environment is None else environment
        _refuse_language(env.get(LANGUAGE) or LANGUAGES[0])
        _refuse_home(env.get("LEDGERGATE_HOME") or ROOT / "data")
        return cls(
            home=Path(env.get("LEDGERGATE_HOME") or ROOT / "data").resolve(),
            raw=Path(env.get("LEDGERGATE_RAW") or ROOT / "raw").resolve(),
            target=env.get("LEDGERGATE_TARGET") or cls.target,
            spark_master=env.get("LEDGERGATE_SPARK_MASTER") or cls.spark_master,
            spark_driver=env.get("LEDGERGATE_SPARK_DRIVER") or cls.spark_driver,
            spark_folder=env.get("LEDGERGATE_SPARK_FOLDER") or cls.spark_folder,
            alert_urls=env.get("LEDGERGATE_ALERT_URLS") or "",
            postgres_url=env.get("LEDGERGATE_POSTGRES_URL") or "",
            published_at=env.get("LEDGERGATE_PUBLISHED") or "",
            ui_url=(env.get("LEDGERGATE_UI_URL") or cls.ui_url).rstrip("/"),
        )

    def with_rules(self, rules: Path) -> Settings:
        return replace(self, rules=rules.resolve())

    def of(self, department: str) -> Settings:
        """The same installation, as one department's; as nobody's where the code is empty."""
        return replace(self, department=department)

    @property
    def contracts(self) -> Path:
        return self.raw / "contracts"

    @property
    def entry_contracts(self) -> Path:
        """Contracts of the second kind: ledgers of single entries."""
        return self.contracts / "entries"

    @property
    def serving(self) -> Path:
        """The file that readers open: the tables of every published year."""
        return self.home / "ledgergate.duckdb"

    @property
    def current(self) -> Path:
        """Which version each published year is at."""
        return self.home / "current.json"

    @property
    def publish_lock(self) -> Path:
        """Held by whoever writes versions, the serving file or the record of what is current."""
        return self.home / ".publish.lock"

    @property
    def outbox(self) -> Path:
        """What is to be told, to whom, and who has said that it arrived."""
        return self.home / "outbox.sqlite"

    @property
    def dagster_home(self) -> Path:
        return Path(os.environ.get("DAGSTER_HOME") or self.home / "dagster").resolve()

    def page_url(self, year: int, page: str) -> str:
        """Where people open a page of a year: ``report`` or ``gates``."""
        return f"{self.ui_url}/pages/{year}/{self.department}/{page}"

    def province_url(self, year: int) -> str:
        """Where people open the page of all departments of a year."""
        return f"{self.ui_url}/pages/{year}/province"

    def ledgers(self, year: int) -> Path:
        return self.raw / str(year) / self.department

    def entry_sums(self, year: int) -> Path:
        """What each file of entries sums to, kept by content: a year in which one file is new reads one file."""
        return self.home / "entries" / str(year) / self.department

    def build(self, year: int, as_published: bool = False) -> Path:
        """The disposable folder in which a year is built. What is only looked at is built beside the year."""
        return self.home / "build" / str(year) / f"{self.department}{AS_PUBLISHED if as_published else ''}"

    def together(self, year: int) -> Path:
        """Where departments that run together are built: a folder for each build, until none has a share in it."""
        return self.home / "together" / str(year)

    @property
    def published(self) -> Path:
        """Where every year's versions are, for ever."""
        return resolve_path(self.published_at or "published", self.home)

    def versions(self, year: int) -> Path:
        return self.published / str(year) / self.department

    def reports(self, year: int) -> Path:
        """The disposable reports, one folder for each version that they are made of."""
        return self.home / "reports" / str(year) / self.department


def _refuse_language(language: str) -> None:
    if language not in LANGUAGES:
        raise InputError([Problem(LANGUAGE, "", "", language, f"{' 或 '.join(LANGUAGES)}")])


def _refuse_home(home: str | Path) -> None:
    text = str(Path(home).absolute())
    if (length := len(os.fsencode(text))) > MOST_HOME_BYTES:
        raise _home_error(f"{text[:60]}…（{length} 字节）", f"不超过 {MOST_HOME_BYTES} 字节的路径")
    if found := next((character for character in _NO_PATH if character in text), ""):
        raise _home_error(text, f"没有“{found}”的路径")


def _home_error(found: str, expected: str) -> InputError:
    return InputError([Problem("LEDGERGATE_HOME", "", "", found, expected)])
