"""Days and times are those of the reader's time zone; where none is known, no day is refused."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from recommender.models import LibraryEntry, Reader
from tests.factories import LibraryEntryFactory, ReaderFactory, RunFactory
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db

#: It is November 26 in London and November 27 in Sydney.
EVENING = datetime(2026, 11, 26, 20, tzinfo=UTC)


def in_sydney() -> Reader:
    reader = ReaderFactory.create()
    answer = client_of(reader).post("/account/time-zone", {"time_zone": "Australia/Sydney"})
    assert answer.status_code == 302
    reader.refresh_from_db()
    return reader


def finished(entry: LibraryEntry, day: str) -> date | None:
    form = {"shelf": "read", "stars": "4", "read_on": day}
    client_of(entry.reader).post(f"/library/{entry.pk}/", form)
    entry.refresh_from_db()
    return entry.read_on


@time_machine.travel(EVENING, tick=False)
def test_pages_tell_the_readers_days_and_nobody_elses() -> None:
    sydney, elsewhere = in_sydney(), ReaderFactory.create()
    for reader in (sydney, elsewhere):
        RunFactory.create(reader=reader)
    assert "November 27, 2026, 07:00" in read(client_of(sydney).get("/history/")).words
    assert "November 26, 2026, 20:00" in read(client_of(elsewhere).get("/history/")).words
    page = read(client_of(sydney).get("/account/"))
    assert [one.words for one in page.all("option", selected="*")] == ["Sydney"]


@time_machine.travel(EVENING, tick=False)
def test_today_is_not_the_future() -> None:
    entry = LibraryEntryFactory.create(reader=in_sydney())
    assert finished(entry, "2026-11-27") == date(2026, 11, 27)
    assert finished(entry, "2026-11-28") == date(2026, 11, 27)

    unknown = LibraryEntryFactory.create(reader=ReaderFactory.create())
    assert finished(unknown, "2026-11-27") == date(2026, 11, 27)
    assert finished(unknown, "2026-11-28") == date(2026, 11, 27)


def test_a_zone_that_is_none_is_refused_and_one_that_is_gone_does_no_harm() -> None:
    reader = in_sydney()
    page = client_of(reader).post("/account/time-zone", {"time_zone": "Mars/Olympus"}, follow=True)
    assert "Choose one of the time zones." in read(page).words
    reader.refresh_from_db()
    assert reader.time_zone == "Australia/Sydney"
    Reader.objects.update(time_zone="Asia/Lemuria")
    assert client_of(reader).get("/history/").status_code == 200
