"""A guest who brings nothing rates a few books by keyboard, and an account keeps them."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit

pytestmark = pytest.mark.browser


def test_rating_by_keyboard_makes_a_list_that_an_account_keeps(site: Site, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/")
    # Until scripts are there, Enter would load the page anew.
    with page.expect_event("load"):
        page.get_by_role("link", name="Rate a few books").click()
    listed = page.locator("#rated li")
    books = page.locator(".shelf-of__book")
    for place in range(3):
        expect(listed).to_have_count(0)
        star = books.nth(place).get_by_role("button", name="5 stars")
        star.focus()
        page.keyboard.press("Enter")
        expect(star).to_have_attribute("aria-pressed", "true")
        expect(star).to_be_focused()
    expect(listed).to_have_count(6)
    expect(page.locator("#rated")).to_contain_text("From 3 ratings so far")
    liked = listed.first.locator("cite").inner_text()
    disliked = books.filter(has=page.get_by_role("heading", name=liked))
    disliked.get_by_role("button", name="1 star", exact=True).click()
    expect(page.locator("#rated")).not_to_contain_text(f"Because you liked {liked}")

    page.get_by_role("link", name="Sign up").last.click()
    page.get_by_label("Email").fill("rates@example.org")
    for label in ("Password", "Password (again)"):
        page.get_by_label(label, exact=True).fill("a long password of mine")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="What to read next")).to_be_visible()
    page.goto("/rate/")
    pressed = page.locator(".shelf-of [aria-pressed=true]")
    expect(pressed).to_have_count(3)
    assert visitor.complaints == []


def test_stars_are_given_without_javascript(site: Site, visit: Visit) -> None:
    phone = {"width": 360, "height": 640}
    page = visit(java_script_enabled=False, viewport=phone).page
    page.goto("/rate/")
    for place in range(3):
        books = page.locator(".shelf-of__book")
        books.nth(place).get_by_role("button", name="4 stars").click()
        expect(page.locator(".shelf-of [aria-pressed=true]")).to_have_count(place + 1)
    expect(page.locator("#rated li")).to_have_count(6)
    heading = page.get_by_role("heading", name="What to read next")
    expect(heading).not_to_be_in_viewport()
    page.get_by_role("link", name="Your list · 6").click()
    expect(heading).to_be_in_viewport()
