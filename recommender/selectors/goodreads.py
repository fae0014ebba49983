"""Whether this site may fetch from Goodreads."""

from urllib.parse import urlsplit

from django.conf import settings

from recsite.common.http import is_loopback, may_ask


def uses_stand_in() -> bool:
    """Whether "Goodreads" is the stand-in on this machine, with its sample readers."""
    return is_loopback(urlsplit(settings.GOODREADS_BASE_URL).hostname or "")


def pull_is_on() -> bool:
    """Whether this site may fetch from Goodreads at all."""
    return may_ask(settings.GOODREADS_BASE_URL, contact=settings.CONTACT_EMAIL)
