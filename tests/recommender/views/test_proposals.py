"""Pages of missing books: what is looked for, found, chosen and told."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from recommender.models import Proposal
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ProposalFactory,
    ReaderFactory,
)
from tests.pages import client_of, read
from tests.recommender.conftest import Camps
from tests.recommender.services.test_proposals import OTHER
from tests.works import KLARA

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MISSING = "/books/missing/"


def page_of(proposal: Proposal) -> str:
    return reverse("proposal", args=[proposal.pk])


def found(**fields: Any) -> Proposal:
    works = [asdict(KLARA), asdict(OTHER)]
    proposal: Proposal = ProposalFactory.create(state="choosing", works=works, **fields)
    return proposal


class TestAsking:
    def test_nobody_becomes_a_guest_by_asking(self) -> None:
        client = client_of(None)
        page = read(client.get(f"{MISSING}?title=Klara"))
        assert page.one("input", name="title").attributes["value"] == "Klara"
        assert not Proposal.objects.exists()

        answer = client.post(MISSING, {"title": "Klara", "isbn": "0-593-31817-X"})

        proposal = Proposal.objects.get()
        assert answer["Location"] == page_of(proposal)
        assert (proposal.title, proposal.isbn13) == ("Klara", "9780593318171")
        assert "We are asking Open Library" in read(client.get(page_of(proposal))).words

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({}, "Give the title or the ISBN."),
            ({"author": "Kazuo Ishiguro"}, "Give the title or the ISBN."),
            ({"title": "Klara", "isbn": "123"}, "This is not a valid ISBN."),
        ],
    )
    def test_what_cannot_be_looked_for_is_told_and_kept(
        self, given: dict[str, str], words: str
    ) -> None:
        page = read(client_of(None).post(MISSING, given), status=422)
        assert words in page.words
        for name, value in given.items():
            assert page.one("input", name=name).attributes["value"] == value
        assert not Proposal.objects.exists()

    def test_beyond_the_limit_of_a_day_there_is_a_sentence(self) -> None:
        proposal = ProposalFactory.create(searches=30, state="nothing")
        client = client_of(proposal.reader)
        assert (
            "Come back tomorrow" in read(client.post(MISSING, {"title": "Emma"}), status=422).words
        )
        again = client.post(reverse("proposal-again", args=[proposal.pk]), {"title": "Emma"})
        assert "Come back tomorrow" in read(again, status=422).words
        entry = LibraryEntryFactory.create(book=None, reader=proposal.reader)
        answer = client.post(reverse("propose-entry", args=[entry.pk]), follow=True)
        assert "Come back tomorrow" in read(answer).words

    def test_what_was_looked_for_is_listed_for_its_reader_alone(self) -> None:
        mine = ProposalFactory.create(title="Mine", state="added", book=BookFactory.create())
        ProposalFactory.create(title="Not mine")
        page = read(client_of(mine.reader).get(MISSING))
        assert page.one("a", href=page_of(mine)).words == "Mine"
        assert "Not mine" not in page.words

    def test_more_proposals_cost_no_more_queries(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        reader = ReaderFactory.create()
        ProposalFactory.create_batch(15, reader=reader)
        client = client_of(reader)
        with django_assert_max_num_queries(6):
            client.get(MISSING)


class TestWaysIn:
    @pytest.mark.parametrize("state", ["unmatched", "ambiguous", "skipped"])
    def test_a_row_of_an_import_leads_there(self, state: str) -> None:
        job = ImportJobFactory.create(kind="storygraph_export", account="", state="preview")
        item = ImportItemFactory.create(job=job, state=state, title="Klara", isbn13="9780593318171")
        client = client_of(job.reader)
        address = reverse("propose-row", args=[job.pk, item.pk])
        for place in ("import-rows", "import-row"):
            arguments = [job.pk] if place == "import-rows" else [job.pk, item.pk]
            assert read(client.get(reverse(place, args=arguments))).one("form", action=address)

        answer = client.post(address)

        proposal = Proposal.objects.get()
        assert answer["Location"] == page_of(proposal)
        assert proposal.item == item
        page = read(client.get(page_of(proposal)))
        assert page.one("a", href=reverse("import-rows", args=[job.pk]))

    def test_a_row_that_has_its_book_does_not(self) -> None:
        job = ImportJobFactory.create(kind="storygraph_export", account="", state="preview")
        item = ImportItemFactory.create(job=job, state="matched", book=BookFactory.create())
        client = client_of(job.reader)
        address = reverse("propose-row", args=[job.pk, item.pk])
        assert not read(client.get(reverse("import-rows", args=[job.pk]))).all(action=address)
        assert "can no longer be changed" in read(client.post(address, follow=True)).words

    def test_a_line_without_a_book_leads_there_and_one_with_a_book_does_not(self) -> None:
        lost = LibraryEntryFactory.create(book=None)
        has = LibraryEntryFactory.create(reader=lost.reader)
        client = client_of(lost.reader)
        page = read(client.get(reverse("library")))
        address = reverse("propose-entry", args=[lost.pk])
        assert page.one("button", formaction=address)
        assert not page.all("button", formaction=reverse("propose-entry", args=[has.pk]))
        client.post(address)
        assert Proposal.objects.get().entry == lost

    def test_a_search_leads_there_with_its_words_whatever_it_found(self) -> None:
        BookFactory.create(title="Emma", title_key="emma")
        for query in ("emma", "zqxjkv"):
            page = read(client_of(None).get(f"/books/?q={query}"))
            assert page.one("a", href=f"{MISSING}?title={query}")


class TestOnePage:
    def test_while_it_searches_it_asks_again_with_scripts_and_without(self) -> None:
        proposal = ProposalFactory.create()
        client = client_of(proposal.reader)
        page = read(client.get(page_of(proposal)))
        assert page.one("meta", http_equiv="refresh")
        poll = page.one(hx_trigger="every 1s").attributes["hx-get"]
        assert page.one("div", aria_live="polite")
        assert client.get(poll, headers=HTMX).status_code == 204

        Proposal.objects.update(state="nothing")
        part = client.get(poll, headers=HTMX)
        assert b"<html" not in part.content
        assert "Open Library has no book like this" in read(part).words
        assert not read(client.get(page_of(proposal))).all("meta", http_equiv="refresh")

    def test_a_search_that_takes_long_says_so_and_one_that_is_stuck_can_be_begun_again(
        self,
    ) -> None:
        proposal = ProposalFactory.create()
        client = client_of(proposal.reader)
        again = reverse("proposal-again", args=[proposal.pk])
        Proposal.objects.update(asked_at=proposal.asked_at - timedelta(seconds=30))
        page = read(client.get(page_of(proposal)))
        assert "longer than usual" in page.words
        assert not page.all("form", action=again)
        Proposal.objects.update(asked_at=proposal.asked_at - timedelta(minutes=5))
        assert read(client.get(page_of(proposal))).one("form", action=again)

    def test_what_failed_says_why_and_is_tried_again(self) -> None:
        proposal = ProposalFactory.create(state="failed", problem="Open Library is busy.")
        client = client_of(proposal.reader)
        page = read(client.get(page_of(proposal)))
        assert "Open Library is busy." in page.words
        values = {
            "title": page.one("input", name="title").attributes["value"],
            "author": "",
            "isbn": "",
        }
        client.post(reverse("proposal-again", args=[proposal.pk]), values)
        proposal.refresh_from_db()
        assert (proposal.state, proposal.title, proposal.author) == (
            "searching",
            "Klara and the Sun",
            "",
        )

    def test_works_are_shown_with_what_tells_them_apart(self) -> None:
        proposal = found()
        page = read(client_of(proposal.reader).get(page_of(proposal)))
        assert "Klara and the Sun, Kazuo Ishiguro (2021) 9 editions" in page.words
        link = page.all("a", href="http://127.0.0.1:9/works/OL1W")
        assert [one.words for one in link] == ["Look at it: Klara and the Sun, at Open Library"]
        assert page.one("form", action=reverse("proposal-again", args=[proposal.pk]))

    def test_the_chosen_book_is_added_and_can_be_opened(self) -> None:
        proposal = found()
        client = client_of(proposal.reader)
        page = read(client.post(page_of(proposal), {"work": "OL1W"}, follow=True))
        book = Book.objects.get()
        assert (
            "Added. You can rate it and keep it in your library. It is recommended from now on"
            in page.words
        )
        assert page.one("a", href=reverse("book", args=[book.pk])).words == "Klara and the Sun"

    def test_a_book_that_is_here_already_is_told(self) -> None:
        proposal, book = found(), BookFactory.create(open_library_key="OL1W")
        client = client_of(proposal.reader)
        page = read(client.post(page_of(proposal), {"work": "OL1W"}, follow=True))
        assert "Our catalog already has this book." in page.words
        assert page.one("a", href=reverse("book", args=[book.pk]))

    def test_a_hidden_book_is_not_led_to(self) -> None:
        proposal, book = found(), BookFactory.create(open_library_key="OL1W", status="hidden")
        client = client_of(proposal.reader)
        page = read(client.post(page_of(proposal), {"work": "OL1W"}, follow=True))
        assert "curators have hidden it" in page.words
        assert not page.all("a", href=reverse("book", args=[book.pk]))

    def test_a_line_that_cannot_take_the_book_is_told(self) -> None:
        book = BookFactory.create(open_library_key="OL1W")
        has = LibraryEntryFactory.create(book=book)
        lost = LibraryEntryFactory.create(book=None, reader=has.reader)
        proposal = found(reader=has.reader, entry=lost)
        page = client_of(has.reader).post(page_of(proposal), {"work": "OL1W"}, follow=True)
        assert "stays as it is" in read(page).words

    @pytest.mark.parametrize("work", ["", "OL3W"])
    def test_a_choice_that_is_none_is_asked_again(self, work: str) -> None:
        proposal = found()
        answer = client_of(proposal.reader).post(page_of(proposal), {"work": work})
        assert "Choose one of the books" in read(answer, status=422).words
        assert not Book.objects.exists()

    def test_it_takes_the_same_queries_however_many_were_found(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        proposal = found()
        client = client_of(proposal.reader)
        with django_assert_max_num_queries(5):
            client.get(page_of(proposal))


def test_who_comes_back_to_where_other_words_were_sent_finds_them() -> None:
    proposal = found()
    answer = client_of(proposal.reader).get(reverse("proposal-again", args=[proposal.pk]))
    assert answer["Location"] == page_of(proposal)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("proposal", "get"),
        ("proposal", "post"),
        ("proposal-again", "post"),
        ("propose-row", "post"),
        ("propose-entry", "post"),
    ],
)
def test_they_do_not_exist_for_a_stranger_or_for_nobody(name: str, method: str) -> None:
    proposal = found()
    job = ImportJobFactory.create(reader=proposal.reader, state="done")
    item = ImportItemFactory.create(job=job, state="unmatched")
    entry = LibraryEntryFactory.create(reader=proposal.reader, book=None)
    arguments: dict[str, list[Any]] = {
        "propose-row": [job.pk, item.pk],
        "propose-entry": [entry.pk],
    }
    address = reverse(name, args=arguments.get(name, [proposal.pk]))
    for client in (client_of(ReaderFactory.create()), client_of(None)):
        answer = getattr(client, method)(address, {"work": "OL1W", "title": "Emma"})
        assert answer.status_code == 404
    assert not Book.objects.exists()
    assert Proposal.objects.get().state == "choosing"


def test_the_page_of_a_book_that_the_model_does_not_know_says_so(camps: Camps) -> None:
    book = BookFactory.create(goodbooks_id=2_000_001)
    page = read(client_of(None).get(reverse("book", args=[book.pk])))
    assert "Our model does not know this book yet" in page.words
    assert not page.all("section", class_="related")
    known = read(client_of(None).get(reverse("book", args=[camps.sea[0].pk])))
    assert "Our model does not know" not in known.words
