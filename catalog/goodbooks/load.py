"""Loads a folder in the format of goodbooks-10k into the catalog, all of it or nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog.credits import Role
from catalog.goodbooks.books import BookRow, is_starter_id
from catalog.goodbooks.derived import derive_genres
from catalog.goodbooks.genres import NAMES
from catalog.goodbooks.identity import Identified, identify, report_duplicates
from catalog.goodbooks.reader import Folder, Say, read_folder
from catalog.goodbooks.roles import roles_of
from catalog.goodbooks.table import Problems
from catalog.kinds import kind_of
from catalog.lookups import AnyOf
from catalog.models import (
    Author,
    Book,
    BookAuthor,
    BookGenre,
    BookIdentifier,
    Genre,
    GenreAlias,
)
from catalog.normalize import surname_key, title_key
from catalog.planner import analyze

BATCH = 2000
LOCK = 0x626F6F6B  # "book": two loads at once would create every book twice
MAX_VOLUME = 9999

Origin = Book.Origin
VOLUMES = ("first_volume", "last_volume")

# Fields that belong together: a lock on one locks the group.
GROUPS = (
    {"title", "title_key"},
    {"original_title", "original_title_key"},
    {"series_name", "series_number"},
    {"kind", *VOLUMES},
    {"description", "description_source"},
)
FIELDS = (
    "goodbooks_id",
    "goodreads_work_id",
    "title",
    "title_key",
    "original_title",
    "original_title_key",
    "year",
    "language",
    "series_name",
    "series_number",
    "kind",
    "first_volume",
    "last_volume",
    "description",
    "description_source",
    "ratings_count",
    "average_rating",
    "to_read_count",
    "is_simulated",
    "origin",
)


@dataclass(slots=True)
class Outcome:
    """What a load did, and what was wrong with the folder."""

    problems: Problems  # lines, or parts of lines, that could not be used
    notices: Problems  # duplicates, and numbers that belong to another book
    new: int = 0
    changed: int = 0
    same: int = 0
    taken_over: int = 0
    left_out: int = 0
    new_authors: int = 0
    new_identifiers: int = 0
    credits_set: int = 0
    genres_set: int = 0
    genres_derived: int = 0

    @property
    def changed_anything(self) -> bool:
        return any(
            (
                self.new,
                self.changed,
                self.new_authors,
                self.new_identifiers,
                self.credits_set,
                self.genres_set,
                self.genres_derived,
            )
        )


def load_folder(path: Path, *, simulated: bool, say: Say, listed: int = 100) -> Outcome:
    """Load the folder in one transaction; keep the text of `listed` problems for each file.

    Books are never deleted, an empty cell never empties a field, and locked fields stay as they
    are. Raises `UnusableFolder`; then nothing has changed.
    """
    folder = read_folder(path, problems=Problems(listed), say=say)
    return write_folder(folder, simulated=simulated, say=say, listed=listed)


def write_folder(folder: Folder, *, simulated: bool, say: Say, listed: int = 100) -> Outcome:
    """Write a folder that was read into the catalog; see `load_folder`."""
    outcome = Outcome(problems=folder.problems, notices=Problems(listed))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        _Load(folder, outcome, say, simulated=simulated).run()
    return outcome


@dataclass(slots=True)
class _Load:
    """One load, inside its transaction."""

    folder: Folder
    outcome: Outcome
    say: Say
    simulated: bool
    rows: dict[int, BookRow] = field(init=False)
    books: dict[int, Book] = field(init=False)  # by the line's book_id

    def run(self) -> None:
        found = identify(self.folder.books)
        report_duplicates(self.folder.books.values(), self.folder.books_file, self.outcome.notices)
        self.outcome.taken_over = len(found.taken_over)
        self.outcome.left_out = len(found.left_out)
        self.rows = {
            book_id: row
            for book_id, row in self.folder.books.items()
            if book_id not in found.left_out
        }
        self._write_books(found)
        self._write_credits()
        self._write_identifiers()
        self._write_genres()
        if self.outcome.changed_anything:
            analyze()
        self.outcome.genres_derived = derive_genres()

    def _notice(self, row: BookRow, text: str) -> None:
        self.outcome.notices.add(self.folder.books_file, row.line, text)

    def _write_books(self, found: Identified) -> None:
        self.books = found.books
        work_ids = self._free_work_ids()
        new, changed = [], []
        for book_id, row in self.rows.items():
            values = self._values(row, work_ids.get(book_id))
            if book_id not in self.books:
                self.books[book_id] = Book(**{k: v for k, v in values.items() if v is not None})
                new.append(self.books[book_id])
            elif apply_values(values, self.books[book_id]):
                changed.append(self.books[book_id])
        self.outcome.new, self.outcome.changed = len(new), len(changed)
        self.outcome.same = len(self.rows) - len(new) - len(changed)
        if changed:
            self.say(f"Updating {len(changed):,} books …")
            Book.objects.bulk_create(
                changed,
                batch_size=BATCH,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=[*FIELDS, "updated_at"],
            )
        if new:
            self.say(f"Adding {len(new):,} books …")
            Book.objects.bulk_create(new, batch_size=BATCH)

    def _free_work_ids(self) -> dict[int, int]:
        """Work ids of the lines, without those that belong to another book."""
        wanted = {row.work_id for row in self.rows.values() if row.work_id}
        holders: dict[int | None, int | None] = {
            work_id: goodbooks_id
            for work_id, goodbooks_id, pk in Book.objects.filter(
                AnyOf(F("goodreads_work_id"), list(wanted))
            ).values_list("goodreads_work_id", "goodbooks_id", "pk")
        }
        own = {book.goodreads_work_id: book_id for book_id, book in self.books.items()}
        free: dict[int, int] = {}
        for book_id, row in self.rows.items():
            if row.work_id is None:
                continue
            if row.work_id in holders and own.get(row.work_id) != book_id:
                self._notice(
                    row,
                    f"work_id {row.work_id} belongs to book {holders[row.work_id]}; "
                    "it is left out here",
                )
                continue
            holders[row.work_id] = own[row.work_id] = book_id
            free[book_id] = row.work_id
        return free

    def _values(self, row: BookRow, work_id: int | None) -> dict[str, Any]:
        """The fields of a book as the folder has them; None where it says nothing."""
        title = row.title
        found = kind_of(title, original_title=row.original_title, work_id=row.work_id)
        is_one = found.kind not in Book.COLLECTIONS and not title.last
        number = title.number if is_one else None
        descriptions, to_read = self.folder.descriptions or {}, self.folder.to_read or {}
        description = descriptions.get(row.book_id)
        return {
            "goodbooks_id": row.book_id,
            "goodreads_work_id": work_id,
            "title": title.title,
            "title_key": title.key,
            "original_title": row.original_title or None,
            "original_title_key": title_key(row.original_title) or None,
            "year": row.year,
            "language": row.language or None,
            "series_name": title.series[:300] or None,
            "series_number": number and min(number, Decimal(MAX_VOLUME)),
            "kind": found.kind,
            "first_volume": found.first if title.series else None,
            "last_volume": found.last if title.series else None,
            "description": description.text if description else None,
            "description_source": description.source if description else None,
            "ratings_count": row.ratings_count,
            "average_rating": row.average_rating,
            "to_read_count": to_read.get(row.book_id),
            "is_simulated": self.simulated or is_starter_id(row.book_id),
            "origin": Origin.STARTER if is_starter_id(row.book_id) else Origin.GOODBOOKS,
        }

    def _write_credits(self) -> None:
        """Set who is named in each book, and for what.

        A role that the folder does not tell stays: enrichment may have found it.
        """
        ids = self._author_ids()
        roles = roles_of(self.rows.values())
        books = {book.pk: book_id for book_id, book in self._unlocked("authors")}
        present: defaultdict[int, dict[int, str]] = defaultdict(dict)
        rows = BookAuthor.objects.filter(AnyOf(F("book_id"), list(books))).order_by("position")
        for pk, author_id, role in rows.values_list("book_id", "author_id", "role"):
            present[pk][author_id] = role
        stale: dict[int, dict[int, str]] = {}
        for pk, book_id in books.items():
            authors = [ids[name] for name in self.rows[book_id].authors]
            wanted = {
                author: present[pk].get(author, role) if role == Role.AUTHOR else role.value
                for author, role in zip(authors, roles[book_id], strict=True)
            }
            if wanted and list(wanted.items()) != list(present[pk].items()):
                stale[pk] = wanted
        self.outcome.credits_set = len(stale)
        if not stale:
            return
        self.say(f"Setting the authors of {len(stale):,} books …")
        BookAuthor.objects.filter(AnyOf(F("book_id"), list(stale))).delete()
        BookAuthor.objects.bulk_create(
            (
                BookAuthor(book_id=pk, author_id=author_id, position=position, role=role)
                for pk, wanted in stale.items()
                for position, (author_id, role) in enumerate(wanted.items(), start=1)
            ),
            batch_size=BATCH,
        )

    def _author_ids(self) -> dict[str, int]:
        """Ids of all authors who are named, after adding those who were not here."""
        names = {name: None for row in self.rows.values() for name in row.authors}
        named = Author.objects.filter(AnyOf(F("name"), list(names)))
        present = dict(named.values_list("name", "pk"))
        new = [
            Author(name=name, surname_key=surname_key(name))
            for name in names
            if name not in present
        ]
        self.outcome.new_authors = len(new)
        if new:
            self.say(f"Adding {len(new):,} authors …")
        return present | {
            author.name: author.pk for author in Author.objects.bulk_create(new, batch_size=BATCH)
        }

    def _write_identifiers(self) -> None:
        """Add the numbers of editions; one that belongs to another book stays there."""
        wanted = [
            (scheme, value, book_id)
            for book_id, row in self.rows.items()
            for scheme, value in _identifiers(row)
        ]
        holders: dict[tuple[str, str], int] = {}
        for scheme in BookIdentifier.Scheme.values:
            values = [value for other, value, _ in wanted if other == scheme]
            present = BookIdentifier.objects.filter(AnyOf(F("value"), values), scheme=scheme)
            holders |= {
                (scheme, value): pk
                for value, pk in present.order_by().values_list("value", "book_id")
            }
        new = []
        for scheme, value, book_id in wanted:
            pk = self.books[book_id].pk
            holder = holders.setdefault((scheme, value), 0) or pk
            if holder != pk:
                self._notice(
                    self.rows[book_id],
                    f"{scheme} {value} belongs to another book already, and stays there",
                )
            elif not holders[scheme, value]:
                holders[scheme, value] = pk
                new.append(BookIdentifier(book_id=pk, scheme=scheme, value=value))
        self.outcome.new_identifiers = len(new)
        if new:
            self.say(f"Adding {len(new):,} identifiers …")
            BookIdentifier.objects.bulk_create(new, batch_size=BATCH)

    def _write_genres(self) -> None:
        """Set the genres of the books that this folder's readers have shelved."""
        if self.folder.shelvings is None:
            return
        genres = genre_ids()
        wanted: dict[int, Counter[int]] = {}
        for book_id, book in self._unlocked("genres"):
            if book_id in self.folder.shelvings:
                wanted[book.pk] = Counter()
                for slug, count in self.folder.shelvings[book_id].items():
                    wanted[book.pk][genres[slug]] += count
        present: defaultdict[int, dict[int, int]] = defaultdict(dict)
        shelved = BookGenre.objects.filter(AnyOf(F("book_id"), list(wanted)), is_derived=False)
        rows = shelved.order_by()
        for pk, genre_id, count in rows.values_list("book_id", "genre_id", "count"):
            present[pk][genre_id] = count
        stale = {pk: counts for pk, counts in wanted.items() if present[pk] != counts}
        self.outcome.genres_set = len(stale)
        if not stale:
            return
        self.say(f"Setting the genres of {len(stale):,} books …")
        BookGenre.objects.filter(AnyOf(F("book_id"), list(stale))).delete()
        BookGenre.objects.bulk_create(
            (
                BookGenre(book_id=pk, genre_id=genre_id, count=count)
                for pk, counts in stale.items()
                for genre_id, count in counts.items()
            ),
            batch_size=BATCH,
        )

    def _unlocked(self, name: str) -> Iterable[tuple[int, Book]]:
        return (
            (book_id, self.books[book_id])
            for book_id in self.rows
            if name not in self.books[book_id].locked_fields
        )


def apply_values(values: Mapping[str, Any], book: Book) -> bool:
    """Set the unlocked fields that a source has; return whether that changed the book."""
    locked = set(book.locked_fields)
    for group in GROUPS:
        if group & locked:
            locked |= group
    if not _may_describe(values, book):
        locked |= {"description", "description_source"}
    changes = {
        name: value
        for name, value in values.items()
        if value is not None and name not in locked and getattr(book, name) != value
    }
    # A collection has a series but no number in it, which may replace a number.
    if values["series_name"] and values["series_number"] is None and "series_name" not in locked:
        changes |= {"series_number": None} if book.series_number is not None else {}
    if "kind" not in locked:
        # A range of volumes goes with the kind, and with the series.
        series = changes.get("series_name", book.series_name)
        for name in VOLUMES:
            if (value := values[name] if series else None) != getattr(book, name):
                changes[name] = value
    for name, value in changes.items():
        setattr(book, name, value)
    if changes:
        book.updated_at = timezone.now()
    return bool(changes)


def _may_describe(values: Mapping[str, Any], book: Book) -> bool:
    """Whether the book has no description, or one from the same source."""
    return not book.description or book.description_source == values["description_source"]


def _identifiers(row: BookRow) -> Iterable[tuple[str, str]]:
    for edition_id in row.edition_ids:
        yield BookIdentifier.Scheme.GOODREADS.value, str(edition_id)
    if row.isbn13:
        yield BookIdentifier.Scheme.ISBN13.value, row.isbn13


def genre_ids() -> dict[str, int]:
    """Primary keys of all genres of the vocabulary, by slug, after adding missing ones.

    The slug of a merged genre has the key of the genre it was merged into.
    """
    present = dict(GenreAlias.objects.values_list("slug", "genre"))
    present |= dict(Genre.objects.values_list("slug", "pk"))
    new = [Genre(slug=slug, name=name) for slug, name in NAMES.items() if slug not in present]
    return present | {genre.slug: genre.pk for genre in Genre.objects.bulk_create(new)}
