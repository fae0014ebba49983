"""What a reader does not want to be offered, and the way back."""

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
    """Offer this book, author or genre no more; a second time only the reason changes."""
    lock_reader(reader.pk)
    what = _as_field(target)
    standing = Dismissal.objects.standing().filter(reader=reader, **what).first()
    if standing is None:
        return Dismissal.objects.create(reader=reader, reason=reason, **what)
    standing.reason = reason
    standing.save(update_fields=["reason"])
    return standing


def undo(*, dismissal: Dismissal) -> None:
    """Let it be offered again; what was undone already stays as it is."""
    Dismissal.objects.standing().filter(pk=dismissal.pk).update(undone_at=timezone.now())


def readmit_postponed() -> int:
    """Let what was dismissed with "Not now" some months ago be offered again; say how many."""
    now = timezone.now()
    over = Dismissal.objects.postponed().filter(created_at__lt=now - POSTPONED_FOR)
    return over.update(undone_at=now)


def move_to_account(*, guest: Reader, owner: Reader) -> None:
    """Give a guest's dismissals to an account, but for those that stand there already."""
    targets = ("book", "author", "genre")
    known = set(owner.dismissals.standing().values_list(*targets))
    for dismissal in guest.dismissals.standing():
        target = (dismissal.book_id, dismissal.author_id, dismissal.genre_id)
        if target not in known:
            dismissal.reader = owner
            dismissal.save(update_fields=["reader"])


def _as_field(target: Book | Author | Genre) -> dict[str, Any]:
    """The target under the name of the field that holds it; the others of the row are null."""
    match target:
        case Book():
            return {"book": target}
        case Author():
            return {"author": target}
        case Genre():
            return {"genre": target}
