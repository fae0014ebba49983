"""Deleting a reader: nothing of them is kept, in no table."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model

from recommender.models import Reader
from recommender.services.locks import lock_reader
from recommender.services.readers import SESSION_KEY
from recommender.services.shared_browser import ALL_KEY
from recsite.mail import outbox


@transaction.atomic
def delete_reader(*, reader: Reader) -> None:
    """Delete a reader, the account, and all their sessions.

    A worker on one of their imports finds the job gone, and ends. Training data is exported from
    the readers there are, so the next release knows nothing of them either.
    """
    reader = lock_reader(reader.pk)
    _end_sessions(reader)
    user = reader.user
    _forget_in_admin(reader)
    reader.delete()
    if user is not None:
        outbox.forget(address=user.email)
        _forget_in_admin(user)
        user.delete()


def _forget_in_admin(row: Model) -> None:
    """Delete what the admin's log says of a row: it calls a reader by the email address."""
    content_type = ContentType.objects.get_for_model(row)
    LogEntry.objects.filter(content_type=content_type, object_id=str(row.pk)).delete()


def _end_sessions(reader: Reader) -> None:
    """End their sessions; each has to be decoded to see whose it is.

    Guests beside them in a browser stay there, and what they have is shown from now on.
    """
    identities = {("_auth_user_id", str(reader.user_id)), (SESSION_KEY, reader.pk)}
    for session in Session.objects.iterator():
        held = session.get_decoded()
        here: list[int] = held.get(ALL_KEY, [])
        is_theirs = not identities.isdisjoint(
            (name, value) for name, value in held.items() if name in ("_auth_user_id", SESSION_KEY)
        )
        others = [number for number in here if number != reader.pk]
        if is_theirs and not others:
            session.delete()
        elif others != here or is_theirs:
            left = {SESSION_KEY: others[0]} if is_theirs else held
            session.session_data = SessionStore().encode(left | {ALL_KEY: others})
            session.save(update_fields=["session_data"])
