"""Details of books from Open Library: what is asked for, filled and left alone, and when."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from catalog.credits import Role
from catalog.models import Book, BookIdentifier, Enrichment
from catalog.normalize import title_key
from catalog.openlibrary import fill
from catalog.openlibrary.fill import FILLED
from catalog.openlibrary.parse import Work
from catalog.services import enrichment
from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.works import WorkFault, isbn_of
from tests.factories import BookFactory

pytestmark = [pytest.mark.django_db, pytest.mark.services]

SEA = "The sea keeps what it is given."


@pytest.fixture(autouse=True)
def _at_the_standin(settings: Settings, standin: OpenLibraryStandin, valkey_url: str) -> None:
    settings.OPENLIBRARY_BASE_URL = standin.url


def bare_book(fault: WorkFault | None = None, **fields: object) -> Book:
    """A book of which only title, author and a number are known."""
    bare = {
        "title": f"The Lighthouse {fault.value}" if fault else "Unheard of",
        "authors": ["Ada Author"],
        "year": None,
        "description": "",
        "description_source": "",
    }
    bare["title_key"] = title_key(str((bare | fields)["title"]))
    book: Book = BookFactory.create(**bare | fields)
    if fault:
        book.identifiers.create(scheme="isbn13", value=isbn_of(fault))
    return book


def claimed() -> UUID:
    enrichment.ask_again(book_ids=Book.objects.values_list("pk", flat=True))
    batch = enrichment.claim()
    assert batch
    return batch


def enrich() -> enrichment.Outcome:
    return enrichment.enrich_batch(batch=claimed())


def test_what_is_known_of_a_book_is_filled() -> None:
    book = bare_book(WorkFault.TYPED_DESCRIPTION)

    assert enrich() == enrichment.Outcome(found=1, described=1, new_identifiers=2)
    book.refresh_from_db()
    assert (book.description, book.description_source) == (SEA, "Open Library")
    assert (book.year, book.cover_id, book.page_count) == (1984, 240_003, 321)
    assert book.open_library_key == "OL90000000003W"
    assert book.subjects == ["Lighthouses", "Fiction", "Sea"]
    assert set(book.identifiers.values_list("scheme", "value")) == {
        ("isbn13", isbn_of(WorkFault.TYPED_DESCRIPTION)),
        ("goodreads", "70003"),
        ("goodreads", "80003"),
    }
    assert book.enrichment.state == "found"
    assert book.enrichment.ebook_access == "borrowable"
    assert book.enrichment.batch is None


def test_a_book_without_numbers_is_found_by_title_and_author_alone() -> None:
    book = bare_book(title="the lighthouse 2")
    book.identifiers.create(scheme="openlibrary", value="OL77W")  # which no edition has
    other = bare_book(title="The Lighthouse 3", authors=["Eve Else"])

    outcome = enrich()

    assert (outcome.found, outcome.not_found) == (1, 1)
    book.refresh_from_db()
    other.refresh_from_db()
    assert book.description == SEA
    assert other.description == ""


def test_locked_fields_and_other_sources_stay() -> None:
    ours = bare_book(
        WorkFault.MARKUP, description="Ours.", description_source="Bookfold", year=1900
    )
    locked = bare_book(WorkFault.BARE_DESCRIPTION, locked_fields=["description", "cover_id"])

    enrich()

    ours.refresh_from_db()
    assert (ours.description, ours.description_source, ours.year) == ("Ours.", "Bookfold", 1900)
    locked.refresh_from_db()
    assert (locked.description, locked.cover_id, locked.page_count) == ("", None, 321)


def test_an_isbn_that_is_another_authors_book_is_not_believed() -> None:
    book = bare_book(WorkFault.OTHER_AUTHOR)

    assert enrich() == enrichment.Outcome(not_found=1)
    book.refresh_from_db()
    assert book.open_library_key == ""
    assert book.identifiers.count() == 1


def test_whom_the_work_names_as_contributor_is_no_author_any_more() -> None:
    names = ["Cornelia Funke", "Anthea Bell", "Tony DiTerlizzi", "Ann Other", "Paul Howard"]
    book = bare_book(authors=names)
    work = Work(
        key="OL1W",
        title=book.title,
        credited=("Cornelia Funke", "Tony DiTerlizzi"),
        contributors=(
            ("Funke, Cornelia", Role.ILLUSTRATOR),
            ("Bell, Anthea", Role.TRANSLATOR),
            ("Tony DiTerlizzi", Role.ILLUSTRATOR),
            ("Paul Howard", Role.NARRATOR),
        ),
    )

    assert fill.set_roles(book, work) == 2
    book = Book.objects.for_cards().get(pk=book.pk)
    assert book.author_names == ["Cornelia Funke", "Tony DiTerlizzi", "Ann Other"]
    assert [one.role for one in book.contributors] == ["translator", "narrator"]


def test_roles_stay_where_a_curator_has_locked_the_authors() -> None:
    book = bare_book(authors=["Ann Abel", "Tess Lator"], locked_fields=["authors"])
    work = Work(key="OL1W", title="", contributors=(("Tess Lator", Role.TRANSLATOR),))
    assert fill.set_roles(book, work) == 0


def test_numbers_are_added_only_where_the_title_agrees_too() -> None:
    book = bare_book(WorkFault.BARE_DESCRIPTION, title="A Translation")

    assert enrich() == enrichment.Outcome(found=1, described=1)
    assert book.identifiers.count() == 1


def test_a_number_that_another_book_has_stays_there_and_is_counted() -> None:
    other = BookFactory.create()
    BookIdentifier.objects.create(book=other, scheme="goodreads", value="70005")
    bare_book(WorkFault.NO_COVER)
    batch = claimed()
    Enrichment.objects.filter(book=other).update(batch=None, claimed_until=None)

    outcome = enrichment.enrich_batch(batch=batch)

    assert (outcome.new_identifiers, outcome.conflicting_identifiers) == (1, 1)
    assert other.identifiers.count() == 1


def test_one_page_that_fails_fails_alone_and_is_due_again_ever_later() -> None:
    fine, broken = bare_book(WorkFault.MARKUP), bare_book(WorkFault.GONE)

    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False):
        outcome = enrich()
    assert (outcome.found, outcome.failed) == (1, 1)
    fine.refresh_from_db()
    assert fine.description.startswith("A quiet book")
    row = Enrichment.objects.get(book=broken)
    assert (row.state, row.attempts, row.note) == ("failed", 1, "status 404")
    assert row.tried_at
    assert row.due_at == row.tried_at + timedelta(hours=1)

    Enrichment.objects.filter(book=fine).delete()
    Enrichment.objects.filter(book=broken).update(attempts=3)
    fine.delete()
    batch = enrichment.claim()
    assert batch
    enrichment.enrich_batch(batch=batch)
    row.refresh_from_db()
    assert row.tried_at
    assert row.due_at == row.tried_at + timedelta(hours=8)


def test_a_search_that_fails_fails_all_of_its_books() -> None:
    bare_book(WorkFault.SEARCH_REFUSED), bare_book(WorkFault.NO_COVER)

    outcome = enrich()

    assert outcome.put_off == 2
    assert outcome.reason == "status 403"
    assert set(Enrichment.objects.values_list("state", "batch")) == {("never", None)}
    assert enrichment.claim() is None  # not due for a while


def test_what_no_database_takes_is_left_out_of_an_answer() -> None:
    book = bare_book(WorkFault.UNREADABLE)
    assert enrich().found == 1
    book.refresh_from_db()
    assert (book.description, book.subjects) == (SEA, ["Sea shore"])


def test_an_answer_that_cannot_be_stored_fails_alone() -> None:
    odd, good = bare_book(WorkFault.NO_COVER), bare_book(WorkFault.BARE_DESCRIPTION)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE catalog_book ADD CHECK (page_count IS NULL OR id <> {odd.pk})")

    outcome = enrich()

    assert (outcome.found, outcome.failed) == (1, 1)
    assert Enrichment.objects.get(book=odd).note.startswith("IntegrityError")
    assert Enrichment.objects.get(book=good).state == Enrichment.State.FOUND
    assert enrichment.claim() is None  # it does not come first again


def test_the_same_is_not_asked_twice(standin: OpenLibraryStandin) -> None:
    bare_book(WorkFault.BARE_DESCRIPTION)
    enrich()
    standin.forget()

    assert enrichment.claim() is None
    with time_machine.travel(datetime.now(UTC) + timedelta(days=181)):
        batch = enrichment.claim()
        assert batch
        enrichment.enrich_batch(batch=batch)
    assert "If-None-Match" in standin.requests[-1].headers
    assert Book.objects.get().description == SEA


def test_a_batch_run_twice_asks_once(standin: OpenLibraryStandin) -> None:
    bare_book(WorkFault.BARE_DESCRIPTION)
    batch = claimed()
    enrichment.enrich_batch(batch=batch)
    asked = len(standin.requests)

    assert enrichment.enrich_batch(batch=batch) == enrichment.Outcome()
    assert len(standin.requests) == asked


def test_a_batch_whose_worker_died_is_free_again_when_its_claim_runs_out() -> None:
    book = bare_book(WorkFault.BARE_DESCRIPTION)
    lost = claimed()
    assert enrichment.claim() is None

    with time_machine.travel(datetime.now(UTC) + enrichment.CLAIM + timedelta(seconds=1)):
        batch = enrichment.claim()
        assert batch
        assert enrichment.enrich_batch(batch=lost) == enrichment.Outcome()
        assert enrichment.enrich_batch(batch=batch).found == 1
    book.refresh_from_db()
    assert book.description == SEA


def test_books_that_readers_see_come_first_then_the_best_known() -> None:
    little, famous, seen = (
        bare_book(WorkFault(number), ratings_count=fame)
        for number, fame in ((1, 5), (2, 500), (3, 1))
    )
    enrichment.queue_batches()
    Enrichment.objects.update(batch=None, claimed_until=None)
    enrichment.mark_wanted(book_ids=[seen.pk])

    order = []
    while batch := enrichment.claim(size=1):
        order.append(Enrichment.objects.get(batch=batch).pk)
    assert order == [seen.pk, famous.pk, little.pk]


def test_an_opened_book_without_a_description_comes_first_and_is_noted_once_a_day(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    bare, told = bare_book(WorkFault(1)), bare_book(WorkFault(2), description="All is said.")
    enrichment.sync_rows()

    def opened(book: Book) -> Book:
        return Book.objects.select_related("enrichment").get(pk=book.pk)

    with django_assert_num_queries(1):
        enrichment.mark_opened(book=opened(told))
    enrichment.mark_opened(book=opened(bare))
    with django_assert_num_queries(1):  # nothing is written a second time
        enrichment.mark_opened(book=opened(bare))

    first = opened(bare).enrichment.wanted_at
    assert first
    assert opened(told).enrichment.wanted_at is None
    with time_machine.travel(first + enrichment.WANTED_AGAIN + timedelta(seconds=1)):
        enrichment.mark_opened(book=opened(bare))
        assert opened(bare).enrichment.wanted_at not in (first, None)
    Enrichment.objects.update(wanted_at=None, due_at=datetime.now(UTC) + timedelta(days=60))
    with django_assert_num_queries(1):  # it was asked for, and is not to be had
        enrichment.mark_opened(book=opened(bare))


def test_a_book_that_nobody_has_a_row_for_yet_is_opened_in_peace() -> None:
    enrichment.mark_opened(book=bare_book())
    assert not Enrichment.objects.exists()


def test_a_book_locked_whole_is_never_asked_for_until_it_is_unlocked() -> None:
    book = bare_book(WorkFault.NO_COVER, locked_fields=list(FILLED))
    enrichment.queue_batches()
    assert enrichment.state_counts()["locked"] == 1
    assert enrichment.claim() is None

    Book.objects.filter(pk=book.pk).update(locked_fields=["description"])
    enrichment.queue_batches()
    assert enrichment.state_counts()["locked"] == 0


def test_what_a_stand_in_said_is_asked_for_anew_elsewhere(settings: Settings) -> None:
    bare_book(WorkFault.NO_COVER)
    enrich()
    settings.OPENLIBRARY_BASE_URL = "http://127.0.0.1:9/elsewhere"
    settings.ENRICHMENT_BATCHES = 0

    enrichment.queue_batches()

    assert enrichment.state_counts()["never"] == 1


def test_without_a_contact_nothing_is_claimed(settings: Settings) -> None:
    settings.OPENLIBRARY_BASE_URL = "https://openlibrary.example"
    bare_book(WorkFault.NO_COVER)

    assert enrichment.queue_batches() == 0
    assert enrichment.state_counts() == {
        "never": 1, "found": 0, "not_found": 0, "failed": 0, "locked": 0,
    }  # fmt: skip


def test_no_more_batches_than_wished_are_under_way(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.ENRICHMENT_BATCHES = 2
    for number in range(60):
        bare_book(title=f"Book {number}")

    with django_capture_on_commit_callbacks() as queued:
        assert enrichment.queue_batches() == 2
        assert enrichment.queue_batches() == 0
    assert len(queued) == 2
    assert Enrichment.objects.claimed(datetime.now(UTC)).count() == 50


def test_a_batch_that_is_gone_does_nothing() -> None:
    assert enrichment.enrich_batch(batch=uuid4()) == enrichment.Outcome()


def test_saving_a_batch_takes_the_same_queries_for_each_book(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for fault in (WorkFault.NO_COVER, WorkFault.MARKUP, WorkFault.ODD_VALUES):
        bare_book(fault)
    batch = claimed()
    with django_assert_max_num_queries(4 + 3 * 12):
        enrichment.enrich_batch(batch=batch)


def test_the_command_works_by_hand_and_tells_the_states() -> None:
    for number in (1, 2, 3):
        bare_book(WorkFault(number))
    told = StringIO()
    call_command("enrich", limit=2, stdout=told)
    assert "2 books: 2 found" in told.getvalue()
    call_command("enrich", status=True, stdout=told)
    assert "found              2" in told.getvalue()
    assert "never asked        1" in told.getvalue()
