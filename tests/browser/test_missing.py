"""A row that found no book: looked for at Open Library, chosen, added and imported."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_imports import HEADING
from tests.browser.test_journey import LIST, barriers

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("with_javascript", "title", "author", "year", "isbn"),
    [
        (True, "Klara and the Sun", "Kazuo Ishiguro", 2021, "9780593318171"),
        (False, "The Testaments", "Margaret Atwood", 2019, "9780385543781"),
    ],
)
def test_a_missing_book_is_found_added_and_kept(
    site: Site, visit: Visit, with_javascript: bool, title: str, author: str, year: int, isbn: str
) -> None:
    """Eight books of the catalog, and one that it lacks, which is another in each test."""
    rows = [f'"{known}","{name}",,read,4.75' for known, name in site.popular]
    upload = "\n".join([HEADING + rows[0], *rows[1:], f"{title},{author},{isbn},read,5"])
    visitor = visit(java_script_enabled=with_javascript)
    page = visitor.page
    page.goto("/")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "storygraph.csv", "mimeType": "text/csv", "buffer": upload.encode()}
    )
    page.get_by_role("button", name="Find my next books").first.click()
    expect(page.get_by_role("heading", name="Review your import")).to_be_visible()
    page.get_by_role("link", name="See all rows").click()
    page.get_by_role("link", name="Not found (1)").click()
    assert not with_javascript or barriers(page) == []
    page.get_by_role("button", name="Search Open Library").click()

    expect(page.get_by_text("Which of these is it?")).to_be_visible()
    assert not with_javascript or barriers(page) == []
    page.get_by_role("radio", name=f"{title}, {author} ({year})").check()
    page.get_by_role("button", name="Add this book").click()
    expect(page.get_by_text("Added. You can rate it")).to_be_visible()
    assert not with_javascript or barriers(page) == []
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.get_by_text("Our model does not know this book yet")).to_be_visible()
    assert not with_javascript or barriers(page) == []

    page.go_back()
    page.get_by_role("link", name="Rows of this import").click()
    expect(page.get_by_role("link", name="Found by you (1)")).to_be_visible()
    page.get_by_role("link", name="Back to the preview").click()
    page.get_by_role("button", name="Import these").click()
    page.wait_for_url(LIST)
    expect(page.get_by_text("Your library: 9 new.")).to_be_visible()

    page.goto("/books/?q=zqxjkv")
    page.get_by_role("link", name="Search Open Library").click()
    page.get_by_label("Title").fill("Qqqq Zzzz")
    page.get_by_label("ISBN").fill("12")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("This is not a valid ISBN.")).to_be_visible()
    assert not with_javascript or barriers(page) == []
    page.get_by_label("ISBN").fill("")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("Open Library has no book like this.")).to_be_visible()
    assert not with_javascript or barriers(page) == []
    told = [words for words in visitor.complaints if "422" not in words]
    assert told == []
