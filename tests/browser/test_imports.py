"""An export file, from the upload over the preview and a repair to a list, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_journey import LIST, barriers, follow

pytestmark = pytest.mark.browser
HEADING = "Title,Authors,ISBN/UID,Read Status,Star Rating\n"


@pytest.mark.parametrize("with_javascript", [True, False])
def test_a_file_is_looked_at_repaired_and_imported(
    site: Site, visit: Visit, with_javascript: bool
) -> None:
    """Eight books of the catalog, a title that nobody knows, and a ninth book that it becomes."""
    rows = [f'"{title}","{author}",,read,4.75' for title, author in site.popular]
    content = HEADING + "\n".join([*rows, "Qqqq Zzzz,Nobody Known,,read,4.25"])
    visitor = visit(java_script_enabled=with_javascript)
    page = visitor.page
    page.goto("/")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "storygraph.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Find my next books").first.click()

    expect(page.get_by_role("heading", name="Review your import")).to_be_visible()
    assert not with_javascript or barriers(page) == []
    page.get_by_role("link", name="See all rows").click()
    page.get_by_role("link", name="Not found (1)").click()
    page.get_by_text("Search for the book").click()
    page.get_by_label("Words from the title or the author").fill(site.rare)
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("form.row__choice input[type=radio]").first.check()
    assert not with_javascript or barriers(page) == []
    take = page.get_by_role("button", name="Use this book")
    if not with_javascript:
        follow(page, take)
    else:
        take.click()
        expect(page.locator("li.row .badge")).to_have_text("Found by you")
    page.get_by_role("link", name="Back to the preview").click()
    expect(page.get_by_role("heading", name="Found by you")).to_be_visible()
    page.get_by_role("button", name="Import these").click()
    page.wait_for_url(LIST)

    expect(page.get_by_text("Your library: 9 new.")).to_be_visible()
    expect(page.locator("[data-book-id][data-rank]").first).to_be_visible()
    assert visitor.complaints == []
