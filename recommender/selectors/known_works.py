"""Books that a reader has under another title, or that belong to one of theirs.

Another edition or translation of a book in the library, and companions, adaptations and
collections of it, are no news to its reader. So are the books that a line may mean which found
none.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from catalog.models import Book, BookAuthor
from catalog.normalize import may_be_same_person
from catalog.same_work import Name, is_about_another, name_of, names_work, series_key
from recommender.models import LibraryEntry, Reader

_COLUMNS = (
    "goodbooks_id",
    "is_box_set",
    "series_name",
    "series_number",
    "title",
    "original_title",
)
_OWN = BookAuthor.objects.filter(book=OuterRef("pk")).order_by()
_AUTHORS = ArraySubquery(_OWN.values("author"))
_NAMES = ArraySubquery(_OWN.values("author__name"))


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A line of a library: the titles it has here and there, its author, and its book if found."""

    titles: tuple[str, ...]
    author: str
    book_id: int | None = None


@dataclass(slots=True)
class KnownWorks:
    """The works that a library's lines name."""

    _by_title: dict[str, list[tuple[Name, KnownLine]]] = field(default_factory=dict)
    _by_volume: dict[tuple[str, object], list[KnownLine]] = field(default_factory=dict)

    @classmethod
    def of_lines(cls, lines: Iterable[KnownLine]) -> "KnownWorks":
        known = cls()
        for line in lines:
            for title in set(line.titles):  # mostly one and the same
                name = name_of(title)
                known._by_title.setdefault(name.main, []).append((name, line))
                if name.series and name.number is not None:
                    known._by_volume.setdefault((name.series, name.number), []).append(line)
        return known

    def among(self, book_ids: Iterable[int]) -> set[int]:
        """Those of some books, by `Book.goodbooks_id`, that the reader knows.

        In one query, and a second where a title is one of the reader's.
        """
        rows = Book.objects.known_as(book_ids).order_by().values_list(*_COLUMNS, _AUTHORS, _NAMES)
        known: set[int] = set()
        alike: list[tuple[int, set[int], list[str], list[KnownLine]]] = []
        for number, is_box_set, series, volume, title, original, author_ids, names in rows:
            if number is None:
                continue
            if self._has_what_it_is_about(title):
                known.add(number)
                continue
            lines = self._with_title((title, original))
            if series and not is_box_set:
                lines += self._by_volume.get((series_key(series), volume), [])
            if lines:
                alike.append((number, set(author_ids), names, lines))
        authors = _authors_of({line.book_id for *_, lines in alike for line in lines})
        return known | {
            number
            for number, author_ids, names, lines in alike
            if any(
                author_ids & authors.get(line.book_id, set()) or _is_by(line.author, names)
                for line in lines
            )
        }

    def _with_title(self, titles: Iterable[str]) -> list[KnownLine]:
        return [
            line
            for name in {name_of(title) for title in titles if title}
            for other, line in self._by_title.get(name.main, [])
            if name.is_same_title(other)
        ]

    def _has_what_it_is_about(self, title: str) -> bool:
        return is_about_another(title) and any(names_work(title, main) for main in self._by_title)


def known_works(*, reader: Reader) -> KnownWorks:
    """The works of the reader's library, matched to the catalog or not; in one query."""
    entries = LibraryEntry.objects.filter(reader=reader).order_by()
    rows = entries.values_list("book", "author", "title", "book__title", "book__original_title")
    return KnownWorks.of_lines(
        KnownLine(tuple(title for title in titles if title), author, book_id)
        for book_id, author, *titles in rows
    )


def _authors_of(book_ids: Collection[int | None]) -> dict[int | None, set[int]]:
    """The authors of books by the books' keys."""
    if not any(book_ids):
        return {}
    authors: dict[int | None, set[int]] = {}
    rows = BookAuthor.objects.filter(book__in=[pk for pk in book_ids if pk]).order_by()
    for book_id, author_id in rows.values_list("book", "author"):
        authors.setdefault(book_id, set()).add(author_id)
    return authors


def _is_by(author: str, authors: Sequence[str]) -> bool:
    """Whether one of a book's authors may be the one a line names; a line may name several."""
    names = {author, *(part for part in author.split(", ") if part)}
    return any(may_be_same_person(name, one) for name in names for one in authors)
