"""The authors of new books, each by the name by which the catalog knows them already."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.db.models import F

from catalog.dumps.reader import DumpedWork
from catalog.goodbooks.books import MAX_NAME_LENGTH
from catalog.lookups import AnyOf
from catalog.models import Author, BookAuthor
from catalog.normalize import name_words, surname_key

MAX_CREDITS = 20
NAMES_CACHED = 200_000


def credits_of(books: Sequence[tuple[int, DumpedWork]]) -> list[BookAuthor]:
    """Everybody on the title pages of books, given by primary key; missing authors are added."""
    names = {name for _, one in books for name in one.roles}
    authors = _author_ids(names)
    rows = []
    for book_id, one in books:
        roles: dict[int, str] = {}
        for name, role in one.roles.items():
            roles.setdefault(authors[name], role.value)
        listed = list(roles.items())[:MAX_CREDITS]
        rows += [
            BookAuthor(book_id=book_id, author_id=author_id, position=position, role=role)
            for position, (author_id, role) in enumerate(listed, start=1)
        ]
    return rows


def _author_ids(names: Iterable[str]) -> dict[str, int]:
    """The authors with these names, J. K. for J.K., after adding those who were not here."""
    wanted = {name: _same(name) for name in names}
    known = _known(map(_surname, wanted))
    new = {same: name for name, same in sorted(wanted.items()) if same not in known}
    # A curator may add the same name at this moment.
    Author.objects.bulk_create(
        (Author(name=name, surname_key=_surname(name)) for name in new.values()),
        ignore_conflicts=True,
    )
    known |= _known(map(_surname, new.values())) if new else {}
    return {name: known[same] for name, same in wanted.items()}


def _known(surnames: Iterable[str]) -> dict[tuple[str, ...], int]:
    """Authors with these surnames; of two spellings of a name the older row."""
    rows = Author.objects.filter(AnyOf(F("surname_key"), list(set(surnames)))).order_by("-pk")
    return {_same(name): pk for name, pk in rows.values_list("name", "pk")}


def _surname(name: str) -> str:
    """A key may be longer than its name, as some characters stand for several letters."""
    return surname_key(name)[:MAX_NAME_LENGTH]


@lru_cache(maxsize=NAMES_CACHED)
def _same(name: str) -> tuple[str, ...]:
    """What two names have in common that differ only in accents, case and punctuation."""
    return name_words(name) or (name,)
