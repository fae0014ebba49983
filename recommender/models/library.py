"""What readers have read, rated and shelved, and where it came from."""

from datetime import date
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Lower
from django.utils import timezone

from catalog.models import Book, BookAuthor, CurationAct, WantedBook
from catalog.normalize import APOSTROPHES, fold
from recommender import shelves
from recommender.models.readers import Reader
from recsite.common.http import LONGEST_ETAG

WORDS_LOOKED_FOR = 8
#: With fewer letters almost everything would be similar.
LETTERS_TO_FORGIVE_SLIPS = 4

ORDERS = ("added", "read", "title", "author", "stars", "stars-up", "fame")


class Source(models.TextChoices):
    """Where an entry of a library came from."""

    GOODREADS = "goodreads", "Goodreads"
    STORYGRAPH = "storygraph", "StoryGraph"
    LIBRARYTHING = "librarything", "LibraryThing"
    BOOKWYRM = "bookwyrm", "BookWyrm"
    HARDCOVER = "hardcover", "Hardcover"
    TABLE = "table", "a table of your own"
    SITE = "site", "this site"


STARS_IN_RANGE = Q(stars__isnull=True) | Q(stars__gte=0.25, stars__lte=5)


class LibraryLine(models.Model):
    """What entries have in common, whether they are in a library or were removed from it."""

    #: What readers can edit here; the rest follows the source.
    EDITABLE: ClassVar[list[str]] = ["stars", "shelf", "read_on", "read_count"]

    source = models.CharField(max_length=20, choices=Source)
    source_key = models.CharField(max_length=200, help_text="The line's key at its source.")
    account = models.CharField(
        max_length=100, blank=True, help_text="Whose shelf it was pulled from; empty for files."
    )
    title = models.CharField(max_length=500, help_text="As the source writes it.")
    author = models.CharField(max_length=300, blank=True)
    stars = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    shelf = models.CharField(max_length=100, default=shelves.Shelf.READ.value)
    added_on = models.DateField(null=True, blank=True)
    read_on = models.DateField(null=True, blank=True)
    read_count = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was read; 0 where the source does not say."
    )
    is_left_out = models.BooleanField("leave out of recommendations", default=False)
    edited_fields = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="What the reader has set here; imports leave it alone.",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def reading(self) -> shelves.Reading | None:
        """How the book was read, whatever its stars; None if it is still to be read."""
        return shelves.how_read(self.shelf, read_count=self.read_count)

    @property
    def is_read(self) -> bool:
        """Whether the book counts for recommendations: it has stars, or was read without."""
        return self.stars is not None or self.reading is not None


class LibraryEntryQuerySet(models.QuerySet["LibraryEntry"]):
    """Entries of libraries."""

    def with_books(self) -> Self:
        """With all that a row of a page shows, in a constant number of queries."""
        authors = BookAuthor.objects.select_related("author").order_by("position")
        books = self.select_related("book").defer("book__description", "book__subjects")
        return books.prefetch_related(models.Prefetch("book__credits", authors))

    def proposed(self) -> Self:
        """Without a book, but with a suggested one that the reader has not declined.

        If the library has that book already, another entry with it would be of no use.
        """
        has_it = LibraryEntry.objects.filter(
            reader=OuterRef("reader"), book=OuterRef("suggested_book")
        )
        undecided = self.filter(book=None, is_suggestion_declined=False)
        return undecided.exclude(suggested_book=None).exclude(Exists(has_it))

    def to_look_up(self) -> Self:
        """Without a book, and without one that the reader has to decide on."""
        undecided = Q(suggested_book__isnull=False, is_suggestion_declined=False)
        return self.filter(book=None).exclude(undecided)

    def on_shelf(self, shelf: str) -> Self:
        """On one of the shelves that all services have, or on any other (`shelves.OTHER`)."""
        if shelf == shelves.OTHER:
            return self.exclude(shelf__in=shelves.COMMON)
        return self.filter(shelf=shelf)

    def with_stars(self, choice: str) -> Self:
        """Rated, unrated, or with so many whole stars and perhaps a part of the next."""
        if choice in ("rated", "unrated"):
            return self.filter(stars__isnull=choice == "unrated")
        return self.filter(stars__gte=int(choice), stars__lt=int(choice) + 1)

    def counting(self, since: date | None) -> Self:
        """Not left out, and read since that day as far as is known, if read at all."""
        entries = self.filter(is_left_out=False)
        if since is None:
            return entries
        day = Coalesce("read_on", "added_on")
        return entries.alias(day=day).filter(Q(day__gte=since) | Q(day__isnull=True))

    def matching(self, text: str) -> Self:
        """With all these words in title, series or author; accents and apostrophes are ignored."""
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
        """With a title or an author similar to the text, to forgive slips."""
        key = fold(text)
        if len(key) < LETTERS_TO_FORGIVE_SLIPS:
            return self.none()
        return self.filter(Q(title__trigram_word_similar=key) | Q(author__trigram_word_similar=key))

    def in_order(self, order: str) -> Self:
        """Sorted by one of `ORDERS`."""
        return self.order_by(*_order(order))

    def shelf_sizes(self) -> dict[str, int]:
        """How many entries each of the common shelves has, and all others together."""
        sizes = dict.fromkeys([*shelves.COMMON, shelves.OTHER], 0)
        for shelf, size in self.order_by().values_list("shelf").annotate(size=Count("pk")):
            sizes[shelf if shelf in shelves.COMMON else shelves.OTHER] += size
        return sizes


def _order(name: str) -> tuple[Any, ...]:
    title = Coalesce("book__title_key", Lower("title"))
    first_author = BookAuthor.objects.authors().filter(book=OuterRef("book")).order_by("position")
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


class LibraryEntry(LibraryLine):
    """One entry of a reader's library, matched to a book or not."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="entries")
    book = models.ForeignKey(Book, models.PROTECT, null=True, blank=True, related_name="entries")
    suggested_book = models.ForeignKey(
        Book,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The book that an entry without one probably means.",
    )
    is_suggestion_declined = models.BooleanField(
        default=False, help_text="The reader says that it is another book."
    )
    wanted = models.ForeignKey(
        WantedBook,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="entries",
        help_text="What is looked for at Open Library, where no book was found.",
    )
    created_at = models.DateTimeField(
        default=timezone.now, null=True, editable=False, help_text="Unknown of the oldest entries."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = LibraryEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "library entries"
        indexes = [
            models.Index(
                fields=["reader"],
                name="library_to_look_up",
                condition=Q(book__isnull=True, wanted__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "book"],
                name="library_book_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["reader", "source", "source_key"],
                name="library_source_key_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                name="library_suggestion_declined",
                condition=Q(is_suggestion_declined=False) | Q(suggested_book__isnull=False),
            ),
            models.CheckConstraint(name="library_stars", condition=STARS_IN_RANGE),
            models.CheckConstraint(name="library_shelf", condition=~Q(shelf="")),
            models.CheckConstraint(
                name="library_edited_fields",
                condition=Q(edited_fields__contained_by=LibraryLine.EDITABLE),
            ),
        ]


class RemovedEntry(LibraryLine):
    """An entry that its reader has removed: imports do not bring it back, the reader can."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="removed_entries")
    book = models.ForeignKey(Book, models.SET_NULL, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "removed entries"
        ordering = ("-removed_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "source", "source_key"], name="removed_source_key_once"
            ),
            models.CheckConstraint(name="removed_stars", condition=STARS_IN_RANGE),
        ]


class GivenUpEntry(LibraryLine):
    """An entry displaced by a merge of two books; undoing the merge brings it back."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="given_up_entries")
    book = models.ForeignKey(Book, models.PROTECT, related_name="+")
    act = models.ForeignKey(CurationAct, models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "given-up entries"
        constraints = [
            models.UniqueConstraint(fields=["reader", "act"], name="given_up_once"),
        ]


class SourceShelf(models.Model):
    """What is remembered about a linked shelf between two pulls."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="shelves")
    source = models.CharField(max_length=20, choices=Source)
    account = models.CharField(max_length=100)
    shelf = models.CharField(max_length=100)
    etags = ArrayField(
        models.CharField(max_length=LONGEST_ETAG),
        default=list,
        db_default=[],
        blank=True,
        help_text="Of all pages, the empty one at the end included; none where a page has none.",
    )
    shrunk_to = models.PositiveIntegerField(
        null=True, blank=True, help_text="Rows of a pull that was too short to be believed at once."
    )
    pulled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "source shelves"
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "source", "account", "shelf"], name="source_shelf_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.account}/{self.shelf}"
