"""Reads the CSV files of a folder, plain or gzipped: columns by name, wrong rows recorded."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path


class UnusableFolder(Exception):
    """The folder cannot be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one line of a file."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(slots=True)
class Problems:
    """All problems that were found, counted; the first `kept` of each file are kept as text."""

    kept: int = 100
    listed: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, file: str, line: int, reason: str) -> None:
        self.counts[file] += 1
        if self.counts[file] <= self.kept:
            self.listed.append(Problem(file, line, reason))

    @property
    def unlisted(self) -> dict[str, int]:
        """How many problems of each file are not listed."""
        return {file: n - self.kept for file, n in self.counts.items() if n > self.kept}


@dataclass(slots=True)  # frozen, the million rows of a folder would take twice as long to make
class Row:
    """The wanted columns of one line; "" for an optional column that the file lacks."""

    line: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One file of the folder."""

    path: Path
    problems: Problems

    @property
    def name(self) -> str:
        return self.path.name

    def wrong(self, line: int, reason: str) -> None:
        self.problems.add(self.name, line, reason)

    def columns(self) -> list[str]:
        _, header = next(self._lines(), (0, []))
        if not header:
            raise UnusableFolder(f"{self.path} is empty.")
        return [name.strip() for name in header]

    def rows(self, *required: str, optional: Sequence[str] = ()) -> Iterator[Row]:
        """Yield the named columns, in that order, of every complete line."""
        header = self.columns()
        missing = [name for name in required if name not in header]
        if missing:
            raise UnusableFolder(
                f"{self.path} has no column {' and no column '.join(missing)}; "
                "is it a file of goodbooks-10k?"
            )
        width = len(header)
        # What a file lacks is read from an empty cell after the last one.
        wanted = (*required, *optional)
        places = [header.index(name) if name in header else width for name in wanted]
        for line, cells in islice(self._lines(), 1, None):
            if len(cells) == width:
                cells.append("")
                yield Row(line, tuple([cells[place].strip() for place in places]))
            elif cells:
                self.wrong(line, f"{len(cells)} columns where {width} are expected")

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of every row, with the number of its first line."""
        line = 1
        try:
            with self._text() as text:
                reader = csv.reader(text)
                for cells in reader:
                    yield line, cells
                    line = reader.line_num + 1
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise UnusableFolder(f"{self.path} is damaged; download it again ({error}).") from error
        except UnicodeDecodeError as error:
            raise UnusableFolder(f"{self.path} is not UTF-8 text; save it as UTF-8.") from error
        except csv.Error as error:
            raise UnusableFolder(
                f"{self.path} is not a CSV file from line {line} on: {error}."
            ) from error
        except OSError as error:
            raise UnusableFolder(f"{self.path} cannot be read: {error.strerror}.") from error

    def _text(self) -> io.TextIOBase:
        if self.path.suffix == ".gz":
            return io.TextIOWrapper(gzip.open(self.path), encoding="utf-8-sig", newline="")
        return self.path.open(encoding="utf-8-sig", newline="")


def find_table(folder: Path, name: str, problems: Problems) -> Table | None:
    """The file `name`.csv or `name`.csv.gz of the folder, if it exists."""
    for suffix in (".csv", ".csv.gz"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return Table(path, problems)
    return None
