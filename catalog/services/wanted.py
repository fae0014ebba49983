"""Books that libraries have and the catalog lacks: Open Library is asked for each of them once.

A batch is claimed for some minutes, as in `enrichment`. Each answer is saved by itself. Nothing of
a reader goes out: numbers, titles and authors alone, from one queue for all libraries.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.editions import split_book_title
from catalog.models import Book, LookUpDay, WantedBook, WantedBookQuerySet
from catalog.normalize import clean_name, fold, title_key
from catalog.openlibrary.certain import Sought, Verdict, judge
from catalog.openlibrary.client import BATCH, OpenLibrary, Unanswered
from catalog.openlibrary.parse import Work
from catalog.services import additions, found_works
from catalog.title_parts import split_subtitle
from recsite.common.bulk import update_rows

CLAIM = timedelta(minutes=15)
NOTHING_AGAIN = timedelta(days=120)
DOUBTFUL_AGAIN = timedelta(days=180)
FAILED_AGAIN = timedelta(hours=1)  # doubled with each failure in a row
MAX_FAILED_AGAIN = timedelta(days=30)
LOADING_AGAIN = timedelta(minutes=15)
#: How many numbers of editions are kept for a book; the first of them is asked for.
MOST_NUMBERS = 5
BATCH_OF_ROWS = 1000
#: How many days the budgets are kept, for operators to see.
DAYS_KEPT = 30

State = WantedBook.State


class OverBudget(Exception):
    """Today's requests are used up; the rest waits for tomorrow."""


@dataclass(frozen=True, slots=True)
class Want:
    """A book as a line of a library names it."""

    title: str
    author: str = ""
    isbn13: str = ""
    goodreads_id: str = ""

    @property
    def key(self) -> str:
        """Equal for lines that name one book; hashed, as an index takes no title of any length."""
        names = " ".join(sorted(fold(self.author.replace(".", ". ")).split()))
        return hashlib.sha256(f"{title_key(self.title)}\0{names}".encode()).hexdigest()


def register(wants: Iterable[Want]) -> dict[str, int]:
    """Have these books looked for; return the row of each by `Want.key`.

    A book that was not found is due again where a new number leads to it.
    """
    by_key: dict[str, WantedBook] = {}
    now = timezone.now()
    for want in wants:
        row = by_key.setdefault(
            want.key,
            WantedBook(key=want.key, title=want.title, author=clean_name(want.author), due_at=now),
        )
        _add_numbers(row, [want.isbn13], [want.goodreads_id])
    # Always in one order, so that two who register the same books do not wait for each other.
    keys = sorted(by_key)
    for start in range(0, len(keys), BATCH_OF_ROWS):
        some = keys[start : start + BATCH_OF_ROWS]
        WantedBook.objects.bulk_create((by_key[key] for key in some), ignore_conflicts=True)
        _learn_numbers({key: by_key[key] for key in some})
    rows = WantedBook.objects.filter(key__in=keys)
    return dict(rows.values_list("key", "pk"))


def _add_numbers(row: WantedBook, isbns: Iterable[str], goodreads_ids: Iterable[str]) -> bool:
    """Add the numbers that the row lacks; return whether there were any."""
    changed = False
    for known, more in ((row.isbns, isbns), (row.goodreads_ids, goodreads_ids)):
        lacking = [number for number in more if number and number not in known]
        new = lacking[: MOST_NUMBERS - len(known)]
        known.extend(new)
        changed |= bool(new)
    return changed


@transaction.atomic
def _learn_numbers(wanted: Mapping[str, WantedBook]) -> None:
    rows = WantedBook.objects.select_for_update(no_key=True)
    known = rows.filter(key__in=list(wanted)).order_by("key")
    changed = []
    for row in known:
        new = wanted[row.key]
        if _add_numbers(row, new.isbns, new.goodreads_ids):
            if row.state in (State.NOTHING, State.DOUBTFUL):
                row.due_at = timezone.now()
            changed.append(row)
    update_rows(changed, ["isbns", "goodreads_ids", "due_at"])


@transaction.atomic
def claim(*, among: WantedBookQuerySet, size: int = BATCH) -> UUID | None:
    """Claim the next books that are due; None if there are none."""
    now = timezone.now()
    due = among.due(now).select_for_update(skip_locked=True, of=("self",), no_key=True)
    ids = list(due.values_list("pk", flat=True)[:size])
    if not ids:
        return None
    batch = uuid4()
    WantedBook.objects.filter(pk__in=ids).update(batch=batch, claimed_until=now + CLAIM)
    return batch


def rows_of(batch: UUID) -> list[WantedBook]:
    """What is left of a batch."""
    held = WantedBook.objects.filter(batch=batch, claimed_until__gt=timezone.now())
    return list(held.order_by("pk"))


def has_budget() -> bool:
    """Whether there are requests left for today."""
    today = LookUpDay.objects.filter(day=timezone.now().date())
    return not today.filter(requests__gte=settings.ADD_BOOKS_REQUESTS_A_DAY).exists()


def look_up(
    client: OpenLibrary, rows: Sequence[WantedBook]
) -> Iterator[tuple[WantedBook, Verdict | Unanswered]]:
    """Each book with what Open Library has: by one number each in one request, then by title.

    Where the request for all numbers fails, titles are asked for all the same. Raises `Busy`, and
    `OverBudget` once no request is left for today.
    """
    numbered: list[Work] = []
    isbns = [row.isbns[0] for row in rows if row.isbns]
    goodreads_ids = [row.goodreads_ids[0] for row in rows if row.goodreads_ids and not row.isbns]
    if isbns or goodreads_ids:
        _spend()
        try:
            numbered = client.by_numbers(isbns=isbns, goodreads_ids=goodreads_ids)
        except Unanswered:
            numbered = []
    for row in rows:
        sought = Sought(row.title, row.author, row.isbns, row.goodreads_ids)
        verdict = judge(sought, _with_number(sought, numbered))
        if verdict.certain is None:
            try:
                named = _by_title(client, row)
            except Unanswered as error:
                yield row, error
                continue
            verdict = judge(sought, [*_with_number(sought, numbered), *named])
        yield row, verdict


def _with_number(sought: Sought, works: Iterable[Work]) -> list[Work]:
    numbers = {*sought.isbns, *sought.goodreads_ids}
    return [work for work in works if numbers & {*work.isbns, *work.goodreads_ids}]


def _by_title(client: OpenLibrary, row: WantedBook) -> list[Work]:
    """Works of this title; without its subtitle, which Open Library keeps apart, if need be."""
    title = split_book_title(row.title).title
    _spend()
    works = client.by_title(title=title, author=row.author)
    proper = split_subtitle(title)[0].strip()
    if not works and proper and proper != title:
        _spend()
        works = client.by_title(title=proper, author=row.author)
    return works


def _spend() -> None:
    """Count a request; raises `OverBudget` if today's are used up."""
    today = timezone.now().date()
    LookUpDay.objects.get_or_create(day=today)
    left = LookUpDay.objects.filter(day=today, requests__lt=settings.ADD_BOOKS_REQUESTS_A_DAY)
    if not left.update(requests=F("requests") + 1):
        raise OverBudget


def settle(*, row: WantedBook, verdict: Verdict | Unanswered) -> WantedBook | None:
    """Save an answer; a work that is certain becomes a book, or waits for a curator.

    Returns the row as it is then; None if another worker has it. Call it in a transaction.
    """
    held = (
        WantedBook.objects.select_for_update(no_key=True).filter(pk=row.pk, batch=row.batch).first()
    )
    if held is None:
        return None
    held.batch, held.claimed_until, held.asked_at = None, None, timezone.now()
    held.note = ""
    if isinstance(verdict, Unanswered):
        again = min(FAILED_AGAIN * 2 ** min(held.attempts, 12), MAX_FAILED_AGAIN)
        _set(held, State.FAILED, again=again)
        held.attempts, held.note = held.attempts + 1, str(verdict)[:200]
    elif verdict.certain:
        _settle_certain(held, verdict.certain)
    elif verdict.doubtful:
        _set(held, State.DOUBTFUL, again=DOUBTFUL_AGAIN, works=verdict.doubtful)
    else:
        _set(held, State.NOTHING, again=NOTHING_AGAIN)
    held.save()
    return held


def _settle_certain(row: WantedBook, work: Work) -> None:
    present = additions.existing_book(work)
    if present is None and settings.ADD_BOOKS == "ask":
        is_open = found_works.offer(work=work, reason=found_works.Reason.READERS)
        state = State.FOUND if is_open else State.REFUSED
        _set(row, state, works=[work] if is_open else [])
        return
    try:
        book = present or additions.add(work=work, user=None, origin=Book.Origin.READERS).book
    except additions.Loading as error:
        row.due_at, row.note = timezone.now() + LOADING_AGAIN, str(error)
    except additions.CannotAdd as error:
        _set(row, State.REFUSED)
        row.note = str(error)
    else:
        _set(row, State.ADDED, book=book)


def _set(
    row: WantedBook,
    state: WantedBook.State,
    *,
    again: timedelta = timedelta(),
    works: Sequence[Work] = (),
    book: Book | None = None,
) -> None:
    row.state, row.book, row.attempts = state, book, row.attempts if state == State.FAILED else 0
    row.works = [asdict(work) for work in works]
    row.due_at = timezone.now() + again


def put_off(*, batch: UUID, seconds: float) -> int:
    """Release what is left of a batch, to be looked up later; return how many books."""
    due_at = timezone.now() + timedelta(seconds=seconds)
    return WantedBook.objects.filter(batch=batch).update(
        due_at=due_at, batch=None, claimed_until=None
    )


def remove_old_days() -> None:
    """Forget how much was asked a month ago."""
    LookUpDay.objects.filter(day__lt=timezone.now().date() - timedelta(days=DAYS_KEPT)).delete()
