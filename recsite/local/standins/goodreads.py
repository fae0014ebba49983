"""A stand-in for Goodreads over real HTTP: shelves of sample readers, and all kinds of faults.

``python -m recsite.local.standins.goodreads --data DIR`` serves a folder in the format of
goodbooks-10k; its first page lists the readers and the faults.
"""

import html
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from recsite.local.standins.faults import (
    DEFAULT_PER_PAGE,
    NOTES,
    XML,
    Fault,
    Reply,
    delay_of,
    fault_reply,
    page,
    page_of,
)
from recsite.local.standins.feed import write_feed, write_reviews
from recsite.local.standins.folder import GoodbooksFolder
from recsite.local.standins.oddities import bad_items, odd_items, switched_items
from recsite.local.standins.readers import choose_readers, long_ratings, name_of
from recsite.local.standins.server import Request, Standin, argument_parser, serve, with_etag
from recsite.local.standins.shelves import Item, shelf_items

NAME = "Goodreads"
API_KEY = "the-operators-key"
SHELVES = ("read", "currently-reading", "to-read")
_FEED = re.compile(r"/review/list_rss/([0-9]{1,12})")
_API = re.compile(r"/review/list/([0-9]{1,12})\.xml")
_PROFILE = re.compile(r"/user/show/([0-9]{1,12})(-.*)?")
_VANITY = re.compile(r"/([a-z]+)([0-9]{1,12})")


class GoodreadsStandin(Standin):
    """The stand-in as a context manager: ``with GoodreadsStandin(folder).start() as goodreads:``.

    Parameters
    ----------
    data_dir : Path
        A folder in the format of goodbooks-10k.
    slow_seconds : float
        Delay of a slow page.
    hang_seconds : float
        How long a request that gets no answer is kept open.
    """

    def __init__(
        self, data_dir: Path | str, *, slow_seconds: float = 2.0, hang_seconds: float = 120.0
    ) -> None:
        super().__init__(slow_seconds=slow_seconds, hang_seconds=hang_seconds)
        self.folder = GoodbooksFolder(Path(data_dir))
        self._long_ratings: dict[int, int] = {}
        self._shelves: dict[tuple[int, str], list[Item]] = {}

    def prepare(self) -> None:
        self._long_ratings = long_ratings(self.folder)

    def hint(self) -> str:
        readers = choose_readers(self.folder, 1)
        return f"; sample reader: {readers[0].user_id}" if readers else ""

    def answer(self, request: Request, turn: int) -> Reply:
        if not request.headers.get("User-Agent"):
            return page(403, "Say who you are.")
        if request.path == "/":
            return self._front_page()
        if match := _FEED.fullmatch(request.path):
            return self._feed(int(match[1]), request, turn)
        if match := _API.fullmatch(request.path):
            return self._api(int(match[1]), request, turn)
        return self._profile(request.path)

    def _feed(self, user_id: int, request: Request, turn: int) -> Reply:
        key = request.query.get("key", "")
        if reply := fault_reply(user_id, turn=turn, key=key, base=self.url):
            return reply
        if not self._is_known(user_id):
            return page(404, "The page you were looking for does not exist.")
        wanted = request.query.get("shelf", "read")
        is_known_shelf = wanted in SHELVES and user_id != Fault.UNKNOWN_SHELF
        number = request.number("page", 1)
        items = page_of(
            user_id,
            self._shelf(user_id, wanted if is_known_shelf else "read", turn),
            number,
            request.number("per_page", DEFAULT_PER_PAGE),
        )
        body = write_feed(
            items,
            base=self.url,
            user_id=user_id,
            name=name_of(user_id),
            shelf=wanted if is_known_shelf else "",
        ).encode()
        reply = Reply(200, body, XML, delay=delay_of(user_id, number, self.slow_seconds))
        return with_etag(reply, request, is_weak=True)

    def _api(self, user_id: int, request: Request, turn: int) -> Reply:
        if request.query.get("key") != API_KEY:
            return page(401, "Invalid API key.")
        if reply := fault_reply(user_id, turn=turn, key="", base=self.url):
            return reply
        if not self._is_known(user_id):
            return Reply(404, b"<error><status>404</status></error>", XML)
        items = self._shelf(user_id, request.query.get("shelf", "read"), turn)
        number, per_page = request.number("page", 1), request.number("per_page", 20)
        shown = page_of(user_id, items, number, per_page)
        start = items.index(shown[0]) + 1 if shown else 0
        body = write_reviews(shown, start=start, total=len(items)).encode()
        return Reply(200, body, XML, delay=delay_of(user_id, number, self.slow_seconds))

    def _profile(self, path: str) -> Reply:
        """The page of a profile, or the redirect from the name of a reader or an author."""
        if (match := _PROFILE.fullmatch(path)) and self._is_known(int(match[1])):
            name = name_of(int(match[1]))
            address = f"/review/list_rss/{match[1]}?shelf=read"
            return page(200, f"<h1>{name}</h1><a href='{address}'>{name}'s books</a>")
        if path == "/anauthor":
            return page(301, "", {"Location": f"{self.url}/author/show/5-An_Author"})
        if path == "/elsewhere":
            return page(301, "", {"Location": "https://elsewhere.example/user/show/1-elsewhere"})
        if match := _VANITY.fullmatch(path):
            name, user_id = name_of(int(match[2])).lower(), int(match[2])
            if name == match[1] and self._is_known(user_id):
                return page(301, "", {"Location": f"{self.url}/user/show/{user_id}-{name}"})
        return page(404, "The page you were looking for does not exist.")

    def _front_page(self) -> Reply:
        readers = "".join(
            f"<li><a href='/user/show/{r.user_id}'>{r.user_id}</a> {r.name}, also /{r.vanity}: "
            f"{r.ratings} ratings; likes {html.escape('; '.join(r.favorites))}</li>"
            for r in choose_readers(self.folder, 12)
        )
        faults = "".join(f"<li>{f.value} {html.escape(note)}</li>" for f, note in NOTES.items())
        return page(
            200,
            "<h1>This is not Goodreads</h1><p>It stands in for it, with readers of the data set in "
            f"use.</p><h2>Sample readers</h2><ul>{readers}</ul>"
            f"<h2>Readers with faults</h2><ul>{faults}</ul>",
        )

    def _is_known(self, user_id: int) -> bool:
        return user_id in NOTES or user_id in self.folder.rating_counts

    def _shelf(self, user_id: int, shelf: str, turn: int) -> Sequence[Item]:
        match user_id:
            case Fault.EMPTY_SHELF:
                return []
            case Fault.ODD_ITEMS if shelf == "read":
                return odd_items()
            case Fault.BAD_ITEMS if shelf == "read":
                return bad_items()
            case Fault.EDITION_SWITCHED if shelf == "read":
                return switched_items(later=turn > 0)
        # All other readers with faults have the same long shelf of books read, and no others.
        is_special = user_id in NOTES
        if is_special and shelf != "read":
            return []
        user_id = Fault.LONG_SHELF if is_special else user_id
        with self.lock:
            if (user_id, shelf) not in self._shelves:
                ratings = self._long_ratings if is_special else self.folder.ratings_of(user_id)
                self._shelves[user_id, shelf] = shelf_items(self.folder, user_id, ratings, shelf)
            return self._shelves[user_id, shelf]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argument_parser(NAME)
    parser.add_argument("--slow-seconds", type=float, default=2.0, help="delay of a slow page")
    options = parser.parse_args(arguments)
    standin = GoodreadsStandin(options.data, slow_seconds=options.slow_seconds)
    return serve(standin, name=NAME, port=options.port, bind=options.bind)


if __name__ == "__main__":
    sys.exit(main())
