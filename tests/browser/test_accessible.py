"""Pages off the main ways in both themes, and a whole way without a mouse."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Locator, Page, expect

from recsite.local.standins.faults import Fault
from tests.browser.conftest import Site, Visit
from tests.browser.test_imports import HEADING
from tests.browser.test_journey import LIST, RUN, barriers_in_both_themes, follow, paste
from tests.factories import PASSWORD as OF_FACTORY

pytestmark = pytest.mark.browser
PASSWORD = "a long password of mine"
MOST_TABS = 400
TOO_WIDE = """document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("main *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML.slice(0, 200))"""


@pytest.fixture
def broken_page() -> str:
    """What somebody sees on whom the site broke, as the site renders it."""
    return render_to_string("500.html", request=RequestFactory(HTTP_HOST="localhost").get("/"))


def check(page: Page) -> None:
    """Axe finds nothing in either theme, and nothing is wider than a small screen."""
    assert barriers_in_both_themes(page) == [], page.url
    assert page.evaluate(TOO_WIDE) == [], page.url


def sign_up(page: Page, email: str) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(email)
    for label in ("Password", "Password (again)"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    page.wait_for_url(lambda url: "signup" not in url)


def test_imports_and_their_rows(site: Site, visit: Visit) -> None:
    page = visit(viewport={"width": 320, "height": 640}).page
    paste(page, str(int(Fault.PRIVATE_AS_401)))
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    check(page)

    page.goto("/")
    rows = "Emma,Jane Austen,,read,4.5\nQqqq Zzzz,Nobody Known,,read,4.25\n,,,read,9\n"
    page.locator("input[type=file]").first.set_input_files(
        {
            "name": "storygraph.csv",
            "mimeType": "text/csv",
            "buffer": f"{HEADING}{rows}".encode(),
        }
    )
    page.get_by_role("button", name="Find my next books").first.click()
    expect(page.get_by_role("heading", name="Review your import")).to_be_visible()
    check(page)
    page.get_by_role("link", name="See all rows").click()
    page.wait_for_url(re.compile("/rows/"))
    check(page)
    form = page.locator("form.row__form").first
    page.goto(form.get_attribute("action") or "")
    expect(page.get_by_role("heading", name="Which book is it?")).to_be_visible()
    check(page)


def test_wrong_files_and_errors(broken_page: str, visit: Visit) -> None:
    page = visit(viewport={"width": 320, "height": 640}).page
    page.goto("/")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "data.zip", "mimeType": "application/zip", "buffer": b"PK\x03\x04 and so on"}
    )
    page.get_by_role("button", name="Find my next books").first.click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    check(page)

    page.context.clear_cookies()
    page.get_by_role("button", name="Find my next books").first.click()
    expect(page.get_by_role("heading", name="Please send that again")).to_be_visible()
    check(page)

    page.route("**/broken", lambda route: route.fulfill(body=broken_page, content_type="text/html"))
    page.goto("/broken")
    expect(page.get_by_role("heading", name="Something broke on our side")).to_be_visible()
    check(page)


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_feed_a_time_zone_and_where_books_are_found(
    site: Site, visit: Visit, with_scripts: bool
) -> None:
    small = {"width": 360, "height": 640}
    page = visit(viewport=small, java_script_enabled=with_scripts).page
    sign_up(page, f"settles-{with_scripts}@example.org")
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    book = page.locator("[data-rank] h2 a").first.get_attribute("href") or "no book"
    page.goto("/account/")
    follow(page, page.get_by_role("button", name="Make a feed"))
    assert page.request.get(page.locator("a[href$='.atom']").inner_text()).ok

    page.get_by_label("Days and times are those of").select_option("Australia/Sydney")
    follow(page, page.get_by_role("button", name="Save the time zone"))
    chosen = page.get_by_label("Days and times are those of")
    expect(chosen).to_have_value("Australia/Sydney")

    address = page.get_by_label("Address with {isbn}")
    address.fill("javascript:alert({isbn})")
    follow(page, page.get_by_role("button", name="Save the address"))
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_value("javascript:alert({isbn})")
    if with_scripts:
        check(page)
    address.fill("https://shop.example/find?isbn={isbn}")
    follow(page, page.get_by_role("button", name="Save the address"))
    page.goto(book)
    shop = page.get_by_role("link", name="shop.example")
    assert re.search(r"isbn=[0-9X]{10,13}$", shop.get_attribute("href") or "")
    if with_scripts:
        check(page)


def test_pages_of_an_account(site: Site, visit: Visit) -> None:
    page = visit(viewport={"width": 320, "height": 640}).page
    sign_up(page, "reads-all@example.org")
    for address in (
        "/account/",
        "/account/delete/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/logout/",
        "/digest/stop/no-token/",
    ):
        page.goto(address)
        if "reauthenticate" in page.url:
            check(page)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("main").get_by_role("button").first.click()
            page.wait_for_url(re.compile(re.escape(address)))
        check(page)


def tab_to(page: Page, target: Locator) -> None:
    """Go on with the Tab key alone until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The Tab key does not lead to {target}.")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def test_from_a_profile_to_a_saved_list_by_keyboard(site: Site, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/")
    tab_to(page, page.get_by_label("Your Goodreads profile"))
    page.keyboard.type(site.sample_reader)
    page.keyboard.press("Enter")
    page.wait_for_url(LIST)

    picks = page.locator("[data-rank]")
    tab_to(page, page.get_by_label("Familiar or adventurous"))
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("dial=1"))
    expect(picks).to_have_count(10)
    expect(page.get_by_label("Familiar or adventurous")).to_be_focused()

    first = picks.first
    press(page, first.get_by_text("Not for me", exact=True))
    press(page, first.get_by_role("button", name="Not this book"))
    expect(first.get_by_text("Not offered any more.")).to_be_visible()
    expect(first.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first.get_by_role("button", name="Want to read")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first.get_by_text("You want to read it.")).to_be_visible()

    page.goto("/recommendations/?dial=1")
    titles = picks.locator("h2").all_inner_texts()
    press(page, page.get_by_role("button", name="Save this list"))
    page.wait_for_url(RUN)
    expect(picks.locator("h2")).to_have_text(titles)
    press(page, page.get_by_role("link", name="Your lists"))
    page.wait_for_url("**/history/")
    press(page, page.locator("a.run").first)
    page.wait_for_url(RUN)
    expect(picks.locator("h2")).to_have_text(titles)
    assert visitor.complaints == []


PRESS_AT_ONCE = """() => {
    window.presses = 0;
    document.addEventListener("focusin", ({target}) => {
        if (target.textContent !== "Undo") return;
        window.presses += 1;
        target.click();
    });
}"""


def test_a_button_works_from_the_moment_it_has_the_focus(site: Site, visit: Visit) -> None:
    """Were it submitted as a plain form, the whole page would be loaded and the focus lost."""
    page = visit().page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    page.goto("/recommendations/")
    first = page.locator("[data-rank]").first
    page.evaluate(PRESS_AT_ONCE)
    with page.expect_response(re.compile("/take-off")):
        first.get_by_role("button", name="Want to read").click()
    expect(first.get_by_role("button", name="Want to read")).to_be_focused()
    assert page.evaluate("window.presses") == 1


def test_the_page_can_be_reached_past_its_head(visit: Visit) -> None:
    page = visit().page
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_operator_s_dashboard_obeys_the_content_policy(site: Site, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/accounts/login/?next=/admin/dashboard/")
    page.get_by_label("Email").fill(site.operator)
    page.get_by_label("Password").fill(OF_FACTORY)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    assert visitor.complaints == []
