"""Guests who share a browser: whose libraries are there, and which of them is shown.

The session holds the readers' numbers only. Names are those in their groups, and go with them.
"""

from dataclasses import dataclass

from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from recommender.models import Reader, ReadingGroup
from recommender.services import groups, readers
from recommender.services.groups import MOST_MEMBERS, CannotJoin
from recommender.services.readers import SESSION_KEY

#: The key of the numbers of all guests of a session, in the order in which they came.
ALL_KEY = "readers_here"


@dataclass(frozen=True, slots=True)
class Library:
    """One of the libraries in a browser."""

    number: int
    name: str
    is_shown: bool


def libraries(session: SessionBase) -> list[Library]:
    """The libraries of guests in this browser; none where nobody has begun a second one."""
    if not (numbers := numbers_here(session)):
        return []
    named = Reader.objects.filter(pk__in=numbers, user=None).order_by("memberships__joined_at")
    names: dict[int, str | None] = dict(named.values_list("pk", "memberships__name"))
    shown = session.get(SESSION_KEY)
    return [
        Library(number, names[number] or f"Reader {place}", number == shown)
        for place, number in enumerate(numbers, start=1)
        if number in names
    ]


def numbers_here(session: SessionBase) -> list[int]:
    """The numbers of the guests in this browser; none where nobody has begun a second library."""
    numbers: list[int] = session.get(ALL_KEY, [])
    return numbers


def begin(*, session: SessionBase, group: ReadingGroup, reader: Reader, name: str) -> None:
    """Begin a library for somebody beside a guest, in their group at once, and show it.

    Raises `CannotJoin`.
    """
    numbers = numbers_here(session) or [reader.pk]
    if len(numbers) >= MOST_MEMBERS:
        raise CannotJoin(f"There are {MOST_MEMBERS} libraries in this browser. Delete one first.")
    with transaction.atomic():
        guest = readers.open_library(user=None)
        groups.add(group=group, reader=guest, name=name)
    _put(session, [*numbers, guest.pk], shown=guest.pk)


def show(*, session: SessionBase, number: int) -> None:
    """Show another of the libraries in this browser."""
    session[SESSION_KEY] = number


def forget(*, session: SessionBase, number: int) -> None:
    """Take a library out of the browser, as it has become an account's."""
    if ALL_KEY in session:
        session[ALL_KEY] = [one for one in numbers_here(session) if one != number]


def log_out(request: HttpRequest) -> None:
    """End a session; the libraries of guests in it go on in a new one."""
    numbers = numbers_here(request.session)
    logout(request)
    if numbers:
        _put(request.session, numbers, shown=numbers[0])


def _put(session: SessionBase, numbers: list[int], *, shown: int) -> None:
    session[ALL_KEY], session[SESSION_KEY] = numbers, shown
