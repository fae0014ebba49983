"""How the fetcher behaves towards a site, whatever it asks for."""

import logging
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from recommender.sources.base import (
    BotFilter,
    PageTooLarge,
    PrivateOrNotFound,
    RedirectRefused,
    SourceError,
    SourceUnavailable,
    SwitchedOff,
)
from recommender.sources.fetcher import Fetcher
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.recommender.sources.conftest import MakeFetcher, NoPace
from tests.slow_site import SlowSite

SECRET = "s3cr3t-key"


def feed_of(user_id: int) -> str:
    return f"/review/list_rss/{int(user_id)}"


class _Scripted(BaseHTTPRequestHandler):
    """Sends people around: /a to /b to /c …, /z to no address, and sets cookies while at it."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Cookie", "")))
        path = self.path.partition("?")[0]
        is_end = path == "/c"
        self.send_response(200 if is_end else 302)
        self.send_header("Set-Cookie", "who=you; Path=/")
        if not is_end:
            self.send_header("Location", "http://[" if path == "/z" else chr(ord(path[1]) + 1))
        self.send_header("Content-Length", "6" if is_end else "0")
        self.end_headers()
        self.wfile.write(b"<rss/>" if is_end else b"")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def scripted_url() -> Iterator[str]:
    _Scripted.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Scripted) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_it_says_who_asks(make_fetcher: MakeFetcher, standin: GoodreadsStandin) -> None:
    fetcher = make_fetcher(contact="me@books.example")
    fetcher.read(feed_of(1), {}, parse=len)
    assert "mailto:me@books.example" in standin.requests[0].headers["User-Agent"]
    nameless = requests.get(standin.url + feed_of(1), headers={"User-Agent": ""}, timeout=5)
    assert nameless.status_code == 403


def test_without_a_contact_only_this_very_host_is_asked(pace: NoPace) -> None:
    with pytest.raises(SwitchedOff):
        Fetcher(base_url="https://www.goodreads.com", pace=pace)
    Fetcher(base_url="https://www.goodreads.com", pace=pace, contact="me@books.example")
    Fetcher(base_url="http://localhost:8001", pace=pace)


def test_redirects_inside_the_host_are_followed_without_cookies(
    make_fetcher: MakeFetcher, scripted_url: str
) -> None:
    fetcher = make_fetcher(base_url=scripted_url)
    assert fetcher.read("/a", {"page": 1}, parse=bytes)[0] == b"<rss/>"
    assert [path for path, _ in _Scripted.seen] == ["/a?page=1", "/b", "/c"]
    assert {cookie for _, cookie in _Scripted.seen} == {""}


def test_redirects_without_end_are_not_followed(
    make_fetcher: MakeFetcher, scripted_url: str
) -> None:
    with pytest.raises(RedirectRefused):
        make_fetcher(base_url=scripted_url).read("/X", {}, parse=bytes)
    assert len(_Scripted.seen) == 3


def test_a_redirect_to_no_address_is_refused(make_fetcher: MakeFetcher, scripted_url: str) -> None:
    fetcher = make_fetcher(base_url=scripted_url)
    with pytest.raises(RedirectRefused):
        fetcher.read("/z", {}, parse=bytes)
    with pytest.raises(RedirectRefused):
        fetcher.redirect_of("/z")


def test_an_answer_is_cut_off_where_it_is_too_large(make_fetcher: MakeFetcher) -> None:
    with pytest.raises(PageTooLarge):
        make_fetcher(max_bytes=1000).read(feed_of(Fault.LONG_SHELF), {}, parse=len)


def test_an_answer_that_trickles_too_long_is_given_up(make_fetcher: MakeFetcher) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with SlowSite(head, b"x" * 500) as site:
        fetcher = make_fetcher(base_url=site.url, deadline=0.3, attempts=2)
        started = time.monotonic()
        with pytest.raises(SourceUnavailable):
            fetcher.read("/", {}, parse=len)
        assert 0.5 < time.monotonic() - started < 1.2
        assert site.requests == 2


def test_nobody_answers_at_all(make_fetcher: MakeFetcher, waits: list[float]) -> None:
    with pytest.raises(SourceUnavailable):
        make_fetcher(base_url="http://127.0.0.1:9").read("/", {}, parse=len)
    assert len(waits) == 3
    assert all(0 <= wait <= 30 for wait in waits)


def test_the_pause_before_a_retry_is_what_the_site_asks_for(
    fetcher: Fetcher, waits: list[float]
) -> None:
    fetcher.read(feed_of(Fault.BUSY_FOR_SECONDS), {}, parse=len)
    assert 1 <= waits[0] <= 2


def test_a_long_pause_ends_the_pull_and_is_passed_on(
    make_fetcher: MakeFetcher, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsite.common.http.LONGEST_RETRY_WAIT", 0.5)
    with pytest.raises(SourceUnavailable) as caught:
        make_fetcher().read(feed_of(Fault.BUSY_FOR_SECONDS), {}, parse=len)
    assert caught.value.retry_after == 1
    assert waits == []


def test_what_counts_towards_the_circuit(fetcher: Fetcher, pace: NoPace) -> None:
    firewall = (
        Fault.BOT_FILTER,
        Fault.BOT_FILTER_AS_503,
        Fault.FIREWALL_CAPTCHA,
        Fault.FIREWALL_BLOCK,
    )
    for fault in firewall:
        with pytest.raises(BotFilter):
            fetcher.read(feed_of(fault), {}, parse=len)
    assert pace.told == ["refused"] * len(firewall)
    fetcher.read(feed_of(1), {}, parse=len)
    assert pace.told[-1] == "accepted"


def test_private_profiles_do_not_open_the_circuit(fetcher: Fetcher, pace: NoPace) -> None:
    for fault in (Fault.PRIVATE_AS_401, Fault.PRIVATE_AS_403, Fault.UNKNOWN_READER):
        with pytest.raises(PrivateOrNotFound):
            fetcher.read(feed_of(fault), {}, parse=len)
    assert "refused" not in pace.told


def test_the_operator_may_choose_the_user_agent(
    make_fetcher: MakeFetcher, standin: GoodreadsStandin
) -> None:
    make_fetcher(user_agent="books.example reader service").read(feed_of(1), {}, parse=len)
    assert standin.requests[0].headers["User-Agent"] == "books.example reader service"


@pytest.mark.parametrize(
    "user", [1, Fault.HANG, Fault.BOT_FILTER, Fault.UNAVAILABLE_ALWAYS, Fault.TRUNCATED_ALWAYS]
)
def test_the_key_is_in_no_log_and_no_error(
    user: int,
    make_fetcher: MakeFetcher,
    standin: GoodreadsStandin,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    fetcher = make_fetcher(key=SECRET, timeouts=(1.0, 0.1), attempts=2)
    told = ""
    try:
        fetcher.read(feed_of(user), {"shelf": "read"}, parse=len)
    except SourceError as error:
        told = "".join(traceback.format_exception(error)) + repr(error.__context__)

    assert standin.requests[0].query == {"shelf": "read", "key": SECRET}
    assert SECRET not in told
    assert SECRET not in caplog.text
    assert "urllib3" in caplog.text


def test_the_key_is_in_no_error_when_nobody_answers(
    make_fetcher: MakeFetcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fetcher = make_fetcher(base_url="http://127.0.0.1:9", key=SECRET)
    with pytest.raises(SourceUnavailable) as caught:
        fetcher.read("/x", {}, parse=len)
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_names_are_looked_up_without_the_key(
    make_fetcher: MakeFetcher, standin: GoodreadsStandin
) -> None:
    make_fetcher(key=SECRET).redirect_of("/anauthor")
    assert standin.requests[0].query == {}
