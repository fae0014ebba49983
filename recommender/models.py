"""Readers, what they have read, the pulls that brought it here, and what they were told to read."""

import uuid
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from catalog.models import Author, Book, CurationAct, Genre
from recommender.entry_queries import LibraryEntryQuerySet

EARLIEST_SINCE = date(1900, 1, 1)
#: What was dismissed with "Not now" is offered again after so long.
POSTPONED_FOR = timedelta(days=90)


class Reader(models.Model):
    """Somebody with a library here: a guest known by session, or the owner of an account."""

    class RefreshPace(models.TextChoices):
        """How often the linked shelf is looked at again without being asked."""

        OFF = "off", "Never by itself"
        WEEKLY = "weekly", "Once a week"
        DAILY = "daily", "Once a day"

    class DigestPace(models.TextChoices):
        """How often new books may be written of, at most."""

        OFF = "off", "Never"
        WEEKLY = "weekly", "Once a week at most"
        MONTHLY = "monthly", "Once a month at most"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="reader"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now_add=True, db_index=True)
    read_since = models.DateField(
        null=True, blank=True, help_text="What was read before moves no list."
    )
    refresh_pace = models.CharField(max_length=10, choices=RefreshPace, default=RefreshPace.DAILY)
    shares_ratings = models.BooleanField(
        default=False, help_text="Books and stars may be learned from, under another number."
    )
    shares_since = models.DateTimeField(null=True, blank=True)
    digest_pace = models.CharField(
        "e-mail of new books", max_length=10, choices=DigestPace, default=DigestPace.OFF
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reader_digest_pace", condition=Q(digest_pace__in=["off", "weekly", "monthly"])
            ),
            models.CheckConstraint(
                name="reader_shares_since",
                condition=Q(shares_ratings=True, shares_since__isnull=False, user__isnull=False)
                | Q(shares_ratings=False, shares_since__isnull=True),
            ),
            models.CheckConstraint(
                name="reader_refresh_pace", condition=Q(refresh_pace__in=["off", "weekly", "daily"])
            ),
            models.CheckConstraint(
                name="reader_read_since",
                condition=Q(read_since__isnull=True) | Q(read_since__gte=EARLIEST_SINCE),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else f"guest {self.pk}"


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


class ModelRelease(models.Model):
    """A release of the model, as the store holds it; one is active."""

    version = models.CharField(max_length=60, unique=True)
    manifest_sha256 = models.CharField(max_length=64)
    dataset = models.CharField(max_length=120)
    is_simulated = models.BooleanField(default=False)
    default_ranker = models.CharField(max_length=40)
    ratings = models.PositiveBigIntegerField()
    readers = models.PositiveIntegerField()
    books = models.PositiveIntegerField()
    own_ratings = models.PositiveBigIntegerField(
        default=0, help_text="Those of this site's readers among the ratings."
    )
    own_readers = models.PositiveIntegerField(default=0)
    metrics = models.JSONField(default=dict, blank=True)
    hyper_parameters = models.JSONField(default=dict, blank=True)
    built_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=False)
    pruned_at = models.DateTimeField(
        null=True, blank=True, help_text="When its files were deleted; saved lists stay."
    )

    class Meta:
        ordering = ("-built_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="release_one_active"
            ),
        ]

    def __str__(self) -> str:
        return self.version


class Run(models.Model):
    """A saved list of recommendations; written once and never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(Reader, models.CASCADE, related_name="runs")
    release = models.ForeignKey(ModelRelease, models.PROTECT, related_name="runs")
    ranker = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    ratings_used = models.JSONField(
        help_text="What was folded in: [[number of the book in the release, stars], …]."
    )
    library_size = models.PositiveIntegerField(help_text="Lines of the library at that time.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(F("reader"), F("created_at").desc(), name="run_history")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class Recommendation(models.Model):
    """One place of a run."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="recommendations")
    book = models.ForeignKey(Book, models.PROTECT, related_name="recommendations")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    expected_stars = models.FloatField(null=True, blank=True)
    reasons = models.JSONField(
        default=list,
        help_text="Books it comes from, strongest first: [{book, title, stars, share}, …].",
    )

    class Meta:
        ordering = ("rank",)
        constraints = [
            models.UniqueConstraint(fields=["run", "rank"], name="recommendation_rank_once"),
            models.UniqueConstraint(fields=["run", "book"], name="recommendation_book_once"),
            models.CheckConstraint(
                name="recommendation_stars",
                condition=Q(expected_stars__isnull=True)
                | Q(expected_stars__gte=0.5, expected_stars__lte=5),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.book}"


class Digest(models.Model):
    """E-mail of the new books on a list, or the word that there were too few to write of."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="digests")
    run = models.ForeignKey(Run, models.CASCADE, related_name="digests")
    books = ArrayField(models.BigIntegerField(), default=list, help_text="Books that were named.")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_done = models.BooleanField(
        default=False, help_text="Nothing more is to be sent of the list."
    )

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(fields=["reader", "run"], name="digest_once"),
            models.CheckConstraint(
                name="digest_sent_is_done", condition=Q(sent_at__isnull=True) | Q(is_done=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}: {len(self.books)} books"


class DismissalQuerySet(models.QuerySet["Dismissal"]):
    def standing(self) -> Self:
        """Not undone."""
        return self.filter(undone_at=None)

    def postponed(self) -> Self:
        """Standing, but only for a while."""
        return self.standing().filter(reason=Dismissal.Reason.NOT_NOW)


class Dismissal(models.Model):
    """A book, an author or a genre that a reader does not want to be offered."""

    class Reason(models.TextChoices):
        NOT_FOR_ME = "not_for_me", "Not for me"
        NOT_NOW = "not_now", "Not now"
        KNOWN = "known", "I know it already"
        OTHER = "other", "Something else"

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="dismissals")
    book = models.ForeignKey(Book, models.CASCADE, null=True, blank=True, related_name="+")
    author = models.ForeignKey(Author, models.CASCADE, null=True, blank=True, related_name="+")
    genre = models.ForeignKey(Genre, models.CASCADE, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason, default=Reason.NOT_FOR_ME)
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = DismissalQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                name="dismissal_of_one_thing",
                condition=Q(book__isnull=False, author__isnull=True, genre__isnull=True)
                | Q(book__isnull=True, author__isnull=False, genre__isnull=True)
                | Q(book__isnull=True, author__isnull=True, genre__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["reader", "book", "author", "genre"],
                condition=Q(undone_at=None),
                nulls_distinct=False,
                name="dismissal_stands_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.book or self.author or self.genre)

    @property
    def returns_at(self) -> datetime | None:
        """When it may be offered again by itself; None for never."""
        is_postponed = self.reason == self.Reason.NOT_NOW
        return self.created_at + POSTPONED_FOR if is_postponed else None


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
        TABLE_FILE = "table_file", "table of your own"

    class State(models.TextChoices):
        QUEUED = "queued"
        FETCHING = "fetching"
        MATCHING = "matching"
        PREVIEW = "preview"  # a file's rows have their books; nothing is written before a yes
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
    shelf = models.CharField(max_length=100, default="read")
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True, help_text="What the reader is told.")
    pages_fetched = models.PositiveIntegerField(default=0)
    saw_whole_shelf = models.BooleanField(default=False)
    etag = models.CharField(max_length=200, blank=True)
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
        indexes = [models.Index(fields=["state", "queued_at"], name="import_by_state")]
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
    def is_file(self) -> bool:
        return self.kind not in (self.Kind.GOODREADS_FEED, self.Kind.GOODREADS_API)

    @property
    def source(self) -> Source:
        """Whose rows these are, which a kind's name begins with."""
        return Source(self.kind.partition("_")[0])


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    def of_line(self, *, reader: Any, source: Any, source_key: Any) -> Self:
        """The rows that brought one line of a library; each may be an expression."""
        # Kinds begin with the name of their source, see `ImportJob.source`.
        same = {"job__reader": reader, "job__kind__startswith": source, "source_key": source_key}
        return self.filter(**same)

    def of_group(self, group: "ImportItem.Group") -> Self:
        """The rows that readers see in one group: by what they change, or by their state."""
        changes = ImportItem.CHANGES_OF_GROUP.get(group)
        if changes is None:
            return self.filter(state=group.value)
        return self.filter(state=ImportItem.State.MATCHED, change__in=changes)

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
    """One row of an import, as it came, and what became of it."""

    class State(models.TextChoices):
        STAGED = "staged"
        MATCHED = "matched"
        AMBIGUOUS = "ambiguous"
        UNMATCHED = "unmatched"
        FAILED = "failed"
        REPAIRED = "repaired"
        SKIPPED = "skipped"

    class Change(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        UNCHANGED = "unchanged"
        MERGED = "merged"  # another row of the same import speaks for its book
        REMOVED = "removed"  # the reader has taken it out of the library

    class Group(models.TextChoices):
        """What readers see rows as; the other groups are states."""

        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        AMBIGUOUS = "ambiguous", "More than one book fits"
        UNMATCHED = "unmatched", "Not found"
        REPAIRED = "repaired", "Found by you"
        SKIPPED = "skipped", "Left as they are"
        FAILED = "failed", "Could not be read"

    CHANGES_OF_GROUP: ClassVar[dict[Group, list[str]]] = {
        Group.NEW: ["new"],
        Group.CHANGED: ["changed"],
        Group.UNCHANGED: ["unchanged", "merged", "removed", ""],
    }
    REPAIRABLE: ClassVar[list[str]] = ["ambiguous", "unmatched", "repaired", "skipped"]

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
    source_key = models.CharField(max_length=200)
    edition_id = models.PositiveBigIntegerField(null=True, blank=True)
    work_id = models.PositiveBigIntegerField(null=True, blank=True)
    isbn13 = models.CharField(max_length=13, blank=True)
    title = models.CharField(max_length=500)
    author = models.CharField(max_length=300, blank=True)
    stars = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    shelf = models.CharField(max_length=100)
    added_on = models.DateField(null=True, blank=True)
    read_on = models.DateField(null=True, blank=True)

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="import_item_position"),
            models.UniqueConstraint(
                fields=["job", "source_key"],
                condition=~Q(state="failed"),
                name="import_item_source_key",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def shown_as(self) -> str:
        """The group that readers see the row in, in words."""
        for group, changes in self.CHANGES_OF_GROUP.items():
            if self.state == self.State.MATCHED and self.change in changes:
                return group.label
        return self.Group(self.state).label if self.state in self.Group.values else "Waiting"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> Self:
        """Without a book yet."""
        return self.exclude(state=Proposal.State.ADDED)


class Proposal(models.Model):
    """A book that is looked for at Open Library, to be added to the catalog."""

    class State(models.TextChoices):
        SEARCHING = "searching"
        CHOOSING = "choosing"  # works were found, and a person says which it is
        NOTHING = "nothing", "nothing found"
        FAILED = "failed"
        ADDED = "added"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(
        Reader, models.CASCADE, null=True, blank=True, related_name="proposals"
    )
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    item = models.ForeignKey(
        ImportItem,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="proposals",
        help_text="The row of an import that the book is for.",
    )
    entry = models.ForeignKey(
        LibraryEntry,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="proposals",
        help_text="The line of a library that the book is for.",
    )
    title = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=300, blank=True)
    isbn13 = models.CharField(max_length=13, blank=True)
    edition_id = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Goodreads' number of an edition."
    )
    work_key = models.CharField(max_length=20, blank=True, help_text="Open Library's number.")
    state = models.CharField(max_length=10, choices=State, default=State.SEARCHING)
    problem = models.CharField(max_length=300, blank=True, help_text="What the reader is told.")
    searches = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField(default=timezone.now, help_text="When it was last looked for.")
    works = models.JSONField(default=list, blank=True, help_text="What Open Library has.")
    book = models.ForeignKey(Book, models.PROTECT, null=True, blank=True, related_name="proposals")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at",)
        constraints = [
            models.CheckConstraint(
                name="proposal_state",
                condition=Q(state__in=["searching", "choosing", "nothing", "failed", "added"]),
            ),
            models.CheckConstraint(
                name="proposal_looks_for_something",
                condition=~Q(title="", isbn13="", edition_id__isnull=True, work_key=""),
            ),
            models.CheckConstraint(
                name="proposal_of_one_person",
                condition=Q(curator__isnull=True)
                | Q(reader__isnull=True, item__isnull=True, entry__isnull=True),
            ),
            models.CheckConstraint(
                name="proposal_for_one_line",
                condition=Q(item__isnull=True) | Q(entry__isnull=True),
            ),
            models.CheckConstraint(
                name="proposal_added_has_its_book",
                condition=Q(state="added", book__isnull=False)
                | ~Q(state="added") & Q(book__isnull=True),
            ),
            models.CheckConstraint(
                name="proposal_choosing_has_works", condition=~Q(state="choosing") | ~Q(works=[])
            ),
            models.CheckConstraint(
                name="proposal_failed_says_why",
                condition=Q(state="failed") & ~Q(problem="") | ~Q(state="failed") & Q(problem=""),
            ),
            models.UniqueConstraint(
                fields=["item"], condition=~Q(state="added"), name="proposal_one_open_a_row"
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=~Q(state="added"), name="proposal_one_open_an_entry"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.isbn13 or self.work_key or str(self.edition_id)
