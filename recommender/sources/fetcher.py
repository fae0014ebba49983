"""A polite reader of one site: one request at a time, honest about who asks, easily sent away."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import tenacity
import urllib3

from recommender.sources.base import (
    BotFilter,
    MalformedFeed,
    NotModified,
    PageTooLarge,
    PrivateOrNotFound,
    RedirectRefused,
    SourceError,
    SourceUnavailable,
    SwitchedOff,
)
from recommender.sources.gate import Gate, Pass
from recsite.common.pace import LONGEST_RETRY_AFTER, is_loopback, read_retry_after

logger = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUTS = (5.0, 30.0)  # to connect, and of silence while reading
DEADLINE = 90.0  # for one whole answer, however steadily it trickles
MAX_BYTES = 5 * 1024 * 1024
MAX_REDIRECTS = 2
LONGEST_RETRY_WAIT = 60.0  # waited inside a pull; a longer Retry-After ends it
_CHUNK = 64 * 1024
_REDIRECTS = {301, 302, 303, 307, 308}
_TURNED_AWAY = {202, 403, 503}
_CHALLENGE = re.compile(rb"captcha|challenge|automated (access|queries|requests)", re.I)
_SECRETS = re.compile(r"\b(key=)[^&\s\"']+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answered to one request."""

    status: int
    body: bytes
    etag: str = ""
    location: str = ""
    retry_after: float | None = None

    @property
    def is_html(self) -> bool:
        start = self.body[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html"))

    @property
    def is_challenge(self) -> bool:
        """A page for a person to prove being one: of no use to ask again."""
        return self.is_html and bool(_CHALLENGE.search(self.body))


class _HideSecrets(logging.Filter):
    """Takes the value of ``key=`` out of the addresses which urllib3 logs at level DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _SECRETS.sub(r"\1…", value) if isinstance(value, str) else value
                for value in record.args
            )
        return True


_HIDE_SECRETS = _HideSecrets()


class _WithKey(requests.auth.AuthBase):
    """Adds the secret at the last moment, so that it is in no address we handle.

    Passed with every request, with or without a key: it also keeps requests from reading ~/.netrc.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.prepare_url(request.url, {"key": self._key})
        return request


_NO_KEY = _WithKey("")


class Fetcher:
    """Reads pages below one base address, for one job.

    Parameters
    ----------
    base_url : str
        From the operator's settings, never from a reader.
    gate : Gate
        Where requests of all workers wait for their turn.
    contact : str
        The operator's address, told in the User-Agent. Only a stand-in on this very host is asked
        without one; elsewhere `SwitchedOff` is raised.
    attempts : int
        How often a page is tried when the site is busy or an answer broken.
    wait, now : callable
        Sleep so many seconds; seconds on a clock that only goes forward. For tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        gate: Gate,
        contact: str = "",
        key: str = "",
        attempts: int = 4,
        timeouts: tuple[float, float] = TIMEOUTS,
        deadline: float = DEADLINE,
        max_bytes: int = MAX_BYTES,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = urlsplit(base_url.rstrip("/"))
        is_local = is_loopback(self._base.hostname or "")
        if not contact and not is_local:
            raise SwitchedOff
        self._gate = gate
        self._auth = _WithKey(key)
        self._attempts = attempts
        self._timeouts = timeouts
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._wait = wait
        self._now = now
        self._session = requests.Session()
        self._session.trust_env = not is_local  # no proxy to this very host
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {
                "User-Agent": f"Bookfold/1.0 (+mailto:{contact or 'nobody@localhost'})",
                "Accept": "application/rss+xml, application/xml, text/xml, text/html;q=0.5",
                "Accept-Encoding": "gzip",
            }
        )
        logging.getLogger("urllib3.connectionpool").addFilter(_HIDE_SECRETS)

    def read(
        self,
        path: str,
        params: Mapping[str, str | int],
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
            answer = self._follow(path, params, etag)
            if answer.is_html:  # a page to log in, in place of the feed
                raise PrivateOrNotFound
            return parse(answer.body), answer.etag

        return self._persist(once)

    def redirect_of(self, path: str) -> str:
        """Where a page sends its visitors, unvisited: a full address, or "" if nowhere."""

        def once() -> str:
            answer = self._ask(self._address(path), auth=_NO_KEY)
            if answer.status not in _REDIRECTS:
                return ""
            return urljoin(self._address(path), answer.location)

        return self._persist(once)

    @property
    def host(self) -> str:
        return self._base.hostname or ""

    def _persist(self, once: Callable[[], T]) -> T:
        """Try ``once`` until it succeeds, cannot succeed, or was tried often enough."""
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_worth_another_try),
            wait=_pause_before_retry,
            stop=tenacity.stop_after_attempt(self._attempts),
            sleep=self._wait,
            reraise=True,
        )(once)

    def _follow(self, path: str, params: Mapping[str, str | int], etag: str) -> Answer:
        """Ask, going along with redirects inside the host only."""
        address = self._address(path)
        answer = self._ask(address, params, etag=etag, auth=self._auth)
        for _ in range(MAX_REDIRECTS):
            if answer.status not in _REDIRECTS:
                return answer
            address = urljoin(address, answer.location)
            target = urlsplit(address)
            if target.path.startswith("/user/sign_in"):
                raise PrivateOrNotFound
            if not self._is_ours(target):
                raise RedirectRefused
            answer = self._ask(address, etag=etag, auth=self._auth)
        if answer.status in _REDIRECTS:
            raise RedirectRefused
        return answer

    def _address(self, path: str) -> str:
        return f"{self._base.geturl()}{path}"

    def _is_ours(self, target: SplitResult) -> bool:
        return (target.scheme, target.netloc) == (self._base.scheme, self._base.netloc)

    def _ask(
        self,
        address: str,
        params: Mapping[str, str | int] | None = None,
        *,
        etag: str = "",
        auth: _WithKey,
    ) -> Answer:
        """Make one request, in turn, and sort out the answers that are none."""
        started = self._now()
        with self._gate.enter() as turn:
            answer = self._send(address, params, turn, etag=etag, auth=auth)
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS and answer.retry_after:
                turn.pause = max(turn.pause, min(answer.retry_after, LONGEST_RETRY_AFTER))
        path = urlsplit(address).path
        seconds = self._now() - started
        logger.info("GET %s: %d, %d bytes, %.1f s", path, answer.status, len(answer.body), seconds)
        if answer.status in _TURNED_AWAY:
            self._gate.refused()
        elif answer.status < 500 and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
            self._gate.accepted()
        self._raise_for(answer)
        return answer

    def _raise_for(self, answer: Answer) -> None:
        match answer.status:
            case 200 | 301 | 302 | 303 | 307 | 308:
                return
            case 304:
                raise NotModified
            case 202:
                raise BotFilter
            case 401 | 403 | 404:
                raise PrivateOrNotFound
            case 503 if answer.is_challenge:
                raise BotFilter
            case status if status == 429 or status >= 500:
                raise SourceUnavailable(retry_after=answer.retry_after)
        raise SourceError

    def _send(
        self,
        address: str,
        params: Mapping[str, str | int] | None,
        turn: Pass,
        *,
        etag: str,
        auth: _WithKey,
    ) -> Answer:
        """Send one request and read its answer, up to the size and the time allowed.

        The errors of the HTTP library hold the whole address with its key. So ours are raised
        after its handlers have ended, and carry nothing of them.
        """
        try:
            with self._session.get(
                address,
                params=params,
                headers={"If-None-Match": etag} if etag else None,
                auth=auth,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(
                    status=response.status_code,
                    body=self._read_body(response, turn),
                    etag=response.headers.get("ETag", ""),
                    location=response.headers.get("Location", ""),
                    retry_after=read_retry_after(response.headers.get("Retry-After", "")),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = type(error).__name__
        logger.warning("GET %s: no answer (%s)", urlsplit(address).path, reason)
        raise SourceUnavailable

    def _read_body(self, response: requests.Response, turn: Pass) -> bytes:
        """Read the body, unpacked as it comes, so that a gzip bomb is never unpacked whole."""
        started = self._now()
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise PageTooLarge
            if self._now() - started > self._deadline:
                raise SourceUnavailable
            turn.renew()
        return bytes(body)


def _is_worth_another_try(error: BaseException) -> bool:
    if not isinstance(error, SourceUnavailable | MalformedFeed) or not error.retryable:
        return False
    return (error.retry_after or 0) <= LONGEST_RETRY_WAIT


_grow = tenacity.wait_random_exponential(multiplier=1, max=30)


def _pause_before_retry(state: tenacity.RetryCallState) -> float:
    """As long as the site asks for, else longer each time; never all workers at once."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, SourceError) else None
    return asked + tenacity.wait_random(0, 1)(state) if asked else _grow(state)
