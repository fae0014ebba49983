"""Works of Open Library that wait for a curator, who adds them to the catalog or declines them."""

from collections.abc import Collection
from dataclasses import asdict

from django.db import transaction

from catalog.models import Book, FoundWork, WantedBook
from catalog.openlibrary.parse import Work, work_from_json
from catalog.services import additions
from recsite.accounts.models import User

Reason = FoundWork.Reason
State = FoundWork.State
_ORIGINS = {Reason.READERS: Book.Origin.READERS, Reason.POPULAR: Book.Origin.POPULAR}


def offer(*, work: Work, reason: FoundWork.Reason, shelves: int = 0) -> bool:
    """Let curators decide on a work; False if one has declined it before."""
    found, _ = FoundWork.objects.update_or_create(
        key=work.key,
        defaults={"shelves": shelves, "work": asdict(work)},
        create_defaults={
            "title": work.title[:500],
            "author": ", ".join(work.credited)[:300],
            "year": work.first_year,
            "shelves": shelves,
            "reason": reason,
            "work": asdict(work),
        },
    )
    return found.state != State.DECLINED


@transaction.atomic
def add(*, found: FoundWork, user: User) -> additions.Addition | None:
    """Add a work that waits for a curator; None if it does not wait any more.

    Raises `catalog.services.additions.CannotAdd`.
    """
    row = FoundWork.objects.select_for_update().filter(pk=found.pk, state=State.WAITING).first()
    if row is None:
        return None
    origin = _ORIGINS[Reason(row.reason)]
    addition = additions.add(work=work_from_json(row.work), user=user, origin=origin)
    row.state, row.book = State.ADDED, addition.book
    row.save(update_fields=["state", "book"])
    return addition


@transaction.atomic
def decline(*, found_ids: Collection[int]) -> int:
    """Say that these works are not to be added, now or later; return how many were waiting."""
    waiting = FoundWork.objects.select_for_update().filter(
        pk__in=list(found_ids), state=State.WAITING
    )
    keys = list(waiting.order_by("pk").values_list("key", flat=True))
    wanted = WantedBook.objects.filter(state=WantedBook.State.FOUND, works__0__key__in=keys)
    wanted.update(state=WantedBook.State.REFUSED, works=[])
    return FoundWork.objects.filter(key__in=keys).update(state=State.DECLINED)
