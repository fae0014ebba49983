"""What curators do to single books and genres, logged with the values before and after."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from catalog.credits import with_role
from catalog.models import (
    Book,
    BookAuthor,
    BookGenre,
    BookIdentifier,
    CurationAct,
    Genre,
    GenreAlias,
)
from catalog.normalize import SplitTitle, title_key
from recsite.accounts.models import User

Kind = CurationAct.Kind

#: Fields a curator may set and lock, in the order of the book's page.
LOCKABLE = (
    "title",
    "original_title",
    "authors",
    "genres",
    "year",
    "language",
    "series_name",
    "series_number",
    "kind",
    "first_volume",
    "last_volume",
    "description",
    "goodreads_work_id",
    "cover_id",
    "open_library_key",
    "subjects",
    "page_count",
)
#: Numbers of volumes, which snapshots have as text.
VOLUMES = ("series_number", "first_volume", "last_volume")
_COLUMNS = (
    "title",
    "original_title",
    "year",
    "language",
    "series_name",
    "kind",
    "description",
    "description_source",
    "goodbooks_id",
    "goodreads_work_id",
    "cover_id",
    "open_library_key",
    "subjects",
    "page_count",
    "status",
    "hidden_because",
    "locked_fields",
)


class CannotCurate(ValueError):
    """The act is not possible; the message tells the curator why."""


def locks_with(book: Book, changed: Collection[str]) -> list[str]:
    """The book's locks, and locks on these fields, which were set by hand."""
    return [name for name in LOCKABLE if name in {*book.locked_fields, *changed}]


def update_keys(book: Book, changed: Collection[str]) -> None:
    """Recompute the keys by which matching finds a book, after these fields were set by hand."""
    if {"title", "series_name", "series_number"} & set(changed):
        split = SplitTitle(book.title, book.series_name, book.series_number)
        book.title_key = split.key
    book.original_title_key = title_key(book.original_title)


def snapshot(book: Book) -> dict[str, Any]:
    """Everything a curator can set in a book, as JSON values; four queries."""
    return snapshots([book.pk])[book.pk]


def snapshots(book_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Everything a curator can set in these books, by primary key; four queries for all of them."""
    found = {
        book.pk: {
            **{name: getattr(book, name) for name in _COLUMNS},
            **{name: _number_text(getattr(book, name)) for name in VOLUMES},
            "authors": [],
            "genres": {},
            "identifiers": [],
        }
        for book in Book.objects.filter(pk__in=book_ids).order_by("pk")
    }
    credited = BookAuthor.objects.filter(book__in=found).order_by("book", "position")
    for pk, name, role in credited.values_list("book", "author__name", "role"):
        found[pk]["authors"].append(with_role(name, role))
    shelved = BookGenre.objects.filter(book__in=found).order_by("book", "genre__slug")
    for pk, slug, count in shelved.values_list("book", "genre__slug", "count"):
        found[pk]["genres"][slug] = count
    for identifier in BookIdentifier.objects.filter(book__in=found):
        found[identifier.book_id]["identifiers"].append(str(identifier))
    return found


def _number_text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def note_added(*, book: Book, user: User | None, reason: str = "") -> CurationAct:
    """Log that a book was added, by whom and why."""
    return _note(Kind.ADDED, user, book=book, reason=reason, after=snapshot(book))


def note_edit(*, book: Book, before: dict[str, Any], user: User | None) -> CurationAct | None:
    """Log what differs from the snapshot; None if nothing does."""
    notes = note_edits(before={book.pk: before}, user=user)
    return notes[0] if notes else None


def note_edits(
    *, before: Mapping[int, dict[str, Any]], user: User | None, reason: str = ""
) -> list[CurationAct]:
    """Log what differs from the snapshots of these books, one act for each book that changed."""
    acts = []
    for pk, new in snapshots(before.keys()).items():
        changed = [name for name in new if new[name] != before[pk][name]]
        if changed:
            old, now = ({name: side[name] for name in changed} for side in (before[pk], new))
            acts.append(
                CurationAct(
                    kind=Kind.EDITED,
                    user=user,
                    book_id=pk,
                    subject=new["title"],
                    reason=reason,
                    before=old,
                    after=now,
                )
            )
    return CurationAct.objects.bulk_create(acts, batch_size=1000)


@transaction.atomic
def hide(*, book_ids: Collection[int], reason: str, user: User) -> int:
    """Stop recommending these books from now on; return how many were not hidden before.

    Raises `CannotCurate` without a reason.
    """
    if not reason.strip():
        raise CannotCurate("Say why, so that the next curator knows.")
    return _set_status(book_ids, Book.Status.HIDDEN, reason.strip(), user)


@transaction.atomic
def show(*, book_ids: Collection[int], user: User) -> int:
    """Recommend hidden books again; return how many there were."""
    return _set_status(book_ids, Book.Status.ACTIVE, "", user)


def _set_status(book_ids: Collection[int], status: Book.Status, reason: str, user: User) -> int:
    books = Book.objects.standing().exclude(status=status).filter(pk__in=list(book_ids))
    changed = list(books.select_for_update(no_key=True).order_by("pk"))
    kind = Kind.HIDDEN if status == Book.Status.HIDDEN else Kind.SHOWN
    CurationAct.objects.bulk_create(
        CurationAct(
            kind=kind,
            user=user,
            book=book,
            subject=book.title,
            reason=reason,
            before={"status": book.status, "hidden_because": book.hidden_because},
            after={"status": status.value, "hidden_because": reason},
        )
        for book in changed
    )
    Book.objects.filter(pk__in=[book.pk for book in changed]).update(
        status=status, hidden_because=reason, updated_at=timezone.now()
    )
    return len(changed)


def check_withdrawal(book: Book) -> None:
    """Raise `CannotCurate` for a book that can't be taken back."""
    if book.status not in Book.STANDING:
        raise CannotCurate(f"“{book}” has already been merged into another book or taken back.")
    if book.origin not in Book.ADDED_HERE:
        raise CannotCurate(f"“{book}” comes with a data set. Hide it instead.")
    if book.merged_books.exists():
        raise CannotCurate(f"Another book was merged into “{book}”; undo that first.")


@transaction.atomic
def withdraw(*, book: Book, reason: str, user: User) -> CurationAct:
    """Take back a book that was added wrongly: nothing finds it, and no number leads to it.

    The caller must have taken it out of readers' libraries, in the same transaction. Its work is
    not added again by itself; a person may choose it (`readmit`). Raises `CannotCurate` for a book
    of a data set, or one that is gone already, or into which others were merged.
    """
    book = Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    check_withdrawal(book)
    before = snapshot(book)
    book.identifiers.all().delete()
    book.status, book.hidden_because = Book.Status.WITHDRAWN, ""
    book.save(update_fields=["status", "hidden_because", "updated_at"])
    old = {name: before[name] for name in ("status", "identifiers")}
    new = {"status": book.status, "identifiers": []}
    return _note(Kind.WITHDRAWN, user, book=book, reason=reason, before=old, after=new)


@transaction.atomic
def readmit(*, book: Book, user: User | None, reason: str) -> CurationAct:
    """Show a book again that was taken back; its numbers are the caller's to add."""
    before = {"status": book.status}
    book.status = Book.Status.ACTIVE
    book.save(update_fields=["status", "updated_at"])
    after = {"status": book.status}
    return _note(Kind.SHOWN, user, book=book, reason=reason, before=before, after=after)


@transaction.atomic
def set_locks(*, book_ids: Collection[int], is_locked: bool, user: User) -> int:
    """Lock or unlock all fields of these books for loaders; return how many books changed."""
    wanted = list(LOCKABLE) if is_locked else []
    books = Book.objects.standing().filter(pk__in=list(book_ids)).exclude(locked_fields=wanted)
    changed = list(books.select_for_update(no_key=True).order_by("pk"))
    CurationAct.objects.bulk_create(
        CurationAct(
            kind=Kind.EDITED,
            user=user,
            book=book,
            subject=book.title,
            before={"locked_fields": book.locked_fields},
            after={"locked_fields": wanted},
        )
        for book in changed
    )
    Book.objects.filter(pk__in=[book.pk for book in changed]).update(
        locked_fields=wanted, updated_at=timezone.now()
    )
    return len(changed)


@transaction.atomic
def move_identifier(*, identifier: BookIdentifier, to: Book, user: User) -> CurationAct:
    """Move an edition's number from the wrong book to another.

    Loaders never move a number. Raises `CannotCurate` for a book that was merged, and for the book
    that has the number already.
    """
    held = BookIdentifier.objects.select_for_update().select_related("book").get(pk=identifier.pk)
    if to.status not in Book.STANDING:
        raise CannotCurate("That book was merged into another one or taken back; choose another.")
    if held.book_id == to.pk:
        raise CannotCurate("It already leads to that book.")
    before = {"identifier": str(held), "book": held.book_id, "title": held.book.title}
    held.book = to
    held.save(update_fields=["book"])
    after = {"identifier": str(held), "book": to.pk, "title": to.title}
    return _note(Kind.IDENTIFIER_MOVED, user, book=to, before=before, after=after)


def note_genre_renamed(*, genre: Genre, before: str, user: User | None) -> CurationAct | None:
    """Log a genre's new name, if it has one."""
    if genre.name == before:
        return None
    old, new = {"name": before}, {"name": genre.name}
    return _note(Kind.GENRE_RENAMED, user, subject=genre.name, before=old, after=new)


@transaction.atomic
def merge_genre(*, genre: Genre, into: Genre, user: User) -> CurationAct:
    """Delete a genre and count its readers under another one, in later loads too.

    The caller must have moved everything else that points to the genre, in the same transaction.
    Raises `CannotCurate` if both are the same genre, or one is gone.
    """
    if genre.pk == into.pk:
        raise CannotCurate("Choose another genre: a genre cannot be merged into itself.")
    pair = Genre.objects.select_for_update().filter(pk__in=[genre.pk, into.pk])
    by_key = {row.pk: row for row in pair.order_by("pk")}
    if len(by_key) < 2:
        raise CannotCurate("One of these genres has just been merged into another.")
    old, new = by_key[genre.pk], by_key[into.pk]
    moved = dict(old.shelvings.order_by("book").values_list("book", "count"))
    shared = dict(new.shelvings.filter(book__in=list(moved)).values_list("book", "count"))
    before = {
        "slug": old.slug,
        "name": old.name,
        "books": {str(book): count for book, count in moved.items()},
        "books_of_the_other": {str(book): count for book, count in shared.items()},
    }
    own = old.shelvings.filter(book=OuterRef("book")).values("count")
    new.shelvings.filter(book__in=list(shared)).update(count=F("count") + Subquery(own))
    old.shelvings.filter(book__in=list(shared)).delete()
    old.shelvings.update(genre=new)
    old.aliases.update(genre=new)
    GenreAlias.objects.create(slug=old.slug, genre=new)
    old.delete()
    after = {"slug": new.slug, "name": new.name}
    return _note(Kind.GENRE_MERGED, user, subject=old.name, before=before, after=after)


def _note(
    kind: str,
    user: User | None,
    *,
    book: Book | None = None,
    subject: str = "",
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> CurationAct:
    return CurationAct.objects.create(
        kind=kind,
        user=user,
        book=book,
        subject=book.title if book else subject,
        reason=reason,
        before=before or {},
        after=after or {},
    )
