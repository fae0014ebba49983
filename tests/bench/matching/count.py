"""Brings drawn lines into libraries of their own, and counts what became of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from catalog.matching import Wanted, match
from catalog.models import Book
from catalog.probable import propose
from recommender.models import ImportItem, ImportJob, Reader
from recommender.services import library, staging
from recommender.sources.base import ShelfSource
from tests.bench.matching.lines import Line

METHODS = ("work", "edition", "isbn", "title", "original title", "series")


@dataclass(slots=True)
class Result:
    """What became of the lines of one file."""

    name: str
    rows: int
    seconds: float
    right: Counter[str] = field(default_factory=Counter)  # by the step that decided
    wrong: list[tuple[Line, str, str]] = field(default_factory=list)  # line, book, step
    proposed: Counter[str] = field(default_factory=Counter)  # rightly, by what speaks for it
    misproposed: list[tuple[Line, str, str]] = field(default_factory=list)
    ambiguous: list[Line] = field(default_factory=list)
    missed: list[Line] = field(default_factory=list)  # unmatched, though the catalog has them
    left_alone: int = 0  # unmatched, as they are not in the catalog

    @property
    def unread(self) -> int:
        """Lines that could not be read, or went for repeats."""
        told = self.right.total() + len(self.wrong) + len(self.ambiguous) + len(self.missed)
        proposed = self.proposed.total() + len(self.misproposed)
        return self.rows - told - proposed - self.left_alone


def bring_in(
    name: str, source: ShelfSource, lines: Mapping[Any, Line], *, account: str = ""
) -> Result:
    """Import a whole shelf, and compare each row's book with the one that was meant.

    `lines` go by the line of a file, or by the key that the source gives its rows.
    """
    reader = Reader.objects.create()
    job = ImportJob.objects.create(reader=reader, kind=source.name, account=account)
    begun = perf_counter()
    for page in source.pages():
        staging.stage_page(job=job, page=page)
    library.match_items(job=job)
    library.apply_items(job=job)
    result = Result(name, len(lines), perf_counter() - begun)
    items = list(
        job.items.exclude(state=ImportItem.State.FAILED).select_related("book", "suggested_book")
    )
    steps = _steps(items)
    for item in items:
        _count(result, lines[item.line or item.source_key], item, steps[item.pk])
    return result


def _steps(items: list[ImportItem]) -> dict[int, str]:
    """Which step decided each row, or what speaks for its proposal: rows keep the book alone."""
    wanted = [
        Wanted(item.pk, item.edition_id, item.work_id, item.isbn13, item.title, item.author)
        for item in items
    ]
    found = match(wanted)
    probable = propose(wanted, found)
    return {
        item.pk: probable[item.pk].way if item.pk in probable else found[item.pk].method
        for item in items
    }


def _count(result: Result, line: Line, item: ImportItem, step: str) -> None:
    book, suggested = item.book, item.suggested_book
    if suggested is not None and suggested.goodbooks_id == line.book_id:
        result.proposed[step] += 1
    elif suggested is not None:
        result.misproposed.append((line, _told(suggested), step))
    elif book is not None and book.goodbooks_id == line.book_id:
        result.right[step] += 1
    elif book is not None:
        result.wrong.append((line, _told(book), step))
    elif item.state == ImportItem.State.AMBIGUOUS:
        result.ambiguous.append(line)
    elif line.book_id is None:
        result.left_alone += 1
    else:
        result.missed.append(line)


def _told(book: Book) -> str:
    return f"{book} by {book.author_names[0]}"
