"""Books that the catalog lacks: looked for by a worker, chosen by a person, added."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from catalog.models import Book
from catalog.openlibrary.parse import Work
from recommender.models import ImportItem, LibraryEntry, Proposal, Reader
from recommender.selectors.book_page import model_facts
from recommender.selectors.current_model import forget_model
from recommender.selectors.data_export import export_data
from recommender.services import (
    leaving,
    proposals,
    readers,
    runs,
    training,
)
from recommender.services.proposals import CannotChoose, CannotPropose, SearchTerms
from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.works import WorkFault, isbn_of
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ProposalFactory,
    ReaderFactory,
    UserFactory,
)
from tests.recommender.conftest import Camps
from tests.releases import publish_release
from tests.works import KLARA

pytestmark = pytest.mark.django_db

OTHER = replace(KLARA, key="OL2W", title="Klara", isbns=())


def found(**fields: Any) -> Proposal:
    """A proposal whose reader has to choose."""
    works = [asdict(KLARA), asdict(OTHER)]
    proposal: Proposal = ProposalFactory.create(state="choosing", works=works, **fields)
    return proposal


def unmatched(**fields: Any) -> ImportItem:
    job = ImportJobFactory.create(kind="storygraph_export", account="", state="preview")
    row = {"title": "Klara and the Sun", "author": "Kazuo Ishiguro", "isbn13": "9780593318171"}
    item: ImportItem = ImportItemFactory.create(
        **({"job": job, "state": "unmatched", "change": "new"} | row | fields)
    )
    return item


def searched(**words: Any) -> Proposal:
    proposal = proposals.propose(reader=ReaderFactory.create(), terms=SearchTerms(**words))
    proposals.search(proposal_id=str(proposal.pk))
    proposal.refresh_from_db()
    return proposal


def keys(proposal: Proposal) -> list[str]:
    return [work.title for work in proposals.works_of(proposal)]


class TestSearch:
    def test_a_book_is_found_by_title_and_author(self, open_library: OpenLibraryStandin) -> None:
        proposal = searched(title="klara and the sun (Robots, #1)", author="Ishiguro")
        assert (proposal.state, keys(proposal)) == ("choosing", ["Klara and the Sun"])
        [work] = proposals.works_of(proposal)
        assert (work.credited, work.isbns) == (("Kazuo Ishiguro",), ("9780593318171",))

    def test_an_isbn_comes_first_and_the_title_is_asked_for_too(
        self, open_library: OpenLibraryStandin
    ) -> None:
        proposal = searched(title="Hamnet", author="", isbn13="9780593318171")
        assert keys(proposal) == ["Klara and the Sun", "Hamnet"]

    def test_a_number_of_goodreads_finds_it_too(self, open_library: OpenLibraryStandin) -> None:
        assert keys(searched(edition_id=70_000 + WorkFault.NO_COVER)) == ["The Lighthouse 5"]

    def test_a_subtitle_that_open_library_keeps_apart_does_no_harm(
        self, open_library: OpenLibraryStandin
    ) -> None:
        assert keys(searched(title="Hamnet: A Novel", author="Maggie O'Farrell")) == ["Hamnet"]

    def test_a_work_is_found_by_its_key(self, open_library: OpenLibraryStandin) -> None:
        [first] = proposals.works_of(searched(title="Hamnet"))
        assert keys(searched(work_key=first.key)) == ["Hamnet"]
        assert searched(work_key="OL404W").state == "nothing"

    def test_nothing_found_is_a_state_of_its_own(self, open_library: OpenLibraryStandin) -> None:
        assert searched(title="Qqqq Zzzz").state == "nothing"

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (WorkFault.SEARCH_BUSY_FOR_LONG, "Try again in 10 minutes"),
            (WorkFault.SEARCH_REFUSED, "busy and asks us to wait"),
            (WorkFault.SEARCH_TRUNCATED_ALWAYS, "no answer that we could read"),
        ],
    )
    def test_what_goes_wrong_is_told_and_can_be_tried_again(
        self, open_library: OpenLibraryStandin, fault: WorkFault, words: str
    ) -> None:
        proposal = searched(isbn13=isbn_of(fault))
        assert proposal.state == "failed"
        assert words in proposal.problem
        proposal = proposals.search_again(proposal=proposal)
        assert (proposal.state, proposal.problem, proposal.searches) == ("searching", "", 2)

    def test_a_short_wait_is_waited_for(self, open_library: OpenLibraryStandin) -> None:
        assert searched(isbn13=isbn_of(WorkFault.SEARCH_BUSY_FOR_SECONDS)).state == "choosing"

    def test_without_a_contact_the_reader_is_told(self, settings: Settings) -> None:
        settings.OPENLIBRARY_BASE_URL = "https://openlibrary.example"
        proposal = searched(title="Hamnet")
        assert (proposal.state, proposal.problem) == ("failed", proposals.SWITCHED_OFF)

    def test_an_answer_to_an_earlier_search_counts_for_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proposal = proposals.propose(
            reader=ReaderFactory.create(), terms=SearchTerms(title="Klara")
        )

        class AskedAgainMeanwhile:
            def by_title(self, **words: str) -> list[Work]:
                Proposal.objects.update(asked_at=timezone.now(), searches=2)
                return [KLARA]

            def close(self) -> None:
                pass

        monkeypatch.setattr(proposals, "open_library", AskedAgainMeanwhile)
        proposals.search(proposal_id=str(proposal.pk))
        proposal.refresh_from_db()
        assert (proposal.state, proposal.searches) == ("searching", 2)

    def test_a_worker_that_comes_late_finds_nothing_to_do(self) -> None:
        proposal = found()
        proposals.search(proposal_id=str(proposal.pk))  # nobody answers at the address in use
        proposals.give_up(proposal_id=str(proposal.pk))
        proposal.refresh_from_db()
        assert proposal.state == "choosing"

    def test_a_search_that_takes_too_long_is_ended(self) -> None:
        proposal = ProposalFactory.create()
        proposals.give_up(proposal_id=str(proposal.pk))
        proposal.refresh_from_db()
        assert (proposal.state, proposal.problem) == ("failed", proposals.TOO_SLOW)


class TestGuests:
    def test_they_share_what_they_may_ask_in_an_hour(self, settings: Settings) -> None:
        settings.GUEST_SEARCHES_AN_HOUR = 2
        terms = SearchTerms("Klara")
        guests = [ReaderFactory.create(user=None) for _ in range(3)]
        for guest in guests[:2]:
            proposals.propose(reader=guest, terms=terms)
        with pytest.raises(CannotPropose, match="Many visitors"):
            proposals.propose(reader=guests[2], terms=terms)
        proposals.propose(reader=ReaderFactory.create(), terms=terms)
        Proposal.objects.update(asked_at=timezone.now() - timedelta(hours=2))
        proposals.propose(reader=guests[2], terms=terms)


class TestPropose:
    def test_it_is_queued_once_it_is_committed(
        self, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks() as queued:
            proposals.propose(reader=ReaderFactory.create(), terms=SearchTerms(title="Hamnet"))
        assert len(queued) == 1

    def test_a_row_is_looked_for_by_all_that_is_known_of_it(self) -> None:
        item = unmatched(edition_id=12)
        proposal = proposals.propose_for_row(item=item)
        assert (proposal.title, proposal.author) == (item.title, item.author)
        assert (proposal.isbn13, proposal.edition_id) == ("9780593318171", 12)
        assert proposals.propose_for_row(item=item) == proposal, "one open proposal a row"

    @pytest.mark.parametrize(
        ("state", "job_state"), [("matched", "preview"), ("unmatched", "matching")]
    )
    def test_a_row_that_cannot_be_repaired_is_not_looked_for(
        self, state: str, job_state: str
    ) -> None:
        item = unmatched(state=state)
        item.job.state = job_state
        item.job.save()
        with pytest.raises(CannotPropose):
            proposals.propose_for_row(item=item)

    def test_a_line_of_a_library_takes_the_isbn_of_its_row_along(self) -> None:
        item = unmatched()
        entry = LibraryEntryFactory.create(
            reader=item.job.reader, book=None, source_key=item.source_key, source="storygraph"
        )
        proposal = proposals.propose_for_entry(entry=entry)
        assert (proposal.isbn13, proposal.edition_id) == ("9780593318171", None)
        assert proposals.propose_for_entry(entry=entry) == proposal

    def test_a_line_that_has_its_book_is_not_looked_for(self) -> None:
        with pytest.raises(CannotPropose):
            proposals.propose_for_entry(entry=LibraryEntryFactory.create())

    def test_a_day_has_thirty_searches_a_reader(self) -> None:
        reader = ReaderFactory.create()
        item = unmatched()
        item.job.reader = reader
        item.job.save()
        mine = proposals.propose_for_row(item=item)
        Proposal.objects.update(searches=29)
        last = proposals.propose(reader=reader, terms=SearchTerms(title="Hamnet"))
        Proposal.objects.filter(pk=last.pk).update(state="nothing")
        calls: list[Callable[[], object]] = [
            lambda: proposals.propose(reader=reader, terms=SearchTerms(title="Emma")),
            lambda: proposals.search_again(proposal=last),
        ]
        for call in calls:
            with pytest.raises(CannotPropose, match="30 books within a day"):
                call()
        assert proposals.propose_for_row(item=item) == mine, "what is open can still be seen"
        proposals.propose(reader=ReaderFactory.create(), terms=SearchTerms(title="Emma"))

        Proposal.objects.update(asked_at=timezone.now() - timedelta(hours=25))
        proposals.propose(reader=reader, terms=SearchTerms(title="Emma"))

    def test_other_words_are_looked_for_again(self) -> None:
        proposal = ProposalFactory.create(state="nothing", edition_id=7)
        again = proposals.search_again(
            proposal=proposal, terms=SearchTerms("Klara", "K. Ishiguro", "")
        )
        assert (again.title, again.author, again.edition_id) == ("Klara", "K. Ishiguro", 7)

    def test_what_is_under_way_or_done_is_not_begun_again_but_what_is_stuck_is(self) -> None:
        waits = ProposalFactory.create()
        done = ProposalFactory.create(state="added", book=BookFactory.create())
        for proposal in (waits, done):
            assert proposals.search_again(proposal=proposal).searches == 1
        waits.asked_at -= timedelta(minutes=3)
        waits.save()
        assert proposals.search_again(proposal=waits).searches == 2


class TestChoose:
    def test_the_book_is_added_and_the_reader_keeps_their_proposal(self) -> None:
        proposal = found()
        chosen = proposals.choose(proposal=proposal, key="OL1W")
        assert (chosen.is_new, chosen.left_line) == (True, False)
        assert chosen.book == Book.objects.get(open_library_key="OL1W")
        assert proposals.choose(proposal=proposal, key="OL2W").book == chosen.book
        assert Book.objects.count() == 1

    def test_a_row_of_a_preview_changes_nothing_before_the_yes(self) -> None:
        item = unmatched()
        book = proposals.choose(proposal=found(item=item, reader=item.job.reader), key="OL1W").book
        item.refresh_from_db()
        assert (item.state, item.book, item.change) == ("repaired", book, "new")
        assert not LibraryEntry.objects.exists()

    def test_a_row_of_an_import_that_is_done_is_in_the_library_at_once(self) -> None:
        item = unmatched()
        item.job.state = "done"
        item.job.save()
        lost = LibraryEntryFactory.create(
            reader=item.job.reader, book=None, source="storygraph", source_key=item.source_key
        )
        book = proposals.choose(proposal=found(item=item, reader=item.job.reader), key="OL1W").book
        lost.refresh_from_db()
        assert lost.book == book

    def test_a_row_whose_import_is_over_leaves_the_book_added(self) -> None:
        item = unmatched()
        item.job.state = "canceled"
        item.job.save()
        chosen = proposals.choose(proposal=found(item=item, reader=item.job.reader), key="OL1W")
        assert (chosen.is_new, chosen.left_line) == (True, True)

    def test_a_line_of_a_library_gets_the_book_unless_another_has_it(self) -> None:
        book = BookFactory.create(open_library_key="OL1W")
        lost = LibraryEntryFactory.create(book=None)
        chosen = proposals.choose(proposal=found(entry=lost, reader=lost.reader), key="OL1W")
        lost.refresh_from_db()
        assert (lost.book, chosen.is_new, chosen.left_line) == (book, False, False)

        twin = LibraryEntryFactory.create(book=None, reader=lost.reader)
        chosen = proposals.choose(proposal=found(entry=twin, reader=lost.reader), key="OL1W")
        twin.refresh_from_db()
        assert (twin.book, chosen.left_line) == (None, True)

    @pytest.mark.parametrize("key", ["", "OL3W"])
    def test_only_what_was_found_can_be_chosen(self, key: str) -> None:
        with pytest.raises(CannotChoose):
            proposals.choose(proposal=found(), key=key)
        assert not Book.objects.exists()

    def test_a_curators_choice_is_in_the_log_under_their_name(self) -> None:
        curator = UserFactory.create()
        proposal = found(reader=None, curator=curator)
        act = proposals.choose(proposal=proposal, key="OL1W").book.acts.get()
        assert (act.user, act.reason) == (curator, "From Open Library")


class TestNumbers:
    def test_it_is_recommended_once_a_release_knows_it_and_not_before(
        self, camps: Camps, own_store: str
    ) -> None:
        book = proposals.choose(proposal=found(), key="OL1W").book
        reader = ReaderFactory.create()
        for one in camps.sea[:4]:
            LibraryEntryFactory.create(reader=reader, book=one, stars=5)

        run = runs.recommend(reader=reader, top=50)
        assert run.recommendations.count() > 5
        assert not run.recommendations.filter(book=book).exists()
        assert model_facts(book=book, reader=reader).is_unknown
        assert not model_facts(book=camps.sea[0], reader=reader).is_unknown

        sea = [one.goodbooks_id or 0 for one in [*camps.sea, book]]
        moor = [one.goodbooks_id or 0 for one in camps.moor]
        publish_release(own_store, [sea, moor], now=datetime(2026, 11, 24, tzinfo=UTC))
        forget_model()
        again = runs.recommend(reader=reader, top=50)
        assert again.recommendations.filter(book=book).exists()
        assert not model_facts(book=book, reader=reader).is_unknown

    def test_its_ratings_are_exported_for_the_next_training(self, tmp_path: Path) -> None:
        book = proposals.choose(proposal=found(), key="OL1W").book
        reader = ReaderFactory.create()
        readers.share_ratings(reader=reader, agrees=True)
        for one in [book, *(BookFactory.create() for _ in range(4))]:
            LibraryEntryFactory.create(reader=reader, book=one, stars=4)
        training.export_ratings(folder=tmp_path)
        assert f",{book.goodbooks_id},4" in (tmp_path / "ratings.csv").read_text()
        assert (
            f"{book.goodbooks_id},Klara and the Sun,Kazuo Ishiguro"
            in (tmp_path / "books.csv").read_text()
        )


class TestWhoseItIs:
    def test_a_guests_proposals_go_along_into_the_account(self) -> None:
        guest, owner = ReaderFactory.create(user=None), ReaderFactory.create()
        mine = found(reader=guest)
        assert owner.user is not None
        readers.claim_guest(user=owner.user, guest_id=guest.pk)
        mine.refresh_from_db()
        assert mine.reader == owner

    def test_they_are_in_the_export_and_gone_with_their_reader_but_for_the_book(self) -> None:
        proposal = found()
        book = proposals.choose(proposal=proposal, key="OL1W").book
        assert proposal.reader is not None
        with ZipFile(BytesIO(export_data(reader=proposal.reader))) as archive:
            [told] = json.loads(archive.read("everything.json"))["books_proposed"]
        assert (told["title"], told["book_id"]) == ("Klara and the Sun", book.pk)
        assert told["found"] == ["OL1W", "OL2W"]

        leaving.delete_reader(reader=Reader.objects.get(pk=proposal.reader.pk))
        assert not Proposal.objects.exists()
        assert Book.objects.filter(pk=book.pk).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "added"},
        {"state": "choosing"},
        {"state": "failed"},
        {"state": "searching", "problem": "x"},
        {"state": "bogus"},
        {"title": ""},
    ],
)
def test_what_must_hold_holds_in_the_database(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposalFactory.create(**fields)


def test_a_row_has_one_open_proposal_and_a_curator_none_for_a_row() -> None:
    item = unmatched()
    ProposalFactory.create(item=item, reader=item.job.reader)
    for fields in ({"reader": item.job.reader}, {"reader": None, "curator": UserFactory.create()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProposalFactory.create(item=item, **fields)
