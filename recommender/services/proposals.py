"""Books that the catalog lacks: searched for at Open Library, chosen by a person, and added.

The web process stores the search; a worker asks Open Library and stores what it found. Whoever
asked then chooses a work, whose book is added at once, also to the entry it was searched for.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import ceil

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from catalog.models import Book
from catalog.normalize import split_title
from catalog.openlibrary.client import Busy, OpenLibrary, SwitchedOff, Unanswered
from catalog.openlibrary.parse import Work, work_from_json
from catalog.services import additions
from catalog.services.enrichment import open_library
from recommender.models import ImportItem, LibraryEntry, Proposal, Reader
from recommender.services import entries, library, repairs, waiting
from recommender.services.locks import lock_import, lock_reader
from recsite.accounts.models import User
from recsite.common.queue import Queue, enqueue_on_commit

TASK = "proposals.search"
SEARCHES_A_DAY = 30
#: A search that takes longer has lost its worker, and may be started again.
STUCK_AFTER = timedelta(minutes=2)
MOST_WORKS = 10
TOO_MANY = (
    f"You have searched for {SEARCHES_A_DAY} books within a day, the most that we ask of Open "
    "Library for one reader. Come back tomorrow."
)
TOO_MANY_GUESTS = (
    "Many visitors are searching at the moment, and Open Library lets us ask only so often. Log "
    "in, or come back in an hour."
)
SWITCHED_OFF = (
    "This site does not search Open Library, because its operator has given no contact address."
)
UNANSWERED = "Open Library gave no answer that we could read. Try again in a moment."
TOO_SLOW = "Open Library took too long. Try again in a moment."

State = Proposal.State


class CannotPropose(Exception):
    """No search can be started now; the message tells the reader why."""


class CannotChoose(Exception):
    """The work cannot be chosen now; the message tells the reader what to do."""


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What is searched for: by numbers, if there are any, then by title and author."""

    title: str = ""
    author: str = ""
    isbn13: str = ""
    edition_id: int | None = None  # Goodreads' number of any edition
    work_key: str = ""  # Open Library's number of the work


@dataclass(frozen=True, slots=True)
class Chosen:
    """The book of the work that was chosen; `is_new` if the catalog did not have it.

    `left_line` says that the entry or row it was searched for could not be given the book.
    """

    book: Book
    is_new: bool
    left_line: bool


@transaction.atomic
def propose(*, reader: Reader, terms: SearchTerms) -> Proposal:
    """Search for a book that a reader misses; raises `CannotPropose` beyond the daily limit."""
    lock_reader(reader.pk)
    _check_limit(reader)
    return _begin(Proposal(reader=reader, **asdict(terms)))


@transaction.atomic
def propose_for_row(*, item: ImportItem) -> Proposal:
    """Search for the book of an unmatched row; an open search for the row is returned as it is.

    Raises `CannotPropose` beyond the daily limit, and for a row that cannot be given a book now.
    """
    job = lock_import(item.job_id)
    row = job.items.get(pk=item.pk)
    if open_one := row.proposals.open().first():
        return open_one
    _check_limit(job.reader)
    if row.state not in ImportItem.REPAIRABLE or not job.can_be_repaired:
        raise CannotPropose("This row can no longer be changed. Reload the page.")
    terms = SearchTerms(row.title, row.author, row.isbn13, row.edition_id)
    return _begin(Proposal(reader=job.reader, item=row, **asdict(terms)))


@transaction.atomic
def propose_for_entry(*, entry: LibraryEntry) -> Proposal:
    """Search for the book of an entry; an open search for the entry is returned as it is.

    Raises `CannotPropose` beyond the daily limit, and for an entry that has its book.
    """
    lock_reader(entry.reader_id)
    if open_one := entry.proposals.open().first():
        return open_one
    _check_limit(entry.reader)
    if entry.book_id is not None:
        raise CannotPropose("This entry already has its book. Reload the page.")
    rows = ImportItem.objects.of_line(
        reader=entry.reader, source=entry.source, source_key=entry.source_key
    )
    isbns = rows.exclude(isbn13="").order_by("-job__created_at").values_list("isbn13", flat=True)
    edition_id = library.edition_id_of(entry)
    terms = SearchTerms(entry.title, entry.author, isbns.first() or "", edition_id)
    return _begin(Proposal(reader=entry.reader, entry=entry, **asdict(terms)))


@transaction.atomic
def propose_as_curator(*, curator: User, terms: SearchTerms) -> Proposal:
    """Search for a book that a curator wants to add."""
    return _begin(Proposal(curator=curator, **asdict(terms)))


def offer(*, entries: Sequence[LibraryEntry], works: Sequence[Work]) -> None:
    """Let the readers of entries choose among works that were found without their asking.

    An open search that has found nothing gets the works; any other stays as it is.
    """
    found = [asdict(work) for work in works[:MOST_WORKS]]
    empty = Proposal.objects.filter(entry__in=entries, state__in=[State.NOTHING, State.FAILED])
    empty.update(state=State.CHOOSING, problem="", works=found)
    Proposal.objects.bulk_create(
        (
            Proposal(
                reader_id=entry.reader_id,
                entry=entry,
                title=entry.title,
                author=entry.author,
                edition_id=library.edition_id_of(entry),
                state=State.CHOOSING,
                searches=0,  # it is none of those that a reader may make in a day
                works=found,
            )
            for entry in entries
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def search_again(*, proposal: Proposal, terms: SearchTerms | None = None) -> Proposal:
    """Search once more, by other terms if some are given.

    Nothing happens if the book was added, or the search is under way. Raises `CannotPropose` beyond
    the daily limit.
    """
    row = _locked(proposal)
    if row.state == State.ADDED or (row.state == State.SEARCHING and not is_stuck(row)):
        return row
    if row.reader:
        _check_limit(row.reader)
    if terms:
        row.title, row.author, row.isbn13 = terms.title, terms.author, terms.isbn13
    row.state, row.problem, row.works = State.SEARCHING, "", []
    row.asked_at, row.searches = timezone.now(), row.searches + 1
    row.save()
    enqueue_on_commit(TASK, str(row.pk), queue=Queue.PAGE)
    return row


def search(*, proposal_id: str) -> None:
    """Ask Open Library, and store what came of it for a person to see.

    Only a proposal that is being searched for is searched for; the answer of a second worker is
    ignored.
    """
    proposal = Proposal.objects.filter(pk=proposal_id, state=State.SEARCHING).first()
    if proposal is None:
        return
    try:
        with closing(open_library()) as client:
            works = _search(client, proposal)
    except SwitchedOff:
        _end(proposal, state=State.FAILED, problem=SWITCHED_OFF)
    except Busy as error:
        _end(proposal, state=State.FAILED, problem=_busy_message(error.seconds))
    except Unanswered:
        _end(proposal, state=State.FAILED, problem=UNANSWERED)
    else:
        state = State.CHOOSING if works else State.NOTHING
        _end(proposal, state=state, works=[asdict(work) for work in works])


def give_up(*, proposal_id: str) -> None:
    """End a search that took longer than a task may."""
    searching = Proposal.objects.filter(pk=proposal_id, state=State.SEARCHING)
    searching.update(state=State.FAILED, problem=TOO_SLOW)


@transaction.atomic
def choose(*, proposal: Proposal, key: str) -> Chosen:
    """Add the chosen work to the catalog; its book goes to the entry or row it was searched for.

    Choosing a second time changes nothing. Raises `CannotChoose` if there is nothing to choose or
    the work is not among those found, and `catalog.services.additions.CannotAdd`.
    """
    row = _locked(proposal)
    if row.book is not None:
        return Chosen(row.book, is_new=False, left_line=False)
    works = {work.key: work for work in works_of(row)}
    if key not in works:
        raise CannotChoose("Choose one of the books that were found.")
    addition = additions.add(work=works[key], user=row.curator)
    row.book, row.state = addition.book, State.ADDED
    row.save(update_fields=["book", "state"])
    given = _give_book(row, addition.book)
    if addition.is_new:
        waiting.queue(book=addition.book)
    return Chosen(addition.book, addition.is_new, left_line=not given)


def is_stuck(proposal: Proposal) -> bool:
    """Whether a search has lost its worker or its message, and may be started again."""
    is_searching = proposal.state == State.SEARCHING
    return is_searching and proposal.asked_at < timezone.now() - STUCK_AFTER


def works_of(proposal: Proposal) -> list[Work]:
    """The works that were found."""
    return [work_from_json(found) for found in proposal.works]


def _begin(proposal: Proposal) -> Proposal:
    proposal.save(force_insert=True)
    enqueue_on_commit(TASK, str(proposal.pk), queue=Queue.PAGE)
    return proposal


def _locked(proposal: Proposal) -> Proposal:
    """The proposal as it is now, locked after its reader, if it has one."""
    if proposal.reader_id is not None:
        lock_reader(proposal.reader_id)
    rows = Proposal.objects.select_for_update(of=("self",)).select_related("reader")
    return rows.get(pk=proposal.pk)


def _check_limit(reader: Reader) -> None:
    today = reader.proposals.filter(asked_at__gt=timezone.now() - timedelta(days=1))
    if (today.aggregate(n=Sum("searches"))["n"] or 0) >= SEARCHES_A_DAY:
        raise CannotPropose(TOO_MANY)
    if reader.user_id is None:
        last_hour = Proposal.objects.filter(asked_at__gt=timezone.now() - timedelta(hours=1))
        of_guests = last_hour.filter(reader__isnull=False, reader__user=None)
        if (of_guests.aggregate(n=Sum("searches"))["n"] or 0) >= settings.GUEST_SEARCHES_AN_HOUR:
            raise CannotPropose(TOO_MANY_GUESTS)


def _end(proposal: Proposal, **values: object) -> None:
    same_search = Proposal.objects.filter(
        pk=proposal.pk, state=State.SEARCHING, asked_at=proposal.asked_at
    )
    same_search.update(**values)


def _search(client: OpenLibrary, proposal: Proposal) -> list[Work]:
    """Works with the numbers first, then works of that title; only those with an author."""
    if proposal.work_key:
        return _with_author(client.by_key(proposal.work_key))
    isbns = [proposal.isbn13] if proposal.isbn13 else []
    editions = [str(proposal.edition_id)] if proposal.edition_id else []
    found = client.by_numbers(isbns=isbns, goodreads_ids=editions) if isbns or editions else []
    title = split_title(proposal.title).title
    if title:
        named = client.by_title(title=title, author=proposal.author)
        short = title.partition(":")[0].strip()
        if not named and short != title:  # Open Library keeps subtitles apart
            named = client.by_title(title=short, author=proposal.author)
        found += named
    return _with_author(found)


def _with_author(works: Iterable[Work]) -> list[Work]:
    by_key = {work.key: work for work in works if work.credited}
    return list(by_key.values())[:MOST_WORKS]


def _busy_message(seconds: float) -> str:
    minutes = ceil(seconds / 60)
    after = f"{minutes} minutes" if minutes > 1 else "a minute"
    return f"Open Library is busy and asks us to wait. Try again in {after}."


def _give_book(proposal: Proposal, book: Book) -> bool:
    """Give the book to the entry or row it was searched for; False if that is impossible."""
    if proposal.entry is not None:
        return entries.give_book(entry=proposal.entry, book=book)
    if proposal.item is not None:
        try:
            repairs.repair(item=proposal.item, book=book)
        except repairs.CannotRepair:
            return False
    return True
