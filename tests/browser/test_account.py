"""An account from the first day to the last, in a browser."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_journey import LIST, barriers, follow, paste

pytestmark = pytest.mark.browser
PASSWORD = "a long password of mine"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_from_the_first_list_to_leaving_for_good(site: Site, visit: Visit, scripts: bool) -> None:
    visitor = visit(java_script_enabled=scripts)
    page = visitor.page
    paste(page, site.sample_reader)
    page.wait_for_url(LIST)
    page.get_by_role("main").get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email").fill(f"leaves-{scripts}@example.org".lower())
    for label in ("Password", "Password (again)"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    follow(page, page.get_by_role("main").get_by_role("button", name="Sign up"))

    follow(page, page.get_by_role("link", name="Account", exact=True))
    expect(page.get_by_text("not confirmed yet")).to_be_visible()
    expect(page.get_by_text(f"of reader {site.sample_reader}")).to_be_visible()
    page.get_by_label("Once a week").check()
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_label("Once a week")).to_be_checked()
    page.get_by_label("Let my ratings help").check()
    follow(page, page.get_by_role("button", name="Save my answer"))
    expect(page.get_by_label("Let my ratings help")).to_be_checked()
    if scripts:
        assert barriers(page) == []
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download my data").click()
    with zipfile.ZipFile(io.BytesIO(Path(downloading.value.path()).read_bytes())) as archive:
        assert "library.csv" in archive.namelist()

    follow(page, page.get_by_role("link", name="Delete everything"))
    if scripts:
        deleting = page.url
        for address in (
            "/accounts/email/",
            "/accounts/password/change/",
            "/accounts/2fa/",
            deleting,
        ):
            page.goto(address)
            assert barriers(page) == [], address
    page.get_by_label("Your password").fill("a guess")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Nothing was deleted.")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Everything we stored about you is deleted.")).to_be_visible()
    page.goto("/history/")
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


def test_the_dark_theme_is_kept(site: Site, visit: Visit) -> None:
    page = visit(color_scheme="light").page
    page.goto("/how-it-works/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    follow(page, page.get_by_role("button", name="Dark"))
    assert page.evaluate(ground) != light
    page.goto("/")
    assert page.evaluate(ground) != light
    assert barriers(page) == []
    follow(page, page.get_by_role("button", name="Same as device"))
    assert page.evaluate(ground) == light
