"""Email that waits for the mail server; a row is deleted once it is delivered."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone


class QueuedMailQuerySet(models.QuerySet["QueuedMail"]):
    """Queries for email that waits."""

    def due(self, now: datetime) -> Self:
        """What is to be tried now, the oldest first."""
        return self.filter(next_try_at__lte=now).order_by("next_try_at", "pk")


class QueuedMail(models.Model):
    """One email, until the mail server has taken it or it is given up."""

    message = models.JSONField(help_text="Sender, recipients, subject, headers and texts.")
    queued_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="Of the last try.")

    objects = QueuedMailQuerySet.as_manager()

    class Meta:
        ordering = ("next_try_at", "pk")
        verbose_name = "queued email"

    def __str__(self) -> str:
        return f"email {self.pk}, {self.tries} tries"
