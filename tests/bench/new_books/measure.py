"""Puts new books into libraries, has them looked up and linked, and prints the readers' lists."""

import csv
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from recommender.engine.rerank import RerankOptions
from recommender.models import LibraryEntry, Reader
from recommender.selectors.recommendations import Pick, preview
from recommender.selectors.wording import NEW_SINCE, SUPPORTING
from recommender.services import added_books, library
from tests.bench.own_books.measure import look_up

BOOKS, ON_SHELF = 10, 6


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def measure(works: Path, readers: Path) -> None:
    """Fill the libraries, look the books up, and print the lists."""
    rows = {row["title"]: row for row in _rows(works)}
    own: dict[str, list[LibraryEntry]] = {}
    for line in _rows(readers):
        own.setdefault(line["reader"], []).append(_entry(rows[line["title"]], line["stars"]))
    people = {name: _reader(entries) for name, entries in own.items()}
    others = _reader([_entry(row, None) for row in rows.values()])  # the catalog's other new books
    owners = [*people.values(), others]
    found = sum(library.match_unmatched_entries(reader=owner) for owner in owners)
    look_up(owners)
    added_books.link_added_books()
    entries = LibraryEntry.objects.exclude(reader=others)
    found_since = entries.exclude(book=None).count()
    say(f"{entries.count()} rows find a book: {found} before, {found_since} after")
    for name, person in people.items():
        _say_list(name, person)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _entry(row: dict[str, str], stars: str | None) -> LibraryEntry:
    """A line as Goodreads writes it."""
    title = f"{row['title']} ({row['series']})" if row["series"] else row["title"]
    return LibraryEntry(
        source="goodreads",
        source_key=title,
        title=title,
        author=row["author"],
        shelf="read" if stars else "to-read",
        stars=Decimal(stars) if stars else None,
    )


def _reader(entries: Sequence[LibraryEntry]) -> Reader:
    reader = Reader.objects.create(looks_up_books=True)
    for entry in entries:
        entry.reader = reader
    LibraryEntry.objects.bulk_create(entries)
    return reader


def _say_list(name: str, reader: Reader) -> None:
    """The list, and the shelf of new books that a page shows below it."""
    picks = preview(reader=reader, top=BOOKS)
    shelf = preview(reader=reader, top=ON_SHELF, options=RerankOptions(year_from=NEW_SINCE))
    read = reader.entries.order_by("pk").exclude(book=None)
    say(f"\n{name}: {', '.join(f'{one.book} {one.stars:g}' for one in read)}")
    say(f"  {len(picks.used)} of {len(read)} books used")
    for pick in picks.chosen:
        say(f"  {pick.rank:>2}. {pick.book} ({pick.book.year}): {_because(pick)}")
    say(f"  new since {NEW_SINCE}: {'; '.join(str(pick.book) for pick in shelf.chosen)}")


def _because(pick: Pick) -> str:
    named = [
        f"{reason['title']}{' (alike)' if reason['kind'] == 'alike' else ''}"
        for reason in pick.reasons
        if reason["kind"] in (*SUPPORTING, "alike")
    ]
    return ", ".join(named)
