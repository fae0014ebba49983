"""Taking back a book that was added wrongly: its lines have no book again, in every library."""

from dataclasses import dataclass

from django.db import transaction

from catalog.curation import acts
from catalog.models import Book, CurationAct, FoundWork, WantedBook
from recommender.models import ImportItem, LibraryEntry
from recommender.services.locks import lock_books
from recsite.accounts.models import User


@dataclass(frozen=True, slots=True)
class Preview:
    """What would lose the book."""

    entries: int
    suggested: int


def preview(*, book: Book) -> Preview:
    """How many lines have the book, and to how many it is suggested."""
    return Preview(
        entries=LibraryEntry.objects.filter(book=book).count(),
        suggested=LibraryEntry.objects.filter(suggested_book=book).count(),
    )


@transaction.atomic
def take_back(*, book: Book, reason: str, user: User) -> CurationAct:
    """Take a book out of every library and out of the catalog; it is not added again by itself.

    Saved lists keep it, as they never change. Raises `catalog.curation.acts.CannotCurate`.
    """
    [book] = lock_books(book)
    act = acts.withdraw(book=book, reason=reason, user=user)
    LibraryEntry.objects.filter(suggested_book=book).update(
        suggested_book=None, is_suggestion_declined=False
    )
    LibraryEntry.objects.filter(book=book).update(book=None)
    rows = ImportItem.objects.filter(book=book)
    rows.update(book=None, state=ImportItem.State.UNMATCHED)
    proposed = ImportItem.objects.filter(suggested_book=book)
    proposed.filter(state=ImportItem.State.PROPOSED).update(state=ImportItem.State.UNMATCHED)
    proposed.update(suggested_book=None)
    refused = {"state": WantedBook.State.REFUSED, "book": None}
    WantedBook.objects.filter(book=book).update(**refused)
    FoundWork.objects.filter(book=book).update(state=FoundWork.State.DECLINED, book=None)
    return act
