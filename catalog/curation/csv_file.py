"""Curated fields as a CSV file: out, and back in after a look at what it would change."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field
from django.utils import timezone

from catalog.curation import acts, cells, edits, table
from catalog.curation.acts import LOCKABLE, CannotCurate
from catalog.curation.cells import BadCell
from catalog.curation.edits import Edit, Stale
from catalog.curation.table import ID, NUMBER, Line, UnusableFile
from catalog.models import Author, Book, StagedEdits
from recsite.accounts.models import User

__all__ = ["CannotCurate", "Stale", "UnusableFile", "apply", "export", "remove_old", "stage"]

CHUNK = 500
MOST_PROBLEMS = 500
KEPT = timedelta(days=1)
LOCKS = "locked_fields"

Values = dict[str, Any]


def export(*, book_ids: Sequence[int]) -> Iterator[str]:
    """The lines of a file with these books; four queries for every 500 of them."""
    yield table.heading()
    for start in range(0, len(book_ids), CHUNK):
        chunk = book_ids[start : start + CHUNK]
        books = acts.snapshots(chunk)
        yield "".join(table.line_of(pk, books[pk]) for pk in chunk if pk in books)


def stage(*, user: User, filename: str, content: bytes) -> StagedEdits:
    """Keep what a file would change, for a look at it; raises `UnusableFile`."""
    lines = table.lines_in(content)
    look = _Look()
    for line, pk in look.identified(lines):
        look.read(line, pk)
    if len(look.rows) > edits.MOST_BOOKS:
        raise UnusableFile(
            f"This file changes {len(look.rows):,} books; at most {edits.MOST_BOOKS:,} can be "
            "changed at once. Upload it in parts."
        )
    return StagedEdits.objects.create(
        user=user,
        filename=filename[:200],
        rows=look.rows,
        problems=look.told(),
        unchanged=look.unchanged,
    )


@transaction.atomic
def renew(*, staged: StagedEdits) -> StagedEdits:
    """Look anew at what a file would change, as its books are by now.

    What the file left alone at first stays as it is now, whoever changed it.
    """
    held = StagedEdits.objects.select_for_update().get(pk=staged.pk)
    if held.applied_at is None and not held.problems:
        look = _Look(unchanged=held.unchanged)
        look.fetch([row["book"] for row in held.rows])
        for row in held.rows:
            if look.stands(row["line"], row["book"]):
                look.compare(row["line"], row["book"], row["after"])
        held.rows, held.problems, held.unchanged = look.rows, look.told(), look.unchanged
        held.save(update_fields=["rows", "problems", "unchanged"])
    return held


@transaction.atomic
def apply(*, staged: StagedEdits, user: User) -> int:
    """Write what was looked at, all or nothing; say how many books changed, 0 the second time.

    Raises `Stale` where a book has changed since, and `CannotCurate` for lines with problems.
    """
    held = StagedEdits.objects.select_for_update().get(pk=staged.pk)
    if held.applied_at is not None:
        return 0
    if held.problems:
        raise CannotCurate("Correct the lines that are listed, and upload the file once more.")
    number = edits.apply(
        edits={row["book"]: _edit(row) for row in held.rows},
        reason=f"CSV: {held.filename}",
        user=user,
    )
    held.applied_at = timezone.now()
    held.save(update_fields=["applied_at"])
    return number


def remove_old() -> int:
    """Keep no file for more than a day; say how many went."""
    old = StagedEdits.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def new_authors(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Authors in these rows whom the catalog does not know yet."""
    names = {name for row in rows for name in row["after"].get("authors", ())}
    known = Author.objects.filter(name__in=names).values_list("name", flat=True)
    return sorted(names - set(known))


def _edit(row: Mapping[str, Any]) -> Edit:
    values = {name: value for name, value in row["after"].items() if name != LOCKS}
    return Edit(values, seen=row["before"], locks=row["after"].get(LOCKS))


@dataclass(slots=True)
class _Look:
    """What the lines of a file would change, and what is wrong with them."""

    rows: list[Values] = field(default_factory=list)
    unchanged: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)
    books: dict[int, Values] = field(default_factory=dict)
    merged: dict[int, int | None] = field(default_factory=dict)
    holders: dict[int | None, int] = field(default_factory=dict)  # of numbers at Goodreads
    slugs: dict[str, str] = field(default_factory=dict)

    def identified(self, lines: Collection[Line]) -> Iterator[tuple[Line, int]]:
        """The lines that name one book which stands."""
        ids: dict[int, int] = {}
        for line in lines:
            text = line.cells[ID].strip()
            if line.is_too_long:
                self.tell(line.number, "This line has more cells than there are columns.")
            elif not (text.isascii() and text.isdigit() and len(text) <= 18):
                self.tell(line.number, f"“{text[:40]}” is no number of a book (column “id”).")
            else:
                ids[line.number] = int(text)
        self.fetch(ids.values())
        seen: Counter[int] = Counter()
        for line in lines:
            pk = ids.get(line.number)
            if pk is None:
                continue
            seen[pk] += 1
            if seen[pk] > 1:
                self.tell(line.number, f"Book {pk} stands in an earlier line too; leave one.")
            elif self.stands(line.number, pk):
                yield line, pk

    def fetch(self, book_ids: Collection[int]) -> None:
        """Ask for all that the lines are compared with."""
        self.books = acts.snapshots(list(book_ids))
        merged = Book.objects.filter(pk__in=list(book_ids), status=Book.Status.MERGED)
        self.merged = dict(merged.order_by().values_list("pk", "merged_into"))
        self.slugs = edits.genre_slugs()
        numbered = Book.objects.exclude(goodreads_work_id=None).order_by()
        self.holders = dict(numbered.values_list("goodreads_work_id", "pk"))

    def stands(self, number: int, pk: int) -> bool:
        """Whether there is such a book, and it was not merged; tells where it is not so."""
        if pk not in self.books:
            self.tell(number, f"There is no book {pk}.")
        elif pk in self.merged:
            into = self.merged[pk]
            self.tell(number, f"Book {pk} was merged into book {into}; change that one.")
        return pk in self.books and pk not in self.merged

    def read(self, line: Line, pk: int) -> None:
        """Compare the cells of a line with the book, and tell of those that can't be read."""
        now, is_sound = self.books[pk], True
        wanted: Values = {}
        for column, text in line.cells.items():
            if column == ID or (column == NUMBER and not text.strip()):
                continue
            if cells.means_the_same(text, cells.write(column, now[column])):
                continue
            try:
                wanted[column] = self._value(column, text, now)
            except BadCell as error:
                self.tell(line.number, f"{column}: {error}")
                is_sound = False
        if is_sound:
            self.compare(line.number, pk, wanted)

    def compare(self, number: int, pk: int, wanted: Values) -> None:
        """Keep what differs from the book, unless it can't be."""
        now = self.books[pk]
        after = {name: value for name, value in wanted.items() if value != now[name]}
        if problem := self._problem(pk, {**now, **after}):
            self.tell(number, problem)
        elif after:
            before = {name: now[name] for name in after}
            row = {"line": number, "book": pk, "title": now["title"]}
            self.rows.append({**row, "before": before, "after": after})
        else:
            self.unchanged += 1

    def tell(self, number: int, sentence: str) -> None:
        self.problems.append((number, sentence))

    def told(self) -> list[tuple[int, str]]:
        """The first problems, in the order of the file."""
        told = sorted(self.problems)
        if len(told) > MOST_PROBLEMS:
            rest = len(told) - MOST_PROBLEMS
            last = (told[MOST_PROBLEMS][0], f"From here on there are {rest} more problems.")
            return [*told[:MOST_PROBLEMS], last]
        return told

    def _value(self, column: str, text: str, now: Values) -> Any:
        """The value of a cell as the database takes it; raises `BadCell`."""
        if column == NUMBER:
            raise BadCell("this number is only there to read, and is not this book's.")
        value = cells.read(column, text)
        if column == LOCKS:
            return _locks(value, now[LOCKS])
        if column == "genres":
            return self._genres(value, now["genres"])
        _check_lengths(column, value)
        return value

    def _genres(self, wanted: dict[str, int | None], now: dict[str, int]) -> dict[str, int]:
        """With the slugs of today, and the readers a genre had where none are given, or one."""
        genres: dict[str, int] = {}
        for written, count in wanted.items():
            slug = self.slugs.get(written)
            if slug is None:
                raise BadCell(f"there is no genre “{written}”; add it first, or correct its slug.")
            if slug in genres:
                raise BadCell(f"“{written}” is “{slug}” now, which stands there too; leave one.")
            genres[slug] = now.get(slug, 1) if count is None else count
        return genres

    def _problem(self, pk: int, book: Values) -> str:
        """Why a book can't be like this; empty where it can."""
        if book["series_number"] is not None and not book["series_name"]:
            return "series_number: a volume with a number needs the name of its series."
        work = book["goodreads_work_id"]
        if work is not None and self.holders.setdefault(work, pk) != pk:
            holder = self.holders[work]
            return f"goodreads_work_id: {work} is the number of book {holder} already."
        return ""


def _locks(wanted: list[str], now: list[str]) -> list[str]:
    if unknown := next((name for name in wanted if name not in LOCKABLE), None):
        raise BadCell(f"“{unknown}” can't be locked; what can is {', '.join(LOCKABLE)}.")
    locks = [name for name in LOCKABLE if name in wanted]
    return now if set(locks) == set(now) else locks


def _check_lengths(column: str, value: Any) -> None:
    """Raises `BadCell` where the database has no room for the value."""
    if column in ("series_number", "is_box_set") or value in (None, ""):
        return
    model, name, values = (
        (Author, "name", value) if column == "authors" else (Book, column, [value])
    )
    column_of = cast("Field[Any, Any]", model._meta.get_field(name))
    try:
        for one in values:
            column_of.run_validators(one)
    except ValidationError as error:
        raise BadCell(" ".join(error.messages)) from error
