"""Finds the books that somebody means by what they typed.

All searches for books go through here: the pages for readers, the repair of a row, the choice of a
book to merge, the admin. It takes titles, original titles, authors, series with the number of the
volume, in any order; ISBNs, numbers and addresses of Goodreads and Open Library. Each step is taken
only if those before have found too little:

1. All words are in the book as they were typed; the last one may be half typed.
2. All words are in the book, if slips of the finger are forgiven.
3. Some of the words are.
4. Titles or names are similar.
"""

from collections.abc import Collection

from django.db.models import F, Q

from catalog.lookups import Matches
from catalog.models import Book
from catalog.search import candidates, numbers
from catalog.search.ranking import Ranked, rank
from catalog.search.typed import Typed, readable, typed

__all__ = ["matching", "near_titles", "ranked", "search", "search_as_curator"]

#: Once this many books have all words, no others are looked for.
ENOUGH = 3
#: How much of what was typed has to be in a book.
LEAST_SHARE = 0.4

ACTIVE = (Book.Status.ACTIVE.value,)


def search(text: str, *, limit: int = 20, statuses: Collection[str] = ACTIVE) -> list[Book]:
    """Books with these statuses, the one that is meant most probably first.

    The number of queries does not depend on how many are found.
    """
    found = ranked(text, statuses=statuses)[:limit]
    books = Book.objects.for_cards().in_bulk(found)
    return [books[pk] for pk in found if pk in books]


def search_as_curator(text: str, *, limit: int = 20) -> list[Book]:
    """Books that were not merged, hidden ones too; first those with the text as their number."""
    number = numbers.any_number(text.strip())
    numbered = list(Book.objects.standing().for_cards().filter(number)) if number else []
    keys = {book.pk for book in numbered}
    found = search(text, limit=limit, statuses=Book.STANDING)
    return (numbered + [book for book in found if book.pk not in keys])[:limit]


def ranked(text: str, *, statuses: Collection[str] = ACTIVE) -> list[int]:
    """The keys of the books that were found, in order."""
    text = readable(text)
    if (numbered := numbers.book_of(text)) is not None:
        return candidates.with_status([numbered], statuses)
    is_address = numbers.is_address(text)
    words = typed(numbers.words_of_address(text) if is_address else text)
    if not words.words:
        return candidates.named([text.lower()], statuses) if text else []
    found = [one.candidate.book_id for one in _found(words, statuses)]
    bare = None if is_address else numbers.book_of_bare_number(text)
    if bare is None or bare in found:
        return found
    return candidates.with_status([bare], statuses) + found


def matching(text: str) -> Q:
    """The condition of all books that are found, however many, of any status: for long lists.

    A number may be any of the numbers that a book has.
    """
    condition = Q(pk__in=ranked(text, statuses=Book.Status.values))
    words = typed(text)
    if words.words and not words.is_one_letter:
        condition |= Q(Matches(F("search_document__words"), words.exactly()))
    if (number := numbers.any_number(text.strip())) is not None:
        condition |= number
    return condition


def _found(words: Typed, statuses: Collection[str]) -> list[Ranked]:
    """The steps of this package's description, as far as they are needed."""
    found = _whole(rank(words, candidates.exact(words, statuses)))
    if words.is_one_letter or len(found) >= ENOUGH or (found and found[0].is_certain):
        return found
    keys = {one.candidate.book_id for one in found}
    with_slips = _whole(rank(words, candidates.with_slips(words, statuses)))
    found += [one for one in with_slips if one.candidate.book_id not in keys]
    found.sort(key=Ranked.order)
    if not found and len(words.needed) > 1:
        found = _enough_of(rank(words, candidates.in_part(words, statuses)))
    return found or _enough_of(rank(words, candidates.similar(words, statuses)))


def _whole(found: list[Ranked]) -> list[Ranked]:
    return [one for one in found if one.is_whole]


def _enough_of(found: list[Ranked]) -> list[Ranked]:
    return [one for one in found if one.share >= LEAST_SHARE]


def near_titles(text: str, *, limit: int = 3) -> list[str]:
    """Titles that are spelled somewhat like the text, for a search that has found nothing."""
    words = typed(text)
    if not words.words or words.is_one_letter:
        return []
    near = [one.book_id for one in candidates.similar(words, ACTIVE)][:limit]
    titles = dict(Book.objects.filter(pk__in=near).values_list("pk", "title"))
    return [titles[pk] for pk in near if pk in titles]
