"""The way to Goodreads: what its answers mean, and when to ask again."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

from recommender.sources.base import (
    BotFilter,
    CircuitOpen,
    MalformedFeed,
    NotModified,
    PageTooLarge,
    PrivateOrNotFound,
    RedirectRefused,
    SourceError,
    SourceUnavailable,
    SwitchedOff,
)
from recsite.common import http, pace

T = TypeVar("T")

DEADLINE = 90.0  # seconds for one whole answer
ATTEMPTS = 4  # at a page, where the site is busy or an answer broken
_CHALLENGE = re.compile(rb"captcha|challenge|automated (access|queries|requests)", re.I)


class Fetcher:
    """Reads pages below one base address, for one job.

    Parameters
    ----------
    base_url : str
        From the operator's settings, never from a reader.
    pace : Pace
        Where requests of all workers wait for their turn.
    contact : str
        The operator's address, told in the User-Agent. Only a stand-in on this very host is asked
        without one; elsewhere `SwitchedOff` is raised.
    user_agent : str
        As in `SiteClient`.
    key : str
        Of Goodreads' legacy API, for operators who still hold one.
    attempts : int
        How often a page is tried.
    timeouts, deadline, max_bytes : tuple of float, float, int
        As in `SiteClient`.
    wait : callable
        Sleeps the given seconds. For tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        pace: pace.Pace,
        contact: str = "",
        user_agent: str = "",
        key: str = "",
        attempts: int = ATTEMPTS,
        timeouts: tuple[float, float] = http.TIMEOUTS,
        deadline: float = DEADLINE,
        max_bytes: int = http.MAX_BYTES,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            self._site = http.SiteClient(
                base_url=base_url,
                contact=contact,
                user_agent=user_agent,
                accept="application/rss+xml, application/xml, text/xml, text/html;q=0.5",
                key=key,
                timeouts=timeouts,
                deadline=deadline,
                max_bytes=max_bytes,
            )
        except http.NoContact:
            raise SwitchedOff from None
        self._pace = pace
        self._retrying = http.retrying(
            attempts=attempts, is_worth_another_try=_is_worth_another_try, wait=wait
        )

    @property
    def host(self) -> str:
        return self._site.host

    def read(
        self,
        path: str,
        params: http.Params,
        *,
        parse: Callable[[bytes], T],
        etag: str = "",
    ) -> tuple[T, str]:
        """Fetch a page, parse it, and answer with what was parsed and the page's ETag.

        A busy site and a broken page are tried again, with growing pauses.

        Raises
        ------
        SourceError
            One of its kinds; `NotModified` when the page still has the ETag given.
        """

        def once() -> tuple[T, str]:
            answer = self._site.follow(
                path,
                params,
                ask=lambda address, params: self._ask(address, params, etag=etag),
            )
            if _is_html(answer.body):  # a page to log in, in place of the feed
                raise PrivateOrNotFound
            return parse(answer.body), answer.etag

        return self._persist(once)

    def redirect_of(self, path: str) -> str:
        """Where a page sends its visitors, unvisited: a full address, or "" if nowhere."""

        def once() -> str:
            answer = self._ask(self._site.address(path), with_key=False)
            return answer.redirect_target() if answer.is_redirect else ""

        return self._persist(once)

    def _persist(self, once: Callable[[], T]) -> T:
        """Try ``once`` until it succeeds, cannot succeed, or was tried often enough."""
        return self._retrying(lambda: _as_source_errors(once))

    def _ask(
        self,
        address: str,
        params: http.Params | None = None,
        *,
        etag: str = "",
        with_key: bool = True,
    ) -> http.Answer:
        """Make one request, in turn; raise `SourceError` where its answer is no page."""
        with self._pace.turn() as turn:
            answer = self._site.get(address, params, etag=etag, with_key=with_key, check=turn.check)
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS and answer.retry_after:
                self._pace.pause(answer.retry_after)
        if _is_from_firewall(answer) or answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self._pace.refused()
        elif answer.status < 500 and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
            self._pace.accepted()
        _raise_for(answer)
        return answer


def _raise_for(answer: http.Answer) -> None:
    if _is_from_firewall(answer):
        raise BotFilter
    match answer.status:
        case 200:
            return
        case 301 | 302 | 303 | 307 | 308:
            if urlsplit(answer.redirect_target()).path.startswith("/user/sign_in"):
                raise PrivateOrNotFound
            return
        case 304:
            raise NotModified
        case 401 | 403 | 404:
            raise PrivateOrNotFound
        case status if status == 429 or status >= 500:
            raise SourceUnavailable(retry_after=answer.retry_after)
    raise SourceError


def _is_html(body: bytes) -> bool:
    start = body[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _is_from_firewall(answer: http.Answer) -> bool:
    """Whether a firewall took us for an unwanted program: there is no use in asking again.

    It mostly names itself in a header. Goodreads itself answers neither 202 nor 405, and its 403
    is a private profile, unless the page asks for proof of being a person.
    """
    if answer.firewall_action or answer.status in (202, 405):
        return True
    return answer.status in (403, 503) and _is_challenge(answer.body)


def _is_challenge(body: bytes) -> bool:
    return _is_html(body) and bool(_CHALLENGE.search(body))


def _as_source_errors(once: Callable[[], T]) -> T:
    """Call ``once``, and raise the errors of HTTP and of the pace as errors of a source.

    An error that went through the HTTP library can lead to the address with its key. So ours are
    raised after the handler has ended, and carry nothing of it.
    """
    try:
        return once()
    except (http.HttpError, pace.PaceError) as error:
        source_error = _source_error(error)
    raise source_error


def _source_error(error: http.HttpError | pace.PaceError) -> SourceError:
    match error:
        case pace.CircuitOpen():
            return CircuitOpen(retry_after=error.seconds)
        case pace.NoTurn():
            return SourceUnavailable(retry_after=error.seconds)
        case http.TooLarge():
            return PageTooLarge()
        case http.RedirectRefused():
            return RedirectRefused()
    return SourceUnavailable()


def _is_worth_another_try(error: BaseException) -> bool:
    return isinstance(error, SourceUnavailable | MalformedFeed) and error.retryable
