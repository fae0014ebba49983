"""Readers: guests and owners of accounts."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

#: What a token in an address looks like; those of `secrets.token_urlsafe(16)` have 22 letters.
LINK_PATTERN = r"^[\w-]{20,}$"
EARLIEST_SINCE = date(1900, 1, 1)


class Reader(models.Model):
    """Somebody with a library here: a guest known by session, or the owner of an account."""

    class RefreshPace(models.TextChoices):
        """How often the linked shelf is refreshed."""

        OFF = "off", "Never by itself"
        WEEKLY = "weekly", "Once a week"
        DAILY = "daily", "Once a day"

    class DigestPace(models.TextChoices):
        """How often email about new books may be sent, at most."""

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
    languages = ArrayField(
        models.CharField(max_length=3),
        default=list,
        blank=True,
        help_text="Of the books on lists, as chosen; where empty, the books read tell.",
    )
    refresh_pace = models.CharField(max_length=10, choices=RefreshPace, default=RefreshPace.DAILY)
    shares_ratings = models.BooleanField(
        default=False, help_text="Books and stars may be learned from, under another number."
    )
    shares_since = models.DateTimeField(null=True, blank=True)
    digest_pace = models.CharField(
        "email of new books", max_length=10, choices=DigestPace, default=DigestPace.OFF
    )

    looks_up_books = models.BooleanField(
        null=True,
        help_text="Books we don't know are looked up at Open Library; empty if not asked yet.",
    )
    finder_url = models.CharField(
        max_length=300,
        blank=True,
        help_text="Where the reader looks for a book, such as a library, with {isbn} in it.",
    )
    feed_token = models.CharField(
        max_length=32,
        null=True,
        blank=True,
        unique=True,
        help_text="Of the address of a feed of the reader's lists; empty if there is none.",
    )

    time_zone = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Of days and times; empty: UTC."
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
                name="reader_finder_url",
                condition=Q(finder_url="")
                | Q(finder_url__regex=r"^https?://", finder_url__contains="{isbn}"),
            ),
            models.CheckConstraint(
                name="reader_feed_token",
                condition=Q(feed_token__isnull=True)
                | Q(feed_token__regex=LINK_PATTERN, user__isnull=False),
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
