"""A passkey stands in for the password or the second step, as a browser makes and keeps one."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visit
from tests.browser.test_accessible import check
from tests.browser.test_journey import follow
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser


def give_authenticator(page: Page) -> None:
    """A phone that is always there and always knows its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def be_sure(page: Page) -> None:
    """Give the password once more, where a page asks for it before it goes on."""
    page.wait_for_load_state()
    if page.get_by_role("heading", name="Is it you?").is_visible():
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()


def log_in(page: Page, email: str, then: str) -> None:
    page.goto(f"/accounts/login/?next={then}")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def test_a_passkey_is_added_is_either_step_of_a_log_in_and_is_removed(
    site: Site, visit: Visit
) -> None:
    # Browsers know passkeys for names alone, not for numbers.
    visitor = visit(base_url=site.url.replace("127.0.0.1", "localhost"))
    page = visitor.page
    give_authenticator(page)
    log_in(page, site.operator, "/accounts/2fa/")
    follow(page, page.get_by_role("link", name="Add a passkey"))
    be_sure(page)
    page.get_by_label("Log in without a password").check()
    check(page)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_text("Without a password")).to_be_visible()
    check(page)

    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    log_in(page, site.operator, "/admin/dashboard/")
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    check(page)
    page.goto("/admin/dashboard/")
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()

    page.goto("/")
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    page.goto("/accounts/login/?next=/accounts/2fa/webauthn/")
    page.get_by_role("button", name="Use a passkey").click()
    follow(page, page.get_by_role("link", name="Remove"))
    be_sure(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    assert visitor.complaints == []
