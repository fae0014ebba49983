"""Readers: they come as guests, get accounts, and are deleted if they do not come back."""

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from recommender.models import LibraryEntry, Reader
from recommender.services import dismissals, groups
from recommender.services.columns import store_columns
from recommender.services.locks import lock_readers
from recsite.accounts import limits
from recsite.accounts.models import User

log = structlog.get_logger(__name__)

#: The key of the guest's number in a session.
SESSION_KEY = "reader_id"


@transaction.atomic
def open_library(*, user: User | None) -> Reader:
    """Create a guest's library, or return that of an account, created once."""
    if user is None:
        return Reader.objects.create()
    _lock_account(user)
    return Reader.objects.get_or_create(user=user)[0]


def _lock_account(user: User) -> None:
    """Keep an account from being deleted until the end; `User.DoesNotExist` if it has been."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def note_visit(*, reader: Reader, beside: Collection[int] = ()) -> None:
    """Store that the reader was here, which keeps a guest's library alive, and those beside it.

    A page that only reads is shown where the database takes no writes, too; the visit is then
    noted at the next page.
    """
    try:
        with transaction.atomic():
            here = Reader.objects.filter(pk__in=[reader.pk, *beside])
            here.update(last_seen_at=timezone.now())
    except DatabaseError as error:
        log.warning("readers.visit_not_noted", reader=reader.pk, error=str(error))


def choose_refresh_pace(*, reader: Reader, refresh_pace: str) -> None:
    """Store how often Goodreads is checked; raises `ValueError` for an unknown pace."""
    store_columns(reader, refresh_pace=Reader.RefreshPace(refresh_pace))


def choose_languages(*, reader: Reader, languages: Collection[str]) -> None:
    """Store the languages of the books on the reader's lists; with none, the books read tell."""
    store_columns(reader, languages=sorted(languages))


def choose_time_zone(*, reader: Reader, time_zone: str) -> None:
    """Store the zone in which the reader's days and times are shown; empty for UTC."""
    store_columns(reader, time_zone=time_zone)


def share_ratings(*, reader: Reader, agrees: bool) -> None:
    """Store whether training may use a reader's ratings, and since when.

    Raises `ValueError` for guests: they could not come back to withdraw it.
    """
    if agrees and reader.user_id is None:
        raise ValueError("A guest can't agree to anything.")
    since = (reader.shares_since or timezone.now()) if agrees else None
    store_columns(reader, shares_ratings=agrees, shares_since=since)


def choose_finder(*, reader: Reader, finder_url: str) -> None:
    """Store where the reader looks for a book; with an empty address, nowhere."""
    store_columns(reader, finder_url=finder_url)


def unlink(*, reader: Reader, source: str) -> None:
    """Stop pulling shelves from a source; what came from it stays in the library."""
    reader.shelves.filter(source=source).delete()


@transaction.atomic
def claim_guest(*, user: User, guest_id: int) -> Reader:
    """Give a guest's library, imports and saved lists to the account that just logged in.

    1. An account without a library takes over the guest as it is.
    2. Otherwise what the guest has moves to the account's reader. If both have an entry for the
       same book, the one changed last stays; what the account has removed stays removed.
    3. The guest is deleted with what is left.
    """
    own = Reader.objects.filter(user=user).values_list("pk", flat=True)
    locked = lock_readers([guest_id, *own])
    guest = locked.pop(guest_id, None)
    owner = next(iter(locked.values()), None)
    if guest is None or guest.user_id is not None:
        return owner or open_library(user=user)
    if owner is None:
        _lock_account(user)
        with suppress(IntegrityError), transaction.atomic():
            guest.user = user
            guest.save(update_fields=["user"])
            return guest
        return claim_guest(user=user, guest_id=guest_id)  # the account has just got a library
    _move_library(guest, owner)
    owner.read_since = owner.read_since or guest.read_since
    owner.languages = owner.languages or guest.languages
    owner.time_zone = owner.time_zone or guest.time_zone
    owner.finder_url = owner.finder_url or guest.finder_url
    if owner.looks_up_books is None:
        owner.looks_up_books = guest.looks_up_books
    kept = ["read_since", "languages", "time_zone", "finder_url", "looks_up_books"]
    owner.save(update_fields=kept)
    guest.runs.update(reader=owner)
    dismissals.move_to_account(guest=guest, owner=owner)
    if owner.imports.open().exists():
        guest.imports.open().delete()
    guest.imports.update(reader=owner)
    guest.proposals.update(reader=owner)
    known_acts = owner.given_up_entries.values("act")
    guest.given_up_entries.exclude(act__in=known_acts).update(reader=owner)
    known = owner.shelves.values("source", "account", "shelf")
    for shelf in known:
        guest.shelves.filter(**shelf).delete()
    guest.shelves.update(reader=owner)
    own_groups = owner.memberships.values("group")
    guest.memberships.exclude(group__in=own_groups).update(reader=owner)
    guest.delete()
    return owner


def _move_library(guest: Reader, owner: Reader) -> None:
    """Move the guest's entries, except where the owner's entry of the book was changed later."""
    entries = list(owner.entries.all())
    by_book = {entry.book_id: entry for entry in entries if entry.book_id is not None}
    by_key = {(entry.source, entry.source_key): entry for entry in entries}
    removed_keys = {(entry.source, entry.source_key) for entry in owner.removed_entries.all()}
    moved, replaced = [], []
    for entry in guest.entries.all():
        key = (entry.source, entry.source_key)
        if key in removed_keys:
            continue
        same_book = by_book.get(entry.book_id) if entry.book_id is not None else None
        rivals = [rival for rival in (same_book, by_key.get(key)) if rival is not None]
        if all(rival.updated_at < entry.updated_at for rival in rivals):
            moved.append(entry.pk)
            replaced += [rival.pk for rival in rivals]
    LibraryEntry.objects.filter(pk__in=replaced).delete()
    LibraryEntry.objects.filter(pk__in=moved).update(reader=owner)
    for removed in guest.removed_entries.all():
        key = (removed.source, removed.source_key)
        if key not in removed_keys and key not in by_key and removed.book_id not in by_book:
            removed.reader = owner
            removed.save(update_fields=["reader"])


def clear_sessions() -> None:
    """Delete expired sessions, and counts of tries that no longer hold anybody back."""
    SessionStore.clear_expired()
    limits.forget_old()


def remove_forgotten_guests() -> int:
    """Delete guests who were not here for `GUEST_KEPT_DAYS`; return how many.

    Groups whose last member has left go with them.
    """
    before = timezone.now() - timedelta(days=settings.GUEST_KEPT_DAYS)
    forgotten = Reader.objects.filter(user=None, last_seen_at__lt=before)
    count = forgotten.count()
    forgotten.delete()
    groups.remove_empty()
    return count
