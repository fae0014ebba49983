"""Many rows at once are stored as Django would store them one by one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from recommender.models import ImportItem, LibraryEntry
from recsite.common import bulk
from recsite.common.bulk import insert_rows, update_rows
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    LibraryEntryFactory,
    ReaderFactory,
)

pytestmark = pytest.mark.django_db

ODD: dict[str, Any] = {
    "title": 'A "quoted" {title}, with \\ and %s, \u00e9\u4e66 \U0001f4da',
    "stars": Decimal("3.75"),
    "added_on": None,
    "read_on": date(1999, 12, 31),
    "read_count": 0,
    "is_left_out": True,
    "edited_fields": ["stars", "read_on"],
}


def values_of(entry: LibraryEntry, names: list[str]) -> dict[str, Any]:
    stored: dict[str, Any] = LibraryEntry.objects.values(*names).get(pk=entry.pk)
    return stored


def test_new_rows_are_stored_with_all_they_have() -> None:
    reader, book = ReaderFactory.create(), BookFactory.create()
    line = {"reader": reader, "source": "table"}
    insert_rows(
        [
            LibraryEntry(**line, source_key="odd", book=book, **ODD),
            LibraryEntry(**line, source_key="plain", title="Plain"),
        ]
    )
    odd = LibraryEntry.objects.get(source_key="odd")
    assert {name: getattr(odd, name) for name in ODD} == ODD
    assert odd.book == book
    plain = LibraryEntry.objects.get(source_key="plain")
    assert (plain.stars, plain.book, plain.shelf, plain.edited_fields) == (None, None, "read", [])
    assert plain.updated_at is not None


def test_named_fields_are_stored_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 2)
    entries = LibraryEntryFactory.create_batch(5, read_count=1)
    other = LibraryEntryFactory.create(read_count=1)
    changed_at = datetime(2020, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)
    for entry in entries:
        for name, value in ODD.items():
            setattr(entry, name, value)
        entry.book, entry.updated_at, entry.author = None, changed_at, "not stored"
    update_rows(entries, [*ODD, "book", "updated_at"])
    for entry in entries:
        stored = values_of(entry, [*ODD, "book", "updated_at", "author"])
        assert stored.pop("author") != "not stored"
        assert stored == {**ODD, "book": None, "updated_at": changed_at}
    assert values_of(other, ["read_count", "is_left_out"]) == {
        "read_count": 1,
        "is_left_out": False,
    }


def test_json_and_empty_texts_keep_their_kind() -> None:
    item = ImportItemFactory.create(candidates=[1, 2], change="new")
    item.candidates, item.change, item.suggested_book = [7], "", None
    update_rows([item], ["candidates", "change", "suggested_book"])
    item.refresh_from_db()
    assert (item.candidates, item.change, item.suggested_book) == ([7], "", None)
    assert ImportItem.objects.filter(candidates__contains=[7]).exists()


def test_all_rows_are_stored_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 1)
    entries = LibraryEntryFactory.create_batch(2, read_count=1)
    entries[0].read_count, entries[1].stars = 2, Decimal("9.00")
    with pytest.raises(IntegrityError):
        update_rows(entries, ["read_count", "stars"])
    assert values_of(entries[0], ["read_count"]) == {"read_count": 1}


def test_without_rows_nothing_happens() -> None:
    entry = LibraryEntryFactory.create(read_count=1)
    update_rows([], ["read_count"])
    insert_rows([])
    assert LibraryEntry.objects.get() == entry
