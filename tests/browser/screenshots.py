"""Pictures of the main pages, light, dark and on a phone, the picture that is shared, and icons.

    make run                # on the starter shelf, in another terminal
    make screenshots        # SITE=http://127.0.0.1:8000 unless named

Only for the starter shelf: pictures with books of goodbooks-10k do not belong into the repository.
"""

import argparse
import io
import re
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.chromium import chromium

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
LOGO = ROOT / "static" / "img" / "favicon.svg"
ICON_SIZES = (192, 512)
SHARED = ROOT / "static" / "img" / "share.png"
#: Of WebP: letters stay sharp.
QUALITY = 50
#: What the other of two readers has at the stand-in, and a book for the gift.
ANOTHER_READER, LOVED = "551", "The Hobbit"
#: Who may enter the admin of `make run`, and what is looked for to be merged.
DEMO, MERGED = "demo@bookfold.example", "hobbit"
WIDE, NARROW = ViewportSize(width=1180, height=900), ViewportSize(width=360, height=780)
LOOKS: dict[str, tuple[ViewportSize, Literal["light", "dark"]]] = {
    "light": (WIDE, "light"),
    "dark": (WIDE, "dark"),
    "360": (NARROW, "light"),
}


def bring(page: Page, number: str = "") -> None:
    """Import the shelf of a reader whom the stand-in knows: the sample reader unless named."""
    page.goto("/")
    number = number or page.locator("form code").inner_text()
    page.get_by_label("Your Goodreads profile").fill(number)
    page.get_by_role("button", name="Find my next books").click()
    page.wait_for_url(re.compile(r"/recommendations/$"), timeout=60_000)


def press(page: Page, button: str) -> None:
    with page.expect_event("load"):
        page.get_by_role("button", name=button, exact=True).click()


def begin(page: Page) -> dict[str, str]:
    """Import the sample reader, share a list, and answer with the addresses of the pages."""
    bring(page)
    book = page.locator("[data-rank] h2 a").first.get_attribute("href") or "/books/"
    run = page.get_by_role("link", name="saved this list").get_attribute("href") or "/history/"
    browsed = {
        kind: page.locator(f"[data-rank] a[href^='/{where}/']").first.get_attribute("href") or "/"
        for kind, where in {"author": "authors", "genre": "genres", "series": "series"}.items()
    }
    page.goto(run)
    page.get_by_label("Name", exact=True).fill("For the winter")
    page.get_by_label("Note").fill("Read by the stove, and lent to whoever asks.")
    press(page, "Save name and note")
    press(page, "Make a link")
    shared = page.locator(".secret a").get_attribute("href") or "/"
    return {
        "home": "/",
        "rate": "/rate/",
        "saved-list": run,
        "shared-list": shared,
        "recommendations": "/recommendations/",
        "pile": "/pile/",
        "your-series": "/series/",
        "book": book,
        **browsed,
        "browse": "/browse/",
        "library": "/library/",
        "history": "/history/",
        "proof": "/proof/",
        "gift": f"/gift/?first={quote(LOVED)}",
        "search": "/books/?q=the+sea",
        "account": "/account/",
        "how-it-works": "/how-it-works/",
        "offline": "/offline/",
    }


def begin_together(page: Page) -> dict[str, str]:
    """Two libraries in one browser, and one list for both."""
    bring(page)
    page.goto("/together/")
    page.get_by_label("Your name").fill("Ann")
    press(page, "Start a group")
    group = page.url
    page.get_by_label("Their name").fill("Bob")
    press(page, "Add their library")
    bring(page, ANOTHER_READER)
    return {"together": group}


def begin_admin(page: Page, password: str) -> dict[str, str]:
    """Log in as the demo account, and answer with the addresses of pages of the admin."""
    page.goto("/accounts/login/?next=/admin/")
    page.get_by_label("Email").fill(DEMO)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/admin/")
    found = []
    for rows in ("catalog/book", "recommender/modelrelease"):
        page.goto(f"/admin/{rows}/")
        first = page.locator("#result_list tbody th a").first.get_attribute("href") or ""
        found.append(first.partition("?")[0])
    book, release = found
    return {
        "admin-home": "/admin/",
        "admin-dashboard": "/admin/dashboard/",
        "admin-merge": f"{book.replace('/change/', '/merge')}?search={quote(MERGED)}",
        "admin-release": release,
    }


def take(browser: Browser, site: str, folder: Path, password: str) -> None:
    """Take each page in each look."""
    folder.mkdir(parents=True, exist_ok=True)
    for begun in (begin, begin_together, partial(begin_admin, password=password)):
        context = browser.new_context(base_url=site, viewport=WIDE, service_workers="block")
        page = context.new_page()
        for name, address in begun(page).items():
            for look, (size, scheme) in LOOKS.items():
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme)
                page.goto(address)
                page.wait_for_load_state("networkidle")
                picture = Image.open(io.BytesIO(page.screenshot()))
                picture.save(folder / f"{name}-{look}.webp", quality=QUALITY, method=6)
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
    parser.add_argument(
        "--password-file", type=Path, default=ROOT / ".local" / "demo-password", help="its demo's"
    )
    options = parser.parse_args()
    with chromium() as browser:
        take(browser, options.site, FOLDER, options.password_file.read_text().strip())
        take_shared(browser, options.site, SHARED)
        take_icons(browser, SHARED.parent)


if __name__ == "__main__":
    main()
