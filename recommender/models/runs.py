"""Releases of the model, the lists made with them, and the email about those lists."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from catalog.models import Book
from recommender.models.readers import LINK_PATTERN, Reader


class ModelRelease(models.Model):
    """A release of the model in the store; one is active."""

    version = models.CharField(max_length=60, unique=True)
    manifest_sha256 = models.CharField(max_length=64)
    dataset = models.CharField(max_length=120)
    is_simulated = models.BooleanField("from simulated readers", default=False)
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
    is_active = models.BooleanField("in use", default=False)
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
    """A saved list of recommendations; its books are written once and never changed.

    Its reader may name it, and share it: who knows the token of the link sees the books.
    """

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
    name = models.CharField(max_length=80, blank=True)
    note = models.TextField(max_length=1000, blank=True)
    share_token = models.CharField(
        max_length=32, null=True, blank=True, unique=True, help_text="Empty if it is not shared."
    )
    may_be_indexed = models.BooleanField(
        default=False, help_text="Search engines may list the shared page."
    )

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(F("reader"), F("created_at").desc(), name="run_history")]
        constraints = [
            models.CheckConstraint(
                name="run_indexed_if_shared",
                condition=Q(may_be_indexed=False) | Q(share_token__isnull=False),
            ),
            models.CheckConstraint(
                name="run_share_token",
                condition=Q(share_token__isnull=True) | Q(share_token__regex=LINK_PATTERN),
            ),
        ]

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
    """Email about the new books of a list, or the note that there were too few for one."""

    reader = models.ForeignKey(Reader, models.CASCADE, related_name="digests")
    run = models.ForeignKey(
        Run,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="digests",
        help_text="Empty once its reader has deleted the list; no book is named twice even so.",
    )
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
