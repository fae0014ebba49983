"""Reads a folder in the format of goodbooks-10k, without a database."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.goodbooks.books import (
    BOOK_COLUMNS,
    MAX_INTEGER,
    MORE_BOOK_COLUMNS,
    NUL,
    BookParser,
    BookRow,
    WrongRow,
    is_integer,
)
from catalog.goodbooks.genres import genre_of, top_genres
from catalog.goodbooks.languages import settle_languages
from catalog.goodbooks.table import Problems, Row, Table, UnusableFolder, find_table
from catalog.sentences import unquoted

Say = Callable[[str], None]

LINES_PER_MESSAGE = 250_000
DESCRIPTION_SOURCE = "beeFormer (machine-written, CC BY-SA 4.0)"


@dataclass(frozen=True, slots=True)
class Description:
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder's contents; mappings are by book_id, None if the folder lacks the file."""

    books: Mapping[int, BookRow]
    books_file: str
    shelvings: Mapping[int, Mapping[str, int]] | None  # book_id -> genre slug -> count
    to_read: Mapping[int, int] | None
    descriptions: Mapping[int, Description] | None
    problems: Problems


def read_folder(folder: Path, *, problems: Problems, say: Say) -> Folder:
    """Read every table of the folder. Raises `UnusableFolder`."""
    table = find_table(folder, "books", problems)
    if table is None:
        raise UnusableFolder(
            f"{folder} has no books.csv or books.csv.gz; name a folder of goodbooks-10k."
        )
    books = _read_books(table, say)
    if not books:
        raise UnusableFolder(f"{table.path} has no usable book; is it a file of goodbooks-10k?")
    return Folder(
        books=books,
        books_file=table.name,
        shelvings=_read_shelvings(folder, books, problems, say),
        to_read=_read_to_read(folder, books, problems, say),
        descriptions=_read_descriptions(folder, books, problems, say),
        problems=problems,
    )


def _read_books(table: Table, say: Say) -> dict[int, BookRow]:
    say(f"Reading {table.name} …")
    books: dict[int, BookRow] = {}
    for row in table.rows(*BOOK_COLUMNS, optional=MORE_BOOK_COLUMNS):
        try:
            book = BookParser(table, row).parse()
        except WrongRow as error:
            table.wrong(row.line, f"{error}; the row is left out")
            continue
        if book.book_id in books:
            first = books[book.book_id].line
            table.wrong(
                row.line, f"book_id {book.book_id} is also on line {first}; the row is left out"
            )
        else:
            books[book.book_id] = book
    say(f"  {len(books):,} books")
    return settle_languages(books)


def _read_shelvings(
    folder: Path, books: Mapping[int, BookRow], problems: Problems, say: Say
) -> dict[int, dict[str, int]] | None:
    """Genres of the books, from the names of readers' shelves."""
    tags = find_table(folder, "tags", problems)
    book_tags = find_table(folder, "book_tags", problems)
    if tags is None or book_tags is None:
        say("There is no tags.csv with a book_tags.csv; genres stay as they are.")
        return None
    say(f"Reading {book_tags.name} …")
    genres = _genres_by_tag(tags)
    counts: dict[tuple[int, str], int] = {}
    rows = 0
    for row, book_id in _rows_of_books(book_tags, books, say, "tag_id", "count"):
        rows += 1
        tag_id, count = row.values[1:]
        if tag_id not in genres:
            book_tags.wrong(row.line, f"tag_id {tag_id!r} is not in {tags.name}")
        elif not is_integer(count, 1, MAX_INTEGER):
            book_tags.wrong(row.line, f"count is {count!r}, not a number above zero")
        elif genres[tag_id] is not None:
            key = (book_id, tag_id)
            if key in counts:
                book_tags.wrong(
                    row.line, f"the book has tag_id {tag_id} twice; the larger count is kept"
                )
            counts[key] = max(counts.get(key, 0), int(count))
    say(f"  {rows:,} shelves")
    by_book: dict[int, Counter[str]] = {}
    for (book_id, tag_id), number in counts.items():
        slug = genres[tag_id]
        if slug is not None:
            by_book.setdefault(book_id, Counter())[slug] += number
    return {book_id: top_genres(counter) for book_id, counter in by_book.items()}


def _genres_by_tag(tags: Table) -> dict[str, str | None]:
    """The genre that each tag means, None for most."""
    return {row.values[0]: genre_of(row.values[1]) for row in tags.rows("tag_id", "tag_name")}


def _rows_of_books(
    table: Table, books: Mapping[int, BookRow], say: Say, *columns: str
) -> Iterator[tuple[Row, int]]:
    """Lines of a table about books, each with its book's id; unknown books are reported."""
    if "book_id" in table.columns():
        key, by_text = "book_id", {str(book_id): book_id for book_id in books}
    else:
        key = "goodreads_book_id"
        by_text = {
            str(edition_id): book.book_id
            for book in books.values()
            for edition_id in reversed(book.edition_ids)
        }
    for row in table.rows(key, *columns):
        if row.line % LINES_PER_MESSAGE == 0:
            say(f"  {row.line:,} lines …")
        book_id = by_text.get(row.values[0])
        if book_id is None:
            table.wrong(row.line, f"{key} {row.values[0]!r} is not a book of this folder")
        else:
            yield row, book_id


def _read_to_read(
    folder: Path, books: Mapping[int, BookRow], problems: Problems, say: Say
) -> dict[int, int] | None:
    """How many readers want to read each book."""
    table = find_table(folder, "to_read", problems)
    if table is None:
        say("There is no to_read.csv; to-read counts stay as they are.")
        return None
    say(f"Reading {table.name} …")
    counts = Counter(book_id for _, book_id in _rows_of_books(table, books, say))
    say(f"  {counts.total():,} books to read")
    return {book_id: counts[book_id] for book_id in books}


def _read_descriptions(
    folder: Path, books: Mapping[int, BookRow], problems: Problems, say: Say
) -> dict[int, Description] | None:
    table = find_table(folder, "descriptions", problems)
    if table is None:
        return None
    say(f"Reading {table.name} …")
    descriptions: dict[int, Description] = {}
    has_source = "source" in table.columns()
    columns = ("description", "source") if has_source else ("description",)
    for row, book_id in _rows_of_books(table, books, say, *columns):
        text = unquoted(row.values[1].replace(NUL, ""))
        source = (row.values[2] if has_source else "")[:120] or DESCRIPTION_SOURCE
        if not text:
            table.wrong(row.line, "the description is empty")
        elif book_id in descriptions:
            table.wrong(row.line, f"book_id {book_id} has a description already")
        else:
            descriptions[book_id] = Description(text, source)
    say(f"  {len(descriptions):,} descriptions")
    return descriptions
