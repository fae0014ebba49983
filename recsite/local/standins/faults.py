"""The faults of Goodreads, each for a reader with a certain number."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import IntEnum
from functools import cache

from recsite.local.standins.shelves import Item

DEFAULT_PER_PAGE, MAX_PER_PAGE = 100, 200
FEED_KEY = "the-feeds-own-key"
HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"


class Fault(IntEnum):
    """Numbers of readers with a fault, far beyond those of a data set."""

    EMPTY_SHELF = 9_900_001
    UNKNOWN_SHELF = 9_900_002
    IGNORES_PER_PAGE = 9_900_003
    REPEATED_PAGE = 9_900_004
    ODD_PAGE_SIZES = 9_900_005
    SLOW_LATE_PAGE = 9_900_006
    TRUNCATED_ONCE = 9_900_007
    TRUNCATED_ALWAYS = 9_900_008
    NO_CHANNEL_ONCE = 9_900_009
    NO_CHANNEL_ALWAYS = 9_900_010
    ENTITY_BOMB = 9_900_011
    GZIP_BOMB = 9_900_012
    HANG = 9_900_013
    ODD_ITEMS = 9_900_014
    NEEDS_KEY = 9_900_015
    EDITION_SWITCHED = 9_900_016
    BAD_ITEMS = 9_900_017
    SLOW_PAGES = 9_900_018
    PRIVATE_AS_LOGIN_PAGE = 9_900_200
    BOT_FILTER = 9_900_202
    LONG_SHELF = 9_900_300
    REDIRECT_OFF_HOST = 9_900_301
    PRIVATE_AS_REDIRECT = 9_900_302
    PRIVATE_AS_401 = 9_900_401
    PRIVATE_AS_403 = 9_900_403
    UNKNOWN_READER = 9_900_404
    FIREWALL_CAPTCHA = 9_900_405
    FIREWALL_BLOCK = 9_900_406
    BUSY_FOR_SECONDS = 9_900_429
    BUSY_UNTIL_DATE = 9_900_430
    UNAVAILABLE_ONCE = 9_900_503
    UNAVAILABLE_ALWAYS = 9_900_504
    BOT_FILTER_AS_503 = 9_900_505


NOTES: dict[Fault, str] = {
    Fault.EMPTY_SHELF: "a shelf without books",
    Fault.UNKNOWN_SHELF: "every shelf is unknown: another one comes, its title ends in a space",
    Fault.IGNORES_PER_PAGE: "always 100 items a page, whatever per_page says",
    Fault.REPEATED_PAGE: "every page after the second is the second again",
    Fault.ODD_PAGE_SIZES: "pages of one item and short pages in the middle",
    Fault.SLOW_LATE_PAGE: "the third page takes long",
    Fault.TRUNCATED_ONCE: "each page breaks off the first time, then is complete",
    Fault.TRUNCATED_ALWAYS: "each page breaks off",
    Fault.NO_CHANNEL_ONCE: "each page has no <channel> the first time",
    Fault.NO_CHANNEL_ALWAYS: "no page has a <channel>",
    Fault.ENTITY_BOMB: "a DTD with entities that grow without bound",
    Fault.GZIP_BOMB: "a small answer that unpacks to 64 MB",
    Fault.HANG: "no answer at all",
    Fault.ODD_ITEMS: "every odd kind of item on one shelf",
    Fault.NEEDS_KEY: f"private without key={FEED_KEY}",
    Fault.EDITION_SWITCHED: "another edition under the same review from the second pull on",
    Fault.BAD_ITEMS: "two good items and three that cannot be used",
    Fault.SLOW_PAGES: "300 ratings, ten a page, each page slow: time to watch the progress",
    Fault.PRIVATE_AS_LOGIN_PAGE: "private: 200 with a page to log in",
    Fault.BOT_FILTER: "202 with a firewall's HTML challenge",
    Fault.LONG_SHELF: "300 ratings, no fault",
    Fault.REDIRECT_OFF_HOST: "a redirect to another host",
    Fault.PRIVATE_AS_REDIRECT: "private: 302 to /user/sign_in",
    Fault.PRIVATE_AS_401: "private: 401",
    Fault.PRIVATE_AS_403: "private: 403",
    Fault.UNKNOWN_READER: "404",
    Fault.FIREWALL_CAPTCHA: "405 with a firewall's captcha",
    Fault.FIREWALL_BLOCK: "403 from a firewall, which names itself in a header",
    Fault.BUSY_FOR_SECONDS: "429 with Retry-After in seconds, then an answer",
    Fault.BUSY_UNTIL_DATE: "429 with Retry-After as a date, then an answer",
    Fault.UNAVAILABLE_ONCE: "503, then an answer",
    Fault.UNAVAILABLE_ALWAYS: "503 every time",
    Fault.BOT_FILTER_AS_503: "503 with an HTML challenge",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the stand-in."""

    status: int
    body: bytes = b""
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    is_gzipped: bool = False  # the body is compressed already
    delay: float = 0.0
    is_unanswered: bool = False  # the request never gets an answer


def fault_reply(user_id: int, *, turn: int, key: str, base: str) -> Reply | None:
    """The reply instead of a page; None if there is no fault.

    ``turn`` counts the earlier requests for the same page: faults that happen once happen at
    every other request.
    """
    if user_id == Fault.NEEDS_KEY and key != FEED_KEY:
        return page(401, _PRIVATE)
    if user_id == Fault.PRIVATE_AS_REDIRECT:
        return page(302, "", {"Location": f"{base}/user/sign_in?returnurl=/"})
    if user_id == Fault.BUSY_UNTIL_DATE and turn % 2 == 0:
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        return page(429, _BUSY, {"Retry-After": until})
    if user_id == Fault.GZIP_BOMB:
        return Reply(200, _gzip_bomb(), XML, is_gzipped=True)
    if turn % 2 == 0 and user_id in _ONCE:
        return _ONCE[user_id]
    return _ALWAYS.get(user_id)


def page_of(user_id: int, items: Sequence[Item], number: int, per_page: int) -> Sequence[Item]:
    """The items of one page, counted from 1; empty beyond the end."""
    size = min(per_page, MAX_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE
    match user_id:
        case Fault.IGNORES_PER_PAGE:
            size = DEFAULT_PER_PAGE
        case Fault.SLOW_PAGES:
            size = 10
        case Fault.SLOW_LATE_PAGE:
            size = 100
        case Fault.REPEATED_PAGE:
            size, number = 100, min(number, 2)
        case Fault.ODD_PAGE_SIZES:
            return _odd_page(items, number)
    return items[(number - 1) * size : number * size]


def delay_of(user_id: int, number: int, slow_seconds: float) -> float:
    """Seconds before a page is sent."""
    is_slow = user_id == Fault.SLOW_PAGES or (user_id == Fault.SLOW_LATE_PAGE and number == 3)
    return slow_seconds if is_slow else 0.0


def page(status: int, text: str, headers: dict[str, str] | None = None) -> Reply:
    """A small HTML page."""
    html = f"<!DOCTYPE html>\n<html><head><title>Goodreads</title></head><body>{text}</body></html>"
    return Reply(status, html.encode(), headers=headers or {})


def _odd_page(items: Sequence[Item], number: int) -> Sequence[Item]:
    sizes = [100, 1, 30, 1, len(items)]
    start = sum(sizes[: number - 1])
    return items[start : start + sizes[number - 1]] if number <= len(sizes) else []


_PRIVATE = "This profile is private."
_BUSY = "Too many requests."
_TRUNCATED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n  <channel>\n'
    b"    <title>Ada's bookshelf: read</title>\n    <item>\n      <guid>https://www.good"
)
_NO_CHANNEL = b'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n</rss>\n'
_ENTITY_BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 10) for name in range(ord("b"), 106)
    )
    + b"]>\n<rss><channel><title>&i;'s bookshelf: read</title></channel></rss>\n"
)


@cache
def _gzip_bomb() -> bytes:
    return gzip.compress(b"<rss>" + b" " * (64 * 1024 * 1024), compresslevel=1)


_ONCE: dict[int, Reply] = {
    Fault.BUSY_FOR_SECONDS: page(429, _BUSY, {"Retry-After": "1"}),
    Fault.UNAVAILABLE_ONCE: page(503, "Goodreads is over capacity."),
    Fault.TRUNCATED_ONCE: Reply(200, _TRUNCATED, XML),
    Fault.NO_CHANNEL_ONCE: Reply(200, _NO_CHANNEL, XML),
}
_ALWAYS: dict[int, Reply] = {
    Fault.PRIVATE_AS_LOGIN_PAGE: page(200, "Sign in <form action='/user/sign_in'></form>"),
    Fault.PRIVATE_AS_401: page(401, _PRIVATE),
    Fault.PRIVATE_AS_403: page(403, _PRIVATE),
    Fault.UNKNOWN_READER: page(404, "The page you were looking for does not exist."),
    Fault.BOT_FILTER: page(
        202,
        "Solve this challenge <script src='/challenge.js'></script>",
        {"x-amzn-waf-action": "challenge"},
    ),
    Fault.FIREWALL_CAPTCHA: page(405, "Are you a person?", {"x-amzn-waf-action": "captcha"}),
    Fault.FIREWALL_BLOCK: page(403, "Forbidden", {"x-amzn-waf-action": "block"}),
    Fault.BOT_FILTER_AS_503: page(503, "To discuss automated access, solve this captcha."),
    Fault.UNAVAILABLE_ALWAYS: page(503, "Goodreads is over capacity."),
    Fault.REDIRECT_OFF_HOST: page(
        302, "", {"Location": "https://elsewhere.example/review/list_rss/1"}
    ),
    Fault.TRUNCATED_ALWAYS: Reply(200, _TRUNCATED, XML),
    Fault.NO_CHANNEL_ALWAYS: Reply(200, _NO_CHANNEL, XML),
    Fault.ENTITY_BOMB: Reply(200, _ENTITY_BOMB, XML),
    Fault.HANG: Reply(200, is_unanswered=True),
}
