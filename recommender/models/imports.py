"""Imports (pulls and uploads) and their rows."""

import uuid
from collections import Counter
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from catalog.models import Book
from recommender.models.library import Source
from recommender.models.readers import Reader
from recommender.models.runs import Run
from recommender.shelves import Shelf
from recsite.common.http import LONGEST_ETAG


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def open(self) -> Self:
        """Not yet done, failed or canceled."""
        return self.filter(state__in=ImportJob.OPEN_STATES)

    def for_workers(self) -> Self:
        """Open, and not waiting for the reader."""
        return self.open().exclude(state=ImportJob.State.PREVIEW)


class ImportJob(models.Model):
    """A pull of a shelf, or an uploaded file, from the click to the recommendations."""

    class Kind(models.TextChoices):
        GOODREADS_FEED = "goodreads_feed", "Goodreads feed"
        GOODREADS_API = "goodreads_api", "Goodreads API"
        GOODREADS_EXPORT = "goodreads_export", "Goodreads export file"
        STORYGRAPH_EXPORT = "storygraph_export", "StoryGraph export file"
        LIBRARYTHING_EXPORT = "librarything_export", "LibraryThing export file"
        BOOKWYRM_EXPORT = "bookwyrm_export", "BookWyrm export file"
        HARDCOVER_EXPORT = "hardcover_export", "Hardcover export file"
        TABLE_FILE = "table_file", "table of your own"

    class State(models.TextChoices):
        QUEUED = "queued"
        FETCHING = "fetching"
        MATCHING = "matching"
        PREVIEW = (
            "preview"  # a file's rows are matched; the library changes once the reader confirms
        )
        RECOMMENDING = "recommending"
        DONE = "done"
        FAILED = "failed"
        CANCELED = "canceled"

    OPEN_STATES: ClassVar[list[str]] = [
        "queued",
        "fetching",
        "matching",
        "preview",
        "recommending",
    ]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(Reader, models.CASCADE, related_name="imports")
    kind = models.CharField(max_length=20, choices=Kind)
    account = models.CharField(
        max_length=100, blank=True, help_text="Goodreads number, or the name to look up."
    )
    filename = models.CharField(max_length=200, blank=True)
    encoding = models.CharField(
        max_length=20, blank=True, help_text="How the letters of a file were read, if guessed."
    )
    shelf = models.CharField(max_length=100, default=Shelf.READ.value)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True, help_text="What the reader is told.")
    pages_fetched = models.PositiveIntegerField(default=0)
    saw_whole_shelf = models.BooleanField(default=False)
    etags = ArrayField(
        models.CharField(max_length=LONGEST_ETAG, blank=True),
        default=list,
        db_default=[],
        blank=True,
    )
    other_shelves = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What a pull saw of each other shelf: its ETags, and whether it was whole; null "
        "for any shelf that has not changed.",
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    held_by = models.CharField(max_length=60, blank=True, help_text="The task that works on it.")
    held_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    is_background = models.BooleanField(
        "by itself", default=False, help_text="Nobody asked for it at that moment."
    )
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the reader said yes to what a file would change."
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    removed = models.PositiveIntegerField(default=0, help_text="Entries the shelf has no more.")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="imports")

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["state", "queued_at"], name="import_by_state"),
            models.Index(fields=["created_at"], name="import_by_time"),
            # Whether a shelf was pulled a moment ago.
            models.Index(
                fields=["account", "finished_at"],
                name="import_done_by_account",
                condition=Q(state="done"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reader"],
                condition=Q(
                    state__in=["queued", "fetching", "matching", "preview", "recommending"]
                ),
                name="import_one_open",
            ),
            models.CheckConstraint(
                name="import_failed_says_why", condition=~Q(state="failed") | ~Q(error_message="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.account or self.filename}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def is_applied(self) -> bool:
        """Whether its rows are in the library."""
        if self.state == self.State.FAILED:
            return self.confirmed_at is not None or not self.is_file
        return self.state in (self.State.RECOMMENDING, self.State.DONE)

    @property
    def can_be_repaired(self) -> bool:
        """Whether readers may choose the books of its rows now."""
        return self.state == self.State.PREVIEW or self.is_applied

    @property
    def is_file(self) -> bool:
        return self.kind not in (self.Kind.GOODREADS_FEED, self.Kind.GOODREADS_API)

    @property
    def source(self) -> Source:
        """The source of the rows; the name of each kind begins with it."""
        return Source(self.kind.partition("_")[0])


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    def of_line(self, *, reader: Any, source: Any, source_key: Any) -> Self:
        """The rows that brought one entry; each argument may be an expression."""
        # Kinds begin with the name of their source, see `ImportJob.source`.
        same = {"job__reader": reader, "job__kind__startswith": source, "source_key": source_key}
        return self.filter(**same)

    def of_group(self, group: "ImportItem.Group") -> Self:
        """The rows that readers see in one group: by what they change, or by their state."""
        changes = ImportItem.CHANGES_OF_GROUP.get(group, [])
        matched = Q(state=ImportItem.State.MATCHED, change__in=changes)
        return self.filter(matched | Q(state=group.value))

    def accepted(self) -> Self:
        """The rows whose suggested book the reader has accepted."""
        return self.filter(state=ImportItem.State.REPAIRED, book=models.F("suggested_book"))

    def answered(self) -> Self:
        """The rows whose suggested book the reader has accepted or declined."""
        declined = self.filter(state=ImportItem.State.SKIPPED, suggested_book__isnull=False)
        return self.accepted() | declined

    def change_sizes(self) -> dict[str, int]:
        """How many rows made, changed or left an entry."""
        rows = self.exclude(change="").order_by().values_list("change")
        return dict(rows.annotate(models.Count("pk")))

    def group_sizes(self) -> dict[str, int]:
        """How many rows each group has."""
        group_of = {
            change: group.value
            for group, changes in ImportItem.CHANGES_OF_GROUP.items()
            for change in changes
        }
        sizes: Counter[str] = Counter()
        counted = self.order_by().values_list("state", "change").annotate(rows=models.Count("pk"))
        for state, change, rows in counted:
            sizes[group_of[change] if state == ImportItem.State.MATCHED else state] += rows
        return dict(sizes)


class ImportItem(models.Model):
    """One row of an import, as it was read, and what became of it."""

    class State(models.TextChoices):
        STAGED = "staged"
        MATCHED = "matched"
        PROPOSED = "proposed"  # probably means its suggested book, which the reader has to confirm
        AMBIGUOUS = "ambiguous"
        UNMATCHED = "unmatched"
        FAILED = "failed"
        REPAIRED = "repaired"
        SKIPPED = "skipped"
        REPEATED = "repeated"  # another row of the file has the same key and counts

    class Change(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        UNCHANGED = "unchanged"
        MERGED = "merged"  # another row of the same import was used for its book
        REMOVED = "removed"  # the reader has removed it from the library

    class Group(models.TextChoices):
        """The groups that readers see rows in; those without changes are states."""

        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        REPEATED = "repeated", "Listed twice"
        PROPOSED = "proposed", "Probably found"
        AMBIGUOUS = "ambiguous", "More than one book fits"
        UNMATCHED = "unmatched", "Not found"
        REPAIRED = "repaired", "Found by you"
        SKIPPED = "skipped", "Left as they are"
        FAILED = "failed", "Could not be read"

    CHANGES_OF_GROUP: ClassVar[dict[Group, list[str]]] = {
        Group.NEW: ["new"],
        Group.CHANGED: ["changed"],
        Group.UNCHANGED: ["unchanged", "removed", ""],
        Group.REPEATED: ["merged"],
    }
    #: States of rows that nothing was found for, or nothing certain.
    WITHOUT_BOOK: ClassVar[list[str]] = ["proposed", "ambiguous", "unmatched", "failed"]
    REPAIRABLE: ClassVar[list[str]] = ["proposed", "ambiguous", "unmatched", "repaired", "skipped"]

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField(null=True, blank=True, help_text="Line of an uploaded file.")
    state = models.CharField(max_length=20, choices=State, default=State.STAGED)
    problem = models.CharField(max_length=300, blank=True)
    change = models.CharField(max_length=20, choices=Change, blank=True)
    candidates = models.JSONField(
        default=list, blank=True, help_text="Numbers of the books among which a person decides."
    )
    book = models.ForeignKey(Book, models.SET_NULL, null=True, blank=True, related_name="+")
    suggested_book = models.ForeignKey(
        Book,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The book that a row without a certain one probably means.",
    )
    source_key = models.CharField(max_length=200)
    edition_id = models.PositiveBigIntegerField(null=True, blank=True)
    work_id = models.PositiveBigIntegerField(null=True, blank=True)
    isbn13 = models.CharField(max_length=13, blank=True)
    title = models.CharField(max_length=500)
    author = models.CharField(max_length=300, blank=True)
    stars = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    shelf = models.CharField(max_length=100)
    read_count = models.PositiveSmallIntegerField(default=0)
    added_on = models.DateField(null=True, blank=True)
    read_on = models.DateField(null=True, blank=True)

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="import_item_position"),
            models.UniqueConstraint(
                fields=["job", "source_key"],
                condition=~Q(state__in=["failed", "repeated"]),
                name="import_item_source_key",
            ),
            models.CheckConstraint(
                name="import_item_proposed",
                condition=~Q(state="proposed") | Q(suggested_book__isnull=False, book__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_accepted(self) -> bool:
        """Whether the reader has said yes to the suggested book."""
        is_it = self.book_id is not None and self.book_id == self.suggested_book_id
        return self.state == self.State.REPAIRED and is_it

    @property
    def is_declined(self) -> bool:
        """Whether the reader has said that it is not the suggested book."""
        return self.state == self.State.SKIPPED and self.suggested_book_id is not None

    @property
    def shown_as(self) -> str:
        """The label of the group that readers see the row in."""
        for group, changes in self.CHANGES_OF_GROUP.items():
            if self.state == self.State.MATCHED and self.change in changes:
                return group.label
        return self.Group(self.state).label if self.state in self.Group.values else "Waiting"
