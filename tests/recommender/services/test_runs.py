"""From a library to a saved list."""

from datetime import date

import pytest
from django.db.models import F

from catalog.models import Book
from recommender.engine.release import NoRelease
from recommender.models import Reader, Run
from recommender.selectors.current_model import forget_model
from recommender.selectors.recommendations import NothingToRecommendFrom
from recommender.services import runs
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.recommender.conftest import Camps
from tests.releases import publish_release


def test_a_list_comes_from_the_taste_that_was_shown(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:3]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)

    run = runs.recommend(reader=reader, top=5)

    titles = [place.book.title for place in run.recommendations.select_related("book")]
    assert titles == ["Sea 3", "Sea 4", "Sea 5", "Sea 6", "Sea 7"]
    assert run.release.version == camps.version
    assert run.library_size == 3
    assert run.ratings_used == [[book.goodbooks_id, 5.0] for book in camps.sea[:3]]


def test_a_list_follows_books_whose_set_has_just_been_replaced(
    camps: Camps, own_store: str, sailor: Reader
) -> None:
    before = runs.recommend(reader=sailor)

    Book.objects.update(goodbooks_id=F("goodbooks_id") + 100_000)
    groups = (
        [100_000 + (book.goodbooks_id or 0) for book in group] for group in (camps.sea, camps.moor)
    )
    version = publish_release(own_store, list(groups))
    after = runs.recommend(reader=sailor)

    assert after.release.version == version != before.release.version
    books = [[place.book for place in run.recommendations.all()] for run in (before, after)]
    assert books[0] == books[1] != []


def test_the_reasons_are_liked_books_with_their_share(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    LibraryEntryFactory.create(reader=reader, book=camps.sea[1], stars=4)
    LibraryEntryFactory.create(reader=reader, book=camps.sea[2], stars=1)

    first = runs.recommend(reader=reader).recommendations.get(rank=1)

    assert [reason["title"] for reason in first.reasons] == ["Sea 0", "Sea 1"]
    assert first.reasons[0]["share"] > first.reasons[1]["share"] > 0


def test_what_is_in_the_library_is_not_recommended(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    LibraryEntryFactory.create(reader=reader, book=camps.sea[1], stars=None, shelf="to-read")

    run = runs.recommend(reader=reader)

    assert not run.recommendations.filter(book__in=camps.sea[:2]).exists()


def test_a_volume_that_waits_to_be_read_is_not_one_that_was_read(camps: Camps) -> None:
    first, second, third = camps.sea[4:7]
    for number, book in enumerate((first, second, third), start=1):
        Book.objects.filter(pk=book.pk).update(series_name="Tides", series_number=number)
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    LibraryEntryFactory.create(reader=reader, book=second, stars=None, shelf="to-read")

    offered = {place.book for place in runs.recommend(reader=reader).recommendations.all()}

    assert first in offered
    assert offered.isdisjoint({second, third})


def test_a_list_is_short_rather_than_filled_up_without_reason(camps: Camps, own_store: str) -> None:
    publish_release(own_store, [[book.goodbooks_id or 0 for book in camps.sea[:4]], [1, 2]])
    forget_model()
    reader = ReaderFactory.create()
    for book in camps.sea[:2]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)

    run = runs.recommend(reader=reader)

    assert {place.book for place in run.recommendations.all()} == set(camps.sea[2:4])


def test_a_hidden_book_is_not_recommended(camps: Camps) -> None:
    Book.objects.filter(pk=camps.sea[3].pk).update(status=Book.Status.HIDDEN)
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)

    run = runs.recommend(reader=reader)

    assert run.recommendations.filter(book=camps.sea[4]).exists()
    assert not run.recommendations.filter(book=camps.sea[3]).exists()


def test_an_entry_left_out_does_not_speak(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5, is_left_out=True)

    run = runs.recommend(reader=reader, top=5)

    assert run.recommendations.filter(book__in=camps.sea).count() == 5
    assert run.ratings_used == [[camps.sea[0].goodbooks_id, 5.0]]


@pytest.mark.parametrize(("stars", "shelf"), [(1, "read"), (None, "to-read")])
def test_nothing_liked_gets_a_sentence_and_saves_nothing(
    camps: Camps, stars: int | None, shelf: str
) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=stars, shelf=shelf)

    with pytest.raises(NothingToRecommendFrom, match="few books"):
        runs.recommend(reader=reader)
    assert not Run.objects.exists()


def test_books_without_stars_speak_unless_they_are_left_out_or_too_old(camps: Camps) -> None:
    reader = ReaderFactory.create(read_since=date(2020, 1, 1))
    read = {"reader": reader, "stars": None}
    LibraryEntryFactory.create(**read, book=camps.sea[0], read_on=date(2021, 1, 1))
    LibraryEntryFactory.create(**read, book=camps.sea[1], shelf="did-not-finish")
    LibraryEntryFactory.create(**read, book=camps.moor[0], is_left_out=True)
    LibraryEntryFactory.create(**read, book=camps.moor[1], read_on=date(2019, 1, 1))
    LibraryEntryFactory.create(**read, book=camps.moor[2], shelf="to-read")
    LibraryEntryFactory.create(**read, book=camps.moor[3], shelf="currently-reading")

    run = runs.recommend(reader=reader, top=5)

    assert run.ratings_used == [[book.goodbooks_id, None] for book in camps.sea[:2]]
    assert run.recommendations.filter(book__in=camps.sea).count() == 5
    first = run.recommendations.get(rank=1)
    assert [(one["kind"], one["stars"]) for one in first.reasons] == [
        ("read", None),
        ("unfinished", None),
    ]


def test_a_book_read_twice_counts_for_more_than_one_read_once(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=None, read_count=2)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=None, read_count=1)

    run = runs.recommend(reader=reader, top=20)

    first, last = run.recommendations.first(), run.recommendations.last()
    assert first is not None
    assert last is not None
    assert first.book in camps.sea
    assert [one["kind"] for one in first.reasons] == ["reread"]
    assert last.book in camps.moor


def test_a_book_the_release_does_not_know_does_no_harm(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=BookFactory.create(), stars=5)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5)

    run = runs.recommend(reader=reader)

    assert run.recommendations.get(rank=1).book == camps.moor[1]


@pytest.mark.django_db
def test_without_a_release_it_is_said(own_store: str) -> None:
    entry = LibraryEntryFactory.create()
    with pytest.raises(NoRelease):
        runs.recommend(reader=entry.reader)
