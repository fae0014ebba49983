"""Merging two records of one book: all that readers have of the one moves to the other, and back.

The log keeps the keys of the rows that were moved, so that undoing moves just these.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.curation import acts
from catalog.curation.acts import CannotCurate
from catalog.models import Book, BookIdentifier, CurationAct, Genre
from recommender.models import (
    Dismissal,
    GivenUpEntry,
    ImportItem,
    LibraryEntry,
    Proposal,
    Recommendation,
    RemovedEntry,
    Source,
)
from recommender.services.entries import ENTRY_FIELDS
from recommender.services.locks import lock_books, lock_readers
from recsite.accounts.models import User

#: Numbers that only one book can have; the other book takes those that it lacks.
NUMBERS = ("goodbooks_id", "goodreads_work_id")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would move, in rows; `twice` counts the libraries that have both books."""

    entries: int
    twice: int
    recommendations: int
    dismissals: int
    identifiers: int
    numbers: dict[str, int]
    warnings: list[str]


def preview(*, book: Book, into: Book) -> Preview:
    """What `merge` would do now. Raises `CannotCurate` if `merge` would."""
    _check(book, into)
    readers = LibraryEntry.objects.filter(book=into).values("reader")
    entries = LibraryEntry.objects.filter(book=book)
    warnings = []
    if not set(book.credited_names) & set(into.credited_names):
        warnings.append("They have no author in common.")
    if book.language and into.language and book.language != into.language:
        warnings.append("Their languages differ, though editions of one work may do so.")
    if (book.series_name, book.series_number) != (into.series_name, into.series_number):
        warnings.append("Their places in a series differ.")
    if book.kind != into.kind:
        kinds = f"{book.get_kind_display()}, {into.get_kind_display()}"
        warnings.append(f"They are different kinds of book: {kinds}.")
    return Preview(
        entries=entries.count(),
        twice=entries.filter(reader__in=readers).count(),
        recommendations=_recommendations(book, into).count(),
        dismissals=Dismissal.objects.standing().filter(book=book).count(),
        identifiers=book.identifiers.count(),
        numbers=_numbers_to_move(book, into),
        warnings=warnings,
    )


@transaction.atomic
def merge(*, book: Book, into: Book, reason: str, user: User) -> CurationAct:
    """Merge `book` into `into`: its page redirects there, and what readers have of it moves.

    Books merged into `book` earlier now lead to `into` as well. A library that has both keeps the
    entry that was changed last; the other is kept aside. Raises
    `CannotCurate` if one of them was merged before, or both are the same book.
    """
    book, into = lock_books(book, into)
    _check(book, into)
    numbers = _numbers_to_move(book, into)
    before = {"status": book.status, "hidden_because": book.hidden_because, "numbers": numbers}
    chained = Book.objects.filter(merged_into=book).order_by("pk")
    merged_before = _move(chained, into, "merged_into")  # these lead to the survivor at once
    _move_numbers(book, into, numbers)
    book.status, book.hidden_because, book.merged_into = Book.Status.MERGED, "", into
    book.save(
        update_fields=["status", "hidden_because", "merged_into", "updated_at", *numbers],
    )
    kept = _entries_to_keep(book, into)
    moved = {
        "merged": merged_before,
        "identifiers": _move(book.identifiers.all(), into),
        "items": _move(ImportItem.objects.filter(book=book), into),
        "suggested_items": _move(_suggested(ImportItem, book), into, "suggested_book"),
        "suggested_entries": _move(_suggested(LibraryEntry, book), into, "suggested_book"),
        "removed": _move(RemovedEntry.objects.filter(book=book), into),
        "recommendations": _move(_recommendations(book, into), into),
        "entries": kept["moved"],
        "closed": _undo_doubles(book, into),
        "dismissals": _move(Dismissal.objects.filter(book=book), into),
        "proposals": [str(key) for key in _move(Proposal.objects.filter(book=book), into)],
    }
    act = CurationAct.objects.create(
        kind=CurationAct.Kind.MERGED,
        user=user,
        book=book,
        subject=book.title,
        reason=reason.strip(),
        before=before,
        after={"into": into.pk, "title": into.title, "moved": moved},
    )
    for entry in LibraryEntry.objects.filter(pk__in=kept["given_up"]):
        fields = {name: getattr(entry, name) for name in (*ENTRY_FIELDS, "source", "source_key")}
        GivenUpEntry.objects.create(reader_id=entry.reader_id, act=act, **fields)
        entry.delete()
    LibraryEntry.objects.filter(pk__in=kept["moved"]).update(book=into)
    return act


@transaction.atomic
def undo(*, act: CurationAct, user: User) -> CurationAct:
    """Undo a merge; rows that have been moved elsewhere or deleted since are left alone.

    Raises `CannotCurate` if it was undone before, or the other book has itself been merged since.
    """
    if act.kind != CurationAct.Kind.MERGED or act.book is None:
        raise CannotCurate("Only a merge can be undone.")
    book, into = lock_books(act.book, Book.objects.get(pk=act.after["into"]))
    if CurationAct.objects.filter(undoes=act).exists():
        raise CannotCurate("This merge has already been undone.")
    if into.status == Book.Status.MERGED:
        raise CannotCurate(f"“{into}” was itself merged since; undo that first.")
    if book.merged_into_id != into.pk:
        raise CannotCurate(f"“{book}” no longer leads to “{into}”.")
    before, moved = act.before, act.after["moved"]
    book.status, book.hidden_because = before["status"], before["hidden_because"]
    book.merged_into = None
    _move_numbers(into, book, {n: v for n, v in before["numbers"].items() if getattr(into, n) == v})
    book.save(
        update_fields=["status", "hidden_because", "merged_into", "updated_at", *NUMBERS],
    )
    chained = Book.objects.filter(pk__in=moved.get("merged", []), merged_into=into)
    _move(chained, book, "merged_into")  # older acts lack them
    for rows in (
        BookIdentifier.objects.filter(pk__in=moved["identifiers"]),
        ImportItem.objects.filter(pk__in=moved["items"]),
        RemovedEntry.objects.filter(pk__in=moved["removed"]),
        Recommendation.objects.filter(pk__in=moved["recommendations"]),
        LibraryEntry.objects.filter(pk__in=moved["entries"]),
        Dismissal.objects.filter(pk__in=moved["dismissals"]),
        Proposal.objects.filter(pk__in=moved.get("proposals", [])),  # older acts lack them
    ):
        _move(rows.filter(book=into), book)
    for model, name in ((ImportItem, "suggested_items"), (LibraryEntry, "suggested_entries")):
        keys = moved.get(name, [])  # older acts lack them
        _move(_suggested(model, into).filter(pk__in=keys), book, "suggested_book")
    Dismissal.objects.filter(pk__in=moved["closed"]).update(undone_at=None)
    _restore_given_up(act)
    return CurationAct.objects.create(
        kind=CurationAct.Kind.UNMERGED,
        user=user,
        book=book,
        subject=book.title,
        before={"into": into.pk},
        after={"status": book.status},
        undoes=act,
    )


@transaction.atomic
def merge_genre(*, genre: Genre, into: Genre, user: User) -> CurationAct:
    """Merge a genre into another, with the dismissals of it."""
    either = Dismissal.objects.filter(genre__in=[genre, into])
    lock_readers(either.values_list("reader", flat=True))
    standing = Dismissal.objects.standing().filter(genre=genre)
    doubles = standing.filter(reader__in=_readers_dismissing(into))
    doubles.update(undone_at=timezone.now())
    Dismissal.objects.filter(genre=genre).update(genre=into)
    return acts.merge_genre(genre=genre, into=into, user=user)


def _readers_dismissing(genre: Genre) -> QuerySet[Any, Any]:
    """Readers who have dismissed the genre."""
    return Dismissal.objects.standing().filter(genre=genre).values("reader")


@transaction.atomic
def move_identifier(*, identifier: BookIdentifier, to: Book, user: User) -> CurationAct:
    """Move an identifier to another book, with the entries that it brought to its book.

    Entries stay where the library has the other book already.
    """
    _, to = lock_books(identifier.book, to)
    keys = list(entries_of(identifier=identifier, to=to).values_list("pk", flat=True))
    act = acts.move_identifier(identifier=identifier, to=to, user=user)
    LibraryEntry.objects.filter(pk__in=keys).update(book=to)
    return act


def entries_of(*, identifier: BookIdentifier, to: Book) -> QuerySet[LibraryEntry]:
    """The entries that `move_identifier` would move."""
    if identifier.scheme != BookIdentifier.Scheme.GOODREADS:
        return LibraryEntry.objects.none()
    readers_with_book = LibraryEntry.objects.filter(book=to).values("reader")
    return LibraryEntry.objects.filter(
        book=identifier.book_id, source=Source.GOODREADS, source_key=identifier.value
    ).exclude(reader__in=readers_with_book)


def _check(book: Book, into: Book) -> None:
    if book.pk == into.pk:
        raise CannotCurate("A book can't be merged into itself.")
    for either in (book, into):
        if either.status not in Book.STANDING:
            raise CannotCurate(
                f"“{either}” has already been merged into another book or taken back."
            )


def _numbers_to_move(book: Book, into: Book) -> dict[str, int]:
    own = {name: getattr(book, name) for name in NUMBERS}
    return {n: v for n, v in own.items() if v is not None and getattr(into, n) is None}


def _move_numbers(giver: Book, taker: Book, numbers: dict[str, int]) -> None:
    for name, value in numbers.items():
        Book.objects.filter(pk=giver.pk).update(**{name: None})
        Book.objects.filter(pk=taker.pk).update(**{name: value})
        setattr(giver, name, None)
        setattr(taker, name, value)


def _recommendations(book: Book, into: Book) -> QuerySet[Recommendation]:
    """Recommendations of the book in lists that do not have the other book as well."""
    with_both = Recommendation.objects.filter(book=into).values("run")
    return Recommendation.objects.filter(book=book).exclude(run__in=with_both)


def _suggested(model: type[ImportItem | LibraryEntry], book: Book) -> QuerySet[Any]:
    """The rows or entries for which a book is suggested."""
    return model._default_manager.filter(suggested_book=book)


def _move(rows: QuerySet[Any], to: Book, field: str = "book") -> list[Any]:
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=keys).update(**{field: to})
    return keys


def _entries_to_keep(book: Book, into: Book) -> dict[str, list[int]]:
    """Which entries move to the other book and which are given up.

    Where a library has both books, the entry that was changed last stays.
    """
    others = {entry.reader_id: entry for entry in LibraryEntry.objects.filter(book=into)}
    moved, given_up = [], []
    for entry in LibraryEntry.objects.filter(book=book).order_by("pk"):
        other = others.get(entry.reader_id)
        if other is None:
            moved.append(entry.pk)
        elif other.updated_at < entry.updated_at:
            moved.append(entry.pk)
            given_up.append(other.pk)
        else:
            given_up.append(entry.pk)
    return {"moved": moved, "given_up": given_up}


def _undo_doubles(book: Book, into: Book) -> list[int]:
    """Undo dismissals of readers who dismissed the other book too; return their keys."""
    having = Dismissal.objects.standing().filter(book=into).values("reader")
    doubles = Dismissal.objects.standing().filter(book=book, reader__in=having)
    keys = list(doubles.values_list("pk", flat=True))
    Dismissal.objects.filter(pk__in=keys).update(undone_at=timezone.now())
    return keys


def _restore_given_up(act: CurationAct) -> None:
    """Restore entries that were given up, in libraries that lack them."""
    for entry in GivenUpEntry.objects.filter(act=act):
        key = {"reader_id": entry.reader_id, "source": entry.source, "source_key": entry.source_key}
        same_book = LibraryEntry.objects.filter(reader_id=entry.reader_id, book=entry.book_id)
        if not (same_book.exists() or LibraryEntry.objects.filter(**key).exists()):
            fields = {name: getattr(entry, name) for name in ENTRY_FIELDS}
            LibraryEntry.objects.create(**key, **fields)
        entry.delete()
