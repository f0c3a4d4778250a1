"""Which lines explain that an account is off: asked of DuckDB in one scan of the files that hold the account.

Only the lines that fit ever become Python values, and at most twenty a question. A fast scan finds them; the number of
a CSV line is then counted in the one file that it stands in, where a line is what stands between two line breaks.
What does not belong here: which accounts are off and by how much (``diagnose``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.base.addresses import connect, spelled
from orchestration.base.sql import sql_text
from orchestration.entries.diagnosis.accounts import AccountIndex, Values
from orchestration.entries.files import CSV, find_files
from orchestration.entries.line_faults import reason_of
from orchestration.entries.line_sql import csv_lines, raw_columns, source_of, typed
from orchestration.entries.read import MEMORY, limit
from orchestration.localisation.solver.system import Clock

if TYPE_CHECKING:
    import pyarrow as pa

#: Powers of ten between units that amounts are booked in, the commonest slip first: 万元, 亿元, 百元 or 分, 千元.
POWERS = (4, 8, 2, 3)
#: Lines shown for one question.
SHOWN = 20
#: A line is foreign in its voucher series where the rest is at least so many lines, and the account that most of
#: them are of has four in five: numbers that all accounts share tell nothing. Where it has all others, two are enough
#: if the stranger differs in one dimension.
SERIES, PURE = 4, 2
VOUCHER = "voucher_no"


@dataclass(frozen=True)
class Question:
    """An account that holds too much (``low`` > 0) or too little, in fen: which of its lines is it?"""

    values: Values
    low: int | None  # None: unbounded
    high: int | None

    @property
    def over(self) -> bool:
        return self.low is not None and self.low > 0

    @property
    def under(self) -> bool:
        return self.high is not None and self.high < 0


@dataclass(frozen=True)
class FittingLine:
    """A line that fits. ``kind``: wrong_unit (times 10^power), wrong_sign, extra (all of it too much)."""

    question: int  # place of the question; -1 where nothing was asked
    values: Values
    kind: str
    power: int
    file: int
    line: int
    month: int
    fen: int
    voucher: str
    copies: int = 1  # lines that are the same in every column, this one included
    number: int = 1  # how many lines fit in this way

    @property
    def right(self) -> int:
        """The amount that it should have been, in fen."""
        if self.kind == "wrong_unit":
            scale: int = 10 ** abs(self.power)
            return self.fen // scale if self.power > 0 else self.fen * scale
        return -self.fen if self.kind == "wrong_sign" else 0


@dataclass(frozen=True)
class VoucherGap:
    """Voucher numbers that no line has, between two lines of one account: ``files`` and ``months`` of the two."""

    values: Values
    first: str
    last: str
    count: int
    files: tuple[int, int]
    months: tuple[int, int]


@dataclass(frozen=True)
class VoucherSeries:
    """What voucher numbers tell of a ledger: ``gaps``, and ``foreign``: (account, its voucher, account of the
    series, file)."""

    gaps: tuple[VoucherGap, ...] = ()
    foreign: tuple[tuple[Values, str, Values, int], ...] = ()


class LineScanner:
    """One ledger's files, ready to be asked. Raises ``TimeoutError`` once the clock has run out."""

    def __init__(self, index: AccountIndex, numbers: Sequence[int], temporary: Path, clock: Clock):
        self.index, self.numbers, self.temporary, self.clock = index, list(numbers), temporary, clock
        self.files = find_files(index.contract, [index.files[number].path for number in numbers])
        self.number_of = {spelled(str(index.files[number].path)): number for number in numbers}

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.clock.check()
        with connect(self.files.paths) as connection:
            limit(connection, MEMORY, self.temporary)
            timer = Timer(self.clock.left(), connection.interrupt)
            timer.start()
            try:
                yield connection
            except duckdb.InterruptException as error:
                raise TimeoutError("time limit of the search for lines reached") from error
            finally:
                timer.cancel()

    def _lines(self) -> str:
        """SQL of all good lines: raw columns, dimensions, fen, month, voucher, and the row in a Parquet file."""
        contract = self.index.contract
        dimensions = [f"{typed(contract.column(name), self.files)} as {name}" for name in contract.dimensions]
        voucher = f"coalesce(raw_{VOUCHER}::varchar, '')" if VOUCHER in contract.names else "''"
        row = "0" if self.files.kind == CSV else "file_row_number + 1"
        bad = any(self.index.files[number].bad_lines for number in self.numbers)
        good = f"where {reason_of(self.files, self.index.year)} is null" if bad else ""
        source = source_of(self.files, [self.index.files[number].path for number in self.numbers])
        return f"""
            select {", ".join(f"raw_{name}" for name in contract.names)}, file, {", ".join(dimensions)},
                {typed(contract.amount, self.files)} as fen,
                month({typed(contract.date, self.files)})::integer as in_month,
                {voucher} as voucher, {row}::bigint as line
            from (select {raw_columns(self.files)} from {source})
            {good}
        """

    def fitting(self, questions: Sequence[Question]) -> list[FittingLine]:
        """The lines that explain each question, at most ``SHOWN`` of each kind."""
        wanted = [row for place, question in enumerate(questions) for row in self._ranges(place, question)]
        if not wanted:
            return []
        names = self.index.contract.dimensions
        same = ", ".join(f"raw_{name}" for name in self.index.contract.names)
        alike = f"partition by question, kind, power, {same}"
        with self._connection() as connection:
            connection.register("asked", self._asked(wanted))
            connection.execute("create temp table wanted as from asked")
            on = " and ".join(f"lines.{name} is not distinct from wanted.d_{name}" for name in names)
            connection.execute(f"""
                create temp table hit as
                select lines.*, wanted.question, wanted.kind, wanted.power
                from ({self._lines()}) as lines
                inner join wanted on {on} and lines.fen between wanted.low and wanted.high
                    and (wanted.power <= 0 or lines.fen % (10 ** wanted.power)::bigint = 0)
            """)
            found = connection.execute(f"""
                with counted as (
                    select *, count(*) over ({alike}) as copies,
                        row_number() over ({alike} order by file desc, line desc) as copy,
                        count(*) over (partition by question, kind, power) as number
                    from hit
                )
                select {", ".join(names)}, question, kind, power, file, line, in_month, fen, voucher, copies, number,
                    {same}
                from counted
                where copies = 1 or copy = 1
                qualify row_number() over (
                    partition by question, kind, power order by copies desc, abs(fen) desc, file, voucher
                ) <= {SHOWN}
            """).fetchall()
        width = len(names)
        lines = []
        raw: dict[int, list[tuple[int, tuple[Any, ...]]]] = {}
        for place, row in enumerate(found):
            question, kind, power, file, line, month, fen, voucher, copies, number = row[width : width + 10]
            at = self.number_of[spelled(file)]
            values = tuple(row[:width])
            lines.append(FittingLine(question, values, kind, power, at, line, month, fen, voucher, copies, number))
            raw.setdefault(at, []).append((place, tuple(row[width + 10 :])))
        if self.files.kind == CSV:
            for at, asked in raw.items():
                numbered = self._numbered(at, [columns for _, columns in asked])
                for (place, _), line in zip(asked, numbered, strict=True):
                    lines[place] = replace(lines[place], line=line)
        return lines

    def at_vouchers(self, wanted: Sequence[tuple[Values, str, int]]) -> list[FittingLine]:
        """Lines by account, voucher number and file, whatever their amounts."""
        if not wanted:
            return []
        names = self.index.contract.dimensions
        files = sorted({number for _, _, number in wanted})
        found = LineScanner(self.index, files, self.temporary, self.clock)
        vouchers = ", ".join(sql_text(voucher) for _, voucher, _ in wanted)
        same = ", ".join(f"raw_{name}" for name in self.index.contract.names)
        with found._connection() as connection:
            rows = connection.execute(f"""
                select {", ".join(names)}, file, line, in_month, fen, voucher, {same}
                from ({found._lines()}) where voucher in ({vouchers})
            """).fetchall()
        lines = []
        for row in rows:
            values = tuple(row[: len(names)])
            file, line, month, fen, voucher = row[len(names) : len(names) + 5]
            at = found.number_of[spelled(file)]
            if (values, voucher, at) in wanted:
                if found.files.kind == CSV:
                    (line,) = found._numbered(at, [tuple(row[len(names) + 5 :])])
                lines.append(FittingLine(-1, values, "extra", 0, at, line, month, fen, voucher))
        return lines

    def _numbered(self, number: int, rows: Sequence[tuple[Any, ...]]) -> list[int]:
        """The number of each line in a CSV file; of lines that are the same, the last one's."""
        names = self.index.contract.names
        path = self.index.files[number].path
        amount = names.index(self.index.contract.amount.name)
        near = " or ".join(f"contains(raw, {sql_text(text)})" for text in sorted({str(row[amount]) for row in rows}))
        columns = ", ".join(f"coalesce(raw_{name}, '') as c{place}" for place, name in enumerate(names))
        with self._connection() as connection:
            found = connection.execute(
                f"select line, {columns} from ({csv_lines(self.files, path, '')}) where {near} order by line"
            ).fetchall()
        at = {tuple(row[1:]): row[0] for row in found}
        return [at[tuple("" if value is None else str(value) for value in row)] for row in rows]

    def _asked(self, wanted: Sequence[Mapping[str, Any]]) -> pa.Table:
        import pyarrow as pa  # where something is wrong with entries, and not before

        amounts = {
            "question": pa.int32(),
            "kind": pa.string(),
            "power": pa.int32(),
            "low": pa.int64(),
            "high": pa.int64(),
        }
        schema = pa.schema({**{f"d_{name}": pa.string() for name in self.index.contract.dimensions}, **amounts})
        return pa.Table.from_pylist(wanted, schema=schema)

    def _ranges(self, place: int, question: Question) -> Iterator[dict[str, Any]]:
        """Amounts that a line would have that explains the error: error = booked - right."""
        factors: list[tuple[str, int, Fraction]] = [("extra", 0, Fraction(1)), ("wrong_sign", 0, Fraction(2))]
        for power in POWERS:
            factors.append(("wrong_unit", power, 1 - Fraction(1, 10**power)))
            factors.append(("wrong_unit", -power, 1 - Fraction(10**power)))
        known = {f"d_{name}": value for name, value in self.index.of(question.values).items()}
        for kind, power, factor in factors:
            edges = [None if edge is None else edge / factor for edge in (question.low, question.high)]
            least, most = edges if factor > 0 else edges[::-1]
            low = -(2**62) if least is None else ceil(least)
            high = 2**62 if most is None else floor(most)
            if low <= high and not low <= 0 <= high:
                yield {**known, "question": place, "kind": kind, "power": power, "low": low, "high": high}

    def series(self, accounts: Collection[Values]) -> VoucherSeries:
        """Gaps in the voucher numbers of accounts, and lines of theirs that stand in another account's series.

        One scan: a series is a prefix, its numbers in one file a run. Only runs that are not dense are looked into.
        """
        if VOUCHER not in self.index.contract.names:
            return VoucherSeries()
        names = ", ".join(self.index.contract.dimensions)
        with self._connection() as connection:
            connection.execute(f"""
                create temp table run as
                select {names}, file, prefix, in_month, count(*) as lines, min(number) as first, max(number) as last,
                    min(voucher) as voucher
                from (
                    select *, regexp_extract(voucher, '^(.*?)[0-9]+$', 1) as prefix,
                        try_cast(regexp_extract(voucher, '([0-9]+)$', 1) as bigint) as number
                    from ({self._lines()})
                )
                where number is not null group by all
            """)
            foreign = tuple(self._foreign(connection, names, accounts))
            gaps = tuple(self._gaps(connection, names, accounts))
        return VoucherSeries(gaps, foreign)

    def _foreign(
        self, connection: duckdb.DuckDBPyConnection, names: str, accounts: Collection[Values]
    ) -> Iterable[tuple[Values, str, Values, int]]:
        rows = connection.execute(f"""
            with account as (
                select prefix, {names}, sum(lines) as lines, min(voucher) as voucher, min(file) as file
                from run group by all
            ),
            owner as (
                select *, sum(lines) over (partition by prefix) as whole
                from account qualify row_number() over (partition by prefix order by lines desc) = 1
            )
            select {_prefixed(names, "account")}, account.voucher, {_prefixed(names, "owner")}, owner.lines,
                account.file
            from account inner join owner using (prefix)
            where account.lines = 1 and (
                (owner.lines >= {SERIES} and owner.lines * 5 >= owner.whole * 4)
                or (owner.lines >= {PURE} and owner.lines = owner.whole - 1)
            )
            order by all limit {SHOWN * SHOWN}
        """).fetchall()
        width = len(self.index.contract.dimensions)
        for row in rows:
            values, owner = tuple(row[:width]), tuple(row[width + 1 : 2 * width + 1])
            near = row[-2] >= SERIES or sum(a != b for a, b in zip(values, owner, strict=True)) == 1
            if near and (values in accounts or owner in accounts):
                yield values, row[width], owner, self.number_of[spelled(row[-1])]

    def _gaps(
        self, connection: duckdb.DuckDBPyConnection, names: str, accounts: Collection[Values]
    ) -> Iterable[VoucherGap]:
        """Numbers missing within the runs of a file, and between the runs of an account."""
        connection.execute("""
            create temp table series as
            select prefix, file, sum(lines) as lines, min(first) as first, max(last) as last from run group by all
        """)
        loose = connection.execute(
            f"select prefix, file from series where last - first + 1 > lines limit {SHOWN * SHOWN}"
        ).fetchall()
        found: list[tuple[Any, ...]] = []
        if loose:
            import pyarrow as pa

            connection.register("loose", pa.table({"prefix": [p for p, _ in loose], "file": [f for _, f in loose]}))
            found += connection.execute(f"""
                with numbered as (
                    select *, regexp_extract(voucher, '^(.*?)[0-9]+$', 1) as prefix,
                        try_cast(regexp_extract(voucher, '([0-9]+)$', 1) as bigint) as number
                    from ({self._lines()})
                ),
                beside as (
                    select *, lag(number) over series as before, lag(in_month) over series as month_before,
                        lag(({names})) over series as account_before
                    from numbered inner join loose using (prefix, file)
                    window series as (partition by prefix, file order by number)
                )
                select {names}, file, file, month_before, in_month, prefix, before + 1, number - 1, voucher
                from beside where number - before > 1 and account_before is not distinct from ({names})
                order by number - before limit {SHOWN * SHOWN}
            """).fetchall()
        found += connection.execute(f"""
            with beside as (
                select *, lag(last) over series as before, lag(in_month) over series as month_before,
                    lag(file) over series as file_before, lag(({names})) over series as account_before
                from run window series as (partition by prefix order by first)
            )
            select {names}, file_before, file, month_before, in_month, prefix, before + 1, first - 1, voucher
            from beside
            where first - before > 1 and file <> file_before and account_before is not distinct from ({names})
            order by first - before limit {SHOWN * SHOWN}
        """).fetchall()
        width = len(self.index.contract.dimensions)
        for row in found:
            values = tuple(row[:width])
            before, after, month_before, month, prefix, first, last, voucher = row[width:]
            digits = len(voucher) - len(prefix) if voucher[len(prefix) :].startswith("0") else 0
            if values in accounts:
                named = [f"{prefix}{number:0{digits}d}" if digits else f"{prefix}{number}" for number in (first, last)]
                files = (self.number_of[spelled(before)], self.number_of[spelled(after)])
                yield VoucherGap(values, named[0], named[1], last - first + 1, files, (month_before, month))


def _prefixed(names: str, table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in names.split(", "))
