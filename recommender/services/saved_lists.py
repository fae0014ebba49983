"""What readers do with a saved list: name it, share it, delete it, follow the new ones."""

import secrets

from recommender.models import Reader, Run
from recommender.services.columns import store_columns

#: 128 bits, which nobody guesses.
TOKEN_BYTES = 16


class GuestsCannot(ValueError):
    """It needs an account: a guest could not come back to undo it."""


def describe(*, run: Run, name: str, note: str) -> None:
    """Store the name and the note of a list; both may be empty."""
    store_columns(run, name=name, note=note)


def share(*, run: Run) -> None:
    """Make a link to a list, unless there is one."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    Run.objects.filter(pk=run.pk, share_token=None).update(share_token=token)


def withdraw(*, run: Run) -> None:
    """End the link to a list for good; another one would have another address."""
    Run.objects.filter(pk=run.pk).update(share_token=None, may_be_indexed=False)


def allow_search_engines(*, run: Run, allowed: bool) -> None:
    """Store whether search engines may list a shared list.

    Raises `GuestsCannot`. Does nothing if the link has been withdrawn in the meantime.
    """
    if allowed and run.reader.user_id is None:
        raise GuestsCannot
    Run.objects.filter(pk=run.pk).exclude(share_token=None).update(may_be_indexed=allowed)


def delete(*, run: Run) -> None:
    """Delete a list with its link; email does not name its books again even so."""
    Run.objects.filter(pk=run.pk).delete()


def renew_feed(*, reader: Reader) -> None:
    """Give the feed of the reader's lists a new address; the old one ends.

    Raises `GuestsCannot`.
    """
    if reader.user_id is None:
        raise GuestsCannot
    store_columns(reader, feed_token=secrets.token_urlsafe(TOKEN_BYTES))


def end_feed(*, reader: Reader) -> None:
    """End the feed of the reader's lists."""
    store_columns(reader, feed_token=None)
