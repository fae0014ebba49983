"""The site as an installed application, and without network."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_journey import barriers_in_both_themes

pytestmark = pytest.mark.browser


def test_without_network_a_page_says_so_until_it_is_back(site: Site, visit: Visit) -> None:
    visitor = visit(service_workers="allow", viewport={"width": 360, "height": 640})
    page = visitor.page
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # from now on the worker sees what the page asks for
    manifest = page.request.get("/manifest.webmanifest").json()
    for icon in manifest["icons"]:
        assert page.request.get(icon["src"]).headers["content-type"] == "image/png"
    assert visitor.complaints == []

    page.context.set_offline(True)
    page.goto("/library/")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("Literata")
    assert barriers_in_both_themes(page) == []
    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("button", name="Find my next books").first).to_be_visible()
    # Nobody's pages are kept, only what is the same for everybody.
    kept = page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name)"
        ".then((one) => one.keys()))).then((all) => all.flat().map((r) => new URL(r.url).pathname))"
        ")"
    )
    assert {path.partition(".")[0] for path in kept} == {
        "/offline/",
        "/static/css/site",
        "/static/fonts/literata-latin-wght-normal",
    }
