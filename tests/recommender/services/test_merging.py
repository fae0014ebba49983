"""Two books become one, and two again."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from catalog.curation.acts import CannotCurate
from catalog.matching import Wanted, match
from catalog.models import Book, CurationAct
from recommender.models import (
    Dismissal,
    GivenUpEntry,
    ImportItem,
    LibraryEntry,
    Proposal,
    Recommendation,
    RemovedEntry,
)
from recommender.services import dismissals, entries, merging
from recsite.accounts.models import User
from tests.factories import (
    BookFactory,
    GenreFactory,
    ImportItemFactory,
    LibraryEntryFactory,
    ProposalFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

#: Relations to a book that are its own, not rows of readers that a merge has to move.
OWN = {"content_links", "credits", "shelvings", "enrichment", "acts", "merged_books", "identifiers"}
#: Relations that `merge` moves: `+` has no name, so that they are known by their model.
MOVED = {
    LibraryEntry,
    RemovedEntry,
    Recommendation,
    Dismissal,
    ImportItem,
    GivenUpEntry,
    Proposal,
}


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def book() -> Book:
    return BookFactory.create(title="The Hobbit (film edition)", goodreads_work_id=11)


@pytest.fixture
def into() -> Book:
    return BookFactory.create(title="The Hobbit", goodreads_work_id=12)


def merge(book: Book, into: Book, user: User) -> CurationAct:
    return merging.merge(book=book, into=into, reason="one work", user=user)


def test_every_relation_to_a_book_is_known_to_merging() -> None:
    relations = Book._meta.get_fields(include_hidden=True)
    rows: set[Any] = {
        relation.related_model
        for relation in relations
        if relation.auto_created and not relation.concrete and relation.name not in OWN
    }
    assert {row for row in rows if row._meta.app_label != "catalog"} == MOVED


def test_a_suggested_book_moves_and_comes_back(user: User, book: Book, into: Book) -> None:
    item = ImportItemFactory.create(state="proposed", suggested_book=book)
    entry = LibraryEntryFactory.create(book=None, suggested_book=book)
    other = LibraryEntryFactory.create(book=None, suggested_book=into)

    act = merge(book, into, user)

    assert ImportItem.objects.get(pk=item.pk).suggested_book == into
    assert LibraryEntry.objects.get(pk=entry.pk).suggested_book == into
    merging.undo(act=act, user=user)
    assert ImportItem.objects.get(pk=item.pk).suggested_book == book
    assert LibraryEntry.objects.get(pk=entry.pk).suggested_book == book
    assert LibraryEntry.objects.get(pk=other.pk).suggested_book == into


def test_all_that_readers_have_moves_and_comes_back(user: User, book: Book, into: Book) -> None:
    reader = ReaderFactory.create()
    entry = LibraryEntryFactory.create(reader=reader, book=book)
    removed = entries.remove(entry=LibraryEntryFactory.create(book=book))
    run = RunFactory.create(reader=reader, books=[book])
    dismissal = dismissals.dismiss(reader=ReaderFactory.create(), target=book)
    item = ImportItemFactory.create(book=book)
    identifier = book.identifiers.create(scheme="goodreads", value="5907")
    proposal = ProposalFactory.create(state="added", book=book)
    rows: list[Any] = [entry, removed, run.recommendations.get(), dismissal, item, identifier]
    rows.append(proposal)

    def books_of_rows() -> set[int]:
        for row in rows:
            row.refresh_from_db()
        return {row.book_id for row in rows}

    act = merge(book, into, user)

    assert books_of_rows() == {into.pk}
    book.refresh_from_db()
    assert (book.status, book.merged_into) == ("merged", into)
    assert (act.user, act.reason, act.after["into"]) == (user, "one work", into.pk)

    undone = merging.undo(act=act, user=user)

    assert books_of_rows() == {book.pk}
    book.refresh_from_db()
    assert (book.status, book.merged_into) == ("active", None)
    assert undone.undoes == act


def test_the_old_address_leads_to_the_other_book(
    client: Client, user: User, book: Book, into: Book
) -> None:
    merge(book, into, user)
    response = client.get(reverse("book", args=[book.pk]))
    assert (response.status_code, response.headers["Location"]) == (
        302,
        reverse("book", args=[into.pk]),
    )


def test_rows_are_matched_to_the_book_that_stands(user: User, book: Book, into: Book) -> None:
    Book.objects.filter(pk=book.pk).update(title_key="hobbit film")
    merge(book, into, user)
    found = match(
        [
            Wanted(key="work", work_id=11),
            Wanted(key="title", title="Hobbit Film", author="Ursula K. Le Guin"),
        ]
    )
    assert found["work"].book_id == into.pk
    assert found["title"].state == "unmatched"


@pytest.mark.parametrize("newer", ["goes", "stays"])
def test_a_library_with_both_keeps_the_line_changed_last(
    user: User, book: Book, into: Book, newer: str
) -> None:
    reader = ReaderFactory.create()
    goes = LibraryEntryFactory.create(reader=reader, book=book, stars=2)
    stays = LibraryEntryFactory.create(reader=reader, book=into, stars=5)
    old = stays if newer == "goes" else goes
    LibraryEntry.objects.filter(pk=old.pk).update(updated_at=datetime(2020, 1, 1, tzinfo=UTC))

    preview = merging.preview(book=book, into=into)
    act = merge(book, into, user)

    assert (preview.entries, preview.twice) == (1, 1)
    kept = reader.entries.get()
    assert kept.book == into
    assert kept.stars == (2 if newer == "goes" else 5)
    assert GivenUpEntry.objects.get().reader == reader

    merging.undo(act=act, user=user)

    stars = {entry.book_id: entry.stars for entry in reader.entries.all()}
    assert stars == {book.pk: 2, into.pk: 5}
    assert not GivenUpEntry.objects.exists()


def test_a_list_with_both_keeps_both_places(user: User, book: Book, into: Book) -> None:
    run = RunFactory.create(books=[book, into])
    merge(book, into, user)
    assert [place.book for place in run.recommendations.all()] == [book, into]


def test_who_dismissed_both_has_one_dismissal_until_the_merge_is_undone(
    user: User, book: Book, into: Book
) -> None:
    reader = ReaderFactory.create()
    for one in (book, into):
        dismissals.dismiss(reader=reader, target=one)

    act = merge(book, into, user)
    assert Dismissal.objects.standing().filter(reader=reader).get().book == into

    merging.undo(act=act, user=user)
    assert {one.book for one in Dismissal.objects.standing()} == {book, into}


def test_a_number_that_the_other_lacks_goes_over_and_back(user: User, book: Book) -> None:
    into = BookFactory.create(goodbooks_id=None)
    number = book.goodbooks_id

    act = merge(book, into, user)
    into.refresh_from_db()
    assert into.goodbooks_id == number

    merging.undo(act=act, user=user)
    book.refresh_from_db()
    into.refresh_from_db()
    assert (book.goodbooks_id, into.goodbooks_id) == (number, None)


def test_what_cannot_be_merged_or_undone_says_why(user: User, book: Book, into: Book) -> None:
    with pytest.raises(CannotCurate, match="into itself"):
        merge(book, book, user)
    first = merge(book, into, user)
    with pytest.raises(CannotCurate, match="already"):
        merge(book, BookFactory.create(), user)
    later = merge(into, BookFactory.create(), user)
    with pytest.raises(CannotCurate, match="undo that first"):
        merging.undo(act=first, user=user)
    merging.undo(act=later, user=user)
    undo = merging.undo(act=first, user=user)
    with pytest.raises(CannotCurate, match="already been undone"):
        merging.undo(act=first, user=user)
    with pytest.raises(CannotCurate, match="Only a merge"):
        merging.undo(act=undo, user=user)


def test_a_split_identifier_takes_the_lines_it_brought(user: User, book: Book, into: Book) -> None:
    identifier = book.identifiers.create(scheme="goodreads", value="99")
    brought = LibraryEntryFactory.create(book=book, source_key="99")
    other = LibraryEntryFactory.create(book=book, source_key="5")
    has_both = LibraryEntryFactory.create(book=book, source_key="99")
    LibraryEntryFactory.create(reader=has_both.reader, book=into)

    merging.move_identifier(identifier=identifier, to=into, user=user)

    for entry in (brought, other, has_both):
        entry.refresh_from_db()
    assert [brought.book, other.book, has_both.book] == [into, book, book]


def test_a_merged_genre_takes_dismissals_along(user: User) -> None:
    old, new = GenreFactory.create(slug="old"), GenreFactory.create(slug="new")
    one, both = ReaderFactory.create(), ReaderFactory.create()
    dismissals.dismiss(reader=one, target=old)
    for genre in (old, new):
        dismissals.dismiss(reader=both, target=genre)

    merging.merge_genre(genre=old, into=new, user=user)

    standing = Dismissal.objects.standing()
    assert sorted(standing.values_list("reader", "genre")) == sorted(
        [(one.pk, new.pk), (both.pk, new.pk)]
    )


def test_books_merged_one_after_the_other_lead_to_the_last(user: User, client: Client) -> None:
    first, second, third, last = (
        BookFactory.create(goodreads_work_id=number) for number in (1, 2, 3, 4)
    )
    merge(first, second, user)
    merge(second, third, user)
    act = merge(third, last, user)

    found = match([Wanted(key=number, work_id=number) for number in (1, 2, 3)])
    assert {one.book_id for one in found.values()} == {last.pk}
    address = client.get(reverse("book", args=[first.pk])).headers["Location"]
    assert address == reverse("book", args=[last.pk])

    merging.undo(act=act, user=user)
    survivors = dict(Book.objects.exclude(merged_into=None).values_list("pk", "merged_into"))
    assert survivors == {first.pk: third.pk, second.pk: third.pk}


def test_merges_are_undone_in_their_order(user: User) -> None:
    first, second, last = (BookFactory.create() for _ in range(3))
    inner, outer = merge(first, second, user), merge(second, last, user)
    entry = LibraryEntryFactory.create(book=last)

    with pytest.raises(CannotCurate, match="undo that first"):
        merging.undo(act=inner, user=user)
    merging.undo(act=outer, user=user)
    merging.undo(act=inner, user=user)

    assert not Book.objects.exclude(merged_into=None).exists()
    entry.refresh_from_db()
    assert entry.book == last


def test_no_book_can_be_merged_into_one_that_does_not_stand(user: User) -> None:
    first, second, last = (BookFactory.create() for _ in range(3))
    merge(second, last, user)
    for book, into in ((first, second), (last, first)):
        with pytest.raises(IntegrityError, match="does not stand"), transaction.atomic():
            Book.objects.filter(pk=book.pk).update(status="merged", merged_into=into)
