"""Browsing without a library: by genre, author and series, on a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_accessible import check
from tests.browser.test_journey import follow

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("with_scripts", [True, False])
def test_from_a_genre_to_an_author_and_through_a_series(visit: Visit, with_scripts: bool) -> None:
    visitor = visit(viewport={"width": 360, "height": 640}, java_script_enabled=with_scripts)
    page = visitor.page
    page.goto("/browse/")
    if with_scripts:
        check(page)
    follow(page, page.get_by_role("link", name="Science Fiction", exact=True))
    expect(page.get_by_role("heading", name="Science Fiction", level=1)).to_be_visible()
    follow(page, page.get_by_role("link", name="Best known"))
    if with_scripts:
        check(page)

    dune = page.locator(".result", has=page.get_by_role("link", name="Dune", exact=True))
    follow(page, dune.get_by_role("link", name="Frank Herbert"))
    expect(page.get_by_role("heading", name="Frank Herbert", level=1)).to_be_visible()
    if with_scripts:
        check(page)
    follow(page, page.locator(".result a[href^='/series/']").first)
    expect(page.get_by_text(re.compile(r"\d volumes, in order\."))).to_be_visible()

    page.locator(".result").first.get_by_role("button", name="5 stars", exact=True).click()
    expect(page.get_by_text("You gave it 5 stars.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You have read 1 of")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Dune Messiah").first).to_be_visible()
    if with_scripts:
        check(page)
    assert visitor.complaints == []
