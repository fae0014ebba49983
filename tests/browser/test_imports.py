"""An export file, from the upload over the preview and a repair to a list, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_journey import barriers

pytestmark = pytest.mark.browser
RUN = re.compile(r"/recommendations/[0-9a-f-]{36}/$")
HEADING = "Title,Authors,ISBN/UID,Read Status,Star Rating\n"


@pytest.fixture
def upload(site: Site) -> tuple[bytes, str]:
    """A file with eight books and one title nobody knows, and the title of a ninth book.

    Asked for before the browser: Playwright's loop and Django's database do not go together.
    """
    from catalog.models import Book

    books = list(Book.objects.active().for_cards().order_by("-ratings_count")[:8])
    rows = [f'"{book.title}","{book.author_names[0]}",,read,4.75' for book in books]
    content = HEADING + "\n".join([*rows, "Qqqq Zzzz,Nobody Known,,read,4.25"])
    ninth = Book.objects.active().order_by("ratings_count", "pk")[0]
    return content.encode(), ninth.title


@pytest.mark.parametrize("with_javascript", [True, False])
def test_a_file_is_looked_at_repaired_and_imported(
    upload: tuple[bytes, str], visit: Visit, with_javascript: bool
) -> None:
    content, last = upload
    visitor = visit(java_script_enabled=with_javascript)
    page = visitor.page
    page.goto("/")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "storygraph.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Find my next books").first.click()

    expect(page.get_by_role("heading", name="Review your import")).to_be_visible()
    assert not with_javascript or barriers(page) == []
    page.get_by_role("link", name="See all rows").click()
    page.get_by_role("link", name="Not found (1)").click()
    page.get_by_text("Search for the book").click()
    page.get_by_label("Words from the title or the author").fill(last)
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("form.row__choice input[type=radio]").first.check()
    assert not with_javascript or barriers(page) == []
    page.get_by_role("button", name="Use this book").click()
    if with_javascript:
        expect(page.locator("li.row .badge")).to_have_text("Found by you")
    page.get_by_role("link", name="Back to the preview").click()
    expect(page.get_by_role("heading", name="Found by you")).to_be_visible()
    page.get_by_role("button", name="Import these").click()
    page.wait_for_url(RUN)

    expect(page.get_by_text("9 new, 0 changed, 0 unchanged, 0 removed")).to_be_visible()
    expect(page.locator("[data-book-id][data-rank]").first).to_be_visible()
    assert visitor.complaints == []
