"""What curators do to books, genres and identifiers, and the log of it."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from catalog.curation import acts
from catalog.goodbooks.load import genre_ids
from catalog.matching import Wanted, match
from catalog.models import Book, BookGenre, CurationAct, Genre
from recsite.accounts.models import User
from tests.factories import BookFactory, GenreFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory.create(email="keeper@example.org")


def test_hiding_says_why_and_shows_in_the_log(user: User) -> None:
    books = [BookFactory.create() for _ in range(3)]
    keys = [book.pk for book in books[:2]]

    assert acts.hide(book_ids=keys, reason=" not a book ", user=user) == 2
    assert acts.hide(book_ids=keys, reason="again", user=user) == 0

    assert Book.objects.active().get() == books[2]
    assert {book.hidden_because for book in Book.objects.filter(pk__in=keys)} == {"not a book"}
    act = CurationAct.objects.filter(book=books[0]).get()
    assert (act.user, act.kind, act.reason) == (user, "hidden", "not a book")
    assert act.before == {"status": "active", "hidden_because": ""}

    assert acts.show(book_ids=keys, user=user) == 2
    assert Book.objects.active().count() == 3
    assert CurationAct.objects.filter(kind="shown").count() == 2


def test_nobody_hides_without_a_reason(user: User) -> None:
    with pytest.raises(acts.CannotCurate, match="Say why"):
        acts.hide(book_ids=[BookFactory.create().pk], reason="  ", user=user)
    assert not CurationAct.objects.exists()


def test_an_edit_keeps_what_was_there_before_of_the_fields_that_changed(user: User) -> None:
    book = BookFactory.create(title="The Dispossesed", year=1974)
    before = acts.snapshot(book)
    Book.objects.filter(pk=book.pk).update(title="The Dispossessed")
    book.identifiers.create(scheme="isbn13", value="9780061054884")

    act = acts.note_edit(book=book, before=before, user=user)

    assert act is not None
    assert act.before == {"title": "The Dispossesed", "identifiers": []}
    assert act.after == {"title": "The Dispossessed", "identifiers": ["isbn13:9780061054884"]}
    assert acts.note_edit(book=book, before=acts.snapshot(book), user=user) is None


@pytest.mark.parametrize(
    "change", [{"reason": "other"}, {"after": {}}, {"user": None, "kind": "shown"}]
)
def test_the_database_lets_nobody_change_the_log(user: User, change: dict[str, Any]) -> None:
    acts.hide(book_ids=[BookFactory.create().pk], reason="spam", user=user)
    with pytest.raises(DatabaseError, match="neither changed nor deleted"), transaction.atomic():
        CurationAct.objects.update(**change)
    with pytest.raises(DatabaseError, match="neither changed nor deleted"), transaction.atomic():
        CurationAct.objects.all().delete()


def test_an_act_outlives_the_account_of_who_did_it(user: User) -> None:
    acts.hide(book_ids=[BookFactory.create().pk], reason="spam", user=user)
    user.delete()
    assert CurationAct.objects.get().user is None


def test_all_fields_are_locked_and_unlocked(user: User) -> None:
    book = BookFactory.create()
    assert acts.set_locks(book_ids=[book.pk], is_locked=True, user=user) == 1
    assert acts.set_locks(book_ids=[book.pk], is_locked=True, user=user) == 0
    book.refresh_from_db()
    assert book.locked_fields == list(acts.LOCKABLE)
    assert acts.set_locks(book_ids=[book.pk], is_locked=False, user=user) == 1
    assert CurationAct.objects.count() == 2


def test_an_identifier_leads_to_the_right_book_from_then_on(user: User) -> None:
    wrong, right = BookFactory.create(title="Wrong"), BookFactory.create(title="Right")
    identifier = wrong.identifiers.create(scheme="goodreads", value="77")

    act = acts.move_identifier(identifier=identifier, to=right, user=user)

    assert match([Wanted(key="x", edition_id=77)])["x"].book_id == right.pk
    assert (act.before["title"], act.after["title"]) == ("Wrong", "Right")
    with pytest.raises(acts.CannotCurate, match="already"):
        acts.move_identifier(identifier=identifier, to=right, user=user)


def test_a_merged_genre_adds_its_readers_to_the_other_and_stays_there_in_later_loads(
    user: User,
) -> None:
    sci_fi, science = (
        GenreFactory.create(slug="sci-fi"),
        GenreFactory.create(slug="science-fiction"),
    )
    both, one = BookFactory.create(genres=["horror"]), BookFactory.create(genres=["horror"])
    for book, genre, count in ((both, sci_fi, 5), (both, science, 7), (one, sci_fi, 3)):
        BookGenre.objects.create(book=book, genre=genre, count=count)

    act = acts.merge_genre(genre=sci_fi, into=science, user=user)

    assert dict(science.shelvings.values_list("book", "count")) == {both.pk: 12, one.pk: 3}
    assert not Genre.objects.filter(slug="sci-fi").exists()
    assert genre_ids()["sci-fi"] == science.pk
    assert act.before["books"] == {str(both.pk): 5, str(one.pk): 3}


def test_of_two_curators_who_merge_a_genre_the_second_is_told(user: User) -> None:
    genre, into = GenreFactory.create(slug="sf"), GenreFactory.create(slug="science-fiction")
    acts.merge_genre(genre=Genre.objects.get(pk=genre.pk), into=into, user=user)

    with pytest.raises(acts.CannotCurate, match="just been merged"):
        acts.merge_genre(genre=genre, into=into, user=user)


def test_a_genre_is_not_merged_into_itself(user: User) -> None:
    genre = GenreFactory.create()
    with pytest.raises(acts.CannotCurate, match="another genre"):
        acts.merge_genre(genre=genre, into=genre, user=user)
