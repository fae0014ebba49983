"""`python -m tests.bench.matching.measure --data DIR`: exports of every format find their books.

Files are drawn from the books of the folder, see `lines`; readers, staging and matching are the
site's own, and so are the requests to the stand-in for Goodreads.
"""

import argparse
import io
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from recsite.local.standins.faults import XML, Reply, page_of
from recsite.local.standins.feed import write_feed, write_reviews
from recsite.local.standins.folder import Book, GoodbooksFolder
from recsite.local.standins.server import Request, Standin
from recsite.local.standins.shelves import Item
from tests.bench.matching.lines import Drawing, Line
from tests.bench.site import site

if TYPE_CHECKING:
    from tests.bench.matching.count import Result

ROWS = 2_000
READER = 1


class DrawnShelf(Standin):
    """Goodreads with one shelf, in its feed and in its API."""

    def __init__(self) -> None:
        super().__init__(slow_seconds=0.0, hang_seconds=0.0)
        self.items: list[Item] = []

    def prepare(self) -> None:
        """Nothing is read: the items are set by whoever draws them."""

    def answer(self, request: Request, turn: int) -> Reply:
        items = page_of(
            READER, self.items, request.number("page", 1), request.number("per_page", 20)
        )
        if "list_rss" in request.path:
            body = write_feed(items, base=self.url, user_id=READER, name="Ada", shelf="read")
        else:
            start = self.items.index(items[0]) + 1 if items else 0
            body = write_reviews(items, start=start, total=len(self.items))
        return Reply(200, body.encode(), XML)


def results(
    books: list[Book], shelf: DrawnShelf, *, rows: int, seed: str
) -> "Iterator[tuple[list[Line], Result]]":
    """Each format's lines and what became of them; Django is set up, the catalog loaded."""
    count = import_module("tests.bench.matching.count")
    files = import_module("tests.bench.matching.files")
    exports = import_module("recommender.sources.exports")
    staging = import_module("recommender.services.staging")
    for name, (write, with_series) in files.FILES.items():
        lines = Drawing(books, seed=f"{seed}/{name}", with_series=with_series).lines(rows)
        written = write(lines, Random(f"{seed}/{name}/cells"))
        source = exports.open_export(io.BytesIO(written.content))
        yield lines, count.bring_in(name, source, written.starts)
    for name, kind in (
        ("Goodreads' feed", "goodreads_feed"),
        ("Goodreads' API", "goodreads_api"),
    ):
        lines = Drawing(books, seed=f"{seed}/{name}", with_series=True).lines(rows)
        shelf.items = files.items(lines, Random(f"{seed}/{name}/cells"))
        source = staging.source_of(kind=kind, account=READER)
        keys = {str(line.edition_id): line for line in lines}
        yield lines, count.bring_in(name, source, keys, account=str(READER))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(result: "Result", lines: list[Line], steps: tuple[str, ...]) -> None:
    """A line of the table, and under it every wrong match."""
    known = sum(line.book_id is not None for line in lines)
    figures = [
        result.rows,
        known,
        *(result.right[step] for step in steps),
        len(result.wrong),
        result.proposed.total(),
        len(result.misproposed),
        len(result.ambiguous),
        len(result.missed),
        result.left_alone,
        result.unread,
    ]
    _say(f"| {result.name} | {' | '.join(map(str, figures))} | {result.seconds:.1f} |")
    for line, book, step in result.wrong:
        _say(
            f"  WRONG by {step}: “{line.title}” by {'; '.join(line.authors)} ({line.kind}; "
            f"{', '.join(line.worn) or 'as it is'}) was taken for “{book}”"
        )
    for line, book, way in result.misproposed:
        _say(
            f"  proposed by {way}: “{line.title}” by {'; '.join(line.authors)} ({line.kind}; "
            f"{', '.join(line.worn) or 'as it is'}) might be “{book}”"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Match drawn exports of every format.")
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks folder")
    parser.add_argument("--rows", type=int, default=ROWS, help="of each file")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    books = list(GoodbooksFolder(options.data).books.values())
    with (
        DrawnShelf().start() as shelf,
        site(
            options.data,
            GOODREADS_BASE_URL=shelf.url,
            GOODREADS_PAUSE_SECONDS="0",
            GOODREADS_API_KEY="the-operators-key",
        ),
    ):
        methods: tuple[str, ...] = import_module("tests.bench.matching.count").METHODS
        heads = ("format", "rows", "in the catalog", *(f"right by {way}" for way in methods))
        heads += (
            "WRONG",
            "rightly proposed",
            "wrongly proposed",
            "ambiguous",
            "missed",
            "rightly none",
            "unread",
            "seconds",
        )
        _say(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
        missed: Counter[str] = Counter()
        proposed: Counter[str] = Counter()
        misproposed: Counter[str] = Counter()
        ambiguous: Counter[str] = Counter()
        wrong = 0
        for lines, result in results(books, shelf, rows=options.rows, seed=options.seed):
            tell(result, lines, methods)
            wrong += len(result.wrong)
            missed.update(how for line in result.missed for how in line.worn)
            proposed += result.proposed
            misproposed.update(way for _, _, way in result.misproposed)
            ambiguous.update(line.kind for line in result.ambiguous)
        _say(f"rightly proposed by: {dict(proposed.most_common())}")
        _say(f"wrongly proposed by: {dict(misproposed.most_common())}")
        _say(f"missed lines had: {dict(missed.most_common())}")
        _say(f"ambiguous lines were: {dict(ambiguous.most_common())}")
    if wrong:
        raise SystemExit(f"{wrong} lines were matched to a wrong book.")


if __name__ == "__main__":
    main()
