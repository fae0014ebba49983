"""Your library: what is shown, what is found, and from when on it counts."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from recommender.models import LibraryEntry, Reader, Source
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.pages import client_of, offered, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db
PAGE = "/library/"
HTMX = {"HX-Request": "true"}


def titles(reader: Reader | None, query: str = "") -> list[str]:
    page = read(client_of(reader).get(f"{PAGE}?{query}"))
    return [e.words for e in page.all("h2") if e.words not in ("Tastes change", "Nothing here yet")]


class TestPage:
    def test_an_entry_tells_what_is_known_of_it(self) -> None:
        book = BookFactory.create(
            title="Tehanu", authors=["Ann Leckie"], series_name="Earthsea", series_number=4
        )
        entry = LibraryEntryFactory.create(
            book=book,
            stars=Decimal("4.25"),
            shelf="to-read",
            read_on=date(2020, 5, 3),
            source=Source.STORYGRAPH,
        )
        words = read(client_of(entry.reader).get(PAGE)).one("li", class_="entry").words
        for part in (
            "Tehanu",
            "Ann Leckie",
            "Earthsea #4",
            "Want to read",
            "finished May 3, 2020",
            "StoryGraph",
            "¼",
            "4.25 stars",
        ):
            assert part in words

    def test_counts_of_the_shelves_stand_on_top(self) -> None:
        reader = ReaderFactory.create()
        for shelf in ("read", "read", "to-read", "did-not-finish", "my-own"):
            LibraryEntryFactory.create(reader=reader, shelf=shelf)
        words = read(client_of(reader).get(PAGE)).one("nav", aria_label="Shelves").words
        assert words == "All 5 Read 2 Want to read 1 Other shelves 2"

    @pytest.mark.parametrize("begun", [True, False])
    def test_an_empty_library_tells_the_ways_to_begin(self, begun: bool) -> None:
        page = read(client_of(ReaderFactory.create() if begun else None).get(PAGE))
        assert [e.words for e in page.all("h3")] == [
            "Paste your Goodreads profile",
            "Upload an export file",
            "Rate books here",
        ]

    def test_a_book_that_was_not_finished_says_when_its_reader_stopped(
        self, sailor: Reader
    ) -> None:
        LibraryEntryFactory.create(
            reader=sailor, shelf="did-not-finish", read_on=date(2020, 1, 2), stars=None
        )
        words = read(client_of(sailor).get(f"{PAGE}?shelf=other")).one("ul", class_="entries").words
        assert "Stopped January 2, 2020" in words
        assert "finished" not in words

    def test_a_line_that_found_no_book_is_there_and_says_so(self) -> None:
        entry = LibraryEntryFactory.create(book=None, title="A Lost Book")
        words = read(client_of(entry.reader).get(PAGE)).one("li", class_="entry").words
        assert "A Lost Book" in words
        assert "Not in our catalog yet." in words

    def test_each_reader_sees_their_own(self, sailor: Reader) -> None:
        assert len(titles(sailor)) == 4
        assert titles(ReaderFactory.create()) == titles(None) == []

    def test_htmx_gets_the_entries_alone(self, sailor: Reader) -> None:
        answer = client_of(sailor).get(f"{PAGE}?stars=3", headers=HTMX)
        assert b"<html" not in answer.content
        assert [e.words for e in read(answer).all("h2")] == ["Moor 0"]

    def test_going_back_in_history_gets_the_whole_page(self, sailor: Reader) -> None:
        headers = HTMX | {"HX-History-Restore-Request": "true"}
        assert b"<html" in client_of(sailor).get(PAGE, headers=headers).content

    def test_a_thousand_entries_cost_no_more_queries_than_three(
        self, camps: Camps, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        reader = ReaderFactory.create()
        client = client_of(reader)
        for book in camps.sea[:3]:
            LibraryEntryFactory.create(reader=reader, book=book)
        LibraryEntryFactory.create(reader=reader, book=None, title="A Sea", stars=4)
        query = f"{PAGE}?q=a&use=known&stars=rated&sort=author"
        client.get(query)
        with CaptureQueriesContext(
            connection,
        ) as few:
            client.get(PAGE)
        with CaptureQueriesContext(connection) as few_filtered:
            client.get(query)
        LibraryEntry.objects.bulk_create(
            LibraryEntry(
                reader=reader, source="goodreads", source_key=f"x{n}", title=f"Sea {n}", stars=4
            )
            for n in range(975)
        )
        for book in [*camps.sea[3:], *camps.moor]:
            LibraryEntryFactory.create(reader=reader, book=book)
        with django_assert_num_queries(len(few)):
            assert len(titles_of(client.get(PAGE))) == 25
        with django_assert_num_queries(len(few_filtered)):
            client.get(query)
        assert len(few) <= 12


def titles_of(answer: object) -> list[str]:
    return [e.words for e in read(answer).all("li", class_="entry")]  # type: ignore[arg-type]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("shelf=read", {"Alpha", "Beta"}),
            ("shelf=to-read", {"Gamma"}),
            ("shelf=other", {"Delta"}),
            ("stars=rated", {"Alpha", "Beta"}),
            ("stars=unrated", {"Gamma", "Delta"}),
            ("stars=4", {"Alpha"}),
            ("stars=0", {"Beta"}),
            ("use=left-out", {"Beta"}),
            ("use=counting", {"Alpha"}),
            ("q=delta", {"Delta"}),
            ("q=garcia+alp", {"Alpha"}),
            ("q=dlta", set()),
            ("q=sea+of+stones", {"Beta"}),
            ("q=dor", {"Gamma"}),
            ("q=D%27Or", {"Gamma"}),
            ("shelf=read&stars=4", {"Alpha"}),
            ("q=zzzz", set()),
        ],
    )
    def test_they_hold(self, own_library: Reader, query: str, found: set[str]) -> None:
        assert set(titles(own_library, query)) == found

    @pytest.fixture
    def own_library(self, camps: Camps) -> Reader:
        reader = ReaderFactory.create()
        alpha, beta = camps.sea[:2]
        lines = [
            (alpha, "Alpha", "Gabriel García", "4.5", "read", False),
            (beta, "Beta", "B. Writer", "0.75", "read", True),
            (None, "Gamma", "C. D’Or", None, "to-read", False),
            (None, "Delta", "D. Writer", None, "paused", False),
        ]
        type(alpha).objects.filter(pk=beta.pk).update(series_name="Sea of Stones")
        for book, title, author, stars, shelf, is_out in lines:
            if book:
                type(book).objects.filter(pk=book.pk).update(title=title)
            LibraryEntryFactory.create(
                reader=reader,
                book=book,
                title=title,
                author=author,
                stars=stars and Decimal(stars),
                shelf=shelf,
                is_left_out=is_out,
            )
        return reader

    def test_slips_are_forgiven(self) -> None:
        entry = LibraryEntryFactory.create(title="A Wizard of Earthsea", book=None)
        assert titles(entry.reader, "q=earthsee") == ["A Wizard of Earthsea"]

    def test_what_the_model_knows(self, camps: Camps) -> None:
        reader = ReaderFactory.create()
        LibraryEntryFactory.create(reader=reader, book=camps.sea[0])
        LibraryEntryFactory.create(reader=reader, book=BookFactory.create(title="Brand New"))
        LibraryEntryFactory.create(reader=reader, book=None, title="Lost")
        assert titles(reader, "use=known") == ["Sea 0"]
        assert set(titles(reader, "use=unknown")) == {"Brand New", "Lost"}
        assert (
            "Cannot be used for recommendations yet."
            in read(client_of(reader).get(f"{PAGE}?q=brand")).one("li", class_="entry").words
        )

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            ("added", ["Bee", "The Ant", "Cat"]),
            ("read", ["Cat", "The Ant", "Bee"]),
            ("title", ["The Ant", "Bee", "Cat"]),
            ("author", ["Cat", "Bee", "The Ant"]),
            ("stars", ["The Ant", "Cat", "Bee"]),
            ("stars-up", ["Cat", "The Ant", "Bee"]),
            ("fame", ["Bee", "Cat", "The Ant"]),
        ],
    )
    def test_orders(self, sort: str, order: list[str]) -> None:
        reader = ReaderFactory.create()
        for title, author, stars, added, finished, fame in (
            ("The Ant", "Ann Zed", "4.5", "2020-01-02", "2020-02-01", 1),
            ("Bee", "Zoe Moon", None, "2020-01-03", None, 9),
            ("Cat", "Zed Ash", "2", "2020-01-01", "2021-01-01", 5),
        ):
            key = title.lower().removeprefix("the ")
            book = BookFactory.create(
                title=title, title_key=key, authors=[author], ratings_count=fame
            )
            LibraryEntryFactory.create(
                reader=reader,
                book=book,
                stars=stars and Decimal(stars),
                added_on=date.fromisoformat(added),
                read_on=finished and date.fromisoformat(finished),
            )
        assert titles(reader, f"sort={sort}") == order

    def test_pages_keep_the_filters(self) -> None:
        reader, book = ReaderFactory.create(), None
        for n in range(26):
            LibraryEntryFactory.create(reader=reader, book=book, title=f"Book {n}")
        page = read(client_of(reader).get(f"{PAGE}?q=book&sort=title"))
        following = page.one("a", rel="next").attributes["href"]
        assert len(titles(reader, following.removeprefix("?"))) == 1

    def test_a_wrong_filter_is_told(self, sailor: Reader) -> None:
        page = read(client_of(sailor).get(f"{PAGE}?stars=many"), status=422)
        assert "Select a valid choice" in page.one("main").words


class TestSince:
    def test_what_was_read_before_moves_no_list_and_is_not_offered(
        self, camps: Camps, sailor: Reader
    ) -> None:
        sailor.entries.exclude(title="Moor 0").update(read_on=date(2018, 12, 31))
        assert (
            client_of(sailor).post(reverse("library-since"), {"since": "2019"}).status_code == 302
        )
        assert offered(sailor)[0].startswith("Moor")
        assert not {"Sea 0", "Sea 1", "Sea 2"} & set(offered(sailor))
        note = read(client_of(sailor).get("/recommendations/"))
        assert "Only what you read since 2019 counts." in note.one("main").words
        assert note.one("a", href="/library/#since")
        words = read(client_of(sailor).get(f"{PAGE}?q=sea+0")).one("li", class_="entry").words
        assert "From before 2019" in words
        assert titles(sailor, "use=counting") == ["Moor 0"]

        client_of(sailor).post(reverse("library-since"), {"since": ""})
        assert offered(sailor)[0].startswith("Sea")

    def test_where_nothing_counts_any_more_it_says_why(self, sailor: Reader) -> None:
        sailor.entries.update(read_on=date(2018, 12, 31))
        client_of(sailor).post(reverse("library-since"), {"since": "2019"})
        page = read(client_of(sailor).get("/recommendations/"))
        assert "None of the books you read counts now" in page.one("main").words
        assert page.one("a", href="/library/#since")

    def test_the_day_it_was_added_stands_in(self, camps: Camps, sailor: Reader) -> None:
        sailor.entries.exclude(title="Moor 0").update(added_on=date(2018, 12, 31))
        client_of(sailor).post(reverse("library-since"), {"since": "2018-12-31"})
        assert offered(sailor)[0].startswith("Sea")
        client_of(sailor).post(reverse("library-since"), {"since": "2019-01-01"})
        assert offered(sailor)[0].startswith("Moor")

    def test_a_saved_list_remembers_it(self, sailor: Reader) -> None:
        client = client_of(sailor)
        client.post(reverse("library-since"), {"since": "2019-05-01"})
        answer = client.post("/recommendations/")
        client.post(reverse("library-since"), {"since": ""})
        words = read(client.get(answer["Location"])).one("main").words
        assert "only what you read since May 1, 2019" in words

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("last year", "Write a year"),
            ("2019-13-01", "Write a year"),
            ("2999", "between 1900 and today"),
            ("1066", "between 1900 and today"),
        ],
    )
    def test_what_is_no_day_is_told(self, sailor: Reader, text: str, says: str) -> None:
        page = read(client_of(sailor).post(reverse("library-since"), {"since": text}), status=422)
        assert says in page.one("main").words
        assert page.one("input", name="since").attributes["value"] == text

    def test_nobody_is_shown_how_to_begin(self) -> None:
        page = read(client_of(None).post(reverse("library-since"), {"since": "2019"}), status=422)
        assert "Nothing here yet" in page.one("main").words


@pytest.mark.parametrize(
    "values",
    [{"stars": Decimal("5.25")}, {"stars": 0}, {"shelf": ""}, {"edited_fields": ["title"]}],
)
def test_the_database_holds_what_must_hold(sailor: Reader, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sailor.entries.update(**values)


def test_no_reader_counts_from_before_there_were_readers(sailor: Reader) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Reader.objects.update(read_since=date(1066, 10, 14))
