"""What readers have read, rated and shelved, and where it came from."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import Book, CurationAct
from recommender.entry_queries import LibraryEntryQuerySet
from recommender.models.readers import Reader


class Source(models.TextChoices):
    """Where a line of a library came from."""

    GOODREADS = "goodreads", "Goodreads"
    STORYGRAPH = "storygraph", "StoryGraph"
    LIBRARYTHING = "librarything", "LibraryThing"
    BOOKWYRM = "bookwyrm", "BookWyrm"
    TABLE = "table", "a table of your own"
    SITE = "site", "this site"


STARS_IN_RANGE = Q(stars__isnull=True) | Q(stars__gte=0.25, stars__lte=5)


class LibraryLine(models.Model):
    """What is known of a line of a library, of one that is there and of one that was removed."""

    #: What readers can set here; the rest is as the source has it.
    EDITABLE: ClassVar[list[str]] = ["stars", "shelf", "read_on"]

    source = models.CharField(max_length=20, choices=Source)
    source_key = models.CharField(max_length=200, help_text="The line's key at its source.")
    account = models.CharField(
        max_length=100, blank=True, help_text="Whose shelf it was pulled from; empty for files."
    )
    title = models.CharField(max_length=500, help_text="As the source writes it.")
    author = models.CharField(max_length=300, blank=True)
    stars = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    shelf = models.CharField(max_length=100, default="read")
    added_on = models.DateField(null=True, blank=True)
    read_on = models.DateField(null=True, blank=True)
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


class LibraryEntry(LibraryLine):
    """One line of a reader's library, matched to a book or not."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="entries")
    book = models.ForeignKey(Book, models.PROTECT, null=True, blank=True, related_name="entries")
    created_at = models.DateTimeField(
        default=timezone.now, null=True, editable=False, help_text="Unknown of the oldest entries."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = LibraryEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "library entries"
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
            models.CheckConstraint(name="library_stars", condition=STARS_IN_RANGE),
            models.CheckConstraint(name="library_shelf", condition=~Q(shelf="")),
            models.CheckConstraint(
                name="library_edited_fields",
                condition=Q(edited_fields__contained_by=["stars", "shelf", "read_on"]),
            ),
        ]


class RemovedEntry(LibraryLine):
    """A line that its reader has removed: imports do not bring it back, the reader can."""

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
    """A line that a library lost as two books became one; undoing the merge brings it back."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="given_up_entries")
    book = models.ForeignKey(Book, models.PROTECT, related_name="+")
    act = models.ForeignKey(CurationAct, models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "given-up entries"
        constraints = [
            models.UniqueConstraint(fields=["reader", "act"], name="given_up_once"),
        ]


class SourceShelf(models.Model):
    """What is remembered of a shelf elsewhere between two pulls."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="shelves")
    source = models.CharField(max_length=20, choices=Source)
    account = models.CharField(max_length=100)
    shelf = models.CharField(max_length=100)
    etag = models.CharField(max_length=200, blank=True)
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
