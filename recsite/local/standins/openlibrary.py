"""A stand-in for Open Library over real HTTP: a folder's books, some others, and all faults.

``python -m recsite.local.standins.openlibrary --data DIR``; its first page lists the faults.
"""

import html
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from recsite.local.standins.faults import Reply, page
from recsite.local.standins.folder import GoodbooksFolder
from recsite.local.standins.server import Request, Standin, argument_parser, serve, with_etag
from recsite.local.standins.works import (
    NOTES,
    Work,
    WorkFault,
    additional_works,
    faulty_works,
    gzip_bomb,
    isbn_of,
    works_of,
)

NAME = "Open Library"
JSON = "application/json"
_WORK = re.compile(r"/works/(OL[0-9]+W)(\.json)?")
_KEY = re.compile(r'key:"/works/(OL[0-9]+W)"')
_SHELVED = re.compile(r"first_publish_year:(?P<year>\d+) AND language:(?P<language>[a-z]{3})")
_FIELD = re.compile(r"(isbn|id_goodreads):\(([^)]*)\)")


class OpenLibraryStandin(Standin):
    """The stand-in; ``data_dir`` is a folder of goodbooks-10k, or None for the faults alone.

    It knows ``works`` besides.
    """

    def __init__(
        self,
        data_dir: Path | str | None = None,
        *,
        works: Iterable[Work] = (),
        slow_seconds: float = 2.0,
        hang_seconds: float = 120.0,
    ) -> None:
        super().__init__(slow_seconds=slow_seconds, hang_seconds=hang_seconds)
        self._folder = GoodbooksFolder(Path(data_dir)) if data_dir else None
        self._works: dict[str, Work] = {}
        self._by_number: dict[tuple[str, str], Work] = {}
        self._more = works
        self._by_word: defaultdict[str, dict[str, Work]] = defaultdict(dict)

    def prepare(self) -> None:
        own = works_of(self._folder) if self._folder else ()
        works = [*faulty_works(), *own, *additional_works(), *self._more]
        for work in works:
            self._works[work.key] = work
            for word in _words(work.title):
                self._by_word[word][work.key] = work
            for isbn in work.isbns:
                self._by_number["isbn", _isbn_stem(isbn)] = work
            for number in work.goodreads_ids:
                self._by_number["id_goodreads", number] = work

    def answer(self, request: Request, turn: int) -> Reply:
        match = _WORK.fullmatch(request.path)
        work = self._works.get(match[1]) if match else None
        if work and match and not match[2]:
            return _html_page(work)
        if "@" not in request.headers.get("User-Agent", ""):
            return page(403, "Say who you are, and how to reach you.")
        if request.path == "/":
            return _front_page()
        if request.path == "/search.json":
            return self._search(request, turn)
        if work is None or work.fault == WorkFault.GONE:
            return _json({"error": "notfound"}, status=404)
        delay = self.slow_seconds if work.fault == WorkFault.SLOW else 0.0
        reply = replace(_json(_page_of(work)), delay=delay)
        return self._fault_reply(work, reply, turn) or with_etag(reply, request)

    def _search(self, request: Request, turn: int) -> Reply:
        found = list(dict.fromkeys(work.key for work in self._searched(request)))
        works = [self._works[key] for key in found]
        for work in works:
            if work.fault and (reply := _search_fault_reply(work.fault, turn)):
                return reply
        fields = request.query.get("fields", "").split(",")
        docs = [
            {name: value for name, value in _doc(work).items() if name in fields}
            for work in works[: request.number("limit", 100)]
        ]
        return _json({"numFound": len(works), "start": 0, "docs": docs})

    def _searched(self, request: Request) -> Iterable[Work]:
        for field, numbers in _FIELD.findall(request.query.get("q", "")):
            for number in numbers.split(" OR "):
                known = _isbn_stem(number) if field == "isbn" else number
                if work := self._by_number.get((field, known)):
                    yield work
        if (match := _KEY.fullmatch(request.query.get("q", ""))) and match[1] in self._works:
            yield self._works[match[1]]
        if match := _SHELVED.fullmatch(request.query.get("q", "")):
            yield from self._most_shelved(int(match["year"]), match["language"])
        yield from self._titled(request.query.get("title", ""), request.query.get("author", ""))

    def _titled(self, title: str, author: str) -> Iterable[Work]:
        """Works whose titles have all these words, by somebody with this surname."""
        named = [self._by_word.get(word, {}) for word in _words(title)]
        surname = author.partition(",")[0].casefold().split()[-1:]
        for work in min(named, key=len, default={}).values():
            is_by = not surname or surname[0] in work.author.casefold()
            if is_by and all(work.key in others for others in named):
                yield work

    def _most_shelved(self, year: int, language: str) -> list[Work]:
        of_year = [
            work
            for work in self._works.values()
            if work.year == year and language in work.languages and not work.fault
        ]
        return sorted(of_year, key=lambda work: -work.shelves)

    @staticmethod
    def _fault_reply(work: Work, reply: Reply, turn: int) -> Reply | None:
        """The reply instead of a work's page; None if the work has no such fault."""
        others = f"/works/OL{90_000_000_000 + WorkFault.BARE_DESCRIPTION}W"
        match work.fault:
            case WorkFault.UNAVAILABLE_ONCE if turn % 2:
                return None
            case WorkFault.UNAVAILABLE_ONCE | WorkFault.UNAVAILABLE_ALWAYS:
                return page(503, "Back soon.")
            case WorkFault.TRUNCATED_ALWAYS:
                return replace(reply, body=reply.body[:40])
            case WorkFault.HANG:
                return replace(reply, is_unanswered=True)
            case WorkFault.GZIP_BOMB:
                return Reply(200, gzip_bomb(), JSON, is_gzipped=True)
            case WorkFault.REDIRECT_OFF_HOST:
                return page(302, "", {"Location": f"https://elsewhere.example{others}.json"})
            case WorkFault.REDIRECT_ON_HOST:
                return page(301, "", {"Location": f"{others}.json"})
            case WorkFault.MERGED:
                kind = {"key": "/type/redirect"}
                return _json({"key": work.key, "type": kind, "location": others})
        return None


def _search_fault_reply(fault: WorkFault, turn: int) -> Reply | None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    match fault:
        case WorkFault.SEARCH_REFUSED:
            return page(403, "Too much.")
        case WorkFault.SEARCH_BUSY_FOR_SECONDS if turn % 2 == 0:
            return page(429, "Too much.", {"Retry-After": "1"})
        case WorkFault.SEARCH_BUSY_UNTIL_DATE if turn % 2 == 0:
            return page(429, "Too much.", {"Retry-After": until})
        case WorkFault.SEARCH_BUSY_FOR_LONG:
            return page(429, "Too much.", {"Retry-After": "600"})
        case WorkFault.SEARCH_TRUNCATED_ONCE if turn % 2 == 0:
            return Reply(200, b'{"numFound": 1, "docs": [{"key": "/wor', JSON)
        case WorkFault.SEARCH_TRUNCATED_ALWAYS:
            return Reply(200, b'{"numFound": 1, "docs": [{"key": "/wor', JSON)
    return None


#: Scans of works from before may be read by everybody there.
OUT_OF_COPYRIGHT = 1930


def _doc(work: Work) -> dict[str, object]:
    doc: dict[str, object] = {
        "key": f"/works/{work.key}",
        "title": work.title,
        "author_name": [work.author],
        "isbn": list(work.isbns),
        "id_goodreads": list(work.goodreads_ids),
        "edition_count": max(1, len(work.goodreads_ids)),
        "ebook_access": "public" if (work.year or 0) < OUT_OF_COPYRIGHT else "borrowable",
    }
    if work.year is not None:
        doc["first_publish_year"] = work.year
    if work.cover_id is not None:
        doc["cover_i"] = work.cover_id
    if work.subjects:
        doc["subject"] = list(work.subjects)
    if work.pages is not None:
        doc["number_of_pages_median"] = work.pages
    if work.languages:
        doc["language"] = list(work.languages)
    if work.shelves:
        doc["readinglog_count"] = work.shelves
    return doc | work.odd


def _page_of(work: Work) -> dict[str, object]:
    answer: dict[str, object] = {
        "key": f"/works/{work.key}",
        "type": {"key": "/type/work"},
        "title": work.title,
    }
    if work.is_typed:
        answer["description"] = {"type": "/type/text", "value": work.description}
    elif work.description:
        answer["description"] = work.description
    if work.cover_id is not None:
        answer["covers"] = [work.cover_id]
    return answer


def _html_page(work: Work) -> Reply:
    """The page to which a link to the work leads."""
    title, author = html.escape(work.title), html.escape(work.author)
    notice = "This is not Open Library: it stands in for it on this machine."
    return page(200, f"<h1>{title}</h1><p>{author}, {work.year or 'no year'}</p><p>{notice}</p>")


def _words(title: str) -> list[str]:
    return re.findall(r"\w+", title.casefold())


def _isbn_stem(isbn: str) -> str:
    """The nine digits that an ISBN-10 and its ISBN-13 share; other 13 digits as they are."""
    number = isbn.replace("-", "")
    if len(number) == 13:
        return number[3:12] if number.startswith("978") else number
    return number[:9]


def _json(answer: object, *, status: int = 200) -> Reply:
    return Reply(status, json.dumps(answer).encode(), JSON)


def _front_page() -> Reply:
    faults = "".join(f"<li>{isbn_of(f)} {html.escape(note)}</li>" for f, note in NOTES.items())
    return page(
        200,
        "<h1>This is not Open Library</h1><p>It stands in for it, with the books of the data set "
        f"in use.</p><h2>ISBNs of works with faults</h2><ul>{faults}</ul>",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    options = argument_parser(NAME).parse_args(arguments)
    standin = OpenLibraryStandin(options.data)
    return serve(standin, name=NAME, port=options.port, bind=options.bind)


if __name__ == "__main__":
    sys.exit(main())
