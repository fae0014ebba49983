"""Tells authors from translators, illustrators and others who stand beside them in books.csv.

The file has names alone. What tells the rest, in this order:

1. the role behind a name, if the file has one: "Anthea Bell (Translator)";
2. `roles.csv`: roles in goodbooks-10k, looked up by hand. It has Goodreads' number of the work and
   a checksum of the name, since the names are not ours to pass on;
3. names in another script than the title's: a translator's, or an author's own spelling;
4. a second spelling of an earlier name: Leo Tolstoy, Leo Tolstoj;
5. names that stand behind many different first authors, and never first.

Everybody else is an author.
"""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from zlib import crc32

from catalog.credits import Role, script_of
from catalog.goodbooks.books import BookRow
from catalog.normalize import fold, may_be_same_person, surname_key

#: A name that stands after this many different first authors is not an author's.
MANY_FIRST_AUTHORS = 3
ROLES_FILE = Path(__file__).with_name("roles.csv")
LATIN = "LATIN"

Roles = tuple[Role, ...]


def roles_of(rows: Iterable[BookRow]) -> dict[int, Roles]:
    """The roles of the names of each line, in their order, by the line's book_id."""
    listed = list(rows)
    helpers = _helpers(listed)
    return {row.book_id: _roles(row, helpers) for row in listed}


def _roles(row: BookRow, helpers: frozenset[str]) -> Roles:
    known = _known_roles().get(row.work_id or 0, {})
    script = _script_of_authors(row)
    return tuple(
        given or known.get(checksum(name)) or _guess(name, row.authors[:place], script, helpers)
        for place, (name, given) in enumerate(zip(row.authors, row.roles, strict=True))
    )


def checksum(name: str) -> int:
    """By what `roles.csv` knows a name."""
    return crc32(fold(name).encode())


def _guess(name: str, earlier: tuple[str, ...], script: str, helpers: frozenset[str]) -> Role:
    if script_of(name) not in ("", script):
        return Role.CONTRIBUTOR
    if any(may_be_same_person(name, other) for other in earlier):
        return Role.ALIAS
    return Role.CONTRIBUTOR if earlier and name in helpers else Role.AUTHOR


def _script_of_authors(row: BookRow) -> str:
    """The title's script if an author's name is in it, else that of the first name.

    The first name may be in Latin letters where the title is not, as the author of a translation.
    """
    scripts = [found for name in row.authors if (found := script_of(name))]
    title = script_of(row.title.title)
    return title if title == LATIN and title in scripts else next(iter(scripts), "")


def _helpers(rows: Iterable[BookRow]) -> frozenset[str]:
    """Names that stand after many different first authors, and never first.

    Who shares a surname with one of those is rather a co-author: the Brothers Grimm.
    """
    first: set[str] = set()
    stood_behind: dict[str, set[str]] = {}
    for row in rows:
        first.update(row.authors[:1])
        for name in row.authors[1:]:
            stood_behind.setdefault(name, set()).add(row.authors[0])
    return frozenset(
        name
        for name, authors in stood_behind.items()
        if len(authors) >= MANY_FIRST_AUTHORS
        and name not in first
        and surname_key(name) not in {surname_key(author) for author in authors}
    )


@cache
def _known_roles() -> Mapping[int, Mapping[int, Role]]:
    """The roles of `roles.csv`, by work and by the checksum of the name."""
    roles: dict[int, dict[int, Role]] = {}
    with ROLES_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            roles.setdefault(int(row["work_id"]), {})[int(row["name_crc32"])] = Role(row["role"])
    return roles
