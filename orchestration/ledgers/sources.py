"""Where a year's ledgers come from: ``sources.yml``, read and checked. Opens no ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from orchestration.base.files import is_there
from orchestration.base.problems import InputError, Problem
from orchestration.base.records import StrictRecord
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.contract import validation_problems
from orchestration.ledgers.money import MONEY_UNITS

#: The register of names.
NAMES = "names.csv"
#: Where each figure of a year that was read from a document stands in it.
EVIDENCE = "evidence.csv"
#: A page for whoever fills a year's workbooks in, and the sheet of them that checks what is filled in: no ledgers.
GUIDE, CHECKS = "填报说明.html", "核对"
#: Files of a year that are not ledgers.
COMPANIONS = frozenset({"sources.yml", "corrections.csv", "exceptions.csv", "narrative.yml", NAMES, EVIDENCE, GUIDE})


class SourceDocument(StrictRecord):
    """A published document that ledgers were taken from. ``sha256`` is of the document itself."""

    title: str
    publisher: str = ""
    sha256: str = ""


class Source(StrictRecord):
    """Where one ledger file comes from."""

    file: str
    ledger: str
    sheet: str = ""
    document: str = ""
    section: Annotated[str, BeforeValidator(str)] = ""
    unit: str = ""
    rows: Annotated[int, Field(ge=1)] | None = (
        None  # how many rows stand there, counted in the document by who lists it
    )
    note: str = ""
    on_duty: str = ""  # who mends this ledger here; else as below, else as its contract says


class EntrySource(StrictRecord):
    """Where the files of one ledger of entries are: files, folders or addresses, relative to the year's folder; and how
    many bad lines the year may have before it stops.
    """

    ledger: str
    paths: Annotated[tuple[str, ...], Field(min_length=1)]
    bad_lines: Annotated[int, Field(ge=0)] = 0


class Sources(StrictRecord):
    """``raw/<year>/sources.yml``."""

    year: int
    department: str = ""
    documents: dict[str, SourceDocument] = Field(default_factory=dict)
    files: tuple[Source, ...] = ()
    required: tuple[str, ...] | None = None  # ledgers that this department must bring; else as their contracts say
    entries: tuple[EntrySource, ...] = ()
    superior: str = ""  # the code of the department that subsidises this one, and to which this one remits
    on_duty: str = ""  # who mends this department's ledgers, in place of the offices that contracts name


def read_sources(folder: Path, year: int) -> tuple[Sources, list[Problem]]:
    """A folder's ``sources.yml``, and what is wrong in it. Raises ``InputError`` where it can't be read at all."""
    path = folder / "sources.yml"
    if not is_there(path):
        raise InputError(
            [Problem(str(path), "", "", "没有这个文件", "登记每个账表文件的 ledger、document、section、unit")]
        )
    try:
        sources = Sources.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(validation_problems(path, error)) from None
    problems = []
    if sources.year != year:
        problems.append(Problem(str(path), "", "year", str(sources.year), str(year)))
    for source in sources.files:
        if Path(source.file).is_absolute() or ".." in Path(source.file).parts:
            problems.append(Problem(str(path), "", "files", source.file, "本年度文件夹里的文件"))
        if source.document and source.document not in sources.documents:
            problems.append(Problem(str(path), "", source.file, source.document, "documents 里的一个名字"))
        if source.unit and source.unit not in MONEY_UNITS:
            problems.append(Problem(str(path), "", source.file, source.unit, "/".join(MONEY_UNITS)))
    return sources, problems
