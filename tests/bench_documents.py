"""Planted faults in a report, by kind, and the share that a check finds; and what a PDF of 200 pages costs.

``python -m tests.bench_documents [faults of each kind [kind ...]]``: with kinds named, these alone. A fault is found
where the check says something that it does not say of the sound report: a broken rule, a notice, or a row not read.
``python -m tests.bench_documents FOLDER``: of each document in a folder the share that was read, and what was found.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT, Settings
from orchestration.cli.documents import as_json
from orchestration.documents.figures import find_figures
from orchestration.documents.formats import is_document
from orchestration.documents.reader import open_document, read_document
from orchestration.documents.stated import rules_on_what_is_stated
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import Year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.check import check_paths
from orchestration.warehouse.landing import land, raw_tables
from tests.unit.documents import laid_out, made
from tests.unit.documents.made import Block, Heading, Table, Text
from tests.variants import FIRST_YEAR, STRIDE, _as_year

CONTRACTS = read_contracts(ROOT / "raw" / "contracts")
RULES = read_rules(ROOT / "expectations" / "rules")
BATCH = 50
Plant = Callable[[list[Block], random.Random], list[Block]]


def changed(text: str, chance: random.Random) -> str:
    """The text with one of its digits another."""
    at = chance.choice([i for i, c in enumerate(text) if c.isdigit()])
    return text[:at] + chance.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]


def with_block(blocks: list[Block], at: int, block: Block) -> list[Block]:
    return [*blocks[:at], block, *blocks[at + 1 :]]


def in_sentence(blocks: list[Block], chance: random.Random) -> list[Block]:
    """One digit of an amount or rate of a sentence."""
    places = [
        (n, figure)
        for n, block in enumerate(blocks)
        if isinstance(block, Text)
        for figure in find_figures(block.text)
        if figure.kind == "figure" and (figure.unit.endswith("元") or figure.unit == "%")
    ]
    n, figure = chance.choice(places)
    text = blocks[n].text  # type: ignore[union-attr]
    wrong = changed(text[figure.start : figure.end], chance)
    return with_block(blocks, n, Text(text[: figure.start] + wrong + text[figure.end :]))


def in_table(blocks: list[Block], chance: random.Random) -> list[Block]:
    """One digit of a figure of a table."""
    n = chance.choice([n for n, block in enumerate(blocks) if isinstance(block, Table)])
    table = blocks[n]
    assert isinstance(table, Table)
    r, c = chance.choice(
        [(r, c) for r, row in enumerate(table.rows) for c, text in enumerate(row) if r and c > 1 and text.strip("-")]
    )
    rows = [list(row) for row in table.rows]
    rows[r][c] = changed(rows[r][c], chance)
    return with_block(blocks, n, replace(table, rows=rows))


def a_claim(blocks: list[Block], chance: random.Random) -> list[Block]:
    """A project that has spent is said to have spent nothing."""
    rows = [row for row in made.records("project_expenditure") if row["序号"].isdigit() and row["决算支出"]]
    project = chance.choice(rows)
    at = blocks.index(Heading("八、问题"))
    return [*blocks[: at + 1], Text(f"个别项目资金尚未支付，如：{project['项目明细']}。"), *blocks[at + 1 :]]


def a_count(blocks: list[Block], chance: random.Random) -> list[Block]:
    """A stated count is another, or a name of a list is left out."""
    counted = ("处室26个", "8个财务")
    texts = [
        n for n, each in enumerate(blocks) if isinstance(each, Text) and any(word in each.text for word in counted)
    ]
    n = chance.choice(texts)
    text = blocks[n].text  # type: ignore[union-attr]
    if chance.random() < 0.5:
        old = "26个" if "26个" in text else "8个"
        wrong = str(chance.choice([k for k in range(2, 40) if f"{k}个" != old]))
        return with_block(blocks, n, Text(text.replace(old, f"{wrong}个", 1)))
    begin = max(text.find("（"), text.find("："))
    names = text[begin + 1 :].split("、")
    names.pop(chance.randrange(1, len(names) - 1))
    return with_block(blocks, n, Text(text[: begin + 1] + "、".join(names)))


def a_year(blocks: list[Block], chance: random.Random) -> list[Block]:
    """A sentence that speaks of this year bears another one."""
    places = [
        (n, word)
        for n, block in enumerate(blocks)
        if isinstance(block, Text)
        for word in ("本年", "全年")
        if block.text.startswith(word)
    ]
    n, word = chance.choice(places)
    year = chance.choice([2021, 2022, 2023])
    return with_block(blocks, n, Text(blocks[n].text.replace(word, f"{year}年", 1)))  # type: ignore[union-attr]


KINDS: dict[str, Plant] = {
    "a figure of a sentence": in_sentence, "a figure of a table": in_table, "a claim": a_claim,
    "a count or list": a_count, "a year": a_year,
}  # fmt: skip
Said = set[tuple[str, str]]


def said_of(years: list[Year], folder: Path) -> list[Said]:
    """What is broken or to be looked at in each, judged in one build."""
    tables = []
    for n, year in enumerate(years):
        book = compile_rules(RULES, year.contracts, year.year, cells=year.cells, known=CONTRACTS)
        rows = raw_tables(year, rules_on_what_is_stated(book, year.ledgers), [])
        tables.append(_as_year(rows, FIRST_YEAR + STRIDE * n))
    build = Build(FIRST_YEAR, folder)
    land(build.warehouse, *tables)
    compiled.build(build.warehouse, ("reconciliation",), tests=False)
    found: list[Said] = [{(notice.found, notice.expected) for notice in year.notices} for year in years]
    broken = "from reconciliation where status in ('inconsistent', 'missing') and rule_id <> 'prior_year_published'"
    for row in build.rows(broken):
        found[(row["fiscal_year"] - FIRST_YEAR) // STRIDE].add((row["rule_id"], row["instance"]))
    return found


def read(blocks: list[Block], path: Path) -> Year | None:
    path.write_text(made.as_text(blocks), encoding="utf-8")
    try:
        return read_document(path, CONTRACTS, RULES).year
    except InputError:
        return None


def shares(count: int, folder: Path, only: Sequence[str] = ()) -> Iterator[tuple[str, int, int]]:
    """Of each kind: how many were planted, how many found."""
    sound = made.blocks()
    path = folder / "report.txt"
    for kind, plant in KINDS.items():
        if only and kind not in only:
            continue
        chance = random.Random(2024)
        years = [read(plant(sound, chance), path) for _ in range(count)]
        found = sum(year is None for year in years)  # a row that can't be read is said
        read_years = [year for year in years if year is not None]
        for n in range(0, len(read_years), BATCH):
            batch = folder / f"{kind}-{n}".replace(" ", "-")
            batch.mkdir()
            base, *others = said_of([_sound(sound, path), *read_years[n : n + BATCH]], batch)
            found += sum(bool(each - base) for each in others)
        yield kind, count, found


def _sound(blocks: list[Block], path: Path) -> Year:
    year = read(blocks, path)
    assert year is not None
    return year


def large(folder: Path) -> tuple[int, float, int]:
    """Pages, seconds of processor and MiB at most of a PDF of 200 pages."""
    content = [block for block in made.blocks() if not isinstance(block, Table)]
    tables = [block for block in made.blocks() if isinstance(block, Table)]
    path = laid_out.write_pdf([*tables, *content * 55], folder / "large.pdf")
    begun = time.process_time()
    pages = open_document(path).pages
    read_document(path, CONTRACTS, RULES)
    return pages, time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    """A line of a table for each document: figures, read, verified, errors, warnings, notices; and what was found."""
    settings = Settings.from_environment({"LEDGERGATE_HOME": str(folder / ".home")})
    for path in sorted(path for path in folder.iterdir() if is_document(path)):
        with tempfile.TemporaryDirectory() as build:
            try:
                found = check_paths(settings, [path], Path(build))
            except InputError as error:
                yield f"| {path.name} | {error.problems[0]} |", ""
                continue
            (said,) = as_json([*found.documents], found.build)
            rows = found.build.rows(
                "from reconciliation where status in ('inconsistent', 'missing') and rule_id <> 'prior_year_published'"
            )
            sentences = said["figures_in_sentences"] - len(found.documents[0].sentences.unread)
            read = said["figures_in_tables"] + sentences
            total = read + said["figures_not_read"]
            errors = sum(row["severity"] == "error" for row in rows)
            counts = (total, f"{100 * read / max(total, 1):.1f} %", said["bound"], said["verified"], errors)
            line = " | ".join(map(str, (path.name, *counts, len(rows) - errors, len(found.build.notices))))
            told = [f"    {row['severity']} {row['statement']}" for row in rows]
            told += [f"    notice {notice}" for notice in found.build.notices]
            yield f"| {line} |", "\n".join(told)


def main() -> None:
    if sys.argv[1:] and Path(sys.argv[1]).is_dir():
        print("| document | figures | read | matched | verified | errors | warnings | notices |")  # noqa: T201
        for line, told in of_folder(Path(sys.argv[1])):
            print(line, told, sep="\n" if told else "", flush=True)  # noqa: T201
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        if not sys.argv[2:]:
            pages, seconds, memory = large(Path(folder))
            print(f"{pages} pages: {seconds:.1f} s of processor for reading it twice, at most {memory} MiB", flush=True)  # noqa: T201
        for kind, planted, found in shares(count, Path(folder), sys.argv[2:]):
            print(f"{kind}: {found} of {planted}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
