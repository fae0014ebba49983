"""What was looked up at Open Library, and when it is due again."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from catalog.models.books import Book


class EnrichmentQuerySet(models.QuerySet["Enrichment"]):
    """Queries for what may be looked up at Open Library."""

    def due(self, now: datetime) -> Self:
        """Books that are due and in no batch; those that readers see come first."""
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        return (
            self.filter(free, due_at__lte=now)
            .exclude(state=Enrichment.State.LOCKED)
            .filter(book__status__in=Book.STANDING)
            .order_by(F("wanted_at").desc(nulls_last=True), "-book__ratings_count", "book_id")
        )

    def claimed(self, now: datetime) -> Self:
        """Books in a batch that is being worked on."""
        return self.filter(claimed_until__gt=now)


class Enrichment(models.Model):
    """The outcome of looking a book up at Open Library, and when it is due again."""

    class State(models.TextChoices):
        NEVER = "never", "never asked"
        FOUND = "found", "found"
        NOT_FOUND = "not_found", "not found"
        FAILED = "failed", "failed"
        LOCKED = "locked", "locked"

    class EbookAccess(models.TextChoices):
        """How everybody can read a scan at Open Library."""

        PUBLIC = "public", "read by everybody"
        BORROWABLE = "borrowable", "borrowed"

    book = models.OneToOneField(Book, models.CASCADE, primary_key=True, related_name="enrichment")
    state = models.CharField(max_length=10, choices=State, default=State.NEVER)
    tried_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(help_text="Not asked again before.")
    wanted_at = models.DateTimeField(
        null=True, blank=True, help_text="When a reader last saw the book without its details."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Failures in a row.")
    note = models.CharField(max_length=200, blank=True)
    ebook_access = models.CharField(
        max_length=10,
        choices=EbookAccess,
        blank=True,
        help_text="Whether a scan could be read there when it was asked last.",
    )
    etag = models.CharField(max_length=200, blank=True, help_text="Of the work's page.")
    origin = models.CharField(max_length=200, blank=True, help_text="The site that was asked.")
    batch = models.UUIDField(null=True, blank=True, db_index=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = EnrichmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="catalog_enrichment_due")]
        constraints = [
            models.CheckConstraint(
                name="catalog_enrichment_state",
                condition=Q(state__in=["never", "found", "not_found", "failed", "locked"]),
            ),
            models.CheckConstraint(
                name="catalog_enrichment_ebook",
                condition=Q(ebook_access__in=["", "public", "borrowable"]),
            ),
            models.CheckConstraint(
                name="catalog_enrichment_claim",
                condition=Q(batch__isnull=True, claimed_until__isnull=True)
                | Q(batch__isnull=False, claimed_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book_id}: {self.state}"
