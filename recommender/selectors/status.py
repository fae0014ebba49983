"""What works at the moment, in words for readers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from recommender.engine.release import NoRelease
from recommender.models import ImportJob
from recommender.selectors.current_model import current_model
from recommender.selectors.goodreads import pull_is_on, uses_stand_in
from recsite.common import liveness, pace, valkey
from recsite.common.queue import Queue
from recsite.mail.models import QueuedMail

#: Longer waits than these are worth a word.
LONG_WAIT, LATE_MAIL = timedelta(minutes=5), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Part:
    """Something that readers use, whether it works, and what they can do in the meantime."""

    name: str
    works: bool
    words: str
    until: datetime | None = None  # when it is tried again, where that is known


def site_status() -> list[Part]:
    """The parts of the site that may be away while its pages open."""
    now = timezone.now()
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            missing: list[str] | None = liveness.missing(client)
            goodreads, library = (
                pace.state_of(client, name=name) for name in ("goodreads", "openlibrary")
            )
    except redis.RedisError:
        return [_lists(), _imports(None, now), _mail(now)]
    parts = [_lists(), _imports(missing, now)]
    if pull_is_on():
        parts.append(_goodreads(goodreads, now))
    if settings.CONTACT_EMAIL or uses_stand_in():
        parts.append(_open_library(library, now))
    return [*parts, _mail(now)]


def _lists() -> Part:
    try:
        current_model()
    except NoRelease:
        words = "There are no recommendations yet: the model is not ready. Your ratings are kept."
        return Part("Recommendations", works=False, words=words)
    return Part("Recommendations", works=True, words="Lists are made as you rate.")


def _imports(missing: list[str] | None, now: datetime) -> Part:
    name = "Imports"
    if missing is None or Queue.PAGE in missing:
        words = "Imports are on hold, and will go on by themselves. Your file is kept."
        return Part(name, works=False, words=words)
    queued = ImportJob.objects.filter(state=ImportJob.State.QUEUED, is_background=False)
    oldest = queued.aggregate(at=Min("queued_at"))["at"]
    if oldest and now - oldest > LONG_WAIT:
        minutes = round((now - oldest) / timedelta(minutes=1))
        words = f"Many imports are waiting, the first for {minutes} minutes."
        return Part(name, works=False, words=words)
    return Part(name, works=True, words="Files and shelves are read at once.")


def _goodreads(state: pace.SiteState, now: datetime) -> Part:
    name = "Shelves at Goodreads"
    if state.circuit_seconds:
        words = (
            "Goodreads is not letting us read shelves. Upload your export file: that always works."
        )
        return Part(name, works=False, words=words, until=_until(state, now))
    return Part(name, works=True, words="Goodreads answers.")


def _open_library(state: pace.SiteState, now: datetime) -> Part:
    name = "Search at Open Library"
    if state.circuit_seconds:
        words = "Open Library is not answering, so missing books can’t be looked up."
        return Part(name, works=False, words=words, until=_until(state, now))
    return Part(name, works=True, words="Books that are missing here can be looked up there.")


def _mail(now: datetime) -> Part:
    oldest = QueuedMail.objects.aggregate(at=Min("queued_at"))["at"]
    if oldest and now - oldest > LATE_MAIL:
        words = "Email is late. It will be sent as soon as our mail server accepts it."
        return Part("Email", works=False, words=words)
    return Part("Email", works=True, words="Email is sent at once.")


def _until(state: pace.SiteState, now: datetime) -> datetime:
    return now + timedelta(seconds=state.circuit_seconds)
