"""Guests who get an account, and guests who are forgotten."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from recommender.models import ImportJob, Reader
from recommender.services import entries, merging, readers
from tests.factories import (
    BookFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_guest_who_signs_up_keeps_everything() -> None:
    guest = ReaderFactory.create(user=None)
    entry = LibraryEntryFactory.create(reader=guest)
    run = RunFactory.create(reader=guest)
    user = UserFactory.create()

    reader = readers.claim_guest(user=user, guest_id=guest.pk)

    assert reader.user == user
    assert list(reader.entries.all()) == [entry]
    assert list(reader.runs.all()) == [run]


def test_a_guest_who_logs_in_brings_what_is_new() -> None:
    user = UserFactory.create()
    owner, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    shared, new = BookFactory.create(), BookFactory.create()
    LibraryEntryFactory.create(reader=owner, book=shared, stars=2)
    LibraryEntryFactory.create(reader=guest, book=shared, stars=5)
    LibraryEntryFactory.create(reader=guest, book=new, stars=4)
    run = RunFactory.create(reader=guest)

    readers.claim_guest(user=user, guest_id=guest.pk)

    assert dict(owner.entries.values_list("book", "stars")) == {shared.pk: 5, new.pk: 4}
    assert list(owner.runs.all()) == [run]
    assert not Reader.objects.filter(pk=guest.pk).exists()


def test_a_merge_that_is_undone_after_the_log_in_gives_the_guests_line_back() -> None:
    user, curator = UserFactory.create(), UserFactory.create()
    owner, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    LibraryEntryFactory.create(reader=owner)
    book, into = BookFactory.create(), BookFactory.create()
    LibraryEntryFactory.create(reader=guest, book=book, stars=2)
    LibraryEntryFactory.create(reader=guest, book=into, stars=5)
    act = merging.merge(book=book, into=into, reason="", user=curator)

    readers.claim_guest(user=user, guest_id=guest.pk)
    merging.undo(act=act, user=curator)

    assert set(owner.entries.values_list("book", flat=True)) >= {book.pk, into.pk}


def test_the_line_changed_last_stays() -> None:
    user = UserFactory.create()
    owner, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    book = BookFactory.create()
    LibraryEntryFactory.create(reader=guest, book=book, stars=5)
    LibraryEntryFactory.create(reader=owner, book=book, stars=2)

    readers.claim_guest(user=user, guest_id=guest.pk)

    assert owner.entries.get().stars == 2


def test_two_imports_under_way_become_one() -> None:
    user = UserFactory.create()
    owner, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    mine = ImportJobFactory.create(reader=owner)
    ImportJobFactory.create(reader=guest)

    readers.claim_guest(user=user, guest_id=guest.pk)

    assert list(ImportJob.objects.all()) == [mine]


def test_somebody_else_s_library_cannot_be_claimed() -> None:
    alice, user = ReaderFactory.create(), UserFactory.create()
    LibraryEntryFactory.create(reader=alice)

    reader = readers.claim_guest(user=user, guest_id=alice.pk)

    assert reader != alice
    assert not reader.entries.exists()


def test_guests_who_do_not_come_back_are_forgotten(settings: Settings) -> None:
    settings.GUEST_KEPT_DAYS = 30
    long_ago = timezone.now() - timedelta(days=31)
    gone, here, owner = (
        ReaderFactory.create(user=None),
        ReaderFactory.create(user=None),
        ReaderFactory.create(),
    )
    Reader.objects.filter(pk__in=[gone.pk, owner.pk]).update(last_seen_at=long_ago)
    RunFactory.create(reader=gone)

    assert readers.remove_forgotten_guests() == 1
    assert set(Reader.objects.all()) == {here, owner}


def test_what_an_account_has_removed_stays_away_when_a_guest_comes_in() -> None:
    user = UserFactory.create()
    owner, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    for reader in (owner, guest):
        LibraryEntryFactory.create(reader=reader, source_key="1", title="Gone")
    entries.remove(entry=owner.entries.get())
    gone = LibraryEntryFactory.create(reader=guest, source_key="2", title="Gone, too")
    entries.remove(entry=gone)
    entries.set_read_since(reader=guest, since=date(2019, 1, 1))
    readers.choose_languages(reader=guest, languages={"fra", "deu"})

    reader = readers.claim_guest(user=user, guest_id=guest.pk)

    assert not reader.entries.exists()
    assert {line.title for line in reader.removed_entries.all()} == {"Gone", "Gone, too"}
    assert reader.read_since == date(2019, 1, 1)
    assert reader.languages == ["deu", "fra"]


def test_what_an_account_has_chosen_stays_when_a_guest_comes_in() -> None:
    user = UserFactory.create()
    owner, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    for reader, language in ((owner, "eng"), (guest, "deu")):
        readers.choose_languages(reader=reader, languages={language})

    assert readers.claim_guest(user=user, guest_id=guest.pk).languages == ["eng"]
