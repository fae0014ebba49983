"""Asks Open Library: by batches, with named fields, at the pace all workers share."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from catalog.openlibrary.parse import Details, Malformed, Work, details_of, works_of
from recsite.common.pace import (
    CircuitOpen,
    Limiter,
    LimiterUnavailable,
    is_loopback,
    read_retry_after,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUTS = (5.0, 30.0)  # to connect, and of silence while reading
DEADLINE = 60.0  # for one whole answer, however steadily it trickles
MAX_BYTES = 5 * 1024 * 1024
BATCH = 25
ATTEMPTS = 3
MAX_REDIRECTS = 2
LONGEST_RETRY_WAIT = 60.0  # waited within a batch; a longer Retry-After ends it
FIELDS = (
    "key,title,author_name,author_alternative_name,first_publish_year,cover_i,isbn,id_goodreads,"
    "subject,number_of_pages_median,edition_count"
)
_CHUNK = 64 * 1024
_REDIRECTS = {301, 302, 303, 307, 308}


class OpenLibraryError(Exception):
    """Why something could not be had."""


class Unanswered(OpenLibraryError):
    """This one page could not be had, however often it was tried; others may be."""


class Busy(OpenLibraryError):
    """Nothing is to be asked now; after `seconds`, everything may be."""

    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class SwitchedOff(OpenLibraryError):
    """The operator has named no contact, without which Open Library answers 403."""


class _TryAgain(Exception):
    def __init__(
        self, reason: str, *, retry_after: float | None = None, busy: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.busy = busy


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    etag: str
    location: str
    retry_after: float | None


class OpenLibrary:
    """Open Library, or what stands in for it.

    Parameters
    ----------
    base_url : str
        From the operator's settings, never from an answer.
    contact : str
        The operator's address, told in the User-Agent. Only a stand-in on this very host is asked
        without one; elsewhere `SwitchedOff` is raised.
    limiter : Limiter
        The pace of all workers.
    wait : callable
        Sleeps so many seconds between two tries. For tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        contact: str,
        limiter: Limiter,
        timeouts: tuple[float, float] = TIMEOUTS,
        max_bytes: int = MAX_BYTES,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = urlsplit(base_url.rstrip("/"))
        is_local = is_loopback(self._base.hostname or "")
        if not contact and not is_local:
            raise SwitchedOff
        self._limiter = limiter
        self._timeouts = timeouts
        self._max_bytes = max_bytes
        self._wait = wait
        self._session = requests.Session()
        self._session.trust_env = not is_local  # no proxy to this very host
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {
                "User-Agent": f"Bookfold/1.0 (mailto:{contact or 'nobody@localhost'})",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            }
        )

    def close(self) -> None:
        self._session.close()

    def by_numbers(self, *, isbns: Sequence[str], goodreads_ids: Sequence[str]) -> list[Work]:
        """The works of at most 25 numbers together, in one request.

        Raises `Busy` or `Unanswered`.
        """
        if len(isbns) + len(goodreads_ids) > BATCH:
            raise ValueError(f"more than {BATCH} numbers")
        parts = [
            f"{field}:({' OR '.join(numbers)})"
            for field, numbers in (("isbn", isbns), ("id_goodreads", goodreads_ids))
            if numbers
        ]
        return self._search({"q": " OR ".join(parts), "limit": 4 * BATCH})

    def by_title(self, *, title: str, author: str) -> list[Work]:
        """Works that may be called so; whether one is the book is for the caller to say."""
        named = {"author": author} if author else {}
        return self._search({"title": title, **named, "limit": 10})

    def by_key(self, key: str) -> list[Work]:
        """The work with this number (OL45804W), if there is one."""
        return self._search({"q": f'key:"/works/{key}"', "limit": 1})

    def details(self, key: str, *, etag: str = "") -> tuple[Details | None, str]:
        """A work's page and its ETag; None where it still has the ETag given."""
        return self._read(f"/works/{key}.json", {}, parse=details_of, etag=etag)

    def _search(self, params: Mapping[str, str | int]) -> list[Work]:
        works, _ = self._read("/search.json", {**params, "fields": FIELDS}, parse=works_of)
        return works or []

    def _read(
        self,
        path: str,
        params: Mapping[str, str | int],
        *,
        parse: Callable[[object], T],
        etag: str = "",
    ) -> tuple[T | None, str]:
        def once() -> tuple[T | None, str]:
            answer = self._follow(path, params, etag)
            if answer.status == 304:
                return None, etag
            try:
                return parse(json.loads(answer.body)), answer.etag
            except (ValueError, RecursionError) as error:  # truncated, or of another shape
                raise _TryAgain(str(error) if isinstance(error, Malformed) else "no JSON") from None

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_worth_another_try),
            wait=_pause_before_retry,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=self._wait,
            reraise=True,
        )
        try:
            return retrying(once)
        except _TryAgain as error:
            if error.busy:
                raise Busy(str(error), seconds=error.retry_after or LONGEST_RETRY_WAIT) from None
            raise Unanswered(str(error)) from None
        except CircuitOpen as error:
            raise Busy(str(error), seconds=error.seconds) from None
        except LimiterUnavailable as error:
            raise Busy("Valkey cannot be reached", seconds=LONGEST_RETRY_WAIT) from error

    def _follow(self, path: str, params: Mapping[str, str | int], etag: str) -> _Answer:
        """Ask, going along with redirects inside the host only."""
        address = f"{self._base.geturl()}{path}"
        answer = self._ask(address, params, etag)
        for _ in range(MAX_REDIRECTS):
            if answer.status not in _REDIRECTS:
                return answer
            address = urljoin(address, answer.location)
            target = urlsplit(address)
            if (target.scheme, target.netloc) != (self._base.scheme, self._base.netloc):
                raise Unanswered("sent to another host")
            answer = self._ask(address, {}, etag)
        if answer.status in _REDIRECTS:
            raise Unanswered("sent on and on")
        return answer

    def _ask(self, address: str, params: Mapping[str, str | int], etag: str) -> _Answer:
        """Make one request in turn, and sort out the answers that are none."""
        self._limiter.take()
        answer = self._send(address, params, etag)
        path = urlsplit(address).path
        logger.info("GET %s: %d, %d bytes", path, answer.status, len(answer.body))
        if answer.status in (403, 429):
            self._limiter.refused()
            if answer.retry_after:
                self._limiter.pause(answer.retry_after)
            raise _TryAgain(f"status {answer.status}", retry_after=answer.retry_after, busy=True)
        if answer.status >= 500:
            raise _TryAgain(f"status {answer.status}", retry_after=answer.retry_after)
        self._limiter.accepted()
        if answer.status not in {200, 304, *_REDIRECTS}:
            raise Unanswered(f"status {answer.status}")
        return answer

    def _send(self, address: str, params: Mapping[str, str | int], etag: str) -> _Answer:
        try:
            with self._session.get(
                address,
                params=params,
                headers={"If-None-Match": etag} if etag else None,
                auth=_no_credentials,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _Answer(
                    status=response.status_code,
                    body=self._read_body(response),
                    etag=response.headers.get("ETag", ""),
                    location=response.headers.get("Location", ""),
                    retry_after=read_retry_after(response.headers.get("Retry-After", "")),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _TryAgain(f"no answer ({type(error).__name__})") from error

    def _read_body(self, response: requests.Response) -> bytes:
        """Read the body, unpacked as it comes, so that a gzip bomb is never unpacked whole."""
        started = time.monotonic()
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise Unanswered("far too much")
            if time.monotonic() - started > DEADLINE:
                raise _TryAgain("too slow")
        return bytes(body)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from reading ~/.netrc."""
    return request


def _is_worth_another_try(error: BaseException) -> bool:
    if not isinstance(error, _TryAgain) or (error.retry_after or 0) > LONGEST_RETRY_WAIT:
        return False
    return not error.busy or error.retry_after is not None  # a 403 is not asked for again


_grow = tenacity.wait_random_exponential(multiplier=1, max=30)


def _pause_before_retry(state: tenacity.RetryCallState) -> float:
    """As long as the site asks for (the limiter holds everybody so long), else ever longer."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _TryAgain) and error.retry_after:
        return error.retry_after
    return _grow(state)
