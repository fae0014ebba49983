"""Which linked shelves are looked at again, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from recommender.models import ImportItem, ImportJob, Reader, Source, SourceShelf
from recommender.services import import_worker, imports, refresh
from tests.factories import (
    ImportItemFactory,
    ImportJobFactory,
    ModelReleaseFactory,
    ReaderFactory,
    RunFactory,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def linked(pulled_at: datetime | None = NOON, **fields: object) -> Reader:
    reader = ReaderFactory.create(**fields)
    SourceShelf.objects.create(
        reader=reader,
        source=Source.GOODREADS,
        account=str(1000 + reader.pk),
        shelf="read",
        pulled_at=pulled_at,
    )
    return reader


def started(now: datetime, most: int = 20) -> list[int]:
    refresh.start_due(now=now, most=most)
    jobs = ImportJob.objects.filter(is_background=True, state=ImportJob.State.QUEUED)
    return list(jobs.values_list("reader", flat=True))


@pytest.mark.parametrize(("pace", "days"), [("daily", 1), ("weekly", 7)])
def test_a_shelf_is_due_after_its_pace_and_not_before(pace: str, days: int) -> None:
    reader = linked(refresh_pace=pace)
    assert started(NOON + timedelta(days=days - 0.51)) == []
    assert started(NOON + timedelta(days=days + 0.5)) == [reader.pk]


def test_readers_come_at_different_times_of_the_day() -> None:
    readers = [linked() for _ in range(8)]
    shelves = {shelf.reader_id: shelf for shelf in SourceShelf.objects.all()}
    times = {refresh.next_refresh(reader, shelves[reader.pk]) for reader in readers}
    assert len(times) == 8
    for time in times:
        assert time is not None
        assert NOON + timedelta(hours=12) <= time < NOON + timedelta(hours=36)


@pytest.mark.parametrize("late", [0, 20, 600])
def test_a_pull_that_waited_for_its_turn_does_not_cost_the_next_day(late: int) -> None:
    reader = linked()
    shelf = reader.shelves.get()
    first = refresh.next_refresh(reader, shelf)
    assert first is not None
    shelf.pulled_at = first + timedelta(minutes=late)
    assert refresh.next_refresh(reader, shelf) == first + timedelta(days=1)


def test_nobody_is_looked_at_who_does_not_want_it_or_is_no_account() -> None:
    linked(refresh_pace="off")
    linked(user=None)
    linked(pulled_at=None)
    shut_out = linked()
    assert shut_out.user is not None
    shut_out.user.is_active = False
    shut_out.user.save()
    assert started(NOON + timedelta(days=9)) == []


def test_an_import_under_way_goes_first_and_a_failed_one_rests_a_day() -> None:
    busy, unlucky = linked(), linked()
    ImportJobFactory.create(reader=busy, state=ImportJob.State.QUEUED)
    failed = ImportJobFactory.create(
        reader=unlucky, state=ImportJob.State.FAILED, error_message="It did not answer."
    )
    now = NOON + timedelta(days=3)
    ImportJob.objects.filter(pk=failed.pk).update(created_at=now - timedelta(hours=2))
    assert started(now) == []
    assert started(now + timedelta(days=2)) == [unlucky.pk]


def test_a_refresh_never_ends_what_the_reader_has_under_way() -> None:
    busy, free = linked(), linked()
    preview = ImportJobFactory.create(reader=busy, kind="storygraph_export", state="preview")

    with pytest.raises(imports.ImportUnderWay):
        refresh.start_one(reader=busy)

    assert refresh.start_all() == 1
    assert free.imports.get().is_background
    preview.refresh_from_db()
    assert preview.state == ImportJob.State.PREVIEW


def test_an_import_that_began_after_the_readers_were_listed_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late, free = linked(pulled_at=NOON), linked(pulled_at=NOON + timedelta(minutes=1))
    shelves = refresh._refreshable_shelves(NOON)
    preview = ImportJobFactory.create(reader=late, kind="storygraph_export", state="preview")
    monkeypatch.setattr(refresh, "_refreshable_shelves", lambda now: shelves)

    assert refresh.start_due(now=NOON + timedelta(days=3)) == 1
    assert free.imports.exists()
    preview.refresh_from_db()
    assert preview.state == ImportJob.State.PREVIEW


def test_a_shelf_that_was_pulled_just_now_rests() -> None:
    reader = linked()
    shelf = reader.shelves.get()
    now = timezone.now()
    done = ImportJobFactory.create(
        reader=reader, account=shelf.account, state="done", finished_at=now
    )

    with pytest.raises(imports.TooSoon):
        refresh.start_one(reader=reader)
    assert refresh.start_all() == 0

    done.finished_at = now - timedelta(seconds=settings.IMPORT_COOLDOWN_SECONDS + 1)
    done.save()
    assert refresh.start_one(reader=reader)


def test_to_run_twice_starts_once_and_only_so_many_at_a_time() -> None:
    for _ in range(3):
        linked()
    now = NOON + timedelta(days=3)
    assert len(started(now, most=2)) == 2
    assert len(started(now, most=2)) == 3
    assert len(started(now, most=2)) == 3


class TestNewList:
    def finish(self, reader: Reader, changed: int, *, is_background: bool = True) -> ImportJob:
        job = ImportJobFactory.create(
            reader=reader, state=ImportJob.State.RECOMMENDING, is_background=is_background
        )
        for _ in range(changed):
            ImportItemFactory.create(job=job, change=ImportItem.Change.NEW)
        return job

    def test_a_few_changes_make_none(self) -> None:
        reader = linked()
        RunFactory.create(reader=reader, release=ModelReleaseFactory.create(is_active=True))
        job = self.finish(reader, import_worker.CHANGES_FOR_A_LIST - 1)
        import_worker.run_import(job_id=job.pk, task_id="1")
        job.refresh_from_db()
        assert (job.state, job.run) == (ImportJob.State.DONE, None)

    @pytest.mark.parametrize(("changed", "active"), [(3, True), (0, False)])
    def test_enough_changes_or_a_new_release_make_one(self, changed: int, active: bool) -> None:
        reader = linked()
        RunFactory.create(reader=reader, release=ModelReleaseFactory.create(is_active=active))
        job = self.finish(reader, changed)
        import_worker.run_import(job_id=job.pk, task_id="1")
        job.refresh_from_db()
        # There is nothing here to make a list from; that it was tried is told by the sentence.
        assert job.state == ImportJob.State.FAILED
