"""Readers who read together: groups begin, are joined by a link, and are left."""

import secrets

from django.db import transaction

from recommender.models import GroupMember, Reader, ReadingGroup
from recommender.services.locks import lock_reader
from recommender.services.saved_lists import TOKEN_BYTES

#: With more, little is left that nobody dislikes.
MOST_MEMBERS = 6
#: The most groups a reader may be in: each group's list takes several fold-ins.
MOST_GROUPS = 20


class CannotJoin(Exception):
    """The message says why, to the reader."""


@transaction.atomic
def begin(*, reader: Reader, name: str) -> ReadingGroup:
    """Begin a group with one member, and a link for others. Raises `CannotJoin`."""
    _check_groups(lock_reader(reader.pk))
    group = ReadingGroup.objects.create(invite_token=secrets.token_urlsafe(TOKEN_BYTES))
    GroupMember.objects.create(group=group, reader=reader, name=name)
    return group


@transaction.atomic
def join(*, group: ReadingGroup, reader: Reader, name: str) -> None:
    """Accept an invitation; who is a member already only changes the name.

    Raises `CannotJoin`.
    """
    reader = lock_reader(reader.pk)
    locked = ReadingGroup.objects.select_for_update().filter(pk=group.pk).first()
    if locked is None or locked.invite_token is None:
        raise CannotJoin("This invitation has ended. Ask for a new link.")
    _admit(locked, reader, name)


@transaction.atomic
def add(*, group: ReadingGroup, reader: Reader, name: str) -> None:
    """Take in somebody who sits beside a member, without an invitation. Raises `CannotJoin`."""
    reader = lock_reader(reader.pk)
    _admit(ReadingGroup.objects.select_for_update().get(pk=group.pk), reader, name)


@transaction.atomic
def leave(*, group: ReadingGroup, reader: Reader) -> None:
    """Leave a group; the last one who leaves ends it."""
    reader = lock_reader(reader.pk)
    locked = ReadingGroup.objects.select_for_update().filter(pk=group.pk).first()
    if locked is None:
        return
    locked.members.filter(reader=reader).delete()
    if not locked.members.exists():
        locked.delete()


def open_invitation(*, group: ReadingGroup) -> None:
    """Give a group a new link; an older one ends."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ReadingGroup.objects.filter(pk=group.pk).update(invite_token=token)


def end_invitation(*, group: ReadingGroup) -> None:
    """Let nobody join any more."""
    ReadingGroup.objects.filter(pk=group.pk).update(invite_token=None)


def remove_empty() -> None:
    """Delete groups whose last members have been deleted."""
    ReadingGroup.objects.filter(members=None).delete()


def _admit(locked: ReadingGroup, reader: Reader, name: str) -> None:
    if not locked.members.filter(reader=reader).exists():
        _check_groups(reader)
        if locked.members.count() >= MOST_MEMBERS:
            raise CannotJoin(f"This group is full: it has {MOST_MEMBERS} readers.")
    GroupMember.objects.update_or_create(
        group=locked, reader=reader, defaults={"name": name}, create_defaults={"name": name}
    )


def _check_groups(reader: Reader) -> None:
    if reader.memberships.count() >= MOST_GROUPS:
        raise CannotJoin("You are already in twenty groups. Leave one first.")
