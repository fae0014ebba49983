"""The questions that pages and the fold-in ask of a library."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Lower

from catalog.models import BookAuthor
from catalog.normalize import APOSTROPHES, fold

if TYPE_CHECKING:
    from recommender.models import LibraryEntry  # noqa: F401 named in a string below

#: The shelves that every service has; all others are the reader's own.
SHELF_NAMES = {"read": "Read", "currently-reading": "Currently reading", "to-read": "To read"}
OTHER_SHELVES = "other"
WORDS_LOOKED_FOR = 8
#: With fewer letters everything is like everything.
LETTERS_TO_FORGIVE_SLIPS = 4

ORDERS = ("added", "read", "title", "author", "stars", "stars-up", "fame")


class LibraryEntryQuerySet(models.QuerySet["LibraryEntry"]):
    """Lines of libraries."""

    def with_books(self) -> Self:
        """With all that a row shows, in a constant number of queries."""
        authors = BookAuthor.objects.select_related("author").order_by("position")
        books = self.select_related("book").defer("book__description", "book__subjects")
        return books.prefetch_related(models.Prefetch("book__credits", authors))

    def on_shelf(self, shelf: str) -> Self:
        """On one of the shelves that all services have, or on any other (`OTHER_SHELVES`)."""
        if shelf == OTHER_SHELVES:
            return self.exclude(shelf__in=SHELF_NAMES)
        return self.filter(shelf=shelf)

    def of_stars(self, choice: str) -> Self:
        """Rated, unrated, or with so many whole stars and perhaps a part of the next."""
        if choice in ("rated", "unrated"):
            return self.filter(stars__isnull=choice == "unrated")
        return self.filter(stars__gte=int(choice), stars__lt=int(choice) + 1)

    def counting(self, since: date | None) -> Self:
        """Rated, not left out, and read since that day as far as one can tell."""
        entries = self.filter(stars__isnull=False, is_left_out=False)
        if since is None:
            return entries
        day = Coalesce("read_on", "added_on")
        return entries.alias(day=day).filter(Q(day__gte=since) | Q(day__isnull=True))

    def matching(self, text: str) -> Self:
        """With all these words in title, series or author, whatever accents and apostrophes."""
        key = fold(text)
        if not key:
            return self.filter(Q(title__icontains=text) | Q(author__icontains=text))
        written = Concat("title", Value(" "), "author", Value(" "), "book__series_name")
        unaccented = Func(Lower(written), function="unaccent")
        plain = Func(
            unaccented,
            Value(APOSTROPHES),
            Value(""),
            function="translate",
            output_field=models.TextField(),
        )
        found = Q()
        for word in key.split()[:WORDS_LOOKED_FOR]:
            writer = BookAuthor.objects.filter(
                book=OuterRef("book"), author__name_key__contains=word
            )
            found &= Q(plain__contains=word) | Q(book__title_key__contains=word) | Q(Exists(writer))
        return self.alias(plain=plain).filter(found)

    def resembling(self, text: str) -> Self:
        """With a title or an author that is like the text, for those who mistyped."""
        key = fold(text)
        if len(key) < LETTERS_TO_FORGIVE_SLIPS:
            return self.none()
        return self.filter(Q(title__trigram_word_similar=key) | Q(author__trigram_word_similar=key))

    def in_order(self, order: str) -> Self:
        """Sorted by one of `ORDERS`."""
        return self.order_by(*_order(order))

    def shelf_sizes(self) -> dict[str, int]:
        """How many entries each of the common shelves has, and all others together."""
        sizes = dict.fromkeys([*SHELF_NAMES, OTHER_SHELVES], 0)
        for shelf, size in self.order_by().values_list("shelf").annotate(size=Count("pk")):
            sizes[shelf if shelf in SHELF_NAMES else OTHER_SHELVES] += size
        return sizes


def _order(name: str) -> tuple[Any, ...]:
    title = Coalesce("book__title_key", Lower("title"))
    first_author = BookAuthor.objects.filter(book=OuterRef("book")).order_by("position")
    surname = Coalesce(Subquery(first_author.values("author__surname_key")[:1]), Lower("author"))
    orders: dict[str, tuple[Any, ...]] = {
        "added": (F("added_on").desc(nulls_last=True), "-pk"),
        "read": (F("read_on").desc(nulls_last=True), "-pk"),
        "title": (title, "pk"),
        "author": (surname, title, "pk"),
        "stars": (F("stars").desc(nulls_last=True), title, "pk"),
        "stars-up": (F("stars").asc(nulls_last=True), title, "pk"),
        "fame": (F("book__ratings_count").desc(nulls_last=True), title, "pk"),
    }
    return orders[name]
