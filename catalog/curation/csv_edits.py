"""Exports curated fields as CSV; stages an uploaded file for a preview, and applies it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field
from django.utils import timezone

from catalog.credits import read_with_role
from catalog.curation import acts, bulk_edits, cells, csv_format
from catalog.curation.acts import LOCKABLE, CannotCurate
from catalog.curation.bulk_edits import Edit, Stale
from catalog.curation.cells import BadCell
from catalog.curation.csv_format import ID, NUMBER, Line, UnusableFile
from catalog.kinds import volumes_problem
from catalog.models import Author, Book, StagedEdits
from recsite.accounts.models import User

__all__ = ["CannotCurate", "Stale", "UnusableFile", "apply", "export", "remove_old", "stage"]

CHUNK = 500
MAX_PROBLEMS = 500
KEPT = timedelta(days=1)
LOCKS = "locked_fields"

Values = dict[str, Any]


def export(*, book_ids: Sequence[int]) -> Iterator[str]:
    """The lines of a file with these books; four queries for every 500 of them."""
    yield csv_format.header_line()
    for start in range(0, len(book_ids), CHUNK):
        chunk = book_ids[start : start + CHUNK]
        books = acts.snapshots(chunk)
        yield "".join(csv_format.book_line(pk, books[pk]) for pk in chunk if pk in books)


def stage(*, user: User, filename: str, content: bytes) -> StagedEdits:
    """Store what a file would change, for the preview; raises `UnusableFile`."""
    lines = csv_format.parse(content)
    review = _Review()
    for line, pk in review.identified(lines):
        review.read(line, pk)
    if len(review.rows) > bulk_edits.MAX_BOOKS:
        raise UnusableFile(
            f"This file changes {len(review.rows):,} books; at most {bulk_edits.MAX_BOOKS:,} can "
            "be changed at once. Upload it in parts."
        )
    return StagedEdits.objects.create(
        user=user,
        filename=filename[:200],
        rows=review.rows,
        problems=review.listed_problems(),
        unchanged=review.unchanged,
    )


@transaction.atomic
def renew(*, staged: StagedEdits) -> StagedEdits:
    """Compare a staged file again, with its books as they are now.

    Fields that the file did not change at first stay as they are now, whoever changed them.
    """
    held = StagedEdits.objects.select_for_update().get(pk=staged.pk)
    if held.applied_at is None and not held.problems:
        review = _Review(unchanged=held.unchanged)
        review.fetch([row["book"] for row in held.rows])
        for row in held.rows:
            if review.check_exists(row["line"], row["book"]):
                review.compare(row["line"], row["book"], row["after"])
        held.rows, held.problems, held.unchanged = (
            review.rows,
            review.listed_problems(),
            review.unchanged,
        )
        held.save(update_fields=["rows", "problems", "unchanged"])
    return held


@transaction.atomic
def apply(*, staged: StagedEdits, user: User) -> int:
    """Make the previewed changes, all or none; return how many books changed, 0 the second time.

    Raises `Stale` if a book has changed since, and `CannotCurate` if lines have problems.
    """
    held = StagedEdits.objects.select_for_update().get(pk=staged.pk)
    if held.applied_at is not None:
        return 0
    if held.problems:
        raise CannotCurate("Correct the listed lines and upload the file again.")
    number = bulk_edits.apply(
        edits={row["book"]: _edit(row) for row in held.rows},
        reason=f"CSV: {held.filename}",
        user=user,
    )
    held.applied_at = timezone.now()
    held.save(update_fields=["applied_at"])
    return number


def remove_old() -> int:
    """Delete files that are more than a day old; return how many."""
    old = StagedEdits.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def new_authors(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Authors in these rows who are not in the catalog yet."""
    names = {read_with_role(text)[0] for row in rows for text in row["after"].get("authors", ())}
    known = Author.objects.filter(name__in=names).values_list("name", flat=True)
    return sorted(names - set(known))


def _edit(row: Mapping[str, Any]) -> Edit:
    values = {name: value for name, value in row["after"].items() if name != LOCKS}
    return Edit(values, seen=row["before"], locks=row["after"].get(LOCKS))


@dataclass(slots=True)
class _Review:
    """Compares the lines of a file with the books: what would change, and what is wrong."""

    rows: list[Values] = field(default_factory=list)
    unchanged: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)
    books: dict[int, Values] = field(default_factory=dict)
    merged: dict[int, int | None] = field(default_factory=dict)
    holders: dict[int | None, int] = field(default_factory=dict)  # of numbers at Goodreads
    slugs: dict[str, str] = field(default_factory=dict)

    def identified(self, lines: Collection[Line]) -> Iterator[tuple[Line, int]]:
        """The lines with the book of each, without those that name no book or one named before."""
        ids: dict[int, int] = {}
        for line in lines:
            text = line.cells[ID].strip()
            if line.is_too_long:
                self.add_problem(line.number, "This line has more cells than the file has columns.")
            elif not (text.isascii() and text.isdigit() and len(text) <= 18):
                self.add_problem(line.number, f"“{text[:40]}” is not the id of a book.")
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
                self.add_problem(line.number, f"Book {pk} is in an earlier line too; remove one.")
            elif self.check_exists(line.number, pk):
                yield line, pk

    def fetch(self, book_ids: Collection[int]) -> None:
        """Read everything that the lines are compared with."""
        present = Book.objects.exclude(status=Book.Status.WITHDRAWN).filter(pk__in=list(book_ids))
        self.books = acts.snapshots(present.values_list("pk", flat=True))
        merged = Book.objects.filter(pk__in=list(book_ids), status=Book.Status.MERGED)
        self.merged = dict(merged.order_by().values_list("pk", "merged_into"))
        self.slugs = bulk_edits.genre_slugs()
        numbered = Book.objects.exclude(goodreads_work_id=None).order_by()
        self.holders = dict(numbered.values_list("goodreads_work_id", "pk"))

    def check_exists(self, number: int, pk: int) -> bool:
        """Whether the book exists and was not merged; adds a problem otherwise."""
        if pk not in self.books:
            self.add_problem(number, f"There is no book {pk}.")
        elif pk in self.merged:
            into = self.merged[pk]
            self.add_problem(number, f"Book {pk} was merged into book {into}; change that one.")
        return pk in self.books and pk not in self.merged

    def read(self, line: Line, pk: int) -> None:
        """Compare the cells of a line with the book; adds a problem for each that can't be read."""
        now, is_sound = self.books[pk], True
        wanted: Values = {}
        for column, text in line.cells.items():
            if column == ID or (column == NUMBER and not text.strip()):
                continue
            if cells.same_text(text, cells.format_cell(column, now[column])):
                continue
            try:
                wanted[column] = self._value(column, text, now)
            except BadCell as error:
                self.add_problem(line.number, f"{column}: {error}")
                is_sound = False
        if is_sound:
            self.compare(line.number, pk, wanted)

    def compare(self, number: int, pk: int, wanted: Values) -> None:
        """Keep what differs from the book, unless it can't be."""
        now = self.books[pk]
        after = {name: value for name, value in wanted.items() if value != now[name]}
        if problem := self._problem(pk, {**now, **after}):
            self.add_problem(number, problem)
        elif after:
            before = {name: now[name] for name in after}
            row = {"line": number, "book": pk, "title": now["title"]}
            self.rows.append({**row, "before": before, "after": after})
        else:
            self.unchanged += 1

    def add_problem(self, number: int, sentence: str) -> None:
        self.problems.append((number, sentence))

    def listed_problems(self) -> list[tuple[int, str]]:
        """The problems in the order of the file; only the first `MAX_PROBLEMS` in full."""
        listed_problems = sorted(self.problems)
        if len(listed_problems) > MAX_PROBLEMS:
            rest = len(listed_problems) - MAX_PROBLEMS
            last = (
                listed_problems[MAX_PROBLEMS][0],
                f"There are {rest} more problems.",
            )
            return [*listed_problems[:MAX_PROBLEMS], last]
        return listed_problems

    def _value(self, column: str, text: str, now: Values) -> Any:
        """The value of a cell as the database holds it; raises `BadCell`."""
        if column == NUMBER:
            raise BadCell("this column is read-only, and this is not the book's number.")
        value = cells.parse_cell(column, text)
        if column == LOCKS:
            return _locks(value, now[LOCKS])
        if column == "genres":
            return self._genres(value, now["genres"])
        _check_lengths(column, value)
        return value

    def _genres(self, wanted: dict[str, int | None], now: dict[str, int]) -> dict[str, int]:
        """Genres by current slug; one without a count keeps the count it has, or gets 1."""
        genres: dict[str, int] = {}
        for written, count in wanted.items():
            slug = self.slugs.get(written)
            if slug is None:
                raise BadCell(f"there is no genre “{written}”; add it first, or correct its slug.")
            if slug in genres:
                raise BadCell(f"“{written}” is now “{slug}”, which is listed too; remove one.")
            genres[slug] = now.get(slug, 1) if count is None else count
        return genres

    def _problem(self, pk: int, book: Values) -> str:
        """Why a book cannot have these values; empty if it can."""
        if book["series_number"] is not None and not book["series_name"]:
            return "series_number: a numbered volume needs the name of its series."
        if problem := volumes_problem(
            kind=book["kind"],
            series=book["series_name"],
            first=_decimal(book["first_volume"]),
            last=_decimal(book["last_volume"]),
        ):
            return f"first_volume, last_volume: {problem}"
        work = book["goodreads_work_id"]
        if work is not None and self.holders.setdefault(work, pk) != pk:
            holder = self.holders[work]
            return f"goodreads_work_id: {work} already belongs to book {holder}."
        return ""


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _locks(wanted: list[str], now: list[str]) -> list[str]:
    if unknown := next((name for name in wanted if name not in LOCKABLE), None):
        raise BadCell(f"“{unknown}” can't be locked; these fields can: {', '.join(LOCKABLE)}.")
    locks = [name for name in LOCKABLE if name in wanted]
    return now if set(locks) == set(now) else locks


def _check_lengths(column: str, value: Any) -> None:
    """Raise `BadCell` if the value is too long or too large for the database."""
    if column in acts.VOLUMES or value in (None, ""):
        return
    model, name, values = (
        (Author, "name", [read_with_role(text)[0] for text in value])
        if column == "authors"
        else (Book, column, [value])
    )
    column_of = cast("Field[Any, Any]", model._meta.get_field(name))
    try:
        for one in values:
            column_of.run_validators(one)
    except ValidationError as error:
        raise BadCell(" ".join(error.messages)) from error
