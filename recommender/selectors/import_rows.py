"""The rows of an import as its reader sees them: in groups, with the books that they may mean."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects

from catalog.models import Book
from catalog.suggest import suggest
from recommender.models import ImportItem, ImportJob


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows of an import with the same result."""

    name: str
    label: str
    size: int
    rows: list[ImportItem]


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and what its reader can do about it."""

    item: ImportItem
    is_repairable: bool
    is_proposed: bool
    choices: list[Book]


def row_groups(*, job: ImportJob, examples: int = 0) -> list[RowGroup]:
    """The groups that have rows, each with the first few of them."""
    sizes = job.items.group_sizes()
    groups = [
        RowGroup(
            group.value,
            group.label,
            sizes[group.value],
            list(job.items.of_group(group)[:examples]) if examples else [],
        )
        for group in ImportItem.Group
        if sizes.get(group.value)
    ]
    fetch_books([item for group in groups for item in group.rows])
    return groups


def fetch_books(items: Sequence[ImportItem]) -> None:
    """Fetch what is shown of the books of some rows, in a few queries for all of them."""
    books = Book.objects.with_authors()
    prefetch_related_objects(items, Prefetch("book", books), Prefetch("suggested_book", books))


def rows_of(*, job: ImportJob, page: Iterable[ImportItem]) -> list[Row]:
    """The rows of a page, the ambiguous ones with their possible books."""
    items = list(page)
    fetch_books(items)
    is_open = job.can_be_repaired
    undecided = [item for item in items if is_open and item.state == ImportItem.State.AMBIGUOUS]
    books = {book.pk: book for book in _books([pk for one in undecided for pk in one.candidates])}
    return [
        Row(
            item,
            is_open and item.state in ImportItem.REPAIRABLE,
            item.state == ImportItem.State.PROPOSED,
            [books[pk] for pk in item.candidates if pk in books] if item in undecided else [],
        )
        for item in items
    ]


def likely_books(*, item: ImportItem, limit: int) -> list[Book]:
    """The books among which a person decides, or else at most `limit` with a similar title."""
    suggested = [item.suggested_book_id] if item.suggested_book_id else []
    if book_ids := item.candidates or suggested:
        return _books(book_ids)
    return [one.book for one in suggest(item.title, item.author, limit=limit)]


def _books(book_ids: list[int]) -> list[Book]:
    """These books, in this order."""
    found = Book.objects.active().for_cards().in_bulk(book_ids)
    return [found[pk] for pk in book_ids if pk in found]
