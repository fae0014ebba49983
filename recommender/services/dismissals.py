"""What a reader does not want to be offered, and how that is undone."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Author, Book, Genre
from recommender.models import POSTPONED_FOR, Dismissal, Reader
from recommender.services.locks import lock_reader


@transaction.atomic
def dismiss(
    *,
    reader: Reader,
    target: Book | Author | Genre,
    reason: str = Dismissal.Reason.NOT_FOR_ME,
) -> Dismissal:
    """Stop offering this book, author or genre; a second call only changes the reason."""
    lock_reader(reader.pk)
    what = _as_field(target)
    standing = Dismissal.objects.standing().filter(reader=reader, **what).first()
    if standing is None:
        return Dismissal.objects.create(reader=reader, reason=reason, **what)
    standing.reason = reason
    standing.save(update_fields=["reason"])
    return standing


def undo(*, dismissal: Dismissal) -> None:
    """Allow it to be offered again; does nothing if it was undone before."""
    Dismissal.objects.standing().filter(pk=dismissal.pk).update(undone_at=timezone.now())


def readmit_postponed() -> int:
    """Undo what was dismissed with "Not now" long enough ago; return how many."""
    now = timezone.now()
    over = Dismissal.objects.postponed().filter(created_at__lt=now - POSTPONED_FOR)
    return over.update(undone_at=now)


def move_to_account(*, guest: Reader, owner: Reader) -> None:
    """Move a guest's dismissals to an account, except for those it has already."""
    targets = ("book", "author", "genre")
    known = set(owner.dismissals.standing().values_list(*targets))
    for dismissal in guest.dismissals.standing():
        target = (dismissal.book_id, dismissal.author_id, dismissal.genre_id)
        if target not in known:
            dismissal.reader = owner
            dismissal.save(update_fields=["reader"])


def _as_field(target: Book | Author | Genre) -> dict[str, Any]:
    """The target as a value of the field that holds it; the other two fields are null."""
    match target:
        case Book():
            return {"book": target}
        case Author():
            return {"author": target}
        case Genre():
            return {"genre": target}
