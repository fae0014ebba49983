"""Readers who read together: one list for all of them."""

import uuid

from django.db import models
from django.db.models import Q

from recommender.models.readers import LINK_PATTERN, Reader

LONGEST_NAME = 40


class ReadingGroup(models.Model):
    """Two or more readers with one list; who has the link may join."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    invite_token = models.CharField(
        max_length=32, null=True, blank=True, unique=True, help_text="Empty if nobody may join."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                name="group_invite_token",
                condition=Q(invite_token__isnull=True) | Q(invite_token__regex=LINK_PATTERN),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class GroupMember(models.Model):
    """A reader in a group, under the name that the others see."""

    group = models.ForeignKey(ReadingGroup, models.CASCADE, related_name="members")
    reader = models.ForeignKey(Reader, models.CASCADE, related_name="memberships")
    name = models.CharField(max_length=LONGEST_NAME)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("joined_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["group", "reader"], name="group_member_once"),
            models.CheckConstraint(name="group_member_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
