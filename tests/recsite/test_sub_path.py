"""A site that shares its host with others, below a path."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
import requests

from recsite.local.process import free_port, wait_until
from tests.services import collected_static, start_process

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("sub-path")]  # one site for all

LINK = re.compile(r'(?:href|src|action|hx-get|hx-post|content)="(/[^"]*)"')


@pytest.fixture(scope="module")
def site(site_environment: dict[str, str]) -> Iterator[str]:
    """The address of a gunicorn that serves the site below /some-books."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/some-books"
    environment = site_environment | {
        "SITE_URL": f"{address}/",
        "STATIC_ROOT": str(collected_static()),
    }
    web = start_process(
        "web", "gunicorn", "recsite.wsgi", f"--bind=127.0.0.1:{port}", environment=environment
    )
    live = f"http://127.0.0.1:{port}/health/live"
    assert wait_until(lambda: web.ended() or _answers(live), seconds=60)
    yield address
    web.stop()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def test_all_that_pages_lead_to_is_below_the_path_and_there(site: str) -> None:
    found = {"/some-books/"}
    for page in ("/", "/books/", "/rate/", "/how-it-works/", "/accounts/login/", "/no/such/page"):
        found |= set(LINK.findall(requests.get(site + page, timeout=60).text))
    assert len(found) > 20
    assert {link for link in found if not link.startswith("/some-books/")} == set()

    static = [link for link in found if "/static/" in link]
    assert len(static) > 3
    css = next(link for link in static if "site." in link and link.endswith(".css"))
    for link in static:
        assert requests.get(urljoin(site, link), timeout=60).status_code == 200, link
    font = re.search(r'url\("?([^")]+woff2)', requests.get(urljoin(site, css), timeout=60).text)
    assert font
    assert requests.get(urljoin(urljoin(site, css), font[1]), timeout=60).ok


@pytest.mark.django_db(transaction=True)
def test_forms_and_cookies_hold_there_and_nowhere_else(site: str) -> None:
    browser = requests.Session()
    page = browser.get(f"{site}/accounts/signup/", timeout=60)
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = dict.fromkeys(("password1", "password2"), "a-long-wet-summer") | {
        "email": "someone@books.example",
        "csrfmiddlewaretoken": token[1],
    }
    signed_up = browser.post(f"{site}/accounts/signup/", data=form, timeout=60)
    assert signed_up.url.startswith(site)
    assert "Log out" in signed_up.text
    chosen = browser.post(
        f"{site}/theme",
        data={"theme": "dark", "csrfmiddlewaretoken": browser.cookies["csrftoken"]},
        allow_redirects=False,
        timeout=60,
    )
    assert chosen.headers["Location"] == "/some-books/"
    assert {cookie.name: cookie.path for cookie in browser.cookies} == dict.fromkeys(
        ("sessionid", "csrftoken", "theme"), "/some-books/"
    )
    closed = requests.get(f"{site}/admin/", allow_redirects=False, timeout=60)
    assert closed.headers["Location"].startswith("/some-books/admin/login/")


def test_a_proxy_may_take_the_path_off(site: str) -> None:
    host = site.removesuffix("/some-books")
    page = requests.get(f"{host}/books/", timeout=60)
    assert page.status_code == 200
    assert 'action="/some-books/books/"' in page.text
    assert requests.get(site, timeout=60).status_code == 200
    assert requests.get(f"{site}hop/", timeout=60).status_code == 404
