"""My library: what is shown, what is found, and what its reader changes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from recommender.models import LibraryEntry, Reader, RemovedEntry, Source
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.pages import client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db
PAGE = "/library/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def sailor(camps: Camps) -> Reader:
    """Somebody who loves the sea, and has read one book of the moor."""
    reader = ReaderFactory.create()
    for book in camps.sea[:3]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=Decimal("3.5"))
    return reader


def titles(reader: Reader | None, query: str = "") -> list[str]:
    page = read(client_of(reader).get(f"{PAGE}?{query}"))
    return [e.words for e in page.all("h2") if e.words not in ("Tastes change", "Nothing here yet")]


def offered(reader: Reader) -> list[str]:
    page = read(client_of(reader).get("/recommendations/"))
    return [e.words for e in page.all("h2")]


def save(reader: Reader | None, entry: LibraryEntry, **data: str) -> int:
    whole = {"stars": "5", "shelf": "read", "read_on": "", **data}
    return client_of(reader).post(reverse("entry", args=[entry.pk]), whole).status_code


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
            "To read",
            "finished May 3, 2020",
            "StoryGraph",
            "★★★★¼",
            "4.25 stars",
        ):
            assert part in words

    def test_counts_of_the_shelves_stand_on_top(self) -> None:
        reader = ReaderFactory.create()
        for shelf in ("read", "read", "to-read", "did-not-finish", "my-own"):
            LibraryEntryFactory.create(reader=reader, shelf=shelf)
        words = read(client_of(reader).get(PAGE)).one("nav", aria_label="Shelves").words
        assert words == "All 5 Read 2 To read 1 Other shelves 2"

    @pytest.mark.parametrize("begun", [True, False])
    def test_an_empty_library_tells_the_ways_to_begin(self, begun: bool) -> None:
        page = read(client_of(ReaderFactory.create() if begun else None).get(PAGE))
        assert [e.words for e in page.all("h3")] == [
            "Paste your Goodreads profile",
            "Bring an export file",
            "Rate books here",
        ]

    def test_a_line_that_found_no_book_is_there_and_says_so(self) -> None:
        entry = LibraryEntryFactory.create(book=None, title="A Lost Book")
        words = read(client_of(entry.reader).get(PAGE)).one("li", class_="entry").words
        assert "A Lost Book" in words
        assert "Our catalog does not have it yet." in words

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
        assert len(few) <= 10


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
            (None, "Gamma", "C. Writer", None, "to-read", False),
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
            "The model does not know it yet."
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


class TestEditing:
    def test_stars_shelf_and_day_are_set_and_known_as_ones_own(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        assert save(sailor, entry, stars="4.5", shelf="to-read", read_on="2020-05-01") == 302
        entry.refresh_from_db()
        assert (entry.stars, entry.shelf) == (Decimal("4.5"), "to-read")
        assert entry.read_on == date(2020, 5, 1)
        assert entry.edited_fields == ["read_on", "shelf", "stars"]

    def test_what_stays_the_same_is_not_ones_own(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        save(sailor, entry, stars="3.5")
        entry.refresh_from_db()
        assert entry.edited_fields == []

    def test_a_quarter_that_the_source_gave_can_be_kept(self) -> None:
        entry = LibraryEntryFactory.create(stars=Decimal("4.25"))
        save(entry.reader, entry, stars="4.25", shelf="to-read")
        entry.refresh_from_db()
        assert (entry.stars, entry.edited_fields) == (Decimal("4.25"), ["shelf"])

    def test_a_changed_star_moves_the_list(self, camps: Camps) -> None:
        reader = ReaderFactory.create()
        sea = LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
        moor = LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=Decimal("1.5"))
        assert offered(reader)[0].startswith("Sea")
        save(reader, moor, stars="5")
        save(reader, sea, stars="1")
        assert offered(reader)[0].startswith("Moor")

    def test_half_stars_weigh_between_their_neighbors(self, camps: Camps) -> None:
        from recommender.services import runs

        entry = LibraryEntryFactory.create(book=camps.sea[0], stars=4)
        scores = []
        for stars in ("4", "4.5", "5"):
            save(entry.reader, entry, stars=stars)
            scores.append(runs.preview(reader=entry.reader).chosen[0].score)
        assert scores[0] < scores[1] < scores[2]

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            ({"stars": "6"}, "Select a valid choice"),
            ({"stars": "4.1"}, "Select a valid choice"),
            ({"shelf": "nowhere"}, "Select a valid choice"),
            ({"read_on": "soon"}, "year-month-day"),
            ({"read_on": "2999-01-01"}, "still to come"),
        ],
    )
    def test_what_cannot_be_is_told_and_nothing_is_lost(
        self, sailor: Reader, data: dict[str, str], says: str
    ) -> None:
        entry = sailor.entries.get(title="Moor 0")
        whole = {"stars": "2.5", "shelf": "to-read", "read_on": "2020-01-01", **data}
        answer = client_of(sailor).post(reverse("entry", args=[entry.pk]), whole)
        page = read(answer, status=422)
        assert says in page.one("main").words
        if "stars" not in data:
            chosen = page.one("option", value="2.5")
            assert "selected" in chosen.attributes
        entry.refresh_from_db()
        assert entry.stars == Decimal("3.5")

    def test_without_javascript_the_filtered_page_comes_back(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        back = f"{PAGE}?stars=3&sort=title"
        page = read(client_of(sailor).get(back))
        [edit] = [e for e in page.all("a") if e.words == "Edit Moor 0"]
        form = read(client_of(sailor).get(edit.attributes["href"]))
        backs = [field.attributes["value"] for field in form.all("input", name="next")]
        assert backs[0] == back
        answer = client_of(sailor).post(
            reverse("entry", args=[entry.pk]), {"stars": "1", "shelf": "read", "next": back}
        )
        assert answer["Location"] == f"{back}#entry-{entry.pk}"

    def test_it_never_leads_to_another_site(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        data = {"stars": "1", "shelf": "read", "next": "//example.org/library/"}
        answer = client_of(sailor).post(reverse("entry", args=[entry.pk]), data)
        assert answer["Location"] == f"{PAGE}#entry-{entry.pk}"

    def test_htmx_gets_the_form_and_then_the_row(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client, address = client_of(sailor), reverse("entry", args=[entry.pk])
        form = read(client.get(address, headers=HTMX))
        assert form.one("select", name="stars")
        wrong = client.post(address, {"stars": "9", "shelf": "read"}, headers=HTMX)
        assert "Select a valid choice" in read(wrong).one("form").words
        row = read(client.post(address, {"stars": "0.5", "shelf": "read"}, headers=HTMX))
        assert "½" in row.one("p", class_="entry__stars").words
        assert row.one("p", role="status").words == "Saved."
        assert row.one("nav", hx_swap_oob="true").words == "All 4 Read 4"
        again = read(client.get(f"{address}?row=1", headers=HTMX))
        assert not again.all("form")


class TestLeavingOut:
    def test_it_neither_moves_the_list_nor_comes_back(self, camps: Camps, sailor: Reader) -> None:
        for entry in sailor.entries.exclude(title="Moor 0"):
            client_of(sailor).post(reverse("entry-leave-out", args=[entry.pk]))
        assert offered(sailor)[0].startswith("Moor")
        assert not {"Sea 0", "Sea 1", "Sea 2"} & set(offered(sailor))
        assert "Left out" in read(client_of(sailor).get(f"{PAGE}?q=sea+0")).one("main").words

        for entry in sailor.entries.all():
            client_of(sailor).post(reverse("entry-count", args=[entry.pk]))
        assert offered(sailor)[0].startswith("Sea")

    def test_twice_is_once(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        for _ in range(2):
            client_of(sailor).post(reverse("entry-leave-out", args=[entry.pk]))
        entry.refresh_from_db()
        assert entry.is_left_out


class TestRemoving:
    def test_an_entry_is_removed_and_put_back_as_it_was(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        save(sailor, entry, stars="4.5")
        before = sailor.entries.values("title", "stars", "source_key", "edited_fields", "book")
        kept = before.get(title="Moor 0")
        client = client_of(sailor)
        page = read(client.post(reverse("entry-remove", args=[entry.pk]), follow=True))
        assert "Moor 0 is no longer in your library." in page.one("main").words
        assert titles(sailor, "q=moor") == []

        gone = RemovedEntry.objects.get()
        assert page.one("form", action=reverse("library-restore", args=[gone.pk]))
        client.post(reverse("library-restore", args=[gone.pk]))
        assert before.get(title="Moor 0") == kept
        assert not RemovedEntry.objects.exists()

    def test_with_htmx_the_undo_stands_in_its_place(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client = client_of(sailor)
        answer = read(client.post(reverse("entry-remove", args=[entry.pk]), headers=HTMX))
        assert answer.one("nav", id="shelves").words == "All 3 Read 3"
        undo = answer.one("form").attributes["action"]
        assert "Put back." in read(client.post(undo, headers=HTMX)).one("li").words

    def test_it_can_be_put_back_later(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client_of(sailor).post(reverse("entry-remove", args=[entry.pk]), headers=HTMX)
        page = read(client_of(sailor).get(PAGE))
        assert page.one("a", href=reverse("library-removed")).words.endswith("(1)")
        listed = read(client_of(sailor).get(reverse("library-removed"))).one("main").words
        assert "Moor 0" in listed
        for stranger in (ReaderFactory.create(), None):
            other = read(client_of(stranger).get(reverse("library-removed")))
            assert "Moor 0" not in other.one("main").words

    def test_a_book_that_came_back_by_itself_is_not_there_twice(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client = client_of(sailor)
        client.post(reverse("entry-remove", args=[entry.pk]))
        gone = RemovedEntry.objects.get()
        LibraryEntryFactory.create(reader=sailor, book=entry.book, stars=1)
        client.post(reverse("library-restore", args=[gone.pk]))
        assert sailor.entries.get(book=entry.book).stars == 1


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
        assert "None of the books you rated counts now" in page.one("main").words
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
    "name", ["entry", "entry-leave-out", "entry-count", "entry-remove", "entry-follow"]
)
def test_entries_of_others_do_not_exist(sailor: Reader, name: str) -> None:
    entry = sailor.entries.get(title="Moor 0")
    address = reverse(name, args=[entry.pk])
    for stranger in (ReaderFactory.create(), ReaderFactory.create(user=None), None):
        data = {"stars": "1", "shelf": "read"}
        assert client_of(stranger).post(address, data).status_code == 404
        if name == "entry":
            assert client_of(stranger).get(address).status_code == 404
    assert sailor.entries.get(title="Moor 0").updated_at == entry.updated_at


def test_what_others_removed_does_not_exist(sailor: Reader) -> None:
    entry = sailor.entries.get(title="Moor 0")
    client_of(sailor).post(reverse("entry-remove", args=[entry.pk]))
    address = reverse("library-restore", args=[RemovedEntry.objects.get().pk])
    for stranger in (ReaderFactory.create(), None):
        assert client_of(stranger).post(address).status_code == 404
    assert RemovedEntry.objects.exists()


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
