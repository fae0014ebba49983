"""Saved lists: one of them, all of them, and a new one."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from recommender.models import ImportItem, Run
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ModelReleaseFactory,
    ReaderFactory,
    RecommendationFactory,
    RunFactory,
)
from tests.pages import client_of, read
from tests.releases import publish_release

pytestmark = pytest.mark.django_db


def address(run: Run) -> str:
    return reverse("run", args=[run.pk])


class TestOneList:
    @pytest.mark.parametrize("by_guest", [False, True])
    def test_its_owner_sees_every_book_in_order(self, by_guest: bool) -> None:
        reader = ReaderFactory.create(**({"user": None} if by_guest else {}))
        books = BookFactory.create_batch(10)
        run = RunFactory.create(reader=reader, books=books)

        page = read(client_of(reader).get(address(run)))

        shown = [
            (int(e.attributes["data-book-id"]), e.attributes["data-rank"])
            for e in page.all(data_book_id="*", data_rank="*")
        ]
        assert shown == [(book.goodbooks_id, str(rank)) for rank, book in enumerate(books, start=1)]
        assert page.one("h1").words == "Your next ten books"

    def test_it_does_not_exist_for_a_stranger_or_for_nobody(self) -> None:
        run = RunFactory.create()

        assert client_of(ReaderFactory.create()).get(address(run)).status_code == 404
        assert client_of(ReaderFactory.create(user=None)).get(address(run)).status_code == 404
        assert client_of(None).get(address(run)).status_code == 404

    def test_years_later_it_still_tells_how_it_was_made(self) -> None:
        run = RunFactory.create(
            books=[BookFactory.create()],
            parameters={"top": 7, "dial": 9, "series": "12", "since": "2019-05-01", "mood": "?"},
        )
        words = read(client_of(run.reader).get(address(run))).one("main").words
        for part in (
            run.release.version,
            "1,695,104 ratings of 52,424 readers",
            "7 books, dial 9, series: 12, only what you read since May 1, 2019",
            "2 lines, 2 of them counted",
        ):
            assert part in words

    def test_a_book_is_shown_with_all_that_is_known(self) -> None:
        book = BookFactory.create(
            title="Ancillary Sword",
            authors=["Ann Leckie", "Second Author", "Third Author"],
            series_name="Imperial Radch",
            series_number="2.00",
            year=2014,
            genres=["science-fiction", "space-opera"],
            description="A ship that was many is one, and drinks tea.",
            description_source="Bookfold",
        )
        run = RunFactory.create(books=[book])

        words = read(client_of(run.reader).get(address(run))).one("li", data_rank="1").words

        for part in (
            "Ancillary Sword",
            "Ann Leckie, Second Author and Third Author",
            "Imperial Radch #2",
            "2014",
            "Science Fiction",
            "A ship that was many is one, and drinks tea.",
            "Description: Bookfold",
            "You would give it about 4.3",
            "Because you liked A Wizard of Earthsea (5★ stars) and The Lathe of Heaven (4★ stars).",
        ):
            assert part in words

    def test_a_book_of_which_little_is_known_is_shown_without_gaps(self) -> None:
        book = BookFactory.create(year=None, description="", description_source="")
        run = RunFactory.create()
        RecommendationFactory.create(run=run, book=book, expected_stars=None, reasons=[])

        words = read(client_of(run.reader).get(address(run))).one("li", data_rank="1").words

        for part in ("None", "about", "Because", "Description"):
            assert part not in words

    def test_an_ancient_book_is_dated_as_people_do(self) -> None:
        run = RunFactory.create(books=[BookFactory.create(year=-750)])

        assert "750 BCE" in read(client_of(run.reader).get(address(run))).words

    def test_a_long_description_is_folded(self) -> None:
        run = RunFactory.create(books=[BookFactory.create(description="word " * 80)])

        page = read(client_of(run.reader).get(address(run)))

        assert page.one("details", class_="about")

    def test_a_cover_is_drawn_where_no_picture_is_shown(self) -> None:
        run = RunFactory.create(books=[BookFactory.create(title="Emma", cover_id=77)])

        item = read(client_of(run.reader).get(address(run)))

        assert not item.all("img")
        assert item.one("svg", class_="cover").words.startswith("Emma")

    def test_a_cover_comes_from_open_library_where_the_site_shows_them(
        self, settings: Settings
    ) -> None:
        settings.COVER_HOST = "https://covers.openlibrary.org"
        known, unknown = BookFactory.create(cover_id=77), BookFactory.create()
        run = RunFactory.create(books=[known, unknown])

        page = read(client_of(run.reader).get(address(run)))

        picture = page.one("img").attributes
        assert picture["src"] == "https://covers.openlibrary.org/b/id/77-M.jpg?default=false"
        assert page.one("svg", class_="cover")
        assert "Covers by Open Library" in page.words

    def test_simulated_readers_are_called_that(self) -> None:
        release = ModelReleaseFactory.create(is_simulated=True, dataset="starter shelf")
        run = RunFactory.create(release=release)

        words = read(client_of(run.reader).get(address(run))).words

        assert "Built from simulated readers" in words
        assert "CC BY-SA" not in words

    def test_goodbooks_is_named_with_its_license(self) -> None:
        run = RunFactory.create()

        words = read(client_of(run.reader).get(address(run))).words

        assert "goodbooks-10k" in words
        assert "CC BY-SA 4.0" in words
        assert "simulated" not in words

    def test_it_says_what_was_matched_and_what_was_not(self) -> None:
        run = RunFactory.create()
        job = ImportJobFactory.create(reader=run.reader, state="done", run=run)
        ImportItemFactory.create_batch(5, job=job)
        ImportItemFactory.create(job=job, state="unmatched", title="Small Engines")
        ImportItemFactory.create(job=job, state="ambiguous", title="Poems")
        ImportItemFactory.create(
            job=job, state="failed", title="?", problem="“seven” is not a rating.", line=17
        )

        page = read(client_of(run.reader).get(address(run)))

        assert "5 of 8 rows matched a book in our catalog" in page.words
        lost = page.one("details", class_="lost").words
        for part in ("Small Engines", "Poems", "“seven” is not a rating.", "(line 17)"):
            assert part in lost

    def test_a_list_made_again_tells_of_the_import_before_it(self) -> None:
        run = RunFactory.create()
        noon = datetime(2026, 1, 1, tzinfo=UTC)
        job = ImportJobFactory.create(reader=run.reader, state="done", finished_at=noon)
        ImportItemFactory.create(job=job)

        assert "1 of 1 row matched" in read(client_of(run.reader).get(address(run))).words

    def test_a_shelf_full_of_unknown_books_does_not_fill_the_page(self) -> None:
        run = RunFactory.create()
        job = ImportJobFactory.create(reader=run.reader, state="done", run=run)
        ImportItem.objects.bulk_create(
            ImportItemFactory.build(job=job, state="unmatched") for _ in range(205)
        )

        page = read(client_of(run.reader).get(address(run)))

        assert "205 rows of yours matched no book in our catalog" in page.words
        assert "And 5 more." in page.words

    def test_guests_are_told_how_to_keep_it(self) -> None:
        guest = ReaderFactory.create(user=None)
        run = RunFactory.create(reader=guest)

        page = read(client_of(guest).get(address(run)))
        owned = RunFactory.create()

        assert page.one("a", href=f"/accounts/signup/?next={address(run)}")
        assert "as a guest" not in read(client_of(owned.reader).get(address(owned))).words

    def test_what_a_title_holds_is_shown_as_text_only(self) -> None:
        title = "<b>Bold & Brave</b>"
        run = RunFactory.create(books=[BookFactory.create(title=title)])

        assert read(client_of(run.reader).get(address(run))).all("h2")[0].words == title

    def test_ten_books_cost_as_many_queries_as_one(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        run = RunFactory.create(books=BookFactory.create_batch(10))
        client = client_of(run.reader)
        read(client.get(address(run)))

        with django_assert_num_queries(12):
            client.get(address(run))


class TestHistory:
    @pytest.mark.parametrize("by_guest", [False, True])
    def test_it_holds_the_readers_own_lists_newest_first(self, by_guest: bool) -> None:
        reader = ReaderFactory.create(**({"user": None} if by_guest else {}))
        old, new = RunFactory.create_batch(2, reader=reader, books=[BookFactory.create()])
        other = RunFactory.create()

        page = read(client_of(reader).get("/history/"))

        assert [run.attributes["href"] for run in page.all("a", class_="run")] == [
            address(new),
            address(old),
        ]
        assert str(other.pk) not in page.words

    @pytest.mark.parametrize("begun", [False, True])
    def test_an_empty_one_says_what_to_do(self, begun: bool) -> None:
        page = read(client_of(ReaderFactory.create() if begun else None).get("/history/"))

        assert "No list yet" in page.words
        assert page.one("a", href="/", class_="button").words == "Find my next books"

    def test_it_comes_in_pages(self) -> None:
        reader = ReaderFactory.create()
        RunFactory.create_batch(13, reader=reader)
        client = client_of(reader)

        first, second = read(client.get("/history/")), read(client.get("/history/?page=2"))

        assert (len(first.all("a", class_="run")), len(second.all("a", class_="run"))) == (12, 1)
        assert first.one("a", rel="next").attributes["href"] == "?page=2"
        assert read(client.get("/history/?page=nonsense")).all("a", class_="run")

    def test_an_import_under_way_is_in_sight(self) -> None:
        job = ImportJobFactory.create()

        page = read(client_of(job.reader).get("/history/"))

        assert page.one("a", href=reverse("import", args=[job.pk])).words == "See its progress"

    def test_a_failed_import_is_in_sight(self) -> None:
        job = ImportJobFactory.create(state="failed", error_message="Private.")

        page = read(client_of(job.reader).get("/history/"))

        assert "did not work" in page.words
        assert page.one("a", href=reverse("import", args=[job.pk]))

    def test_more_lists_cost_no_more_queries(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        reader = ReaderFactory.create()
        books = BookFactory.create_batch(10)
        RunFactory.create_batch(8, reader=reader, books=books)
        client = client_of(reader)
        read(client.get("/history/"))

        with django_assert_num_queries(10):
            client.get("/history/")


class TestANewList:
    def test_it_is_made_from_the_library(self, own_store: str) -> None:
        books = BookFactory.create_batch(12)
        publish_release(own_store, [[book.goodbooks_id or 0 for book in books]])
        reader = ReaderFactory.create()
        LibraryEntryFactory.create(reader=reader, book=books[0], stars=5)

        answer = client_of(reader).post("/recommendations/")

        assert answer["Location"] == address(reader.runs.get())

    @pytest.mark.parametrize("with_release", [False, True])
    def test_where_it_cannot_be_made_the_reason_is_told(
        self, own_store: str, with_release: bool
    ) -> None:
        if with_release:
            publish_release(own_store, [[1, 2, 3]])
        reader = ReaderFactory.create()

        page = read(client_of(reader).post("/recommendations/", follow=True))

        assert page.one("div", role="status").words
        assert not reader.runs.exists()

    def test_nobody_is_sent_to_the_beginning(self) -> None:
        answer = client_of(None).post("/recommendations/")

        assert answer["Location"] == "/"
