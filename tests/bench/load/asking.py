"""What the clients do; Locust runs this file, in an environment of its own.

Each turn is another reader's. Pages alone are asked for: browsers keep style sheet and fonts.
"""

import csv
import io
import json
import os
import random
import re
import time
from http.cookiejar import Cookie
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

from locust import FastHttpUser, constant, task
from requests.cookies import create_cookie

ASKED = json.loads(Path(os.environ["ASKED"]).read_text())
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
POLL_SECONDS, LONGEST_IMPORT = 0.5, 120.0
WHOLE = "import of 300 ratings, whole"


class Reader(FastHttpUser):  # type: ignore[misc]  # Locust is not installed beside the site
    """Asks for the next page as soon as the last one is there."""

    wait_time = constant(0)

    def on_start(self) -> None:
        self.random = random.Random(15)

    def become_somebody(self) -> None:
        """Go on as another reader, with their session."""
        self.client.cookiejar.clear()
        host = str(urlsplit(self.host).hostname)
        session = self.random.choice(ASKED["sessions"])
        self.client.cookiejar.set_cookie(_cookie(session, host))

    def page(self, address: str, name: str, shows: str = "<main") -> str:
        """The page at an address; an answer without these letters is a failure."""
        with self.client.get(address, name=name, catch_response=True) as answer:
            text = answer.text or ""
            if answer.status_code != 200 or shows not in text:
                answer.failure(f"{answer.status_code} {text[:200]!r}")
            return text

    @task(2)
    def landing(self) -> None:
        self.client.cookiejar.clear()
        self.page("/", "landing")

    @task(4)
    def list(self) -> None:
        self.become_somebody()
        self.page("/recommendations/", "list", "data-rank")

    @task(2)
    def dial(self) -> None:
        self.become_somebody()
        self.page("/recommendations/?dial=2", "dial", "data-rank")

    @task(2)
    def search(self) -> None:
        self.become_somebody()
        self.page(f"/books/?q={quote_plus(self.random.choice(ASKED['words']))}", "search", "result")

    @task(4)
    def book(self) -> None:
        self.become_somebody()
        self.page(f"/books/{self.random.choice(ASKED['books'])}/", "book")

    @task(2)
    def library(self) -> None:
        self.become_somebody()
        self.page("/library/", "library", "entry-")

    @task(2)
    def rate(self) -> None:
        """Give a book stars on its page."""
        self.become_somebody()
        address = f"/books/{self.random.choice(ASKED['books'])}/"
        token = TOKEN.search(self.page(address, "book"))
        stars = {"stars": self.random.randint(1, 5), "next": address}
        self.send(f"{address}shelve", "rate", token, stars)

    @task(1)
    def bring_a_file(self) -> None:
        """A new guest's file, from the home page to its list."""
        self.client.cookiejar.clear()
        begun = time.perf_counter()
        token = TOKEN.search(self.page("/", "landing"))
        files = {"export": ("books.csv", _file(), "text/csv")}
        job = self.send("/start", "import: upload", token, {"profile": ""}, files=files)
        if not job:
            return
        preview = self.wait_for(job, f"{job}confirm", begun)
        if preview is None:
            return
        self.send(f"{job}confirm", "import: confirm", TOKEN.search(preview), {})
        done = self.wait_for(job, "data-rank", begun)
        took = 1000 * (time.perf_counter() - begun)
        self.environment.events.request.fire(
            request_type="",
            name=WHOLE,
            response_time=took,
            response_length=0,
            exception=None if done else TimeoutError("no list"),
            context={},
        )

    def wait_for(self, job: str, shows: str, begun: float) -> str | None:
        """Open the page of an import until it shows this; None if it never does."""
        while time.perf_counter() - begun < LONGEST_IMPORT:
            text = self.page(job, "import: progress")
            if shows in text:
                return text
            time.sleep(POLL_SECONDS)
        return None

    def send(
        self,
        address: str,
        name: str,
        token: re.Match[str] | None,
        form: dict[str, object],
        **more: object,
    ) -> str:
        """Send a form, and return where its answer leads to."""
        data = {"csrfmiddlewaretoken": token[1] if token else "", **form}
        with self.client.post(
            address, data, name=name, allow_redirects=False, catch_response=True, **more
        ) as answer:
            if answer.status_code == 302:
                answer.success()
                return str(answer.headers["Location"])
            answer.failure(f"{answer.status_code} {(answer.text or '')[:200]!r}")
        return ""


def _cookie(session: str, host: str) -> Cookie:
    cookie: Cookie = create_cookie("sessionid", session, domain=host)  # type: ignore[no-untyped-call]
    return cookie


def _file() -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("Title", "Author", "Stars"))
    rows.writerows(ASKED["rows"])
    return text.getvalue().encode()
