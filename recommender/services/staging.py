"""Rows of a shelf, on their way from its source to the rows of an import."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import connection
from django.db.models import F, Max
from psycopg import sql

from catalog.lookups import AnyOf
from catalog.normalize import isbn13_of
from recommender.models import ImportItem, ImportJob, Source, SourceShelf
from recommender.selectors.goodreads import pull_is_on
from recommender.shelves import Shelf
from recommender.sources.base import (
    RowProblem,
    ShelfPage,
    ShelfRow,
    ShelfSource,
    SwitchedOff,
)
from recommender.sources.export_file import KEY_BY_TITLE, key_of
from recommender.sources.fetcher import ATTEMPTS, Fetcher
from recommender.sources.goodreads_api import GoodreadsApi
from recommender.sources.goodreads_feed import GoodreadsFeed
from recommender.sources.profile import ProfileRef, resolve_profile
from recsite.common.bulk import update_rows
from recsite.common.pace import OneAtATime

State = ImportItem.State
#: What is stored of a line beside its import and its place; it has no book yet.
COLUMNS = (
    "state",
    "problem",
    "change",
    "candidates",
    "line",
    "source_key",
    "edition_id",
    "work_id",
    "isbn13",
    "title",
    "author",
    "stars",
    "read_count",
    "shelf",
    "added_on",
    "read_on",
)
#: What matching sets.
MATCHED_FIELDS = ("state", "book", "candidates", "suggested_book")


def kind_of_pull() -> ImportJob.Kind:
    """How this site reads shelves at Goodreads.

    Raises `SwitchedOff` if the operator has set no contact and Goodreads is not a stand-in.
    """
    if not pull_is_on():
        raise SwitchedOff
    if settings.GOODREADS_API_KEY:
        return ImportJob.Kind.GOODREADS_API
    return ImportJob.Kind.GOODREADS_FEED


def pages(*, job: ImportJob, shelf: str) -> Iterator[ShelfPage]:
    """A shelf of a job's account, page by page, each fetched when it is needed."""
    known = SourceShelf.objects.filter(
        reader=job.reader, source=Source.GOODREADS, account=job.account, shelf=shelf
    ).first()
    etags = known.etags if known else []
    return source_of(kind=job.kind, account=int(job.account), shelf=shelf, etags=etags).pages()


def source_of(
    *, kind: str, account: int, shelf: str = Shelf.READ, etags: Sequence[str] = ()
) -> ShelfSource:
    """The source that reads one shelf of one account at Goodreads."""
    most = settings.GOODREADS_MAX_PAGES
    if kind == ImportJob.Kind.GOODREADS_API:
        return GoodreadsApi(fetcher(), user_id=account, shelf=shelf, max_pages=most)
    return GoodreadsFeed(fetcher(), user_id=account, shelf=shelf, etags=etags, max_pages=most)


def account_number(account: str) -> int:
    """Goodreads' number of an account; Goodreads is asked if a name was given."""
    ref = ProfileRef(int(account)) if account.isdigit() else ProfileRef(vanity=account)
    return resolve_profile(ref, fetcher())


def stage_page(*, job: ImportJob, page: ShelfPage, shelf: str = "") -> None:
    """Store a page's rows and problems with the job; `shelf` is the one that was pulled.

    By COPY, as a file may have 50,000 rows while its reader waits. Of a book that is on two
    shelves, or was moved from one to the other meanwhile, the row that came first counts.
    """
    last = job.items.aggregate(last=Max("position"))["last"] or 0
    keys = [row.source_key for row in page.rows] if last else []
    there = set(job.items.filter(AnyOf(F("source_key"), keys)).values_list("source_key", flat=True))
    lines = [
        _line(row, State.REPEATED if row.source_key in there else State.STAGED) for row in page.rows
    ]
    lines += [_line(row, State.REPEATED) for row in page.repeated]
    lines += [_failed_line(problem, shelf or job.shelf) for problem in page.problems]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(ImportItem._meta.db_table),
        sql.SQL(", ").join(map(sql.Identifier, ("job_id", "position", *COLUMNS))),
    )
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for position, line in enumerate(lines, start=last + 1):
            copy.write_row((job.pk, position, *line))


def decode_again(*, job: ImportJob, encoding: str) -> None:
    """Read the text of all rows as if its letters were those of another encoding."""

    def again(text: str) -> str:
        return text.encode(job.encoding, "replace").decode(encoding, "replace")

    rows = list(job.items.all())
    for row in rows:
        row.title, row.author, row.shelf = again(row.title), again(row.author), again(row.shelf)
        if row.source_key.startswith(KEY_BY_TITLE):
            row.source_key = key_of(row.title, row.author)
        if row.state not in (ImportItem.State.FAILED, ImportItem.State.REPEATED):
            row.state, row.book, row.candidates, row.change = ImportItem.State.STAGED, None, [], ""
            row.suggested_book = None
    changed = ["title", "author", "shelf", "source_key", *MATCHED_FIELDS, "change"]
    update_rows(rows, changed)


def fetcher(*, attempts: int = ATTEMPTS) -> Fetcher:
    """The way to Goodreads, by the settings; raises `SwitchedOff`."""
    return Fetcher(
        base_url=settings.GOODREADS_BASE_URL,
        pace=OneAtATime.from_url(
            settings.REDIS_URL, name="goodreads", pause_seconds=settings.GOODREADS_PAUSE_SECONDS
        ),
        contact=settings.CONTACT_EMAIL,
        user_agent=settings.USER_AGENT,
        key=settings.GOODREADS_API_KEY,
        attempts=attempts,
    )


def _line(row: ShelfRow, state: ImportItem.State) -> tuple[object, ...]:
    return (
        state.value,
        row.note[:300],
        "",
        "[]",
        row.line,
        row.source_key,
        row.edition_id,
        row.work_id,
        row.isbn13 or isbn13_of(row.isbn10),
        row.title[:500],
        row.author[:300],
        row.stars,
        row.read_count,
        row.shelf[:100],
        row.added_on,
        row.read_on,
    )


def _failed_line(problem: RowProblem, shelf: str) -> tuple[object, ...]:
    title, reason = problem.text[:500], problem.reason[:300]
    failed = ImportItem.State.FAILED.value
    unknown = ("", None, None, "")  # its number, those of edition and work, the ISBN
    return (failed, reason, "", "[]", problem.line, *unknown, title, "", None, 0, shelf, None, None)
