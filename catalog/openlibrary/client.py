"""The client of Open Library: it asks in batches, at the pace that all workers share."""

import json
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from catalog.languages import library_code
from catalog.openlibrary.parse import Details, Malformed, Work, details_of, works_of
from recsite.common import http
from recsite.common.pace import CircuitOpen, Pace, PaceError

T = TypeVar("T")

DEADLINE = 60.0  # seconds for one whole answer
BATCH = 25
ATTEMPTS = 3
FIELDS = (
    "key,title,author_name,author_alternative_name,first_publish_year,cover_i,isbn,id_goodreads,"
    "subject,number_of_pages_median,edition_count,contributor,language,readinglog_count,"
    "ebook_access"
)


class OpenLibraryError(Exception):
    """Why Open Library gave no answer."""


class Unanswered(OpenLibraryError):
    """This page could not be read, even after several tries; others may be."""


class Busy(OpenLibraryError):
    """Ask nothing more for `seconds`."""

    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class SwitchedOff(OpenLibraryError):
    """The operator has set no contact address, without which Open Library answers 403."""


class _TryAgain(Exception):
    """A request that failed and may succeed if it is made again."""

    def __init__(
        self, reason: str, *, retry_after: float | None = None, busy: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.busy = busy


class OpenLibrary:
    """Open Library, or its stand-in.

    Parameters
    ----------
    base_url : str
        From the operator's settings, never from an answer.
    contact : str
        The operator's address, told in the User-Agent. Only a stand-in on this very host is asked
        without one; elsewhere `SwitchedOff` is raised.
    pace : Pace
        Where requests of all workers wait for their turn.
    user_agent : str
        As in `SiteClient`; Open Library turns some away by words in it.
    timeouts, deadline, max_bytes : tuple of float, float, int
        As in `SiteClient`.
    wait : callable
        Sleeps the given seconds between two tries. For tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        contact: str,
        pace: Pace,
        user_agent: str = "",
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
                accept="application/json",
                timeouts=timeouts,
                deadline=deadline,
                max_bytes=max_bytes,
            )
        except http.NoContact:
            raise SwitchedOff from None
        self._pace = pace
        self._retrying = http.retrying(
            attempts=ATTEMPTS, is_worth_another_try=_is_worth_another_try, wait=wait
        )

    def close(self) -> None:
        self._site.close()

    def by_numbers(self, *, isbns: Sequence[str], goodreads_ids: Sequence[str]) -> list[Work]:
        """The works with any of these numbers, at most 25, in one request.

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
        """Works that may have this title; the caller decides whether one of them is the book."""
        named = {"author": author} if author else {}
        return self._search({"title": title, **named, "limit": 10})

    def by_key(self, key: str) -> list[Work]:
        """The work with this number (OL45804W), if there is one."""
        return self._search({"q": f'key:"/works/{key}"', "limit": 1})

    def most_shelved(self, *, year: int, language: str, limit: int) -> list[Work]:
        """The works of a year in a language (ISO 639-3) that most readers have on a shelf."""
        query = f"first_publish_year:{year} AND language:{library_code(language)}"
        return self._search({"q": query, "sort": "readinglog", "limit": limit})

    def details(self, key: str, *, etag: str = "") -> tuple[Details | None, str]:
        """A work's page and its ETag; None where it still has the ETag given."""
        return self._read(f"/works/{key}.json", {}, parse=details_of, etag=etag)

    def _search(self, params: http.Params) -> list[Work]:
        works, _ = self._read("/search.json", {**params, "fields": FIELDS}, parse=works_of)
        return works or []

    def _read(
        self,
        path: str,
        params: http.Params,
        *,
        parse: Callable[[object], T],
        etag: str = "",
    ) -> tuple[T | None, str]:
        def once() -> tuple[T | None, str]:
            answer = self._site.follow(
                path, params, ask=lambda address, params: self._ask(address, params, etag)
            )
            if answer.status == 304:
                return None, etag
            try:
                return parse(json.loads(answer.body)), answer.etag
            except (ValueError, RecursionError) as error:  # truncated, or of another shape
                raise _TryAgain(str(error) if isinstance(error, Malformed) else "no JSON") from None

        try:
            return self._retrying(once)
        except _TryAgain as error:
            if error.busy:
                seconds = error.retry_after or http.LONGEST_RETRY_WAIT
                raise Busy(str(error), seconds=seconds) from None
            raise Unanswered(str(error)) from None
        except http.HttpError as error:
            raise Unanswered(str(error)) from None
        except CircuitOpen as error:
            raise Busy(str(error), seconds=error.seconds) from None
        except PaceError as error:
            raise Busy(str(error), seconds=http.LONGEST_RETRY_WAIT) from error

    def _ask(self, address: str, params: http.Params, etag: str) -> http.Answer:
        """Make one request, in turn; raise where its answer is no page."""
        with self._pace.turn() as turn:
            answer = self._site.get(address, params, etag=etag, check=turn.check)
        reason = f"status {answer.status}"
        if answer.status in (403, 429):
            self._pace.refused()
            if answer.retry_after:
                self._pace.pause(answer.retry_after)
            raise _TryAgain(reason, retry_after=answer.retry_after, busy=True)
        if answer.status >= 500:
            raise _TryAgain(reason, retry_after=answer.retry_after)
        self._pace.accepted()
        if answer.status not in (200, 304) and not answer.is_redirect:
            raise Unanswered(reason)
        return answer


def _is_worth_another_try(error: BaseException) -> bool:
    if isinstance(error, _TryAgain):
        return not error.busy or error.retry_after is not None  # a 403 is not asked for again
    return isinstance(error, http.NoAnswer)
