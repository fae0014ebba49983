"""The client of Open Library against every fault of it, over real HTTP."""

import time

import pytest
import requests

from catalog.openlibrary.client import Busy, OpenLibrary, SwitchedOff, Unanswered
from recsite.local.process import free_port
from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.works import WorkFault, isbn_of
from tests.catalog.conftest import MakeClient
from tests.slow_site import SlowSite

pytestmark = pytest.mark.services


def key_of(fault: WorkFault) -> str:
    return f"OL{90_000_000_000 + fault}W"


def found(client: OpenLibrary, *faults: WorkFault) -> list[str]:
    works = client.by_numbers(isbns=[isbn_of(fault) for fault in faults], goodreads_ids=[])
    return [work.key for work in works]


def test_a_batch_is_one_request_with_named_fields_and_a_contact(
    make_client: MakeClient, standin: OpenLibraryStandin
) -> None:
    client = make_client(contact="books@example.org")
    works = client.by_numbers(isbns=[isbn_of(WorkFault.NO_COVER)], goodreads_ids=["70002"])

    assert [work.key for work in works] == [key_of(WorkFault.NO_COVER), key_of(WorkFault(2))]
    assert works[0].cover_id is None
    assert works[1].cover_id == 240_002
    assert works[1].isbns == (isbn_of(WorkFault(2)), "9780306406157")
    assert works[1].goodreads_ids == ("70002", "80002")
    assert works[1].subjects == ("Lighthouses", "Fiction", "Sea")
    assert (works[1].first_year, works[1].page_count) == (1984, 321)
    [request] = standin.requests
    assert request.headers["User-Agent"] == "Bookfold/1.0 (mailto:books@example.org)"
    assert "isbn" in request.query["fields"].split(",")


def test_a_work_is_found_by_its_name_or_by_its_key(
    client: OpenLibrary, standin: OpenLibraryStandin
) -> None:
    [work] = client.by_title(title="Hamnet", author="")
    assert "author" not in standin.requests[0].query
    assert client.by_title(title="Hamnet", author="Eve Else") == []
    assert client.by_key(work.key) == [work]
    assert client.by_key("OL404W") == []


def test_a_link_to_a_work_shows_people_a_page(standin: OpenLibraryStandin) -> None:
    answer = requests.get(f"{standin.url}/works/{key_of(WorkFault.MARKUP)}", timeout=5)
    assert answer.status_code == 200
    assert "The Lighthouse 4" in answer.text


def test_more_than_a_batch_is_refused_here(client: OpenLibrary) -> None:
    with pytest.raises(ValueError, match="more than 25"):
        client.by_numbers(isbns=["9780306406157"] * 26, goodreads_ids=[])


def test_elsewhere_nothing_is_asked_without_a_contact(make_client: MakeClient) -> None:
    with pytest.raises(SwitchedOff):
        make_client(base_url="https://openlibrary.example")


@pytest.mark.parametrize(
    "fault", [WorkFault.BARE_DESCRIPTION, WorkFault.TYPED_DESCRIPTION, WorkFault.UNAVAILABLE_ONCE,
              WorkFault.SLOW, WorkFault.REDIRECT_ON_HOST]
)  # fmt: skip
def test_descriptions_that_come_in_the_end(client: OpenLibrary, fault: WorkFault) -> None:
    details, etag = client.details(key_of(fault))

    assert details is not None
    assert details.description == "The sea keeps what it is given."
    assert etag
    assert client.details(key_of(fault), etag=etag) == (None, etag)


def test_a_work_that_has_none_and_one_that_was_merged(client: OpenLibrary) -> None:
    none, _ = client.details(key_of(WorkFault.NO_DESCRIPTION))
    merged, _ = client.details(key_of(WorkFault.MERGED))

    assert none is not None
    assert none.description == ""
    assert merged is not None
    assert merged.moved_to == key_of(WorkFault.BARE_DESCRIPTION)


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (WorkFault.UNAVAILABLE_ALWAYS, 3),
        (WorkFault.TRUNCATED_ALWAYS, 3),
        (WorkFault.HANG, 3),
        (WorkFault.GZIP_BOMB, 1),
        (WorkFault.REDIRECT_OFF_HOST, 1),
        (WorkFault.GONE, 1),
    ],
)
def test_pages_that_do_not_come(
    client: OpenLibrary, standin: OpenLibraryStandin, fault: WorkFault, asked: int
) -> None:
    with pytest.raises(Unanswered):
        client.details(key_of(fault))
    assert len(standin.requests) == asked


def test_values_of_the_wrong_types_are_left_out(client: OpenLibrary) -> None:
    [work] = client.by_numbers(isbns=[isbn_of(WorkFault.ODD_VALUES)], goodreads_ids=[])

    assert (work.first_year, work.cover_id, work.page_count, work.subjects) == (None,) * 3 + ((),)
    assert work.isbns == (isbn_of(WorkFault.ODD_VALUES),)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [(WorkFault.SEARCH_BUSY_FOR_SECONDS, 1), (WorkFault.SEARCH_BUSY_UNTIL_DATE, 2)],
)
def test_retry_after_is_kept_by_everybody(
    client: OpenLibrary, waits: list[float], fault: WorkFault, seconds: float
) -> None:
    assert found(client, fault) == [key_of(fault)]
    assert max(waits) == pytest.approx(seconds, abs=1.1)


def test_a_long_retry_after_ends_the_batch(client: OpenLibrary, waits: list[float]) -> None:
    with pytest.raises(Busy) as busy:
        found(client, WorkFault.SEARCH_BUSY_FOR_LONG)
    assert busy.value.seconds == 600
    with pytest.raises(Busy) as later:
        found(client, WorkFault.NO_COVER)
    assert later.value.seconds == pytest.approx(600, abs=5)
    assert max(waits, default=0) < 1  # nobody sleeps so long


def test_truncated_answers(client: OpenLibrary, standin: OpenLibraryStandin) -> None:
    assert found(client, WorkFault.SEARCH_TRUNCATED_ONCE)
    standin.forget()
    with pytest.raises(Unanswered):
        found(client, WorkFault.SEARCH_TRUNCATED_ALWAYS)
    assert len(standin.requests) == 3


def test_a_run_of_403_stops_everybody(make_client: MakeClient, standin: OpenLibraryStandin) -> None:
    for _ in range(3):
        with pytest.raises(Busy):
            found(make_client(refusals=3), WorkFault.SEARCH_REFUSED)
    assert len(standin.requests) == 3  # a 403 is not asked again

    with pytest.raises(Busy) as busy:
        found(make_client(refusals=3), WorkFault.NO_COVER)
    assert busy.value.seconds > 600
    assert len(standin.requests) == 3


def test_an_answer_that_trickles_too_long_is_given_up(make_client: MakeClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with SlowSite(head, b"{" * 500) as site:
        started = time.monotonic()
        with pytest.raises(Unanswered, match="too slow"):
            make_client(base_url=site.url, deadline=0.3).by_key("OL1W")
        assert 0.85 < time.monotonic() - started < 1.6
        assert site.requests == 3


def test_a_redirect_to_no_address_is_an_error_of_the_page(make_client: MakeClient) -> None:
    head = b"HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://[\r\n\r\n"
    with SlowSite(head, b"") as site, pytest.raises(Unanswered, match="malformed"):
        make_client(base_url=site.url).by_key("OL1W")


def test_nobody_is_there(make_client: MakeClient) -> None:
    client = make_client(base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unanswered):
        client.by_title(title="Emma", author="Jane Austen")
