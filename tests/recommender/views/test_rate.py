"""Rating a few books, and the list that grows from it."""

from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from recommender.models import LibraryEntry, Reader, Run
from recommender.selectors.current_model import forget_model
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.pages import client_of, read
from tests.recommender.conftest import Camps

PAGE = "/rate/"


def test_books_of_both_tastes_are_asked_about(camps: Camps) -> None:
    page = read(client_of(None).get(PAGE))
    shown = [heading.words for heading in page.all("h2")]
    assert any("Sea" in title for title in shown[:2])
    assert any("Moor" in title for title in shown[:2])
    assert "3 more books" in page.one("aside").words
    assert Reader.objects.count() == 0


def test_without_a_release_the_best_known_books_are_asked_about(db: None, own_store: str) -> None:
    forget_model()
    BookFactory.create(title="Small", ratings_count=5)
    BookFactory.create(title="Great", ratings_count=50)
    page = read(client_of(None).get(PAGE))
    assert [heading.words for heading in page.all("h2")][:2] == ["Great", "Small"]


def test_an_empty_catalog_says_so(db: None, own_store: str) -> None:
    assert "no books in the catalog" in read(client_of(None).get(PAGE)).one("main").words


def test_a_guest_gets_a_list_from_the_third_rating_on_and_nothing_is_saved(camps: Camps) -> None:
    client = client_of(None)
    for place, book in enumerate(camps.sea[:3], start=1):
        answer = client.post(
            reverse("shelve", args=[book.pk]), {"stars": "5", "next": PAGE, "look": "rate"}
        )
        assert answer["Location"] == f"{PAGE}#book-{book.pk}"
        listed = read(client.get(PAGE)).all("li", data_book_id="*")
        assert len(listed) == (6 if place == 3 else 0)
    aside = read(client.get(PAGE)).one("aside").words
    assert "Because you liked Sea" in aside
    assert "Moor" not in aside
    assert not Run.objects.exists()


def test_the_list_changes_with_each_rating(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:3]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    client = client_of(reader)

    def listed() -> list[str]:
        page = read(client.get("/rate/list/"))
        return [entry.words for entry in page.all(data_book_id="*")]

    before = listed()
    for book in camps.moor[:3]:
        client.post(reverse("shelve", args=[book.pk]), {"stars": "5"})
    assert any("Moor" in title for title in listed())
    assert before != listed()


def test_htmx_gets_the_stars_back_and_the_list_is_told(camps: Camps) -> None:
    client = client_of(None)
    answer = client.post(
        reverse("shelve", args=[camps.sea[0].pk]),
        {"stars": "4", "look": "rate"},
        headers={"HX-Request": "true"},
    )
    assert "library-changed" in answer["HX-Trigger"]
    page = read(answer)
    assert page.one("button", aria_pressed="true").attributes["value"] == "4"
    assert [e.words for e in page.all("button")][-1] == "Clear"


def test_stars_can_be_cleared(camps: Camps) -> None:
    client = client_of(None)
    book = camps.sea[0]
    client.post(reverse("shelve", args=[book.pk]), {"stars": "4", "look": "rate"})
    client.post(reverse("take-off", args=[book.pk]), {"look": "rate"})
    assert not LibraryEntry.objects.exists()


def test_only_dislikes_make_no_list_and_it_says_why(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:3]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=1)
    page = read(client_of(reader).get(PAGE))
    assert "Rate a few books that you liked" in page.one("aside").words


def test_search_finds_others_and_htmx_gets_the_books_alone(camps: Camps) -> None:
    page = read(client_of(None).get(f"{PAGE}?q=moor+7"))
    assert page.all("h2")[0].words == "Moor 7"
    answer = client_of(None).get(f"{PAGE}?q=zqxjkv", headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert "Try fewer words" in read(answer).words


def test_pages_go_on_and_any_number_is_a_page(camps: Camps) -> None:
    first, second = (read(client_of(None).get(f"{PAGE}?page={n}")) for n in (1, 2))
    titles = [{h.words for h in page.all("h2")} - {"Your list"} for page in (first, second)]
    assert [len(those) for those in titles] == [12, 12]
    assert titles[0].isdisjoint(titles[1])
    for odd in ("0", "-1", "999999999999", "x"):
        assert client_of(None).get(f"{PAGE}?page={odd}").status_code == 200


def test_twelve_books_cost_as_many_queries_as_one(
    camps: Camps, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:4]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    client = client_of(reader)
    client.get(PAGE)
    with django_assert_num_queries(16):
        client.get(PAGE)


def test_who_signs_up_keeps_what_was_rated(camps: Camps) -> None:
    client = client_of(None)
    for book in camps.sea[:5]:
        client.post(reverse("shelve", args=[book.pk]), {"stars": "5", "look": "rate"})
    password = "a long password of mine"
    form = {"email": "new@example.org", "password1": password, "password2": password}
    assert client.post(reverse("account_signup"), form).status_code == 302
    reader = Reader.objects.get()
    assert reader.user is not None
    assert reader.user.email == "new@example.org"
    assert reader.entries.count() == 5
