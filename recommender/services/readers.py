"""Readers come as guests, get accounts, and are forgotten."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import transaction
from django.utils import timezone

from recommender.models import LibraryEntry, Reader
from recommender.services import dismissals
from recsite.accounts.models import User

#: Where a session keeps the number of its guest.
SESSION_KEY = "reader_id"


def open_library(*, user: User | None) -> Reader:
    """Begin a library: a guest's, or the one of an account (made once)."""
    if user is None:
        return Reader.objects.create()
    return Reader.objects.get_or_create(user=user)[0]


def note_visit(*, reader: Reader) -> None:
    """Remember that the reader was here, which keeps a guest's library alive."""
    Reader.objects.filter(pk=reader.pk).update(last_seen_at=timezone.now())


def choose_refresh_pace(*, reader: Reader, refresh_pace: str) -> None:
    """Keep how often Goodreads is to be asked again; raises `ValueError` for no known pace."""
    reader.refresh_pace = Reader.RefreshPace(refresh_pace)
    reader.save(update_fields=["refresh_pace"])


def share_ratings(*, reader: Reader, agrees: bool) -> None:
    """Keep whether the next training may learn from a reader's ratings, and since when.

    Raises `ValueError` for guests, who are not asked: they could not come back to say no.
    """
    if agrees and reader.user_id is None:
        raise ValueError("A guest can't agree to anything.")
    since = (reader.shares_since or timezone.now()) if agrees else None
    reader.shares_ratings, reader.shares_since = agrees, since
    reader.save(update_fields=["shares_ratings", "shares_since"])


def unlink(*, reader: Reader, source: str) -> None:
    """Forget whose shelf is pulled from a source; what came from it stays in the library."""
    reader.shelves.filter(source=source).delete()


@transaction.atomic
def claim_guest(*, user: User, guest_id: int) -> Reader:
    """Give a guest's library, imports and saved lists to the account that just came in.

    1. An account without a library takes the guest over as it is.
    2. Otherwise the guest's things move to the account's reader. Where both have a line for the
       same book, the one changed last stays; what the account has removed stays away.
    3. What is left of the guest is removed.
    """
    guest = Reader.objects.select_for_update().filter(pk=guest_id, user=None).first()
    owner = Reader.objects.select_for_update().filter(user=user).first()
    if guest is None:
        return owner or open_library(user=user)
    if owner is None:
        guest.user = user
        guest.save(update_fields=["user"])
        return guest
    _move_library(guest, owner)
    if owner.read_since is None:
        owner.read_since = guest.read_since
        owner.save(update_fields=["read_since"])
    guest.runs.update(reader=owner)
    dismissals.move_to_account(guest=guest, owner=owner)
    if owner.imports.open().exists():
        guest.imports.open().delete()
    guest.imports.update(reader=owner)
    guest.proposals.update(reader=owner)
    known = owner.shelves.values("source", "account", "shelf")
    for shelf in known:
        guest.shelves.filter(**shelf).delete()
    guest.shelves.update(reader=owner)
    guest.delete()
    return owner


def _move_library(guest: Reader, owner: Reader) -> None:
    """Move the guest's entries, except those for which the owner has one changed later."""
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
    """Delete sessions that have run out."""
    SessionStore.clear_expired()


def remove_forgotten_guests() -> int:
    """Delete guests who were not here for `GUEST_KEPT_DAYS`, with all they left; say how many."""
    before = timezone.now() - timedelta(days=settings.GUEST_KEPT_DAYS)
    forgotten = Reader.objects.filter(user=None, last_seen_at__lt=before)
    count = forgotten.count()
    forgotten.delete()
    return count
