"""Keeping, rating and dismissing a recommended book, and the way back."""

from typing import cast

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.urls import reverse

from catalog.models import Book
from recommender.models import Dismissal, LibraryEntry, Reader, Source
from recommender.services import dismissals, readers
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.pages import client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def post(reader: Reader | None, name: str, key: int, **data: str) -> None:
    client_of(reader).post(reverse(name, args=[key]), data)


def offered(reader: Reader) -> list[str]:
    page = read(client_of(reader).get("/recommendations/"))
    numbers = [int(e.attributes["data-book-id"]) for e in page.all(data_book_id="*")]
    return list(Book.objects.filter(goodbooks_id__in=numbers).values_list("title", flat=True))


@pytest.fixture
def sailor(camps: Camps) -> Reader:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    return reader


def test_a_book_is_saved_for_later_and_taken_off_again(camps: Camps, sailor: Reader) -> None:
    book = camps.sea[1]
    post(sailor, "shelve", book.pk, shelf="to-read")
    entry = sailor.entries.get(book=book)
    assert (entry.shelf, entry.stars, entry.source) == ("to-read", None, Source.SITE)
    assert book.title not in offered(sailor)

    post(sailor, "take-off", book.pk)
    assert book.title in offered(sailor)


def test_a_book_that_was_read_counts_with_its_stars(camps: Camps, sailor: Reader) -> None:
    post(sailor, "shelve", camps.sea[1].pk, stars="2")
    assert sailor.entries.get(book=camps.sea[1]).stars == 2


def test_shelving_twice_keeps_one_entry_and_its_source(camps: Camps, sailor: Reader) -> None:
    post(sailor, "shelve", camps.sea[0].pk, stars="1")
    entry = sailor.entries.get()
    assert entry.stars == 1
    assert entry.source == Source.GOODREADS.value


@pytest.mark.parametrize("stars", ["6", "0", "many", "NaN", "4.5"])
def test_stars_that_nobody_can_give_change_nothing(
    camps: Camps, sailor: Reader, stars: str
) -> None:
    answer = client_of(sailor).post(reverse("shelve", args=[camps.sea[1].pk]), {"stars": stars})
    assert answer.status_code == 400
    assert sailor.entries.count() == 1


@pytest.mark.parametrize("kind", ["book", "author", "genre"])
def test_what_is_dismissed_is_not_offered_until_undone(
    camps: Camps, sailor: Reader, kind: str
) -> None:
    book = BookFactory.create(genres=["sagas"]) if kind == "genre" else camps.sea[1]
    if kind == "genre":
        camps.sea[1].genres.set(book.genres.all(), through_defaults={"count": 3})
    key = {
        "book": camps.sea[1].pk,
        "author": camps.sea[1].credits.get().author_id,
        "genre": getattr(book.genres.first(), "pk", 0),
    }[kind]
    assert camps.sea[1].title in offered(sailor)

    post(sailor, "dismiss", camps.sea[1].pk, what=f"{kind}:{key}", reason="not_now")
    assert camps.sea[1].title not in offered(sailor)
    assert camps.sea[2].title in offered(sailor)

    dismissal = Dismissal.objects.get()
    assert dismissal.reason == "not_now"
    assert str(dismissal) in read(client_of(sailor).get(reverse("dismissals"))).one("main").words
    post(sailor, "dismissal-undo", dismissal.pk)
    assert camps.sea[1].title in offered(sailor)


def test_dismissing_twice_is_once(camps: Camps, sailor: Reader) -> None:
    for reason in ("not_now", "known"):
        post(sailor, "dismiss", camps.sea[1].pk, what=f"book:{camps.sea[1].pk}", reason=reason)
    assert Dismissal.objects.get().reason == "known"


@pytest.mark.parametrize("what", ["", "book:", "reader:1", "book:99999999", "book:1;drop"])
def test_what_is_no_book_author_or_genre_is_not_found(
    camps: Camps, sailor: Reader, what: str
) -> None:
    address = reverse("dismiss", args=[camps.sea[1].pk])
    assert client_of(sailor).post(address, {"what": what}).status_code == 404
    assert not Dismissal.objects.exists()


def test_only_its_owner_undoes_a_dismissal(camps: Camps, sailor: Reader) -> None:
    dismissal = dismissals.dismiss(reader=sailor, target=camps.sea[1])
    address = reverse("dismissal-undo", args=[dismissal.pk])
    assert client_of(ReaderFactory.create()).post(address).status_code == 404
    assert client_of(None).post(address).status_code == 404
    assert Dismissal.objects.standing().exists()
    assert (
        camps.sea[1].title
        not in read(client_of(ReaderFactory.create()).get(reverse("dismissals"))).one("main").words
    )


def test_only_its_owner_takes_a_book_off(camps: Camps, sailor: Reader) -> None:
    address = reverse("take-off", args=[camps.sea[0].pk])
    assert client_of(ReaderFactory.create()).post(address).status_code == 404
    assert client_of(None).post(address).status_code == 404
    assert LibraryEntry.objects.filter(reader=sailor).exists()


def test_htmx_gets_the_buttons_as_they_are_then(camps: Camps, sailor: Reader) -> None:
    address = reverse("shelve", args=[camps.sea[1].pk])
    answer = client_of(sailor).post(address, {"shelf": "to-read"}, headers=HTMX)
    assert read(answer).one("p", role="status").words == "You want to read it."


def test_without_javascript_the_page_comes_back_at_the_book(camps: Camps, sailor: Reader) -> None:
    address = reverse("shelve", args=[camps.sea[1].pk])
    data = {"shelf": "to-read", "next": "/recommendations/?dial=1"}
    answer = client_of(sailor).post(address, data)
    assert answer["Location"] == f"/recommendations/?dial=1#book-{camps.sea[1].pk}"


def test_it_never_leads_to_another_site(camps: Camps, sailor: Reader) -> None:
    address = reverse("shelve", args=[camps.sea[1].pk])
    answer = client_of(sailor).post(address, {"next": "https://example.org/"})
    assert answer["Location"].startswith("/recommendations/")


def test_a_dismissal_is_of_one_thing(camps: Camps, sailor: Reader) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Dismissal.objects.create(reader=sailor)
    author = camps.sea[1].credits.get().author
    with pytest.raises(IntegrityError), transaction.atomic():
        Dismissal.objects.create(reader=sailor, book=camps.sea[1], author=author)


def test_what_was_done_can_be_undone_at_once_without_javascript(
    camps: Camps, sailor: Reader
) -> None:
    client = client_of(sailor)
    address = reverse("shelve", args=[camps.sea[1].pk])
    page = read(client.post(address, {"shelf": "to-read"}, follow=True))
    assert "Sea 1 You want to read it." in page.one("main").words

    undo = reverse("take-off", args=[camps.sea[1].pk])
    assert page.one("form", action=undo)
    client.post(undo)
    assert not read(client.get("/recommendations/")).all(class_="note done")


def test_what_came_from_elsewhere_is_neither_overwritten_nor_removed(
    camps: Camps, sailor: Reader
) -> None:
    key = camps.sea[0].pk
    post(sailor, "shelve", key, shelf="to-read")
    post(sailor, "take-off", key)
    entry = sailor.entries.get()
    assert (entry.shelf, float(entry.stars or 0)) == ("read", 5.0)


def test_a_guests_dismissals_come_along_into_an_account(camps: Camps, sailor: Reader) -> None:
    guest = ReaderFactory.create(user=None)
    for reader, book in [(sailor, camps.sea[1]), (guest, camps.sea[1]), (guest, camps.sea[2])]:
        dismissals.dismiss(reader=reader, target=book)
    assert sailor.user

    readers.claim_guest(user=sailor.user, guest_id=guest.pk)

    standing = sailor.dismissals.standing()
    assert {str(dismissal) for dismissal in standing} == {"Sea 1", "Sea 2"}


def test_links_lead_to_the_book_elsewhere(camps: Camps, sailor: Reader) -> None:
    Book.objects.filter(pk=camps.sea[1].pk).update(goodreads_work_id=77)
    page = read(client_of(sailor).get("/recommendations/"))
    assert page.one("a", href="https://www.goodreads.com/work/editions/77")
    assert page.one("a", href="https://openlibrary.org/search?q=Sea+1+Mariner+No1")


def by_htmx(reader: Reader, name: str, key: int, **data: object) -> HttpResponse:
    sent = {"next": "/recommendations/", "rank": "1", **data}
    address = reverse(name, args=[key])
    return cast("HttpResponse", client_of(reader).post(address, sent, headers=HTMX))


def test_on_the_list_the_next_book_takes_the_place_of_one_that_is_gone(
    camps: Camps, sailor: Reader
) -> None:
    shown = [book.pk for book in camps.sea[1:4]]
    answer = by_htmx(sailor, "dismiss", shown[0], what=f"book:{shown[0]}", shown=shown, rank="1")

    card = read(answer)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("closest li", "outerHTML")
    assert "library-changed" in answer["HX-Trigger"]
    assert card.one("li").attributes["data-rank"] == "1"
    assert card.one("h2").words == "Sea 4"
    note = card.one(class_="pick__replaced").words
    assert "Sea 1" in note
    assert "Not offered any more." in note

    # Undone, the book itself is there again.
    undo = card.one("form", action=f"/dismissed/{Dismissal.objects.get().pk}/undo")
    shown = [camps.sea[4].pk, *shown[1:]]
    key = int(undo.attributes["action"].split("/")[2])
    again = read(by_htmx(sailor, "dismissal-undo", key, book=camps.sea[1].pk, shown=shown))
    assert again.one("h2").words == "Sea 1"
    assert not again.all(class_="pick__replaced")


def test_the_filters_of_the_list_hold_for_the_book_that_comes(camps: Camps, sailor: Reader) -> None:
    Book.objects.filter(title__in=["Sea 3", "Sea 8"]).update(year=1850)
    old, to = camps.sea[3].pk, "/recommendations/?year_to=1900"
    card = read(by_htmx(sailor, "shelve", old, stars="5", shown=[old], next=to, rank="7"))
    assert card.one("h2").words == "Sea 8"
    assert card.one("li").attributes["data-rank"] == "7"

    # No other book fits: the buttons of this one say what was done.
    last = camps.sea[8].pk
    alone = by_htmx(sailor, "shelve", last, shelf="to-read", shown=[last], next=to)
    assert "HX-Retarget" not in alone
    assert "You want to read it." in read(alone).words


@pytest.mark.parametrize(
    "sent",
    [{"rank": "x"}, {"shown": ["9" * 5000]}, {"rank": "9999"}, {"next": "/books/"}, {"shown": []}],
)
def test_elsewhere_and_for_odd_requests_a_book_keeps_its_place(
    camps: Camps, sailor: Reader, sent: dict[str, object]
) -> None:
    book = camps.sea[1].pk
    answer = by_htmx(sailor, "shelve", book, **{"stars": "4", "shown": [book], **sent})
    assert "HX-Retarget" not in answer
    assert "You gave it 4 stars." in read(answer).words
