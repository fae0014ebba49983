"""Books that have come since the release was built take part in lists."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Book, BookGenre, Genre
from recommender.engine.model import Model
from recommender.models import ContentLinks, Reader
from recommender.selectors import current_model as current
from recommender.selectors.added_books import AddedBooksReader, contents_of
from recommender.selectors.current_model import current_model, forget_model
from recommender.selectors.recommendations import preview
from recommender.services.added_books import link_added_books
from tests.factories import LibraryEntryFactory, ReaderFactory, create_books
from tests.pages import client_of, read
from tests.recommender.conftest import Camps
from tests.releases import publish_release
from workers.tasks.releases import link_added_books as task

pytestmark = pytest.mark.django_db


def with_content(camps: Camps, store: str) -> None:
    """The same release, which also says what its books are about: three each about the same."""
    contents = {}
    for name, books in (("sea", camps.sea), ("moor", camps.moor)):
        for place, book in enumerate(books):
            book.subjects = [f"{name} {place // 3}"]
            book.save()
        fresh = Book.objects.filter(pk__in=[book.pk for book in books]).for_cards()
        for book, content in zip(fresh, contents_of(list(fresh)), strict=True):
            contents[book.goodbooks_id or 0] = content
    numbers = [[book.goodbooks_id or 0 for book in books] for books in (camps.sea, camps.moor)]
    publish_release(store, numbers, contents=contents)
    forget_model()


def a_new_book(about: str) -> Book:
    [book] = create_books({f"New of the {about}": "A Newcomer"})
    book.subjects = [f"{about} 1", f"{about} 2"]
    book.goodbooks_id = 2_000_001
    book.save()
    return book


def strongest(camp: list[Book]) -> bool:
    """Whether the books that say most for the one that is linked are of this camp."""
    links = ContentLinks.objects.get()
    best = sorted(zip(links.shares, links.neighbours, strict=True), reverse=True)[:6]
    return {number for _, number in best} <= {book.goodbooks_id for book in camp}


def as_the_thread_does() -> None:
    """Read what is new now; the thread of the process does so every quarter of a minute."""
    release = current_model().release
    added = AddedBooksReader().refresh(release)
    assert added is not None
    current._follower()._model = Model(release, added)


def test_a_book_that_came_later_is_offered_with_its_reason(
    camps: Camps, own_store: str, sailor: Reader
) -> None:
    with_content(camps, own_store)
    book = a_new_book("sea")
    assert book.pk not in {pick.book.pk for pick in preview(reader=sailor, top=20).chosen}
    assert task.apply().state == "SUCCESS"
    as_the_thread_does()
    picks = {pick.book.pk: pick for pick in preview(reader=sailor, top=20).chosen}
    kinds = [reason["kind"] for reason in picks[book.pk].reasons]
    assert kinds[0] == "liked"
    assert "alike" in kinds
    assert picks[book.pk].expected_stars is None
    whys = read(client_of(sailor).get("/recommendations/?n=20")).all("p", class_="pick__why")
    [pick] = [one for one in whys if "Few have" in one.words]
    assert ". Few have rated it yet, but it is like" in pick.words
    page = client_of(sailor).get(f"/books/{book.pk}/").content.decode()
    assert "None of the readers we learn from has rated this book" in page
    page = client_of(sailor).get(f"/books/{camps.sea[0].pk}/").content.decode()
    assert "Ratings we learn from</dt><dd>100" in page


@pytest.mark.django_db(transaction=True)
def test_a_reader_of_nothing_but_new_books_need_not_wait_for_them(
    camps: Camps, own_store: str
) -> None:
    with_content(camps, own_store)
    current_model()
    book = a_new_book("sea")
    link_added_books()
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=book, stars=5)

    picks = preview(reader=reader, top=5)

    assert picks.used == {book.goodbooks_id: 5.0}
    assert {pick.book for pick in picks.chosen} <= set(camps.sea)


def test_what_nobody_has_counted_is_estimated() -> None:
    [book] = create_books({"New": "A Newcomer"})
    book.subjects = ["Hockey players", "Romance"]
    book.save()
    genres = Genre.objects.bulk_create(
        [Genre(name=name, slug=name.lower()) for name in ("Romance", "Sports")]
    )
    for genre, is_derived in zip(genres, (True, False), strict=True):
        BookGenre.objects.create(book=book, genre=genre, count=7, is_derived=is_derived)
    [content] = contents_of(list(Book.objects.filter(pk=book.pk).for_cards()))
    told = {name: content.tags[name] for name in ("Hockey players", "Romance", "Sports")}
    assert told == {"Hockey players": 30.0, "Romance": 1000.0, "Sports": 7.0}


def test_links_are_made_once_and_anew_when_a_book_has_changed(camps: Camps, own_store: str) -> None:
    with_content(camps, own_store)
    book = a_new_book("sea")
    link_added_books()
    first = ContentLinks.objects.get()
    assert strongest(camps.sea)
    link_added_books()
    assert ContentLinks.objects.get().made_at == first.made_at
    book.subjects = ["moor 1", "moor 2"]
    book.save()
    link_added_books()
    assert strongest(camps.moor)


def test_links_go_when_a_release_has_the_book(camps: Camps, own_store: str) -> None:
    with_content(camps, own_store)
    book = a_new_book("sea")
    link_added_books()
    reader = AddedBooksReader()
    added = reader.refresh(current_model().release)
    assert added is not None
    assert added.ids.tolist() == [book.goodbooks_id]
    numbers = [one.goodbooks_id or 0 for one in [*camps.sea, book]]
    publish_release(
        own_store,
        [numbers, [one.goodbooks_id or 0 for one in camps.moor]],
        contents={},
        now=timezone.now() + timedelta(days=1),
    )
    forget_model()
    link_added_books()
    assert not ContentLinks.objects.exists()
    added = reader.refresh(current_model().release)
    assert added is not None
    assert added.ids.tolist() == []


def test_a_process_reads_only_what_is_new(camps: Camps, own_store: str) -> None:
    with_content(camps, own_store)
    reader, release = AddedBooksReader(), current_model().release
    assert reader.refresh(release) is not None
    assert reader.refresh(release) is None
    a_new_book("sea")
    link_added_books()
    added = reader.refresh(release)
    assert added is not None
    assert added.ids.tolist() == [2_000_001]
    ContentLinks.objects.all().delete()
    gone = reader.refresh(release)
    assert gone is not None
    assert gone.ids.tolist() == []


def test_links_that_were_committed_late_are_read_too(camps: Camps, own_store: str) -> None:
    with_content(camps, own_store)
    reader, release, now = AddedBooksReader(), current_model().release, timezone.now()
    for number, made_at in ((2_000_001, now), (2_000_002, now - timedelta(hours=1))):
        [book] = create_books({f"New {number}": f"Newcomer {number}"})
        Book.objects.filter(pk=book.pk).update(goodbooks_id=number)
        ContentLinks.objects.create(
            book=book, release=release.version, neighbours=[], shares=[], made_at=made_at
        )
        added = reader.refresh(release)
        assert added is not None
        assert added.ids.tolist()[-1] == number


def test_hidden_books_and_those_without_a_number_are_not_linked(
    camps: Camps, own_store: str
) -> None:
    with_content(camps, own_store)
    hidden, unnumbered = create_books({"Hidden": "A", "Unnumbered": "B"})
    Book.objects.filter(pk=hidden.pk).update(status="hidden", goodbooks_id=2_000_005)
    Book.objects.filter(pk=unnumbered.pk).update(goodbooks_id=None)
    link_added_books()
    assert not ContentLinks.objects.exists()


def test_links_of_a_book_that_was_hidden_go(camps: Camps, own_store: str) -> None:
    with_content(camps, own_store)
    book = a_new_book("sea")
    link_added_books()
    assert ContentLinks.objects.exists()
    Book.objects.filter(pk=book.pk).update(status="hidden")
    link_added_books()
    assert not ContentLinks.objects.exists()


def test_a_release_that_does_not_know_content_links_nothing(camps: Camps) -> None:
    a_new_book("sea")
    link_added_books()
    assert not ContentLinks.objects.exists()


def test_neighbors_and_shares_are_in_step(camps: Camps) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ContentLinks.objects.create(
            book=camps.sea[0], release="v", neighbours=[1, 2], shares=[0.5], made_at=timezone.now()
        )
