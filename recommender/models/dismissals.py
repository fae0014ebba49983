"""What readers do not want to be offered."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import Author, Book, Genre
from recommender.models.readers import Reader

#: How long a dismissal with "Not now" lasts.
POSTPONED_FOR = timedelta(days=90)


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
        """When it is offered again by itself; None for never."""
        is_postponed = self.reason == self.Reason.NOT_NOW
        return self.created_at + POSTPONED_FOR if is_postponed else None
