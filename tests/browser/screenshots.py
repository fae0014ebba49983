"""The picture in the README: a sample reader's list on a site that runs.

    make run                                    # on the starter shelf, in another terminal
    python -m tests.browser.screenshots http://127.0.0.1:8000

Only for the starter shelf: pictures with books of goodbooks-10k do not belong into the repository.
"""

import argparse
import re
from pathlib import Path

from playwright.sync_api import ViewportSize

from tests.browser.chromium import chromium

PICTURE = Path(__file__).parents[2] / "docs" / "screenshots" / "recommendations.png"
SIZE = ViewportSize(width=1180, height=1330)


def take(site: str, picture: Path) -> None:
    """Go the way from the first page to the list, and keep what is then to be seen."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        page = browser.new_context(base_url=site, viewport=SIZE, color_scheme="light").new_page()
        page.goto("/")
        page.get_by_label("Your Goodreads profile").fill(page.locator("form code").inner_text())
        page.get_by_role("button", name="Find my next books").click()
        page.wait_for_url(re.compile(r"/recommendations/[0-9a-f-]{36}/$"), timeout=60_000)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=picture)


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the picture for the README.")
    parser.add_argument("site", help="the address of a running site, such as http://127.0.0.1:8000")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    take(options.site, options.picture)


if __name__ == "__main__":
    main()
