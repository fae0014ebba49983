"""What curators have done, and files of changes that they have not applied yet."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models.books import Book


class CurationAct(models.Model):
    """What a curator did, with the values before; a database trigger forbids changes."""

    class Kind(models.TextChoices):
        ADDED = "added", "book added"
        EDITED = "edited", "book edited"
        HIDDEN = "hidden", "book hidden"
        SHOWN = "shown", "book shown again"
        MERGED = "merged", "book merged into another"
        WITHDRAWN = "withdrawn", "book taken back"
        UNMERGED = "unmerged", "merge undone"
        IDENTIFIER_MOVED = "identifier_moved", "identifier moved to another book"
        GENRE_RENAMED = "genre_renamed", "genre renamed"
        GENRE_MERGED = "genre_merged", "genre merged into another"

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty where the account has been deleted since.",
    )
    kind = models.CharField(max_length=20, choices=Kind)
    book = models.ForeignKey(Book, models.PROTECT, null=True, blank=True, related_name="acts")
    subject = models.CharField(max_length=500, help_text="The title, or the name of the genre.")
    reason = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by"
    )

    class Meta:
        verbose_name = "change by a curator"
        verbose_name_plural = "changes by curators"
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                name="catalog_act_kind",
                condition=Q(
                    kind__in=[
                        "added",
                        "edited",
                        "hidden",
                        "shown",
                        "merged",
                        "withdrawn",
                        "unmerged",
                        "identifier_moved",
                        "genre_renamed",
                        "genre_merged",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="catalog_act_undoes", condition=Q(kind="unmerged") ^ Q(undoes__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class StagedEdits(models.Model):
    """An uploaded file of changes to books, for a preview before it is applied.

    Each of ``rows`` has `line`, `book`, `title`, `before` and `after`, the last two by field with
    the values of `catalog.curation.acts.snapshots`; ``problems`` are pairs of line and message.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    filename = models.CharField(max_length=200)
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    unchanged = models.PositiveIntegerField(default=0, help_text="Lines that change nothing.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "staged edits"
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                name="catalog_staged_applied_whole",
                condition=Q(applied_at__isnull=True) | Q(problems=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.filename


class DistinctBooks(models.Model):
    """Two books that look like one work, and that a curator keeps apart."""

    first = models.ForeignKey(Book, models.CASCADE, related_name="+")
    second = models.ForeignKey(Book, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="catalog_distinct_once"),
            models.CheckConstraint(
                name="catalog_distinct_in_order", condition=Q(first__lt=models.F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
