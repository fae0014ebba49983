"""How far the search for a reader's books at Open Library has come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from catalog.models import WantedBook
from recommender.models import LibraryEntry, Proposal, Reader

#: How long after the last answer the library page tells how the search ended.
TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LookUps:
    """How many lines are looked for, and what came of it."""

    total: int
    found: int
    pending: int
    to_choose: int  # lines for which Open Library has books that may be meant
    last_answer: datetime | None

    @property
    def is_worth_telling(self) -> bool:
        """Whether the search goes on, has just ended, or waits for the reader."""
        is_recent = bool(self.last_answer and self.last_answer > timezone.now() - TOLD_FOR)
        return bool(self.total) and (self.pending > 0 or self.to_choose > 0 or is_recent)

    @property
    def seen(self) -> str:
        """Changes whenever what a page says of it does."""
        return f"{self.total}-{self.found}-{self.pending}-{self.to_choose}"


def look_ups_of(*, reader: Reader) -> LookUps:
    """The search for a reader's books, in two queries."""
    waiting = [WantedBook.State.WAITING, WantedBook.State.FAILED]
    lines = LibraryEntry.objects.filter(reader=reader, wanted__isnull=False)
    counts = lines.aggregate(
        total=Count("pk"),
        found=Count("pk", filter=Q(book__isnull=False)),
        pending=Count("pk", filter=Q(book__isnull=True, wanted__state__in=waiting)),
        last_answer=Max("wanted__asked_at"),
    )
    return LookUps(to_choose=_offered(reader).count(), **counts)


def offered_for(*, reader: Reader, entries: Collection[int]) -> dict[int, UUID]:
    """For which of some entries there are books to choose from, and where, by primary key."""
    offered = _offered(reader).filter(entry__in=list(entries)).order_by()
    return {entry: pk for entry, pk in offered.values_list("entry", "pk") if entry is not None}


def entries_to_choose(*, reader: Reader) -> QuerySet[Proposal, Any]:
    """The keys of the entries for which there are books to choose from."""
    return _offered(reader).values("entry")


def _offered(reader: Reader) -> QuerySet[Proposal]:
    return Proposal.objects.filter(
        reader=reader, entry__book__isnull=True, entry__isnull=False, state=Proposal.State.CHOOSING
    )
