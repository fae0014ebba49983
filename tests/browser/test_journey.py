"""What readers do, in a real browser on a real site."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from recsite.local.standins.faults import Fault
from tests.browser.conftest import Site, Visit

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RUN = re.compile(r"/recommendations/[0-9a-f-]{36}/$")
#: The list of this moment, where an import leads to.
LIST = re.compile(r"/recommendations/$")
CHECK = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
    .violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(", ")}`)"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Those of them that look at colors.
COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

#: The words of the page that stand on two lines.
BROKEN_WORDS = """() => {
    const broken = [];
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (text.parentElement.closest("svg, select, .sr")) continue;
        for (const word of text.data.matchAll(/[\\p{L}\\p{N}]{2,}/gu)) {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
            if (lines.size > 1) broken.push(word[0]);
        }
    }
    return broken;
}"""


def paste(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_label("Your Goodreads profile").fill(text)
    page.get_by_role("button", name="Find my next books").click()


def follow(page: Page, target: Locator) -> None:
    """Click what leads to another page, or sends a plain form, and wait for the page it leads to.

    Playwright goes on as soon as it has clicked: what is asked next may be of the page before, and
    what is done next may take the place of what was sent. The target itself may be of a page that
    is still on its way, whose load is not the one that is waited for.
    """
    target.wait_for()
    page.wait_for_load_state()
    with page.expect_event("load"):
        target.click()


def barriers(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(CHECK, RULES)
    return found


def barriers_in_both_themes(page: Page) -> list[str]:
    """The same in light colors, and what it finds wrong with the dark ones.

    Nothing but colors differs between the themes. The page is not loaded anew.
    """
    page.emulate_media(color_scheme="light")
    found = [f"light: {barrier}" for barrier in barriers(page)]
    page.emulate_media(color_scheme="dark")
    return found + [f"dark: {barrier}" for barrier in page.evaluate(CHECK, COLORS)]


def another_list(page: Page, book: str) -> str:
    """Rate a book, save the list that follows, and answer where it is compared with the first."""
    page.goto(book)
    page.get_by_text("I read it", exact=True).click()
    page.get_by_role("button", name="5 stars", exact=True).click()
    expect(page.get_by_text("You gave it 5 stars.")).to_be_visible()
    page.goto("/recommendations/")
    page.get_by_role("button", name="Save this list").click()
    page.wait_for_url(RUN)
    follow(page, page.get_by_role("link", name="Your lists"))
    page.get_by_role("button", name="See what changed").click()
    page.wait_for_url(re.compile("/history/compare/"))
    return page.url


@pytest.mark.parametrize("with_scripts", [True, False])
def test_history_keeps_lists_as_they_were_and_tells_why_they_differ(
    site: Site, visit: Visit, with_scripts: bool
) -> None:
    visitor = visit(java_script_enabled=with_scripts)
    page = visitor.page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    old = page.locator("[data-rank] h2").all_inner_texts()
    book = page.locator("[data-rank] h2 a").first.get_attribute("href") or "no book"

    another_list(page, book)

    gone = page.locator("section", has=page.get_by_role("heading", name="Gone"))
    expect(gone.get_by_role("listitem").filter(has_text=old[0])).to_contain_text(
        "you have rated it since, with 5 stars"
    )
    new = page.locator("section", has=page.get_by_role("heading", name="New", exact=True))
    expect(new.get_by_role("listitem").first).to_be_visible()

    follow(page, page.get_by_role("link", name="Your lists").first)
    expect(page.locator("a.run")).to_have_count(2)
    follow(page, page.locator("a.run").last)
    expect(page.locator("[data-rank] h2")).to_have_text(old)
    assert visitor.complaints == []


@pytest.mark.parametrize("with_scripts", [True, False])
def test_two_read_together_and_one_leaves(site: Site, visit: Visit, with_scripts: bool) -> None:
    options: dict[str, Any] = {
        "java_script_enabled": with_scripts,
        "viewport": {"width": 360, "height": 640},
    }
    ann, bob = visit(**options), visit(**options)
    for visitor in (ann, bob):
        paste(visitor.page, site.sample_reader)
        visitor.page.wait_for_url(LIST)
    page, other = ann.page, bob.page
    page.goto("/together/")
    page.get_by_label("Your name").fill("Ann")
    follow(page, page.get_by_role("button", name="Start a group"))
    other.goto(page.locator(".secret a").inner_text())
    other.get_by_label("Your name").fill("Bob")
    if with_scripts:
        assert barriers_in_both_themes(other) == []
    follow(other, other.get_by_role("button", name="Accept"))
    expect(other.get_by_role("heading", name="Ann and Bob")).to_be_visible()
    expect(other.locator("[data-rank]").first.get_by_text("Ann liked")).to_be_visible()
    if with_scripts:
        assert barriers_in_both_themes(other) == []
        assert other.evaluate("document.documentElement.scrollWidth") <= 360
    follow(other, other.get_by_role("button", name="Leave this group"))
    page.reload()
    expect(page.get_by_text("Nobody has accepted yet")).to_be_visible()
    group = page.url

    page.get_by_label("Their name").fill("Cy")
    follow(page, page.get_by_role("button", name="Add their library"))
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    expect(page.get_by_label("Libraries in this browser")).to_contain_text("Cy’s library")
    follow(page, page.get_by_role("button", name="Ann", exact=True))
    page.goto(group)
    expect(page.get_by_role("heading", name="Ann and Cy")).to_be_visible()
    expect(page.locator("[data-rank]").first.get_by_text("Cy liked")).to_be_visible()
    follow(page, page.get_by_role("link", name="Read together").first)
    if with_scripts:
        assert barriers_in_both_themes(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    follow(page, page.get_by_role("button", name="Delete Cy’s library"))
    page.get_by_label("Type the word").fill("delete")
    follow(page, page.get_by_role("button", name="Delete everything"))
    expect(page.get_by_label("Libraries in this browser")).to_have_count(0)

    title = site.popular[0][0]
    page.goto("/gift/")
    page.get_by_label("A book they loved").fill(title)
    follow(page, page.get_by_role("button", name="Find a book"))
    expect(page.get_by_text("They loved").get_by_role("link", name=title)).to_be_visible()
    page.goto(page.url.partition("#")[0])
    expect(page.locator("[data-rank] h2").first).to_be_in_viewport()
    if with_scripts:
        assert barriers_in_both_themes(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert ann.complaints == []
    assert bob.complaints == []


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_saved_list_is_named_shared_and_deleted(
    site: Site, visit: Visit, with_scripts: bool
) -> None:
    owner = visit(java_script_enabled=with_scripts, viewport={"width": 360, "height": 640})
    page = owner.page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    follow(page, page.get_by_role("link", name="saved this list"))
    titles = page.locator("[data-rank] h2").all_inner_texts()
    page.get_by_label("Name", exact=True).fill("Winter evenings")
    page.get_by_label("Note").fill("For the train.")
    follow(page, page.get_by_role("button", name="Save name and note"))
    follow(page, page.get_by_role("button", name="Make a link"))
    expect(page.get_by_role("heading", name="Winter evenings")).to_be_visible()
    if with_scripts:
        assert barriers_in_both_themes(page) == []
    link = page.locator(".secret a").inner_text()

    friend = visit(java_script_enabled=with_scripts, viewport={"width": 360, "height": 640})
    there = friend.page
    there.goto(link)
    expect(there.get_by_role("heading", name="Winter evenings")).to_be_visible()
    expect(there.locator("[data-rank] h2")).to_have_text(titles)
    picture = there.locator("meta[property='og:image']").get_attribute("content") or ""
    assert there.request.get(picture).headers["content-type"] == "image/png"
    if with_scripts:
        assert barriers_in_both_themes(there) == []
        assert there.evaluate("document.documentElement.scrollWidth") <= 360
    first = there.locator("[data-rank]").first
    first.get_by_role("button", name="Want to read").click()
    expect(first.get_by_text("You want to read it.")).to_be_visible()

    follow(page, page.get_by_role("link", name="Delete this list…"))
    if with_scripts:
        assert barriers_in_both_themes(page) == []
    follow(page, page.get_by_role("button", name="Delete the list"))
    expect(page.get_by_text("The list is deleted.")).to_be_visible()
    assert owner.complaints == []
    assert friend.complaints == []
    answer = there.goto(link)
    assert answer
    assert answer.status == 404


def test_from_a_pasted_number_to_a_list_that_an_account_keeps(site: Site, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))

    page.goto("/")
    number = page.locator("code", has_text=site.sample_reader).inner_text()
    paste(page, number)
    page.wait_for_url(LIST)

    assert any("/imports/" in url for url in seen)
    picks = page.locator("[data-book-id][data-rank]")
    expect(picks).to_have_count(10)
    ranks = picks.evaluate_all("all => all.map((pick) => pick.dataset.rank)")
    assert ranks == [str(rank) for rank in range(1, 11)]
    expect(page.get_by_text("Because you liked")).to_have_count(10)
    expect(page.get_by_text("Built from simulated readers", exact=True)).to_be_visible()
    titles = picks.locator("h2").all_inner_texts()

    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_label("Password", exact=True).fill("seven-green-lanterns")
    page.get_by_label("Password (again)").fill("seven-green-lanterns")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    page.wait_for_url(LIST)
    expect(page.get_by_text("You are a guest")).to_have_count(0)

    follow(page, page.get_by_role("link", name="Your lists"))
    follow(page, page.locator("a.run"))
    expect(page.locator("[data-rank] h2")).to_have_text(titles)
    assert visitor.complaints == []


def test_the_same_way_without_javascript(site: Site, visit: Visit) -> None:
    page = visit(java_script_enabled=False).page

    paste(page, f"https://www.goodreads.com/user/show/{site.sample_reader}-somebody")
    page.wait_for_url(LIST)

    expect(page.locator("[data-book-id]")).to_have_count(10)
    first = page.locator("[data-rank]").first
    author = first.locator(".pick__by a").first.inner_text()
    title = first.locator("h2").inner_text()
    follow(page, first.locator(".pick__by a").first)
    expect(page.get_by_role("heading", name=author, level=1)).to_be_visible()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    follow(page, page.get_by_role("link", name="Browse"))
    follow(page, page.get_by_role("navigation", name="Genres").get_by_role("link").first)
    follow(page, page.get_by_role("link", name="Little known, much loved"))
    follow(page, page.get_by_role("button", name="Want to read").first)
    page.wait_for_url(re.compile("order=little-known"))
    expect(page.get_by_text("You want to read it.").first).to_be_visible()

    page.goto("/recommendations/")
    page.get_by_label("Familiar or adventurous").select_option("Familiar")
    follow(page, page.get_by_role("button", name="Show", exact=True))
    follow(page, page.locator("[data-rank]").first.get_by_role("button", name="Want to read"))
    page.wait_for_url(re.compile("dial=-1"))
    expect(page.locator("[data-book-id]")).to_have_count(10)


def test_a_private_profile_is_told_in_words_with_a_way_on(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page

    paste(page, str(int(Fault.PRIVATE_AS_401)))
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    expect(page.get_by_text("private or does not exist")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    page.get_by_role("link", name="Use the export file").click()

    expect(page.get_by_role("heading", name="How to get your export file")).to_be_in_viewport()
    assert visitor.complaints == []


def test_dial_save_dismiss_and_undo(site: Site, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    picks = page.locator("[data-book-id][data-rank]")
    balanced = picks.evaluate_all("all => all.map((pick) => pick.dataset.bookId)")

    page.get_by_label("Familiar or adventurous").select_option("Very adventurous")
    page.wait_for_url(re.compile("dial=2"))
    expect(picks).to_have_count(10)
    assert picks.evaluate_all("all => all.map((pick) => pick.dataset.bookId)") != balanced

    lead = page.get_by_text(re.compile("As of now, from"))
    counted = lead.inner_text()
    page.get_by_role("link", name="what if not?").first.click()
    expect(page.get_by_role("heading", name="If you had not read")).to_be_visible()
    page.get_by_role("button", name="Leave this book out").click()
    page.wait_for_url(re.compile("dial=2"))
    expect(page.get_by_text("Left out.")).to_be_visible()
    expect(lead).not_to_have_text(counted)

    first = picks.first
    title = first.locator("h2").inner_text()
    first.get_by_text("Not for me", exact=True).click()
    first.get_by_role("button", name="Not this book").click()
    expect(first.get_by_text("Not offered any more.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=title, exact=True)).to_have_count(0)

    page.get_by_role("link", name="What you dismissed").click()
    follow(page, page.get_by_role("button", name=f"Undo {title}"))
    page.goto("/recommendations/?dial=2")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()

    picks.nth(1).get_by_role("button", name="Want to read").click()
    expect(picks.nth(1).get_by_text("You want to read it.")).to_be_visible()

    page.get_by_label("Familiar or adventurous").select_option("Familiar")
    page.wait_for_url(re.compile("dial=-1"))
    follow(page, page.get_by_role("button", name="Dark"))
    page.wait_for_url(re.compile("dial=-1"))
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_label("Familiar or adventurous").select_option("Adventurous")
    page.wait_for_url(re.compile("dial=1"))
    page.get_by_role("button", name="Save this list").click()
    page.wait_for_url(RUN)
    expect(page.get_by_text(re.compile("Saved as it was: .*Adventurous"))).to_be_visible()
    assert visitor.complaints == []


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_phone_shows_the_first_book_at_once_and_breaks_no_word(
    site: Site, visit: Visit, with_scripts: bool
) -> None:
    phone = {"width": 360, "height": 640}
    page = visit(viewport=phone, java_script_enabled=with_scripts).page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    expect(page.locator("[data-rank] h2").first).to_be_in_viewport()

    language = page.locator("summary", has_text="Languages")
    expect(language).to_be_hidden()
    page.locator("summary", has_text="Filters").click()
    expect(language).to_be_visible()

    page.get_by_role("button", name="Want to read").first.click()
    expect(page.get_by_text("You want to read it.").first).to_be_visible()
    follow(page, page.get_by_role("link", name="Your pile"))
    expect(page.get_by_role("heading", name="From your own pile")).to_be_visible()
    expect(page.locator("[data-rank] h2").first).to_be_in_viewport()
    follow(page, page.get_by_role("link", name="Surprise me"))
    expect(page.locator("[data-rank]")).to_have_count(1)
    follow(page, page.get_by_role("link", name="Your series"))
    expect(page.get_by_role("heading", name="Go on with a series")).to_be_visible()
    page.goto("/library/")
    expect(page.get_by_label("Stars:")).to_be_hidden()
    follow(page, page.get_by_role("link", name="Put it to the test"))
    expect(page.get_by_role("columnheader", name="Your list names")).to_be_visible()

    if with_scripts:
        for address in (
            "/recommendations/",
            "/pile/",
            "/series/",
            "/browse/",
            "/library/",
            "/rate/",
        ):
            page.goto(address)
            assert page.evaluate(BROKEN_WORDS) == [], address


def test_pages_are_open_to_everybody_and_fit_small_screens(site: Site, visit: Visit) -> None:
    page = visit(viewport={"width": 320, "height": 640}).page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    run = page.get_by_role("link", name="saved this list").get_attribute("href") or "no list"
    book = page.locator("[data-rank] h2 a").first.get_attribute("href") or "no book"

    browsed = [
        link.get_attribute("href") or "no link"
        for kind in ("authors", "genres", "series")
        for link in page.locator(f"[data-rank] a[href^='/{kind}/']").all()[:1]
    ]
    assert len(browsed) == 3
    number = book.split("/")[2]
    compare = another_list(page, book)

    lists = ("/recommendations/?dial=1", "/recommendations/?genre=no", "/dismissed/")
    for address in (
        run,
        book,
        "/books/",
        "/books/?q=earthsea",
        *lists,
        *browsed,
        "/browse/",
        "/series/",
        "/pile/",
        "/",
        "/how-it-works/",
        "/status/",
        "/history/",
        compare,
        f"/recommendations/without/{number}/",
        "/rate/",
        "/proof/",
        "/together/",
        "/library/",
        "/account/",
        "/account/delete/",
        "/accounts/password/reset/",
        "/accounts/login/",
        "/accounts/signup/",
        "/no/page",
    ):
        page.goto(address)
        assert barriers_in_both_themes(page) == [], address
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, address
