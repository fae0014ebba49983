"""The pages of curators and operators: for everybody, in both themes, on small screens as well."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site, Visit
from tests.browser.test_accessible import TOO_WIDE
from tests.browser.test_journey import barriers_in_both_themes, follow
from tests.browser.test_passkeys import log_in

pytestmark = pytest.mark.browser

WORK = "/admin/catalog/book/work"
RELEASES = "/admin/recommender/modelrelease/"
PAGES = (
    "/admin/",
    "/admin/dashboard/",
    f"{WORK}/language",
    f"{WORK}/doubles",
    f"{WORK}/found",
    "/admin/catalog/genre/",
    "/admin/catalog/book/import",
    "/admin/catalog/curationact/",
    "/admin/recommender/importjob/",
    "/admin/accounts/user/invite",
)
#: What Django's own templates have: a field that a picture names, a head over no column, and an
#: icon with a name of its own beside that of a field.
OF_DJANGO = (
    "label-title-only: #searchbar",
    "empty-table-header: fieldset",
    "aria-prohibited-attr: label[for=",
)


def first_of(page: Page, changelist: str) -> str:
    """The page of the first row of a list."""
    page.goto(changelist)
    return page.locator("#result_list tbody th a").first.get_attribute("href") or ""


def test_the_admin_is_for_everybody(site: Site, visit: Visit) -> None:
    page = visit(viewport={"width": 360, "height": 780}).page
    log_in(page, site.operator, "/admin/")
    page.wait_for_url("**/admin/")
    page.goto(RELEASES)
    follow(page, page.get_by_role("button", name="Read the store"))
    book = first_of(page, "/admin/catalog/book/").partition("?")[0]
    user = first_of(page, "/admin/accounts/user/")
    rows = (book, book.replace("/change/", "/merge"), first_of(page, RELEASES), user)
    found = []
    for address in (*PAGES, "/admin/catalog/book/", RELEASES, *rows):
        assert address
        page.goto(address)
        found += [
            (address, barrier)
            for barrier in barriers_in_both_themes(page) + page.evaluate(TOO_WIDE)
            if not barrier.partition(": ")[2].startswith(OF_DJANGO)
        ]
    assert found == []
