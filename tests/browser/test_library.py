"""Your library in a real browser: what its reader changes there changes the list."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_journey import LIST, barriers_in_both_themes, follow, paste

pytestmark = pytest.mark.browser


def listed(page: Page) -> list[str]:
    """The list of this moment, with the reasons for each book."""
    page.goto("/recommendations/")
    return page.locator("[data-book-id][data-rank]").all_inner_texts()


def reason(page: Page) -> str:
    """A book of the reader's that the first place of the list comes from."""
    return page.locator("[data-rank] .pick__why cite").first.inner_text()


def test_filter_edit_by_keyboard_leave_out_and_undo(site: Site, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    before = listed(page)
    loved = reason(page)

    follow(page, page.get_by_role("link", name="Your library"))
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Stars:").select_option("Rated")
    page.wait_for_url(re.compile("stars=rated"))
    page.get_by_label("Title or author").fill(loved)
    page.wait_for_url(re.compile("q="))
    rows = page.locator("li.entry")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name=f"Edit {loved}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your stars")).to_be_focused()
    page.get_by_label("Your stars").press("End")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Your stars")).to_have_value("1")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Edit {loved}")).to_be_focused()
    edited = listed(page)
    assert edited != before

    page.goto(f"/library/?q={loved}")
    four = rows.first.get_by_role("button", name="4 stars")
    four.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(four).to_have_attribute("aria-pressed", "true")

    edited = listed(page)
    next_reason = reason(page)
    page.goto("/library/")
    page.get_by_label("Title or author").fill(next_reason)
    page.wait_for_url(re.compile("q="))
    page.get_by_role("button", name=f"Leave out {next_reason}").click()
    expect(page.get_by_text("Left out of your recommendations.")).to_be_visible()
    left_out = listed(page)
    assert left_out != edited
    assert not any(next_reason in words for words in left_out)

    page.goto("/library/?stars=rated&sort=title")
    count = page.locator("#shelves a").first.inner_text()
    rows.first.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Remove from your library").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Put back.")).to_be_visible()
    expect(page.locator("#shelves a").first).to_have_text(count)
    assert visitor.complaints == []


def test_the_same_without_javascript(site: Site, visit: Visit) -> None:
    page = visit(java_script_enabled=False).page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    follow(page, page.get_by_role("link", name="Your library"))
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Stars:").select_option("5 stars")
    follow(page, page.get_by_role("button", name="Show"))
    first = page.locator("li.entry").first
    title = first.locator("h2").inner_text()
    first.get_by_role("link", name="Edit").click()
    page.get_by_label("Your stars").select_option("2.5")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"stars=5.*#entry-"))
    expect(page.get_by_role("heading", name=title, exact=True)).to_have_count(0)

    follow(page, page.locator("li.entry").first.get_by_role("button", name="Leave out"))
    page.wait_for_url(re.compile(r"stars=5.*#entry-"))
    expect(page.get_by_text("Left out of your recommendations.")).to_have_count(1)
    page.locator("li.entry").first.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Remove from your library").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("is in your library again")).to_be_visible()

    # Stars where a book stands, and the same for several books.
    follow(page, page.locator("li.entry").first.get_by_role("button", name="2 stars"))
    expect(page.get_by_text("Saved.")).to_be_visible()
    rows = page.locator("li.entry")
    for place in (0, 1):
        rows.nth(place).get_by_role("checkbox").check()
    page.get_by_label("With the books you ticked").select_option("3 stars")
    follow(page, page.get_by_role("button", name="Apply"))
    expect(page.get_by_text("2 books rated 3 stars.")).to_be_visible()


def test_it_is_open_to_everybody_and_fits_small_screens(site: Site, visit: Visit) -> None:
    page = visit(viewport={"width": 320, "height": 640}).page
    page.goto("/library/")
    assert barriers_in_both_themes(page) == []
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    page.goto("/library/?stars=5")
    page.get_by_role("button", name="Leave out").first.click()
    expect(page.get_by_text("Left out of your recommendations.")).to_be_visible()
    page.get_by_role("link", name="Edit").nth(1).click()
    expect(page.get_by_label("Your stars")).to_be_visible()
    assert barriers_in_both_themes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="Remove from your library").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert barriers_in_both_themes(page) == []
    page.goto("/library/removed/")
    assert barriers_in_both_themes(page) == []
