"""Pictures of the main pages, light, dark and on a phone, the picture that is shared, and icons.

    make run                # on the starter shelf, in another terminal
    make screenshots        # SITE=http://127.0.0.1:8000 unless named

Only for the starter shelf: pictures with books of goodbooks-10k do not belong into the repository.
"""

import argparse
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.chromium import chromium

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
LOGO = ROOT / "static" / "img" / "favicon.svg"
ICON_SIZES = (192, 512)
SHARED = ROOT / "static" / "img" / "share.png"
WIDE, NARROW = ViewportSize(width=1180, height=900), ViewportSize(width=360, height=780)
LOOKS: dict[str, tuple[ViewportSize, Literal["light", "dark"]]] = {
    "light": (WIDE, "light"),
    "dark": (WIDE, "dark"),
    "360": (NARROW, "light"),
}


def begin(page: Page) -> dict[str, str]:
    """Import the sample reader, rate a book, and answer with the addresses of the pages."""
    page.goto("/")
    page.get_by_label("Your Goodreads profile").fill(page.locator("form code").inner_text())
    page.get_by_role("button", name="Find my next books").click()
    page.wait_for_url(re.compile(r"/recommendations/$"), timeout=60_000)
    run = page.get_by_role("link", name="saved this list").get_attribute("href") or "/history/"
    book = page.locator("[data-rank] h2 a").first.get_attribute("href") or "/books/"
    return {
        "home": "/",
        "rate": "/rate/",
        "saved-list": run,
        "recommendations": "/recommendations/",
        "book": book,
        "library": "/library/",
        "history": "/history/",
        "search": "/books/?q=the+sea",
        "account": "/account/",
        "how-it-works": "/how-it-works/",
    }


def take(browser: Browser, site: str, folder: Path) -> None:
    """Take each page in each look."""
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(base_url=site, viewport=WIDE)
    page = context.new_page()
    for name, address in begin(page).items():
        for look, (size, scheme) in LOOKS.items():
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            page.goto(address)
            page.wait_for_load_state("networkidle")
            picture = folder / f"{name}-{look}.jpg"
            page.screenshot(path=picture, type="jpeg", quality=70)
    context.close()


def take_shared(browser: Browser, site: str, picture: Path) -> None:
    """The first page in the size that links are shown in."""
    size = ViewportSize(width=1200, height=630)
    page = browser.new_page(base_url=site, viewport=size, color_scheme="light")
    page.goto("/")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=picture)


def take_icons(browser: Browser, folder: Path) -> None:
    """The logo on cloth to the edges, as systems cut icons to shapes of their own."""
    for size in ICON_SIZES:
        page = browser.new_page(viewport=ViewportSize(width=size, height=size))
        page.set_content(
            "<style>body { margin: 0; background: #7c2530; display: grid; place-items: center; "
            "height: 100vh } svg { width: 84% }</style>" + LOGO.read_text()
        )
        page.screenshot(path=folder / f"icon-{size}.png")
        page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of the main pages.")
    parser.add_argument("site", help="the address of a running site, such as http://127.0.0.1:8000")
    options = parser.parse_args()
    with chromium() as browser:
        take(browser, options.site, FOLDER)
        take_shared(browser, options.site, SHARED)
        take_icons(browser, SHARED.parent)


if __name__ == "__main__":
    main()
