"""Email about new recommendations, for readers who asked for it.

A digest lists the books of the newest saved list that no earlier digest has listed. It is noted and
its email queued in one transaction, so that none is lost and nobody gets the same one twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from catalog.models import Book
from recommender.engine.release import NoRelease
from recommender.models import Digest, Dismissal, ModelRelease, Reader, Recommendation, Run
from recommender.selectors.recommendations import NothingToRecommendFrom
from recommender.services import runs
from recommender.services.columns import store_columns
from recommender.services.locks import lock_readers
from recsite.common.queue import Queue, enqueue_on_commit

#: The task that sends one reader their digest.
TASK = "readers.send_digest"
PACES = {
    Reader.DigestPace.WEEKLY: timedelta(days=7),
    Reader.DigestPace.MONTHLY: timedelta(days=30),
}
#: With fewer new books no digest is sent.
FEWEST_NEW_BOOKS = 3
SALT = "bookfold.digest"


@dataclass(frozen=True, slots=True)
class ClaimedDigest:
    """A digest that has been claimed, with the books it will list."""

    digest: Digest
    picks: list[Recommendation]


class UnknownToken(ValueError):
    """The token of an unsubscribe link was not made by this site."""


def address_of(reader: Reader) -> str | None:
    """The confirmed address of a reader; None where digests can't be sent."""
    if reader.user_id is None or not settings.SITE_URL:
        return None
    confirmed = EmailAddress.objects.filter(user=reader.user_id, verified=True, primary=True)
    email: str | None = confirmed.values_list("email", flat=True).first()
    return email


def choose_pace(*, reader: Reader, pace: str) -> None:
    """Store how often the reader wants email; raises `ValueError` for an unknown pace."""
    store_columns(reader, digest_pace=Reader.DigestPace(pace))


def queue_due(*, now: datetime | None = None, most: int = 200) -> int:
    """Queue a task for each reader who is due for a digest; return how many."""
    if not settings.SITE_URL:
        return 0
    due = list(_due(now or timezone.now()).values_list("pk", flat=True)[:most])
    for pk in due:
        enqueue_on_commit(TASK, str(pk), queue=Queue.BACKGROUND)
    return len(due)


@transaction.atomic
def send(*, reader_id: int, now: datetime | None = None) -> Digest | None:
    """Send a reader their digest; None if it is not due, or there is too little that is new."""
    claimed = _claim(reader_id, now or timezone.now())
    if claimed is None:
        return None
    _message(claimed).send()
    return claimed.digest


def unsubscribe_token(reader: Reader) -> str:
    """The token of a link to unsubscribe; it does not expire."""
    return signing.dumps(reader.pk, salt=SALT)


def unsubscribe(*, token: str) -> None:
    """Stop a reader's digests; does nothing if they are off already, or the reader has left.

    Raises `UnknownToken` for anything that `unsubscribe_token` has not made.
    """
    Reader.objects.filter(pk=reader_id_of_token(token)).update(digest_pace=Reader.DigestPace.OFF)


def reader_id_of_token(token: str) -> int:
    """The number of the reader to whom a token belongs. Raises `UnknownToken`."""
    try:
        return int(signing.loads(token, salt=SALT))
    except signing.BadSignature as error:
        raise UnknownToken from error


def _due(now: datetime) -> QuerySet[Reader]:
    """Readers whose pace allows a digest now, and whose newest list was in none or is outdated."""
    rested = Q()
    for pace, pause in PACES.items():
        recent = Digest.objects.filter(sent_at__gt=now - pause)
        rested |= Q(digest_pace=pace) & ~Q(pk__in=recent.values("reader"))
    newest = Run.objects.filter(reader=OuterRef("pk")).order_by("-created_at")
    already_done = Digest.objects.filter(run=OuterRef("newest"), is_done=True).values("run")
    active = ModelRelease.objects.filter(is_active=True).values("pk")
    return (
        Reader.objects.filter(rested, user__is_active=True)
        .filter(user__emailaddress__verified=True, user__emailaddress__primary=True)
        .annotate(newest=Subquery(newest.values("pk")[:1]))
        .annotate(newest_release=Subquery(newest.values("release")[:1]))
        .annotate(already_done=Subquery(already_done[:1]), active=Subquery(active[:1]))
        .filter(newest__isnull=False)
        .filter(Q(already_done=None) | Q(active__isnull=False) & ~Q(newest_release=F("active")))
        .order_by("pk")
    )


def _claim(reader_id: int, now: datetime) -> ClaimedDigest | None:
    # A second task waits here, and then finds that the reader is no longer due.
    reader = lock_readers([reader_id]).get(reader_id)
    if reader is None or not _due(now).filter(pk=reader_id).exists():
        return None
    run = _newest_run(reader)
    picks = _new_picks(reader, run)
    has_enough = len(picks) >= FEWEST_NEW_BOOKS
    digest, _ = Digest.objects.update_or_create(
        reader=reader,
        run=run,
        defaults={
            "books": [pick.book_id for pick in picks] if has_enough else [],
            "sent_at": now if has_enough else None,
            "is_done": True,
        },
    )
    return ClaimedDigest(digest, picks) if has_enough else None


def _newest_run(reader: Reader) -> Run:
    """The newest list; a new one is made if another release has come into use since."""
    newest = reader.runs.order_by("-created_at")[0]
    active = ModelRelease.objects.filter(is_active=True).first()
    if active is None or newest.release_id == active.pk:
        return newest
    try:
        return runs.recommend(reader=reader)
    except (NothingToRecommendFrom, NoRelease):
        return newest


def _new_picks(reader: Reader, run: Run) -> list[Recommendation]:
    """Books of a list that were in no digest before, are not in the library, not dismissed."""
    named = {book for books in reader.digests.values_list("books", flat=True) for book in books}
    shelved = set(reader.entries.exclude(book=None).values_list("book", flat=True))
    dismissed = set(
        Dismissal.objects.standing()
        .filter(reader=reader, book__isnull=False)
        .values_list("book", flat=True)
    )
    listed = run.recommendations.filter(book__status=Book.Status.ACTIVE)
    return [
        pick
        for pick in listed.select_related("book").prefetch_related("book__credits__author")
        if pick.book_id not in named | shelved | dismissed
    ]


def _message(claimed: ClaimedDigest) -> EmailMultiAlternatives:
    reader = claimed.digest.reader
    to = address_of(reader)
    leave = _absolute(reverse("digest-stop", args=[unsubscribe_token(reader)]))
    context = {
        "picks": [
            (pick, _absolute(reverse("book", args=[pick.book_id]))) for pick in claimed.picks
        ],
        "list": _absolute(reverse("run", args=[claimed.digest.run_id])),
        "account": _absolute(reverse("account")),
        "leave": leave,
    }
    count = len(claimed.picks)
    message = EmailMultiAlternatives(
        subject=f"{count} new books for you",
        body=render_to_string("recommender/mail/digest.txt", context),
        to=[to] if to else [],
        headers={
            # https://www.rfc-editor.org/rfc/rfc8058
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    message.attach_alternative(
        render_to_string("recommender/mail/digest.html", context), "text/html"
    )
    return message


def _absolute(path: str) -> str:
    return str(urljoin(settings.SITE_URL, path))
