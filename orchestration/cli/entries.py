"""The command about ledgers of single entries, ``ledgergate generate``: thin, like ``cli``, which registers it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from orchestration.base.departments import beside, newest_year, the_department
from orchestration.base.settings import CONTRACTS, Settings
from orchestration.base.years import FIRST_YEAR
from orchestration.cli.terminal import BAD_INPUT, Department, err, out, print_json


class Format(StrEnum):
    """How the entries are written; the names are those of ``entries.generate.FORMATS``."""

    CSV = "csv"
    GZIP = "csv.gz"
    ZSTD = "csv.zst"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:  ledgergate generate --entries 100000   |   "
        "ledgergate generate --entries 10000000 --format parquet --out /tmp/entries   |   "
        "ledgergate generate --entries 200000 --seed 7 --faults 5   |   "
        "ledgergate generate --entries 1000000 --departments 50 --out /tmp/province"
    )(generate)


def generate(
    entries: Annotated[int, typer.Option(min=1, help="How many entries, of all ledgers together.", show_default=False)],
    year: Annotated[
        int | None,
        typer.Option(min=FIRST_YEAR, max=2999, help="The year whose printed figures they sum to; the last without it."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same entries.")] = 1,
    faults: Annotated[int, typer.Option(min=0, help="Plant so many faults; faults.json is their key.")] = 0,
    department: Department = "",
    to: Annotated[
        Path | None,
        typer.Option("--out", help="An empty folder; synthetic/<year>-<seed> under LEDGERGATE_HOME without it."),
    ] = None,
    departments: Annotated[
        int,
        typer.Option(
            min=0,
            max=999,
            help="Make a province of so many departments, its printed ledgers with it, for the year after.",
        ),
    ] = 0,
    form: Annotated[Format, typer.Option("--format", help="csv, csv.gz, csv.zst or parquet.")] = Format.CSV,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the summary.")] = False,
) -> None:
    """Make synthetic entries whose sums agree with every printed figure of a year. For tests and benchmarks only.

    Everything it writes says that it is synthetic. Single entries are made up; only their sums are the year's.
    """
    from orchestration.entries.contract import read_entry_contracts
    from orchestration.ledgers.contract import read_contracts
    from orchestration.ledgers.reader import read_year
    from orchestration.synthetic.generate import generate as write
    from orchestration.synthetic.plan import PlanError, make_plan
    from orchestration.synthetic.province import department_targets, write_ledgers
    from orchestration.synthetic.targets import read_printed, targets_of

    settings = Settings.from_environment()
    year = year or newest_year(settings.raw)
    if year is None:
        err.print(f"{settings.raw} 里还没有年度", style="red", markup=False)
        raise typer.Exit(BAD_INPUT)
    settings = the_department(settings, year, department)
    folder = (to or settings.home / "synthetic" / f"{year}-{seed}").resolve()
    try:
        contracts = read_entry_contracts(settings.entry_contracts)
        with err.status("求各格的整分合计") as status:
            printed = read_printed(settings, year)
            if departments:
                accounts = department_targets(printed, year, departments)
                plan = make_plan(accounts, year + 1, seed, entries, faults)
                _must_be_empty(folder)
                folder_of_year = settings.ledgers(year)
                ledgers = read_year(
                    folder_of_year, year, read_contracts(settings.contracts, *beside(folder_of_year, year, CONTRACTS))
                )
                inside = write_ledgers(settings, ledgers, printed, departments, contracts, folder) / "entries"
            else:
                plan = make_plan(targets_of(printed, year), year, seed, entries, faults)
                inside = folder
            status.update("写明细")
            written = write(plan, contracts, inside, form.value)
    except PlanError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(BAD_INPUT) from None
    if as_json:
        facts = {"year": year, "seed": seed, "folder": str(folder), "files": written.files, "faults": written.faults}
        print_json({"synthetic": True, **facts})
        return
    lines = sum(written.files.values())
    out.print(Text.assemble(("合成数据  ", "yellow"), f"{lines} 行，{len(written.files)} 个文件  {folder}"))
    if departments:
        out.print(f"试跑  LEDGERGATE_RAW={folder} ledgergate run {year + 1}", markup=False)
    if written.faults:
        out.print(f"埋下 {len(written.faults)} 处错误，答案在 {written.folder / 'faults.json'}", markup=False)


def _must_be_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        err.print(f"{folder} 里已有文件；合成数据只写进空文件夹", style="red", markup=False)
        raise typer.Exit(BAD_INPUT)
