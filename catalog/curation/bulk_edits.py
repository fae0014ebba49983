"""Sets curated fields of many books at once; what is set is locked, and logged for each book."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.credits import read_with_role
from catalog.curation import acts
from catalog.curation.acts import LOCKABLE, CannotCurate
from catalog.kinds import volumes_problem
from catalog.models import Author, Book, BookAuthor, BookGenre, Genre, GenreAlias
from catalog.normalize import surname_key
from recsite.accounts.models import User

BATCH = 1000
#: They are written while the page loads, at about two milliseconds a book.
MAX_BOOKS = 3000
#: What can be set; a description goes with its source, which has no lock of its own.
SETTABLE = tuple(
    name
    for lockable in LOCKABLE
    for name in (
        ("description", "description_source") if lockable == "description" else (lockable,)
    )
)
_RELATED = ("authors", "genres")  # in tables of their own
_WRITTEN_FIELDS = (
    *(name for name in SETTABLE if name not in _RELATED),
    "title_key",
    "original_title_key",
    "locked_fields",
    "updated_at",
)


class Stale(CannotCurate):
    """A book is no longer as the curator saw it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What to set in one book, with the values of `acts.snapshots`.

    ``seen`` is what the curator saw before. ``locks`` replaces all locks of the book; None adds
    locks for what is set.
    """

    values: Mapping[str, Any]
    seen: Mapping[str, Any] = field(default_factory=dict)
    locks: Sequence[str] | None = None


@transaction.atomic
def apply(*, edits: Mapping[int, Edit], reason: str, user: User) -> int:
    """Set fields of these books, all or none; return how many books changed.

    Raises `Stale` if a book is not as it was seen, was merged, or a genre is gone, and
    `CannotCurate` if another book has the Goodreads number, a numbered volume would have no series,
    or there are too many books.
    """
    if len(edits) > MAX_BOOKS:
        raise CannotCurate(
            f"{len(edits):,} books are too many at once. Change at most {MAX_BOOKS:,}."
        )
    rows = Book.objects.standing().filter(pk__in=edits.keys()).order_by("pk")
    books = {book.pk: book for book in rows.select_for_update(no_key=True)}
    if len(books) < len(edits):
        raise Stale("One of the books has been merged into another; nothing was changed.")
    before = acts.snapshots(books.keys())
    for pk, edit in edits.items():
        _check_seen(before[pk], edit)
        _set(books[pk], edit)
    _write_books(books.values())
    _write_credits({pk: e.values["authors"] for pk, e in edits.items() if "authors" in e.values})
    _write_genres({pk: e.values["genres"] for pk, e in edits.items() if "genres" in e.values})
    return len(acts.note_edits(before=before, user=user, reason=reason))


@transaction.atomic
def set_values(*, book_ids: Collection[int], values: Mapping[str, Any], user: User) -> int:
    """Set the same values in these books, except merged ones; return how many changed."""
    books = Book.objects.standing().filter(pk__in=book_ids).values_list("pk", flat=True)
    edit = Edit(values)
    return apply(edits=dict.fromkeys(books.order_by("pk"), edit), reason="", user=user)


@transaction.atomic
def set_kind(*, book_ids: Collection[int], kind: str, user: User) -> int:
    """Set the kind of these books; what is no collection loses its range of volumes."""
    values: dict[str, Any] = {"kind": kind}
    if kind not in Book.COLLECTIONS:
        values |= {"first_volume": None, "last_volume": None}
    return set_values(book_ids=book_ids, values=values, user=user)


@transaction.atomic
def add_genre(*, book_ids: Collection[int], genre: Genre, user: User) -> int:
    """Add a genre, as shelved by one reader, to the books that lack it; return how many."""
    books = (
        Book.objects.standing()
        .filter(pk__in=book_ids)
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    now = acts.snapshots(list(books.values_list("pk", flat=True)))
    edits = {
        pk: Edit({"genres": {**book["genres"], genre.slug: 1}})
        for pk, book in now.items()
        if genre.slug not in book["genres"]
    }
    return apply(edits=edits, reason="", user=user)


def genre_slugs() -> dict[str, str]:
    """Every slug a genre has or had, with its current one."""
    merged = dict(GenreAlias.objects.values_list("slug", "genre__slug"))
    return merged | {slug: slug for slug in Genre.objects.values_list("slug", flat=True)}


def locks_of(values: Collection[str]) -> set[str]:
    """The locks for these fields."""
    return {"description" if name == "description_source" else name for name in values}


def _check_seen(now: Mapping[str, Any], edit: Edit) -> None:
    changed = [name for name, value in edit.seen.items() if now[name] != value]
    if changed:
        names = ", ".join(name.replace("_", " ") for name in changed)
        raise Stale(
            f"“{now['title']}” has changed since the preview ({names}), so nothing was changed. "
            "Update the preview and check it again."
        )


def _set(book: Book, edit: Edit) -> None:
    for name, value in edit.values.items():
        if name in acts.VOLUMES:
            setattr(book, name, None if value is None else Decimal(value))
        elif name not in _RELATED:
            setattr(book, name, value)
    if book.series_number is not None and not book.series_name:
        raise CannotCurate(f"“{book.title}” has a volume number, so it needs a series.")
    if problem := volumes_problem(
        kind=book.kind,
        series=book.series_name,
        first=book.first_volume,
        last=book.last_volume,
    ):
        raise CannotCurate(f"“{book.title}”: {problem}")
    acts.update_keys(book, edit.values.keys())
    book.locked_fields = (
        acts.locks_with(book, locks_of(edit.values)) if edit.locks is None else list(edit.locks)
    )
    book.updated_at = timezone.now()


def _write_books(books: Collection[Book]) -> None:
    try:
        with transaction.atomic():
            Book.objects.bulk_create(
                books,
                batch_size=BATCH,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=_WRITTEN_FIELDS,
            )
    except IntegrityError as error:
        raise CannotCurate("Another book already has one of the Goodreads numbers.") from error


def _write_credits(authors: Mapping[int, Sequence[str]]) -> None:
    credited = {pk: [read_with_role(text) for text in wanted] for pk, wanted in authors.items()}
    names = {name for wanted in credited.values() for name, _ in wanted}
    Author.objects.bulk_create(
        (Author(name=name, surname_key=surname_key(name)) for name in sorted(names)),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    ids = dict(Author.objects.filter(name__in=names).values_list("name", "pk"))
    BookAuthor.objects.filter(book__in=authors.keys()).delete()
    BookAuthor.objects.bulk_create(
        (
            BookAuthor(book_id=pk, author_id=ids[name], position=position, role=role)
            for pk, wanted in credited.items()
            for position, (name, role) in enumerate(wanted, start=1)
        ),
        batch_size=BATCH,
    )


def _write_genres(genres: Mapping[int, Mapping[str, int]]) -> None:
    slugs = {slug for wanted in genres.values() for slug in wanted}
    # Locked, so that none of them is merged into another one in the meantime.
    named = Genre.objects.select_for_update(no_key=True).filter(slug__in=slugs).order_by("pk")
    ids = dict(named.values_list("slug", "pk"))
    if gone := sorted(slugs - ids.keys()):
        raise Stale(f"The genre “{gone[0]}” no longer exists; nothing was changed.")
    BookGenre.objects.filter(book__in=genres.keys()).delete()
    BookGenre.objects.bulk_create(
        (
            BookGenre(book_id=pk, genre_id=ids[slug], count=count)
            for pk, wanted in genres.items()
            for slug, count in wanted.items()
        ),
        batch_size=BATCH,
    )
