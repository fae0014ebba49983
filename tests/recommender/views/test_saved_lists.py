"""A saved list is named, shared, followed and deleted by its reader alone."""

import io

import pytest
from defusedxml import ElementTree
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from recommender.models import Digest, Reader, Run
from recommender.services import saved_lists
from tests.factories import (
    BookFactory,
    LibraryEntryFactory,
    ReaderFactory,
    RecommendationFactory,
    RunFactory,
)
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
REASONS = [
    {"book": 1, "title": "Emma", "stars": 4.75, "share": 0.5, "kind": "liked"},
    {"book": 2, "title": "Persuasion", "stars": None, "share": 0.3, "kind": "read"},
    {"book": 3, "title": "Ulysses", "stars": 1.25, "share": -0.1, "kind": "disliked"},
]


@pytest.fixture
def run() -> Run:
    made = RunFactory.create(name="Winter evenings", note="For <b>Ann</b>\n\nand Bob")
    for rank in (1, 2):
        book = BookFactory.create(title=f"Middlemarch {rank}")
        RecommendationFactory.create(run=made, rank=rank, book=book, reasons=REASONS)
    return made


@pytest.fixture
def link(run: Run) -> str:
    saved_lists.share(run=run)
    run.refresh_from_db()
    return reverse("shared-list", args=[run.share_token])


def post(reader: Reader | None, address: str, run: Run, **form: str) -> int:
    return client_of(reader).post(reverse(address, args=[run.pk]), form).status_code


class TestNaming:
    def test_the_name_and_note_stand_on_the_list_and_in_the_overview(self) -> None:
        run = RunFactory.create(books=[BookFactory.create()])

        assert (
            post(run.reader, "run-describe", run, name="For the train", note="Short ones.") == 302
        )

        page = read(client_of(run.reader).get(reverse("run", args=[run.pk])))
        assert page.one("h1").words == "For the train"
        assert "Short ones." in page.words
        assert "For the train" in read(client_of(run.reader).get("/history/")).words

    def test_a_name_that_is_too_long_is_shown_again(self, run: Run) -> None:
        client = client_of(run.reader)
        answer = client.post(reverse("run-describe", args=[run.pk]), {"name": "x" * 81})

        page = read(answer, status=422)
        assert page.one("input", name="name").attributes["value"] == "x" * 81
        run.refresh_from_db()
        assert run.name == "Winter evenings"


class TestSharing:
    def test_whoever_has_the_link_sees_the_books_but_not_what_is_the_readers_affair(
        self, run: Run, link: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        assert run.reader.user is not None
        with django_assert_num_queries(5):
            answer = client_of(None).get(link)

        page = read(answer)
        assert page.one("h1").words == "Winter evenings"
        assert "For <b>Ann</b>" in page.words
        first = page.one("li", data_rank="1")
        assert "Middlemarch 1" in first.words
        assert "Because they liked Emma. Because they read Persuasion." in first.words
        for private in ("4.75", "Ulysses", "You would give", "4.3", run.reader.user.email):
            assert private not in page.words
        assert answer["X-Robots-Tag"] == "noindex"
        assert page.one("meta", name="robots").attributes["content"] == "noindex"

    def test_another_reader_can_save_a_book_from_it(self, run: Run, link: str) -> None:
        reader = ReaderFactory.create(user=None)
        book = run.recommendations.all()[0].book
        LibraryEntryFactory.create(reader=reader, book=book, shelf="to-read", stars=None)

        page = read(client_of(reader).get(link))

        assert "You want to read it." in page.one("li", data_rank="1").words
        assert "Want to read" in page.one("li", data_rank="2").words
        assert "This is what others see" not in page.words

    def test_the_link_has_a_picture_of_its_own_for_other_sites(self, run: Run, link: str) -> None:
        page = read(client_of(None).get(link))
        said = {e.attributes["property"]: e.attributes["content"] for e in page.all(property="*")}

        assert said["og:title"] == "Winter evenings"
        assert "Middlemarch 1, Middlemarch 2" in said["og:description"]
        answer = client_of(None).get(said["og:image"])
        assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
        assert answer["Cache-Control"] == "public, max-age=3600"

    def test_a_link_that_was_withdrawn_leads_nowhere_and_a_new_one_is_another(
        self, run: Run, link: str
    ) -> None:
        post(run.reader, "run-share", run, what="index")
        assert "X-Robots-Tag" not in client_of(None).get(link)

        assert post(run.reader, "run-share", run, what="withdraw") == 302

        assert client_of(None).get(link).status_code == 404
        assert client_of(None).get(f"{link}picture.png").status_code == 404
        post(run.reader, "run-share", run, what="share")
        run.refresh_from_db()
        assert run.share_token not in (None, link.split("/")[2])
        assert not run.may_be_indexed

    def test_a_guest_may_share_but_not_with_search_engines(self) -> None:
        run = RunFactory.create(reader=ReaderFactory.create(user=None))
        post(run.reader, "run-share", run, what="share")
        post(run.reader, "run-share", run, what="index")

        run.refresh_from_db()
        assert run.share_token
        assert not run.may_be_indexed

    @pytest.mark.parametrize("address", ["run-describe", "run-share", "run-delete"])
    def test_strangers_and_nobody_find_no_such_list(self, run: Run, address: str) -> None:
        for who in (ReaderFactory.create(), None):
            assert post(who, address, run, what="share", name="Mine") == 404
        run.refresh_from_db()
        assert (run.name, run.share_token) == ("Winter evenings", None)

    def test_the_database_keeps_no_list_in_search_engines_without_a_link(self, run: Run) -> None:
        with pytest.raises(IntegrityError, match="run_indexed_if_shared"), transaction.atomic():
            Run.objects.filter(pk=run.pk).update(may_be_indexed=True)


class TestDeleting:
    def test_it_asks_first_then_the_list_and_its_link_are_gone(self, run: Run, link: str) -> None:
        digest = Digest.objects.create(reader=run.reader, run=run, books=[1, 2], is_done=True)
        client = client_of(run.reader)
        page = read(client.get(reverse("run-delete", args=[run.pk])))
        assert "Delete “Winter evenings”?" in page.one("h1").words
        assert "its link ends" in page.words

        answer = client.post(reverse("run-delete", args=[run.pk]))

        assert answer["Location"] == "/history/"
        assert not Run.objects.exists()
        assert client_of(None).get(link).status_code == 404
        digest.refresh_from_db()
        assert (digest.run_id, digest.books) == (None, [1, 2])  # named once is enough


class TestFeed:
    def test_it_tells_of_new_lists_without_a_log_in(
        self, run: Run, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = client_of(run.reader)
        assert client.post("/account/feed", {"what": "renew"}).status_code == 302
        address = next(
            e.attributes["href"]
            for e in read(client.get("/account/")).all("a")
            if e.attributes["href"].endswith(".atom")
        )
        RunFactory.create_batch(2, reader=run.reader, books=BookFactory.create_batch(2))
        RunFactory.create()

        with django_assert_num_queries(6):
            answer = client_of(None).get(address)

        feed = ElementTree.fromstring(answer.content)
        entries = feed.findall(f"{ATOM}entry")
        assert [e.findtext(f"{ATOM}title") for e in entries][-1] == "Winter evenings"
        assert len(entries) == 3
        assert "<cite>Middlemarch 1</cite>" in (entries[-1].findtext(f"{ATOM}summary") or "")
        known = {"If-None-Match": answer["ETag"]}
        assert client_of(None).get(address, headers=known).status_code == 304

    def test_a_new_address_ends_the_old_one(self) -> None:
        reader = ReaderFactory.create()
        saved_lists.renew_feed(reader=reader)
        old = reverse("lists-feed", args=[reader.feed_token])
        assert client_of(None).get(old).status_code == 200

        client_of(reader).post("/account/feed", {"what": "renew"})
        assert client_of(None).get(old).status_code == 404
        client_of(reader).post("/account/feed", {"what": "end"})
        reader.refresh_from_db()
        assert reader.feed_token is None
