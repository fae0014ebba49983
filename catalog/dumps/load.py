"""Loads the works of Open Library's dumps, batch by batch.

Each batch is a transaction, so that a load that was interrupted only has to be started again: what
is there already is found by its key and compared. A work that the catalog has under another number
becomes no second book; its key is kept beside the book's own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog.added_numbers import next_numbers
from catalog.dumps.credits import credits_of
from catalog.dumps.identity import (
    Identified,
    SameInDump,
    Why,
    identify,
    identify_put_off,
    same_title,
)
from catalog.dumps.reader import CatalogFolder, DumpedWork
from catalog.editions import split_book_title
from catalog.goodbooks.books import MAX_TITLE_LENGTH
from catalog.goodbooks.derived import derive_genres
from catalog.goodbooks.load import FIELDS as GOODBOOKS_FIELDS
from catalog.goodbooks.load import LOCK, MAX_VOLUME, apply_values, genre_ids
from catalog.kinds import kind_of
from catalog.lookups import AnyOf
from catalog.models import Book, BookAuthor, BookIdentifier, Enrichment
from catalog.openlibrary import fill
from catalog.planner import analyze
from catalog.services.enrichment import FOUND_AGAIN

BATCH = 2000
IDENTIFIERS_AT_ONCE = 5000
#: Not all are to be asked about again on one day.
SPREAD_DAYS = 180

Scheme = BookIdentifier.Scheme
State = Enrichment.State
Say = Callable[[str], None]
Note = Callable[["Merged"], None]

#: What the dumps add to a book of another origin, where it has nothing yet.
COMPLETED = (
    "open_library_key",
    "cover_id",
    "subjects",
    "page_count",
    "year",
    "language",
    "description",
)
FIELDS = tuple(
    dict.fromkeys(
        name
        for name in (*GOODBOOKS_FIELDS, *COMPLETED)
        if name not in ("goodbooks_id", "goodreads_work_id", "is_simulated", "origin")
    )
)


@dataclass(frozen=True, slots=True)
class Merged:
    """A work that the catalog has as a book already, and why it is taken for it."""

    one: DumpedWork
    book: Book
    why: Why


@dataclass(slots=True)
class Outcome:
    """What a load did."""

    works: int = 0
    new: int = 0
    changed: int = 0
    new_identifiers: int = 0
    held_elsewhere: int = 0
    genres_derived: int = 0
    taken_back: int = 0  # works whose books a curator has taken back
    why: Counter[Why] = field(default_factory=Counter)

    @property
    def changed_anything(self) -> bool:
        return bool(self.new or self.changed or self.new_identifiers)


def load_catalog(folder: CatalogFolder, *, say: Say, note: Note) -> Outcome:
    """Load a folder; `note` is told of each work that is a book of the catalog already."""
    outcome = Outcome()
    put_off: list[DumpedWork] = []
    for works in folder.batches(BATCH):
        put_off += _load_batch(works, outcome, note)
        say(f"{outcome.works:,} of {folder.works:,} works, {outcome.new:,} of them new books …")
    for start in range(0, len(put_off), BATCH):
        _load_put_off(put_off[start : start + BATCH], outcome, note)
    if outcome.changed_anything:
        analyze()
    return outcome


def _locked() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def _load_batch(works: Sequence[DumpedWork], outcome: Outcome, note: Note) -> list[DumpedWork]:
    """Load some works; return those that are put off."""
    _locked()
    found = identify(works)
    _Batch(works, found, outcome, note).run()
    return [one for one in works if one.key in found.put_off]


@transaction.atomic
def _load_put_off(works: Sequence[DumpedWork], outcome: Outcome, note: Note) -> None:
    _locked()
    again = identify(works)  # others may have become books since
    left = [one for one in works if one.key not in again.books]
    found = Identified({**again.books, **identify_put_off(left)})
    _Batch(works, found, outcome, note).run()


@dataclass(slots=True)
class _Batch:
    """Some works and their books, inside a transaction."""

    works: Sequence[DumpedWork]
    found: Identified
    outcome: Outcome
    note: Note
    books: dict[str, Book] = field(init=False, default_factory=dict)  # by the work's key
    locked: dict[int, Book] = field(init=False, default_factory=dict)
    certain: set[str] = field(init=False, default_factory=set)  # works of which numbers are taken

    def run(self) -> None:
        self.books = {key: book for key, (book, _) in self.found.books.items()}
        works = [one for one in self.works if one.key not in self.found.put_off]
        self.outcome.works += len(works)
        taken_back = {
            key for key, book in self.books.items() if book.status == Book.Status.WITHDRAWN
        }
        self.outcome.taken_back += len(taken_back)
        works = [one for one in works if one.key not in taken_back]
        self._lock_books()
        new = self._new(works)
        changed = self._changed(works)
        self._write(new, changed)
        self._report(works)
        self._write_identifiers(works)
        self._note_looked_up(works)
        shown = [book.pk for book in (*(book for book, _ in new), *changed)]
        if shown:
            genre_ids()
            self.outcome.genres_derived += derive_genres(book_ids=shown)

    def _lock_books(self) -> None:
        """Keep curators from changing what is there until it is written, and see it as it is."""
        pks = [book.pk for book in self.books.values()]
        rows = Book.objects.select_for_update().filter(AnyOf(F("pk"), pks)).order_by("pk")
        for locked in rows if pks else ():
            self.locked[locked.pk] = locked

    def _report(self, works: Iterable[DumpedWork]) -> None:
        for one in works:
            if one.key in self.found.books:
                book, why = self.found.books[one.key]
                self.outcome.why[why] += 1
                if why != Why.KEY:
                    self.note(Merged(one, book, why))

    def _new(self, works: Iterable[DumpedWork]) -> list[tuple[Book, DumpedWork]]:
        """A book for each work that the catalog lacks; two works of a batch may be one book."""
        same = SameInDump()
        new = []
        for one in works:
            if one.key in self.books:
                continue
            values = {name: value for name, value in _values(one).items() if value is not None}
            book = Book(**values, origin=Book.Origin.DUMP)
            if twin := same.find(book.title_key, one):
                self.found.books[one.key] = (twin, Why.AGAIN_IN_DUMPS)
                self.books[one.key] = twin
                _bring_up_to_date(twin, one)
            else:
                same.add(book, one)
                new.append((book, one))
                self.books[one.key] = book
        for (book, _), number in zip(new, next_numbers(len(new)), strict=True):
            book.goodbooks_id = number
        return new

    def _changed(self, works: Iterable[DumpedWork]) -> list[Book]:
        """Bring the books that were there up to date; return those that changed."""
        changed: dict[int, Book] = {}
        for one in works:
            book = self.books[one.key]
            if book.pk not in self.locked:
                self.certain.add(one.key)  # new
            elif self._is_certain(book, one):
                self.certain.add(one.key)
                if _bring_up_to_date(self.locked[book.pk], one):
                    changed[book.pk] = self.locked[book.pk]
        return list(changed.values())

    def _is_certain(self, book: Book, one: DumpedWork) -> bool:
        """Whether a book may be described by a work, and found by the numbers of its editions."""
        if book.origin == Book.Origin.DUMP and book.open_library_key == one.key:
            return True  # whatever a curator calls it
        return fill.shares_author(book, one.work) and same_title(book, one)

    def _write(self, new: Sequence[tuple[Book, DumpedWork]], changed: Sequence[Book]) -> None:
        self.outcome.new += len(new)
        self.outcome.changed += len(changed)
        if changed:
            Book.objects.bulk_create(
                changed,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=[*FIELDS, "updated_at"],
            )
        if new:
            # Keys first, and credits before books, as the database writes what search compares once
            # the books come: their triggers find the authors then, and need not do it twice.
            for (book, _), pk in zip(new, _next_keys(len(new)), strict=True):
                book.pk = pk
            BookAuthor.objects.bulk_create(credits_of([(book.pk, one) for book, one in new]))
            Book.objects.bulk_create(book for book, _ in new)

    def _write_identifiers(self, works: Iterable[DumpedWork]) -> None:
        """Add the numbers of editions, and the keys of works that are no book's own."""
        wanted: dict[tuple[str, str], int] = {}
        for one in works:
            book = self.books[one.key]
            book = self.locked.get(book.pk, book)  # which may have got this work's key
            for pair in _identifiers(one, book, with_numbers=one.key in self.certain):
                wanted.setdefault(pair, book.pk)
        holders: dict[tuple[str, str], int] = {}
        for scheme in Scheme.values:
            values = [value for other, value in wanted if other == scheme]
            rows = BookIdentifier.objects.filter(AnyOf(F("value"), values), scheme=scheme)
            holders |= {
                (scheme, value): pk for value, pk in rows.order_by().values_list("value", "book_id")
            }
        missing = [pair for pair in wanted if pair not in holders]
        self.outcome.held_elsewhere += sum(pk != wanted[pair] for pair, pk in holders.items())
        self.outcome.new_identifiers += len(missing)
        BookIdentifier.objects.bulk_create(
            (
                BookIdentifier(book_id=wanted[scheme, value], scheme=scheme, value=value)
                for scheme, value in missing
            ),
            batch_size=IDENTIFIERS_AT_ONCE,
            ignore_conflicts=True,  # enrichment may add the same number at this moment
        )

    def _note_looked_up(self, works: Iterable[DumpedWork]) -> None:
        """Nobody has to ask Open Library again for what its dumps have said."""
        now = timezone.now()
        due = {
            self.books[one.key].pk: now + FOUND_AGAIN + timedelta(days=place % SPREAD_DAYS)
            for place, one in enumerate(works)
            if one.key in self.certain
        }
        asked = Enrichment.objects.filter(AnyOf(F("book"), list(due)))
        present = set(asked.values_list("book", flat=True))
        asked.filter(state__in=[State.NEVER, State.NOT_FOUND], batch=None).update(
            state=State.FOUND, tried_at=now, due_at=now + FOUND_AGAIN
        )
        Enrichment.objects.bulk_create(
            (
                Enrichment(book_id=pk, state=State.FOUND, tried_at=now, due_at=due_at)
                for pk, due_at in due.items()
                if pk not in present
            ),
            ignore_conflicts=True,
        )


def _next_keys(count: int) -> list[int]:
    """Primary keys for new books."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('catalog_book', 'id'))"
            " FROM generate_series(1, %s)",
            [count],
        )
        return [int(pk) for (pk,) in cursor.fetchall()]


def _values(one: DumpedWork) -> dict[str, Any]:
    """The fields of a book as the dumps have them; None where they say nothing."""
    work = one.work
    split = split_book_title(work.title[:MAX_TITLE_LENGTH])
    if one.series and not split.series:
        split = replace(split, series=one.series, number=one.number)
    kind = kind_of(split)
    number = None if kind.kind in Book.COLLECTIONS or split.last else split.number
    described = one.description or None
    return {
        "title": split.title,
        "title_key": split.key[:MAX_TITLE_LENGTH],
        "series_name": split.series[:300] or None,
        "series_number": number and min(number, Decimal(MAX_VOLUME)),
        "kind": kind.kind,
        "first_volume": kind.first if split.series else None,
        "last_volume": kind.last if split.series else None,
        "year": work.first_year,
        "language": one.language or None,
        "description": described,
        "description_source": described and fill.SOURCE,
        "cover_id": work.cover_id,
        "open_library_key": work.key,
        "subjects": list(work.subjects) or None,
        "page_count": work.page_count,
        "ratings_count": one.ratings,
        "average_rating": one.average_rating,
        "to_read_count": one.want_to_read,
    }


def _bring_up_to_date(book: Book, one: DumpedWork) -> bool:
    """Change what a work says otherwise, if the book is from the dumps; else add what it lacks.

    A work that is a book's only by another key has no say where the book's own work has one.
    """
    values = _values(one)
    if book.origin == Book.Origin.DUMP and book.open_library_key == one.key:
        return apply_values(values, book)
    locked = set(book.locked_fields)
    if {"description", "description_source"} & locked:
        locked |= {"description", "description_source"}
    missing = {
        name: values[name]
        for name in COMPLETED
        if values[name] and name not in locked and not getattr(book, name)
    }
    if "description" in missing:
        missing["description_source"] = values["description_source"]
    for name, value in missing.items():
        setattr(book, name, value)
    if missing:
        book.updated_at = timezone.now()
    return bool(missing)


def _identifiers(one: DumpedWork, book: Book, *, with_numbers: bool) -> Iterable[tuple[str, str]]:
    if book.open_library_key != one.key:
        yield Scheme.OPEN_LIBRARY.value, one.key
    if with_numbers:
        for isbn in one.work.isbns:
            yield Scheme.ISBN13.value, isbn
        for number in one.work.goodreads_ids:
            yield Scheme.GOODREADS.value, number
