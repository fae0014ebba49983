"""What leaves the database for the next training, and what never does."""

import csv
import json
import stat
from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Book
from recommender.engine.own_ratings import FIRST_READER, BadExport, OwnRatings
from recommender.models import Reader
from recommender.services import leaving, training
from recommender.services.readers import claim_guest, open_library, share_ratings
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory

pytestmark = pytest.mark.django_db

Stars = Sequence[float | None]


def books(count: int = 6) -> list[Book]:
    return [BookFactory.create() for _ in range(count)]


def reader_of(books: Sequence[Book], stars: Stars, *, agrees: bool = True) -> Reader:
    reader = ReaderFactory.create()
    share_ratings(reader=reader, agrees=agrees)
    for book, given in zip(books, stars, strict=False):
        LibraryEntryFactory.create(reader=reader, book=book, stars=given)
    return reader


def exported(folder: Path) -> dict[int, dict[int, float]]:
    """Stars by book by reader, after an export."""
    training.export_ratings(folder=folder)
    found: dict[int, dict[int, float]] = {}
    with (folder / "ratings.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            own = found.setdefault(int(row["user_id"]), {})
            own[int(row["book_id"])] = float(row["rating"])
    return found


def of(books: Sequence[Book], stars: Stars) -> dict[int | None, float | None]:
    return dict(zip([book.goodbooks_id for book in books], stars, strict=True))


def test_only_those_who_agreed_are_in_it(tmp_path: Path) -> None:
    shelf = books()
    reader_of(shelf, [5, 4, 3, 2, 1, 5])
    reader_of(shelf, [1, 1, 1, 1, 1, 1], agrees=False)
    assert list(exported(tmp_path).values()) == [of(shelf, [5, 4, 3, 2, 1, 5])]


def test_who_takes_it_back_or_leaves_is_not_in_the_next_one(tmp_path: Path) -> None:
    shelf = books()
    fickle, gone = (reader_of(shelf, [5, 4, 3, 2, 1, stars]) for stars in (4, 2))
    assert len(exported(tmp_path)) == 2
    share_ratings(reader=fickle, agrees=False)
    leaving.delete_reader(reader=gone)
    assert exported(tmp_path) == {}


def test_halves_and_quarters_stay_and_none_is_too_low_to_train_on(tmp_path: Path) -> None:
    shelf = books()
    reader_of(shelf, [4.5, 3.75, 0.25, 0.5, 5, 1])
    assert list(exported(tmp_path).values()) == [of(shelf, [4.5, 3.75, 0.5, 0.5, 5, 1])]


def test_what_does_not_count_for_its_reader_counts_for_nobody(tmp_path: Path) -> None:
    shelf, unrated, left_out, long_ago, homeless = books(), *books(3), BookFactory.create()
    homeless.goodbooks_id = None
    homeless.save()
    reader = reader_of([*shelf, unrated, homeless], [5, 4, 3, 2, 1, 5, None, 5])
    LibraryEntryFactory.create(reader=reader, book=left_out, stars=5, is_left_out=True)
    LibraryEntryFactory.create(reader=reader, book=None, stars=5)
    LibraryEntryFactory.create(reader=reader, book=long_ago, stars=5, read_on=date(1999, 1, 1))
    reader.read_since = date(2000, 1, 1)
    reader.save()
    assert list(exported(tmp_path).values()) == [of(shelf, [5, 4, 3, 2, 1, 5])]


def test_hidden_books_are_learned_from_all_the_same(tmp_path: Path) -> None:
    shelf = books()
    shelf[0].status = Book.Status.HIDDEN
    shelf[0].save()
    reader_of(shelf, [5, 4, 3, 2, 1, 5])
    assert shelf[0].goodbooks_id in next(iter(exported(tmp_path).values()))


def test_a_few_ratings_are_too_few(tmp_path: Path) -> None:
    reader_of(books(4), [5, 4, 3, 2])
    assert exported(tmp_path) == {}


def test_numbers_are_drawn_anew_and_lead_to_nobody(tmp_path: Path) -> None:
    shelf = books()
    for last in range(1, 6):
        reader_of(shelf, [5, 4, 3, 2, 1, last])
        reader_of(shelf, [4, 4, 3, 2, 1, last])
    orders = set()
    for _ in range(5):
        found = exported(tmp_path)
        assert list(found) == list(range(FIRST_READER, FIRST_READER + 10))
        orders.add(tuple(tuple(stars.values()) for stars in found.values()))
    assert len(orders) > 1


def test_one_statement_reads_it_all(tmp_path: Path) -> None:
    shelf = books()
    for _ in range(3):
        reader_of(shelf, [5, 4, 3, 2, 1, 5])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        training.export_ratings(folder=tmp_path)
    assert len([query for query in queries if "WITH shared" in query["sql"]]) == 1


def test_the_export_says_what_it_is_and_of_whom_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    reader = reader_of(books(), [5, 4, 3, 2, 1, 5])
    said = StringIO()
    call_command("export_ratings", folder, stdout=said)
    assert "Readers who agreed: 1, with 6 ratings of 6 books" in said.getvalue()
    export = OwnRatings.read(folder)
    assert (export.readers, export.ratings, export.books) == (1, 6, 6)
    assert datetime.fromisoformat(export.exported_at).tzinfo is UTC
    assert {path.name for path in folder.iterdir()} == {"ratings.csv", "books.csv", "export.json"}
    assert reader.user is not None
    everything = (folder / "ratings.csv").read_text() + (folder / "export.json").read_text()
    assert reader.user.email not in everything
    assert everything.startswith("user_id,book_id,rating\n")
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())


def test_books_are_described_as_goodbooks_does(tmp_path: Path) -> None:
    shelf = books()
    volume = shelf[0]
    volume.title, volume.series_name, volume.series_number = "Second, of Two", "The Two", 2
    volume.save()
    lone = BookFactory.create(title="Not rated")
    reader_of(shelf, [5, 4, 3, 2, 1, 5])
    training.export_ratings(folder=tmp_path)
    with (tmp_path / "books.csv").open(newline="") as file:
        rows = {int(row["book_id"]): row for row in csv.DictReader(file)}
    assert volume.goodbooks_id is not None
    assert rows[volume.goodbooks_id]["title"] == "Second, of Two (The Two, #2)"
    assert rows[volume.goodbooks_id]["authors"] == "Ursula K. Le Guin"
    assert len(rows) == 6
    assert lone.goodbooks_id not in rows


def test_an_export_that_fails_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader_of(books(), [5, 4, 3, 2, 1, 5])
    before = training.export_ratings(folder=tmp_path)
    monkeypatch.setattr(training, "_SHARED", "SELECT 1, 2, 3 UNION ALL SELECT 1, 2, 1 / 0")
    with pytest.raises(Exception, match="zero"), transaction.atomic():
        training.export_ratings(folder=tmp_path)
    assert OwnRatings.read(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_that_is_not_what_was_exported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadExport, match="holds no export"):
        OwnRatings.read(tmp_path)
    training.export_ratings(folder=tmp_path)
    with (tmp_path / "ratings.csv").open("a") as file:
        file.write("1,2,5\n")
    with pytest.raises(BadExport, match="does not hold what"):
        OwnRatings.read(tmp_path)
    (tmp_path / "export.json").write_text(json.dumps({"readers": 1}))
    with pytest.raises(BadExport, match="can't be read"):
        OwnRatings.read(tmp_path)


class TestConsent:
    def test_guests_can_not_agree(self) -> None:
        guest = ReaderFactory.create(user=None)
        with pytest.raises(ValueError, match="guest"):
            share_ratings(reader=guest, agrees=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Reader.objects.filter(pk=guest.pk).update(
                shares_ratings=True, shares_since=datetime(2026, 11, 24, tzinfo=UTC)
            )

    def test_it_is_kept_since_when(self) -> None:
        reader = ReaderFactory.create()
        share_ratings(reader=reader, agrees=True)
        since = reader.shares_since
        share_ratings(reader=reader, agrees=True)
        assert since == reader.shares_since is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            Reader.objects.filter(pk=reader.pk).update(shares_since=None)
        share_ratings(reader=reader, agrees=False)
        assert reader.shares_since is None

    def test_a_guest_who_becomes_an_account_has_not_agreed(self) -> None:
        user = ReaderFactory.create().user
        assert user is not None
        user.reader.delete()
        reader = claim_guest(user=user, guest_id=open_library(user=None).pk)
        assert not reader.shares_ratings
