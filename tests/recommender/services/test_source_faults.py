"""Whatever Goodreads answers, a library loses nothing, and no import stays open.

Each fault of the stand-in alone, and one after the other, for one and the same profile:
`SOURCE_PAIRS=all` tries every pair, else a few drawn by a seed. Hostile feeds are drawn anew.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.models import ImportJob, Reader
from recommender.services import import_worker, staging
from recommender.services.hold import MAX_ATTEMPTS
from recommender.sources.base import MalformedFeed, UnknownShelf
from recommender.sources.fetcher import Fetcher
from recommender.sources.goodreads_feed import parse_feed
from recsite.local.standins.faults import Fault, Reply
from recsite.local.standins.feed import write_feed
from recsite.local.standins.goodreads import GoodreadsStandin
from recsite.local.standins.oddities import odd_items
from recsite.local.standins.server import Request
from tests.factories import ReaderFactory
from tests.recommender.sources.conftest import NoPace
from tests.recsite.local.standins.tiny_folder import write_tiny_folder

pytestmark = [pytest.mark.services, pytest.mark.django_db]

SEED = int(os.environ.get("SEED", "1"))
SOURCE_PAIRS = os.environ.get("SOURCE_PAIRS", "6")
PROFILE = 4711
#: These have shelves of their own, which a reader may well have changed to.
OTHER_SHELVES = {Fault.ODD_ITEMS, Fault.BAD_ITEMS, Fault.EDITION_SWITCHED}
FAULTS = sorted(set(Fault) - OTHER_SHELVES)
GOOD = Fault.LONG_SHELF


class MoodyStandin(GoodreadsStandin):
    """Answers for one profile as it does for the reader with a fault."""

    mood = GOOD

    def answer(self, request: Request, turn: int) -> Reply:
        path = request.path.replace(str(PROFILE), str(int(self.mood)))
        return super().answer(Request(path, request.query, request.headers), turn)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MoodyStandin]:
    folder: Path = write_tiny_folder(tmp_path_factory.mktemp("moody"))
    with MoodyStandin(folder, slow_seconds=0.0, hang_seconds=0.5).start() as started:
        yield started


@pytest.fixture
def reader(standin: MoodyStandin, own_store: str, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A reader whose pulls wait for nothing."""
    monkeypatch.setattr(
        staging,
        "fetcher",
        lambda: Fetcher(
            base_url=standin.url, pace=NoPace(), timeouts=(5.0, 0.2), wait=lambda _: None
        ),
    )
    return ReaderFactory.create()


def pull(reader: Reader, standin: MoodyStandin, mood: Fault) -> str:
    """Pull as workers do until the job has ended; return how it ended."""
    standin.mood = mood
    job = ImportJob.objects.create(
        reader=reader, kind="goodreads_feed", account=str(PROFILE), is_background=True
    )
    for attempt in range(MAX_ATTEMPTS):
        with suppress(import_worker.TryLater):
            import_worker.run_import(job_id=job.pk, task_id=f"task {attempt}")
    job.refresh_from_db()
    assert not job.is_open, mood.name
    return job.error_code or job.state


@pytest.mark.long
def test_no_fault_takes_a_book_away(reader: Reader, standin: MoodyStandin) -> None:
    pairs: list[tuple[Fault, ...]] = list(product(FAULTS, repeat=2))
    if SOURCE_PAIRS != "all":
        drawn = random.Random(SEED).sample(pairs, int(SOURCE_PAIRS))
        pairs = [*((fault,) for fault in FAULTS), *drawn]
    pull(reader, standin, GOOD)
    books = set(reader.entries.values_list("source_key", flat=True))
    assert len(books) > 300
    endings: Counter[str] = Counter()
    for pair in pairs:
        for mood in pair:
            endings[pull(reader, standin, mood)] += 1
            left = set(reader.entries.values_list("source_key", flat=True))
            assert left >= books, f"{mood.name} of {[one.name for one in pair]}, seed {SEED}"
    sys.stdout.write(f"\n{len(FAULTS)} faults, {len(pairs)} tries, seed {SEED}: {dict(endings)}\n")


WHOLE = write_feed(
    odd_items(), base="https://a.example", user_id=1, name="Ada", shelf="read"
).encode()
READ_AT = b"<user_read_at>Tue, 9 Jun 2020 00:00:00 -0700<"
assert READ_AT in WHOLE
ODD_NUMBERS = ("-1", "1e9", "9" * 30, "\u0663", "NaN", "inf", "", "0x1", "1;DROP", "\U0001f600")
ODD_DATES = (
    "Mon, 1 Jan 0001 00:00:00 +0000",
    "Mon, 31 Feb 2020 00:00:00 +0000",
    "Mon, 1 Jan 2020 00:00:00 +99999999999999999999",
    "Mon, 1 Jan 99999 00:00:00 +0000",
    "yesterday",
)


@settings(max_examples=int(os.environ.get("HOSTILE", "60")), derandomize=True)
@given(st.data())
def test_a_hostile_feed_is_read_or_refused(data: st.DataObject) -> None:
    """Cut, spliced, with bytes flipped, and with values that no feed should have."""
    body = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(len(body) - 1, 0)))
        match data.draw(st.sampled_from(["cut", "flip", "insert", "number", "date"])):
            case "cut":
                del body[place : place + data.draw(st.integers(1, 400))]
            case "flip" if body:
                body[place] = data.draw(st.integers(0, 255))
            case "insert":
                body[place:place] = data.draw(st.binary(max_size=20))
            case "number":
                odd = data.draw(st.sampled_from(ODD_NUMBERS)).encode()
                body = bytearray(body.replace(b"<user_rating>5<", b"<user_rating>%s<" % odd, 1))
                body = bytearray(body.replace(b"<book_id>5907<", b"<book_id>%s<" % odd, 1))
            case "date":
                odd = data.draw(st.sampled_from(ODD_DATES)).encode()
                body = bytearray(body.replace(READ_AT, b"<user_read_at>%s<" % odd, 1))
    try:
        page = parse_feed(bytes(body), "read")
    except (MalformedFeed, UnknownShelf):
        return
    for row in page.rows:
        assert row.title
        assert "\0" not in row.title + row.author + row.source_key
        assert (row.title + row.author).encode()
        assert row.stars is None or 0.25 <= row.stars <= 5
        assert row.edition_id is not None
        assert 0 < row.edition_id < 2**63
        for day in (row.added_on, row.read_on):
            assert day is None or 1900 <= day.year <= 2100
