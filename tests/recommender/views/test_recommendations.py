"""The list of this moment, its dial and filters, and what would be without a rating."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import Author, Book, BookGenre, Genre
from recommender.models import Dismissal, Reader, Run
from tests.factories import GenreFactory, LibraryEntryFactory, ReaderFactory
from tests.pages import Page, client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db

PAGE = "/recommendations/"


def sailor(camps: Camps, *, rated: int = 3) -> Reader:
    reader = ReaderFactory.create()
    for book in camps.sea[:rated]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    return reader


def titles(reader: Reader, query: str = "", *, by_htmx: bool = False) -> list[str]:
    headers = {"HX-Request": "true"} if by_htmx else {}
    page = read(client_of(reader).get(f"{PAGE}?{query}", headers=headers))
    numbers = [int(e.attributes["data-book-id"]) for e in page.all(data_book_id="*")]
    named = dict(Book.objects.values_list("goodbooks_id", "title"))
    return [named[number] for number in numbers]


def test_the_list_is_there_at_once_and_nothing_is_saved(camps: Camps) -> None:
    assert titles(sailor(camps))[:3] == ["Sea 3", "Sea 4", "Sea 5"]
    assert not Run.objects.exists()


def test_a_card_shows_what_curators_have_changed_since(camps: Camps) -> None:
    client, book = client_of(sailor(camps)), camps.sea[3]
    credit, genre = book.author_credits[0], book.shelvings.all()[0].genre

    def card() -> str:
        return read(client.get(PAGE)).one(id=f"book-{book.pk}").words

    before = card()
    assert card() == before
    Author.objects.filter(pk=credit.author_id).update(name="Ann Anchor")
    Genre.objects.filter(pk=genre.pk).update(name="Ocean tales")
    assert "Ann Anchor" in card()
    assert "No Ocean tales" in card()
    Book.objects.filter(pk=book.pk).update(title="Sea, anew", year=1777, description="It rains.")
    for words in ("Sea, anew", "1777", "It rains."):
        assert words in card()
        assert words not in before


def test_it_changes_with_the_library(camps: Camps) -> None:
    reader = sailor(camps)
    LibraryEntryFactory.create(reader=reader, book=camps.sea[3], stars=None, shelf="to-read")
    assert titles(reader)[0] == "Sea 4"


def test_nobody_is_sent_to_the_beginning(camps: Camps) -> None:
    assert client_of(None).get(PAGE)["Location"] == "/"


def test_what_was_read_long_ago_is_left_out_from_beside_the_dial(camps: Camps) -> None:
    reader = sailor(camps)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5, read_on=date(2024, 5, 1))
    reader.entries.filter(book__in=camps.sea).update(read_on=date(2010, 5, 1))
    client = client_of(reader)
    form = read(client.get(f"{PAGE}?dial=1")).one("form", action="/library/since")
    assert form.attributes["method"] == "post"

    answer = client.post("/library/since", {"since": "2019", "next": f"{PAGE}?dial=1"})

    assert answer["Location"] == f"{PAGE}?dial=1"
    assert titles(reader)[0].startswith("Moor")
    assert read(client.get(PAGE)).one("input", id="since-here").attributes["value"] == "2019-01-01"


def test_each_reader_sees_their_own(camps: Camps) -> None:
    sailor(camps)
    walker = ReaderFactory.create(user=None)
    LibraryEntryFactory.create(reader=walker, book=camps.moor[0], stars=5)
    assert titles(walker)[0] == "Moor 1"


def test_without_ratings_it_says_what_to_do(camps: Camps) -> None:
    page = read(client_of(ReaderFactory.create()).get(PAGE))
    assert "rate a few books" in page.one("main").words


def test_filters_hold_and_live_in_the_address(camps: Camps) -> None:
    Book.objects.filter(title="Sea 5").update(year=1850)
    assert titles(sailor(camps), "year_to=1900") == ["Sea 5"]


def test_a_series_can_be_kept_out(camps: Camps) -> None:
    Book.objects.filter(title="Sea 3").update(series_name="Tides", series_number=1)
    reader = sailor(camps)
    assert titles(reader)[0] == "Sea 3"
    assert titles(reader, "series=0")[0] == "Sea 4"
    assert titles(reader, "series=3")[0] == "Sea 3"


def test_a_library_without_a_single_star_gets_a_list(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:3]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=None)
    main = read(client_of(reader).get(PAGE)).one("main")
    assert titles(reader)[:3] == ["Sea 3", "Sea 4", "Sea 5"]
    assert "from 3 of your books, none of them with stars" in main.words
    assert "this is a first guess" in main.words
    assert "Because you read Sea 0 (not rated: what if not?)" in main.words
    assert "liked Sea" not in main.words


def test_three_average_ratings_are_no_confident_list(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:3]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=3)
    main = read(client_of(reader).get(PAGE)).one("main").words
    assert "Because you read Sea 0 (3★" in main
    assert "you liked" not in main.replace("tells us what you liked", "")
    assert "this is a first guess" in main
    LibraryEntryFactory.create(reader=reader, book=camps.sea[3], stars=4)
    main = read(client_of(reader).get(PAGE)).one("main").words
    assert "Because you liked Sea 3 (4★" in main
    assert "first guess" not in main


def test_the_dial_reorders(camps: Camps) -> None:
    reader = sailor(camps, rated=1)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=4)
    balanced, adventurous = titles(reader, "n=20"), titles(reader, "n=20&dial=2")
    assert set(balanced) == set(adventurous)
    assert balanced != adventurous


def test_the_dial_stands_in_the_middle_until_it_is_turned(camps: Camps) -> None:
    client = client_of(sailor(camps))
    for query, position in (("", "0"), ("n=20", "0"), ("dial=-2", "-2")):
        page = read(client.get(f"{PAGE}?{query}"))
        chosen = [e.attributes["value"] for e in page.all("option", selected="*")]
        assert position in chosen, query


def test_more_books_follow_the_first_ten(camps: Camps) -> None:
    reader = sailor(camps, rated=1)
    first = read(client_of(reader).get(f"{PAGE}?dial=0"))
    [more] = [e for e in first.all("a") if e.words == "Show more"]
    assert len(titles(reader)) == 10
    assert len(titles(reader, more.attributes["href"].removeprefix("?"))) > 10


def test_htmx_gets_the_part_that_changes(camps: Camps) -> None:
    reader = sailor(camps)
    assert titles(reader, by_htmx=True) == titles(reader)
    answer = client_of(reader).get(PAGE, headers={"HX-Request": "true"})
    assert b"<html" not in answer.content


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("dial=7", "less than or equal to 2"),
        ("genre=nonsense", "Select a valid choice"),
        ("year_from=soon", "whole number"),
        ("year_from=1990&year_to=1980", "comes before the first"),
    ],
)
def test_a_wrong_filter_gets_a_sentence(camps: Camps, query: str, says: str) -> None:
    answer = client_of(sailor(camps)).get(f"{PAGE}?{query}")
    assert answer.status_code == 422
    assert says in Page(answer).one("main").words


def test_a_list_is_saved_with_its_wishes(camps: Camps) -> None:
    reader = sailor(camps)
    answer = client_of(reader).post(PAGE, {"dial": "1", "year_to": ""})
    run = Run.objects.get(reader=reader)
    assert answer["Location"] == reverse("run", args=[run.pk])
    assert run.parameters["dial"] == 1
    assert "Adventurous" in read(client_of(reader).get(answer["Location"])).one("main").words


def test_what_is_saved_is_what_htmx_shows(camps: Camps) -> None:
    client = client_of(sailor(camps))
    answer = read(client.get(f"{PAGE}?dial=2&year_from=1950&n=4", headers={"HX-Request": "true"}))
    hidden = [e.attributes for e in answer.all("input", type="hidden")]
    client.post(PAGE, {one["name"]: one["value"] for one in hidden})
    assert Run.objects.get().parameters == {"top": 4, "dial": 2, "year_from": 1950}


def test_ten_books_cost_as_many_queries_as_three(
    camps: Camps, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(sailor(camps))
    client.get(PAGE)
    for n in (3, 9):
        with django_assert_num_queries(10):
            client.get(f"{PAGE}?n={n}")


def test_a_new_genre_can_be_chosen_after_a_minute(camps: Camps) -> None:
    reader = sailor(camps)
    assert titles(reader)
    Genre.objects.create(slug="new", name="New")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
        answer = client_of(reader).get(f"{PAGE}?genre=new")
    assert answer.status_code == 200
    assert "No matches. Remove a filter" in read(answer).one("main").words


class TestBooksWithoutAGenre:
    """They are held back where genres matter, and it is said how many they are."""

    def test_a_filter_says_how_many_and_shows_them_when_asked(self, camps: Camps) -> None:
        reader, genre = sailor(camps), GenreFactory.create(slug="sea-stories")
        caches["process"].clear()
        BookGenre.objects.filter(book__title__startswith="Sea").update(genre=genre)
        BookGenre.objects.filter(book__title__in=["Sea 4", "Sea 6"]).delete()

        page = read(client_of(reader).get(f"{PAGE}?genre=sea-stories"))
        assert "2 books without a genre are not shown." in page.one("main").words
        assert "Sea 4" not in titles(reader, "genre=sea-stories")

        [link] = [e for e in page.all("a") if e.words == "Show them too"]
        query = link.attributes["href"].removeprefix("?")
        assert {"Sea 4", "Sea 6"} < set(titles(reader, query))
        page = read(client_of(reader).get(f"{PAGE}?{query}"))
        assert "without a genre are" not in page.one("main").words
        assert page.one("input", name="no_genre", checked="*")

    def test_no_matches_says_so_too(self, camps: Camps) -> None:
        GenreFactory.create(slug="noir")
        caches["process"].clear()
        BookGenre.objects.filter(book__title="Sea 4").delete()
        page = read(client_of(sailor(camps)).get(f"{PAGE}?genre=noir"))
        assert "1 book without a genre is not shown." in page.one("main").words

    def test_a_dismissed_genre_does_not_leak_through_them(self, camps: Camps) -> None:
        reader, noir = sailor(camps), GenreFactory.create(slug="noir")
        Dismissal.objects.create(reader=reader, genre=noir)
        BookGenre.objects.filter(book__title="Sea 4").delete()
        assert "Sea 4" not in titles(reader)
        page = read(client_of(reader).get(PAGE))
        assert "1 book without a genre is not shown." in page.one("main").words
        assert "Sea 4" in titles(reader, "no_genre=on")

    def test_where_genres_do_not_matter_they_stand_on_the_list(self, camps: Camps) -> None:
        BookGenre.objects.filter(book__title="Sea 4").delete()
        reader = sailor(camps)
        assert "Sea 4" in titles(reader)
        assert "without a genre is" not in read(client_of(reader).get(PAGE)).one("main").words

    def test_a_saved_list_names_the_wish(self, camps: Camps) -> None:
        reader = sailor(camps)
        answer = client_of(reader).post(PAGE, {"genre": "fantasy", "no_genre": "True"})
        run = Run.objects.get(reader=reader)
        assert run.parameters["no_genre"] is True
        words = read(client_of(reader).get(answer["Location"])).one("main").words
        assert "with books without a genre" in words


def test_a_filter_by_length_says_that_books_of_unknown_length_are_not_shown(camps: Camps) -> None:
    Book.objects.filter(title="Sea 4").update(page_count=120)
    reader = sailor(camps)
    assert titles(reader, "pages=short") == ["Sea 4"]
    for length, shown in (("short", True), ("long", True), ("", False)):
        page = read(client_of(reader).get(f"{PAGE}?pages={length}"))
        assert ("Books whose length we don’t know" in page.one("main").words) is shown


class TestLanguages:
    def test_one_stray_book_opens_no_language(self, camps: Camps) -> None:
        spanish(camps, "Sea 3", "Sea 4")
        reader = sailor(camps)
        LibraryEntryFactory.create(reader=reader, book=camps.sea[3], stars=5)
        assert titles(reader)[0] == "Sea 5"
        assert "Books in English." in main(reader)

    def test_two_books_of_a_few_open_theirs(self, camps: Camps) -> None:
        spanish(camps, "Sea 1", "Sea 2", "Sea 4")
        assert "Sea 4" in titles(sailor(camps, rated=4))
        assert "Books in English and Spanish." in main(sailor(camps, rated=4))

    def test_books_that_are_still_to_be_read_open_none(self, camps: Camps) -> None:
        spanish(camps, "Moor 1", "Moor 2", "Moor 3", "Sea 4")
        reader = sailor(camps)
        for book in camps.moor[:3]:
            LibraryEntryFactory.create(reader=reader, book=book, stars=None, shelf="to-read")
        assert "Sea 4" not in titles(reader)

    def test_where_nothing_speaks_the_sites_language_counts(
        self, camps: Camps, settings: Settings
    ) -> None:
        Book.objects.update(language="")
        spanish(camps, "Sea 4")
        reader = sailor(camps)
        assert "Sea 4" not in titles(reader)
        settings.DEFAULT_LANGUAGE = "spa"
        assert "Sea 4" in titles(reader)
        assert "Books in Spanish." in main(reader)

    def test_others_can_be_asked_for_in_the_address(self, camps: Camps) -> None:
        spanish(camps, "Sea 4", "Sea 5")
        reader = sailor(camps)
        assert titles(reader, "language=spa") == ["Sea 4", "Sea 5"]
        both = titles(reader, "language=spa&language=eng&n=5")
        assert both[:3] == ["Sea 3", "Sea 4", "Sea 5"]
        words = main(reader, "language=spa&language=eng")
        assert "Books in English and Spanish, in this list only." in words

    def test_the_boxes_show_what_counts(self, camps: Camps) -> None:
        spanish(camps, "Sea 4")
        reader = sailor(camps)
        assert ticked(reader) == ["eng"]
        assert ticked(reader, "language=spa") == ["spa"]
        assert ticked(reader, "genre=nonsense&language=spa", status=422) == ["spa"]

    def test_the_readers_own_are_no_filter(self, camps: Camps) -> None:
        """A form sends the boxes that it shows ticked; other books must not come of that."""
        reader = sailor(camps)
        Book.objects.filter(title="Sea 4").update(language="")
        assert titles(reader, "language=eng&dial=1") == titles(reader, "dial=1")
        assert "Sea 4" in titles(reader, "language=eng&language=")
        assert "in this list only" not in main(reader, "language=eng")

    def test_they_are_kept_with_a_list_and_its_further_books(self, camps: Camps) -> None:
        spanish(camps, *(book.title for book in camps.sea[3:]))
        reader = sailor(camps)
        client = client_of(reader)
        page = read(client.get(f"{PAGE}?language=spa&language=eng&n=2"))
        [more] = [e for e in page.all("a") if e.words == "Show more"]
        assert more.attributes["href"] == "?language=eng&language=spa&n=12"
        client.post(PAGE, {"language": ["spa", "eng"]})
        run = Run.objects.get()
        assert run.parameters["language"] == ["eng", "spa"]
        assert "in English and Spanish" in read(client.get(f"{PAGE}{run.pk}/")).one("main").words

    def test_they_can_be_remembered_and_forgotten(self, camps: Camps) -> None:
        spanish(camps, "Sea 4")
        reader = sailor(camps)
        client = client_of(reader)
        page = read(client.get(f"{PAGE}?language=spa&dial=1"))
        answer = client.post(reverse("list-languages"), hidden_of(page, "list-languages"))
        assert answer["Location"] == f"{PAGE}?dial=1"
        assert titles(reader)[0] == "Sea 4"
        page = read(client.get(PAGE))
        assert "Books in Spanish, as you chose." in page.one("main").words
        assert "in this list only" in main(reader, "language=eng")
        client.post(reverse("list-languages"), hidden_of(page, "list-languages"))
        reader.refresh_from_db()
        assert reader.languages == []
        assert "Books in English." in main(reader)

    def test_only_languages_of_the_catalog_are_remembered(self, camps: Camps) -> None:
        reader = sailor(camps)
        client = client_of(reader)
        assert client.post(reverse("list-languages"), {"language": "xyz"})["Location"] == PAGE
        assert "could not be remembered" in read(client.get(PAGE)).one("main").words
        reader.refresh_from_db()
        assert reader.languages == []

    def test_nobody_has_languages_to_choose(self, camps: Camps) -> None:
        assert client_of(None).post(reverse("list-languages")).status_code == 404
        answer = client_of(sailor(camps)).get(reverse("list-languages"))
        assert answer["Location"] == PAGE

    def test_the_list_beside_the_first_ratings_has_them_too(self, camps: Camps) -> None:
        spanish(camps, "Sea 3")
        reader = sailor(camps)
        words = read(client_of(reader).get(reverse("rated"))).elements[0].words
        assert "Sea 4" in words
        assert "Sea 3" not in words


def spanish(camps: Camps, *named: str) -> None:
    assert Book.objects.filter(title__in=named).update(language="spa") == len(named)
    caches["process"].clear()


def main(reader: Reader, query: str = "") -> str:
    return read(client_of(reader).get(f"{PAGE}?{query}")).one("main").words


def ticked(reader: Reader, query: str = "", *, status: int = 200) -> list[str]:
    page = read(client_of(reader).get(f"{PAGE}?{query}"), status=status)
    return [e.attributes["value"] for e in page.all("input", name="language", checked="*")]


def hidden_of(page: Page, name: str) -> dict[str, str]:
    """What a page's form for an address sends; the filters are there once for each form."""
    assert any(e.attributes["action"] == reverse(name) for e in page.all("form", action="*"))
    hidden = [e.attributes for e in page.all("input", type="hidden")]
    return {one["name"]: one["value"] for one in hidden}


class TestWhatIf:
    def test_it_tells_what_would_change(self, camps: Camps) -> None:
        reader = sailor(camps, rated=1)
        LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5)
        page = read(client_of(reader).get(reverse("what-if", args=[camps.moor[0].pk])))
        gone = page.one("main").words.split("Drops out")[1].split("Comes in")[0]
        assert "Moor 1" in gone
        assert reader.entries.count() == 2

    def test_it_can_be_made_so(self, camps: Camps) -> None:
        reader = sailor(camps, rated=2)
        client = client_of(reader)
        page = read(client.get(reverse("what-if", args=[camps.sea[0].pk]) + "?dial=1"))
        [form] = [e for e in page.all("form") if "Leave this book out" in e.words]
        hidden = [e.attributes for e in page.all("input", type="hidden")]
        data = {one["name"]: one["value"] for one in hidden}
        answer = client.post(form.attributes["action"], data)
        assert answer["Location"].startswith(f"{PAGE}?dial=1")
        assert "from 1 of your books" in read(client.get(PAGE)).one("main").words

    def test_without_the_only_rating_there_is_no_list(self, camps: Camps) -> None:
        reader = sailor(camps, rated=1)
        page = read(client_of(reader).get(reverse("what-if", args=[camps.sea[0].pk])))
        assert "rate a few books" in page.one("main").words

    def test_a_book_without_stars_can_be_taken_away_too(self, camps: Camps) -> None:
        reader = ReaderFactory.create()
        for book in (camps.sea[0], camps.moor[0]):
            LibraryEntryFactory.create(reader=reader, book=book, stars=None)
        page = read(client_of(reader).get(reverse("what-if", args=[camps.moor[0].pk])))
        assert "You read it, without stars" in page.words
        gone = page.one("main").words.split("Drops out")[1].split("Comes in")[0]
        assert "Moor 1" in gone

    def test_a_book_that_is_still_to_be_read_takes_no_part(self, camps: Camps) -> None:
        reader = sailor(camps, rated=1)
        LibraryEntryFactory.create(
            reader=reader, book=camps.moor[0], stars=None, shelf="currently-reading"
        )
        address = reverse("what-if", args=[camps.moor[0].pk])
        assert client_of(reader).get(address).status_code == 404

    def test_it_is_about_ones_own_ratings(self, camps: Camps) -> None:
        sailor(camps)
        address = reverse("what-if", args=[camps.sea[0].pk])
        assert client_of(ReaderFactory.create()).get(address).status_code == 404
        assert client_of(None).get(address).status_code == 404


class TestNewBooks:
    SHELF = "/recommendations/new/"

    @pytest.fixture
    def reader(self, camps: Camps) -> Reader:
        """Whose list may have two books from 2018 on; all others are of 1969."""
        for book, year in zip(camps.sea[4:7], (2017, 2018, 2024), strict=True):
            Book.objects.filter(pk=book.pk).update(year=year)
        return sailor(camps)

    def test_they_have_a_filter(self, reader: Reader) -> None:
        assert set(titles(reader, "new=on")) == {"Sea 5", "Sea 6"}
        assert titles(reader, "new=on&year_from=2020") == ["Sea 6"]
        assert set(titles(reader, "new=on&year_from=1900")) == {"Sea 5", "Sea 6"}
        answer = client_of(reader).get(f"{PAGE}?new=on&year_to=2000")
        assert "Nothing new since 2018 is that old." in read(answer, status=422).words
        saved = client_of(reader).post(PAGE, {"new": "on"})
        assert "new since 2018" in read(client_of(reader).get(saved.headers["Location"])).words

    def test_they_have_a_shelf_that_comes_once_it_is_looked_at(self, reader: Reader) -> None:
        shelf = read(client_of(reader).get(PAGE)).one(id="new")
        assert shelf.attributes["hx-get"] == self.SHELF
        assert "New since 2018" in shelf.words
        part = read(client_of(reader).get(self.SHELF, headers={"HX-Request": "true"}))
        shown = {place.words for place in part.all("span") if place.words.startswith("Sea")}
        assert shown == {"Sea 5", "Sea 6"}
        assert not read(client_of(reader).get(f"{PAGE}?new=on")).all(id="new")

    def test_without_htmx_the_shelf_is_the_list(self, reader: Reader) -> None:
        assert client_of(reader).get(self.SHELF).headers["Location"] == f"{PAGE}?new=on"

    def test_where_there_are_none_the_shelf_goes(self, camps: Camps) -> None:
        headers = {"HX-Request": "true"}
        answer = client_of(sailor(camps)).get(self.SHELF, headers=headers)
        assert answer.content.strip() == b""
        assert client_of(None).get(self.SHELF, headers=headers).status_code == 404


def test_what_is_not_one_s_kind_moves_books_like_it_until_that_is_undone(camps: Camps) -> None:
    reader = sailor(camps, rated=1)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5)
    before = titles(reader, "n=20")
    books = [Dismissal.objects.create(reader=reader, book=book) for book in camps.sea[1:4]]

    after = titles(reader, "n=20")
    words = read(client_of(reader).get(f"{PAGE}?n=20")).one("main").words
    kept = [title for title in before if title in after]
    assert after != kept
    assert after.index("Sea 4") > kept.index("Sea 4")
    assert "from 2 of your books" in words

    Dismissal.objects.update(reason="known")
    assert titles(reader, "n=20")[: len(kept)] == kept
    for dismissal in books:
        dismissal.delete()
    assert titles(reader, "n=20") == before
