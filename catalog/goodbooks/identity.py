"""Finds the book of the catalog that a line of books.csv is about."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Prefetch, Q

from catalog.goodbooks.books import (
    FIRST_ADDED_ID,
    FIRST_OTHER_ID,
    FIRST_STARTER_ID,
    BookRow,
    is_starter_id,
)
from catalog.goodbooks.table import Problems, UnusableFolder
from catalog.kinds import kind_of
from catalog.models import Book, BookAuthor, BookIdentifier, BookQuerySet
from catalog.normalize import may_be_same_person, surname_key, title_key

#: Of the books that the catalog knows by number, this share may have another title and author than
#: their lines, for curators rename some; of fewer than that many nothing can be told.
MOST_RENAMED, FEWEST_KNOWN = 0.5, 10


@dataclass(slots=True)
class Identified:
    """What the catalog has already."""

    books: dict[int, Book] = field(default_factory=dict)  # by the line's book_id
    taken_over: set[int] = field(default_factory=set)  # lines whose book had another number
    left_out: set[int] = field(default_factory=set)  # starter books here by their goodbooks id


def identify(rows: Mapping[int, BookRow]) -> Identified:
    """Find the book of each line: by its number, its work, or among books with other numbers.

    A book of the starter shelf or of another set, or one that was added here, is the same work as a
    line's if title and author agree, or the number of the work; an added one also by the number of
    an edition. It is taken over with everything readers have saved about it. Raises
    `UnusableFolder` if most of the numbers are those of other books here.
    """
    known = {
        book.goodbooks_id: book
        for book in Book.objects.known_as(rows)
        if book.goodbooks_id is not None
    }
    _refuse_other_books(rows, known)
    found = Identified(books=known)
    real = [row for row in rows.values() if not is_starter_id(row.book_id)]
    starter = [row for row in rows.values() if is_starter_id(row.book_id)]
    others = _of_other_sets(real)
    _adopt_by_work(real, others, found)
    _adopt_by_number([*real, *starter], found)
    _adopt_by_title(real, _with_credits(_starter() | _added() | others), found)
    _adopt_by_title(starter, _with_credits(_added()), found)
    _leave_out_present(starter, found)
    return found


def _refuse_other_books(rows: Mapping[int, BookRow], known: Mapping[int, Book]) -> None:
    """Raise `UnusableFolder` if most lines have the number of a book that is another one.

    Numbers are what ratings and libraries go by: one set of books may not be written over another.
    """
    renamed = {number: book for number, book in known.items() if not _has_title(rows[number], book)}
    if len(known) < FEWEST_KNOWN or len(renamed) <= MOST_RENAMED * len(known):
        return
    keys = [book.pk for book in renamed.values()]
    others = [
        (rows[book.goodbooks_id or 0], book)
        for book in _with_credits(Book.objects.filter(pk__in=keys).order_by("goodbooks_id"))
        if not _is_by(rows[book.goodbooks_id or 0], book)
    ]
    if len(others) > MOST_RENAMED * len(known):
        row, book = others[0]
        raise UnusableFolder(
            f"{len(others):,} of its numbers are those of other books here: {row.book_id} is "
            f"“{row.title.title}” there and “{book.title}” in the catalog. Another set of books "
            "needs numbers of its own."
        )


def _has_title(row: BookRow, book: Book) -> bool:
    ways = ((of_row(row), of_book(book)) for of_row, of_book in _WAYS_TO_COMPARE)
    same_title = any(key and key == other for key, other in ways)
    return same_title or (row.work_id or 0) == book.goodreads_work_id


def _adopt_by_work(rows: Iterable[BookRow], others: BookQuerySet, found: Identified) -> None:
    """Take over books with the line's work id that have no number yet, or one of another set."""
    new = {row.work_id: row for row in rows if row.book_id not in found.books and row.work_id}
    numberless = Book.objects.filter(goodbooks_id__isnull=True)
    numbered = (numberless | _starter() | others).filter(goodreads_work_id__in=list(new))
    by_work = {book.goodreads_work_id: book for book in numbered}
    for work_id, row in new.items():
        if work_id in by_work:
            _take_over(row, by_work[work_id], found)


def _adopt_by_number(rows: Iterable[BookRow], found: Identified) -> None:
    """Take over added books with the number of an edition and an author of the line."""
    added = {book.pk: book for book in _with_credits(_added())}
    numbers = BookIdentifier.objects.filter(book__in=list(added)).order_by()
    holders = {
        (scheme, value): added[pk]
        for scheme, value, pk in numbers.values_list("scheme", "value", "book_id")
    }
    taken = {book.pk for book in found.books.values()}
    for row in rows:
        wanted = [(BookIdentifier.Scheme.GOODREADS.value, str(n)) for n in row.edition_ids]
        wanted += [(BookIdentifier.Scheme.ISBN13.value, row.isbn13)]
        held = {holders[pair].pk: holders[pair] for pair in wanted if pair in holders}
        fitting = [book for book in held.values() if book.pk not in taken and _is_by(row, book)]
        if len(fitting) == 1 and row.book_id not in found.books:
            _take_over(row, fitting[0], found)
            taken.add(fitting[0].pk)


def _adopt_by_title(rows: Iterable[BookRow], books: Iterable[Book], found: Identified) -> None:
    """Take over books with the title and an author of a line."""
    taken = {book.pk for book in found.books.values()}
    free = [book for book in books if book.pk not in taken]
    left = [row for row in rows if row.book_id not in found.books]
    for keys_of_row, keys_of_book in _WAYS_TO_COMPARE:
        by_key = _by_key(free, keys_of_book)
        for row in left if by_key else ():
            match = _only_match(row, keys_of_row(row), by_key)
            if match and match.pk not in taken and row.book_id not in found.books:
                _take_over(row, match, found)
                taken.add(match.pk)


def _take_over(row: BookRow, book: Book, found: Identified) -> None:
    found.books[row.book_id] = book
    found.taken_over.add(row.book_id)


def _leave_out_present(rows: Iterable[BookRow], found: Identified) -> None:
    """Leave out starter books that the catalog has under their goodbooks number already."""
    left = [row for row in rows if row.book_id not in found.books]
    keys = {key for row in left for key in (row.title.key, title_key(row.original_title)) if key}
    real = list(
        _with_credits(
            Book.objects.filter(
                Q(title_key__in=keys) | Q(original_title_key__in=keys),
                goodbooks_id__lt=FIRST_STARTER_ID,
            )
        )
    )
    for keys_of_row, keys_of_book in _WAYS_TO_COMPARE:
        by_key = _by_key(real, keys_of_book)
        found.left_out |= {
            row.book_id for row in left if _same_title(row, keys_of_row(row), by_key)
        }


def _starter() -> BookQuerySet:
    return Book.objects.filter(is_simulated=True, goodbooks_id__gte=FIRST_STARTER_ID)


def _added() -> BookQuerySet:
    """Books that readers or curators have added here."""
    added = Q(goodbooks_id__gte=FIRST_ADDED_ID, goodbooks_id__lt=FIRST_OTHER_ID)
    return Book.objects.standing().filter(added)


def _of_other_sets(rows: Iterable[BookRow]) -> BookQuerySet:
    """Books with numbers of goodbooks-10k where the lines are of another set, and vice versa."""
    if any(row.book_id >= FIRST_OTHER_ID for row in rows):
        return Book.objects.filter(goodbooks_id__lt=FIRST_STARTER_ID)
    return Book.objects.filter(goodbooks_id__gte=FIRST_OTHER_ID)


def _with_credits(books: BookQuerySet) -> BookQuerySet:
    return books.prefetch_related(Prefetch("credits", BookAuthor.objects.select_related("author")))


def _by_key(books: Iterable[Book], key_of: Callable[[Book], str]) -> dict[str, list[Book]]:
    by_key: defaultdict[str, list[Book]] = defaultdict(list)
    for book in books:
        if key_of(book):
            by_key[key_of(book)].append(book)
    return by_key


def _same_title(row: BookRow, key: str, by_key: Mapping[str, list[Book]]) -> list[Book]:
    """Books with the title and an author of the line."""
    return [
        book
        for book in by_key.get(key, ())
        if book.is_collection == _is_collection(row) and _is_by(row, book)
    ]


def _is_collection(row: BookRow) -> bool:
    kind = kind_of(row.title, original_title=row.original_title, work_id=row.work_id).kind
    return kind in Book.COLLECTIONS


def _is_by(row: BookRow, book: Book) -> bool:
    """Whether the first author of the line is one of the book."""
    return any(
        may_be_same_person(name, author)
        for name in row.authors[:1]
        for author in book.credited_names
    )


def _only_match(row: BookRow, key: str, by_key: Mapping[str, list[Book]]) -> Book | None:
    matches = _same_title(row, key, by_key)
    return matches[0] if len(matches) == 1 else None


# Titles are compared first, for all lines, then original titles.
_WAYS_TO_COMPARE: tuple[tuple[Callable[[BookRow], str], Callable[[Book], str]], ...] = (
    (lambda row: row.title.key, lambda book: book.title_key),
    (lambda row: row.title.key, lambda book: book.original_title_key),
    (lambda row: title_key(row.original_title), lambda book: book.title_key),
)


def report_duplicates(rows: Iterable[BookRow], file: str, notices: Problems) -> None:
    """Report lines with the title and the author of an earlier line; both are kept."""
    first: dict[tuple[str, str], BookRow] = {}
    for row in rows:
        if not row.authors:
            continue
        earlier = first.setdefault((row.title.key, surname_key(row.authors[0])), row)
        if earlier is not row:
            notices.add(
                file,
                row.line,
                f"book {row.book_id} has the title and the author of book {earlier.book_id} "
                f"(line {earlier.line}); both are kept",
            )
