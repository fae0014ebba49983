"""Curated fields as a CSV file: what it holds, what it would change, and what is written."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.curation import acts, bulk_edits, csv_edits
from catalog.models import Author, Book, CurationAct, GenreAlias, StagedEdits
from catalog.openlibrary import fill
from catalog.openlibrary.parse import Work
from recsite.accounts.models import User
from tests.factories import BookFactory, GenreFactory, UserFactory

pytestmark = pytest.mark.django_db

ODD = st.text("'=+-@;\\\t\r\n a,\"\u2028é", max_size=30)
FILE = "books.csv"


@pytest.fixture
def user() -> User:
    return UserFactory.create(email="keeper@example.org")


def exported(*books: Book) -> str:
    return "".join(csv_edits.export(book_ids=[book.pk for book in books]))


def file_of(*rows: dict[str, Any]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def stage(user: User, *rows: dict[str, Any]) -> StagedEdits:
    """What is kept of a file with these lines, as the database gives it back."""
    staged = csv_edits.stage(user=user, filename=FILE, content=file_of(*rows))
    return StagedEdits.objects.get(pk=staged.pk)


def problems_of(user: User, *rows: dict[str, Any]) -> list[list[Any]]:
    problems: list[list[Any]] = stage(user, *rows).problems
    return problems


class RoundTrip(TestCase):
    @given(
        title=ODD.filter(bool),
        texts=st.lists(ODD, min_size=3, max_size=3),
        names=st.sets(ODD.filter(str.strip)),
    )
    @hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    def test_a_file_that_comes_back_as_it_went_changes_nothing(
        self, title: str, texts: list[str], names: set[str]
    ) -> None:
        book = BookFactory.create(
            title=title,
            original_title=texts[0],
            series_name=texts[1],
            description=texts[2],
            subjects=sorted(names),
            authors=sorted(names) or None,
            year=-750,
        )
        staged = csv_edits.stage(
            user=UserFactory.create(), filename=FILE, content=exported(book).encode()
        )
        assert (staged.rows, staged.problems, staged.unchanged) == ([], [], 1)


def test_line_ends_that_a_spreadsheet_changed_are_no_change(user: User) -> None:
    content = exported(BookFactory.create(description="One.\r\n\r\nTwo.")).encode()
    sent = content.replace(b"\r\n", b"\n")
    staged = csv_edits.stage(user=user, filename=FILE, content=sent)
    assert (staged.rows, staged.unchanged) == ([], 1)


def test_an_export_has_what_a_curator_sets_for_spreadsheets_to_read() -> None:
    book = BookFactory.create(
        title="=1+1",
        authors=["Terry Pratchett", "Neil Gaiman"],
        genres=["fantasy", "humor"],
        series_name="Ends",
        series_number="1.50",
        subjects=["Angels", "a;b"],
        locked_fields=["title"],
    )
    text = exported(book)

    assert text.startswith("\ufeffid,goodbooks_id,title,")
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert row["id"] == str(book.pk)
    assert row["goodbooks_id"] == str(book.goodbooks_id)
    assert row["title"] == "'=1+1"
    assert row["authors"] == "Terry Pratchett; Neil Gaiman"
    assert row["genres"] == "fantasy:2; humor:1"
    assert row["series_number"] == "1.5"
    assert row["subjects"] == r"Angels; a\;b"
    assert (row["kind"], row["cover_id"]) == ("work", "")
    assert row["locked_fields"] == "title"
    assert row.keys() >= set(acts.LOCKABLE)


def test_an_export_takes_as_many_queries_for_fifty_books_as_for_five() -> None:
    books = [BookFactory.create(authors=[f"Ann {n}", f"Bob {n}"]) for n in range(50)]
    with CaptureQueriesContext(connection) as few:
        exported(*books[:5])
    with CaptureQueriesContext(connection) as many:
        exported(*books)
    assert len(many) == len(few) == 4


def test_a_preview_writes_nothing_and_tells_what_would_change(user: User) -> None:
    book, same = BookFactory.create(title="Emmma", year=1815), BookFactory.create()

    staged = stage(
        user,
        {"id": book.pk, "title": "Emma", "year": "", "language": "eng"},
        {"id": same.pk, "title": same.title, "year": "1969", "language": "EN"},
    )

    assert staged.rows == [
        {
            "line": 2,
            "book": book.pk,
            "title": "Emmma",
            "before": {"title": "Emmma", "year": 1815},
            "after": {"title": "Emma", "year": None},
        }
    ]
    assert (staged.unchanged, staged.problems) == (1, [])
    assert Book.objects.get(pk=book.pk).title == "Emmma"
    assert not CurationAct.objects.exists()


def test_what_is_applied_is_written_locked_and_logged_once(user: User) -> None:
    book = BookFactory.create(
        title="The Hobit", authors=["J. R. R. Tolkien"], genres=["fantasy"], locked_fields=["year"]
    )
    GenreFactory.create(slug="classics")
    staged = stage(
        user,
        {
            "id": book.pk,
            "title": "The Hobbit",
            "authors": "Alan Lee; J. R. R. Tolkien",
            "genres": "classics; fantasy",
            "series_name": "Middle-earth",
            "series_number": "0,5",
            "kind": "box set",
            "first_volume": "1",
            "last_volume": "3",
            "description": "There and back.",
            "description_source": "Bookfold",
            "goodreads_work_id": "1540236",
            "subjects": "Dragons; Rings",
            "page_count": "310",
        },
    )

    assert csv_edits.apply(staged=staged, user=user) == 1
    assert csv_edits.apply(staged=staged, user=user) == 0

    book.refresh_from_db()
    assert (book.title, book.title_key, str(book.series_number)) == ("The Hobbit", "hobbit", "0.50")
    assert book.author_names == ["Alan Lee", "J. R. R. Tolkien"]
    assert Author.objects.get(name="Alan Lee").surname_key == "lee"
    assert dict(book.shelvings.values_list("genre__slug", "count")) == {"fantasy": 1, "classics": 1}
    assert (book.kind, book.subjects, book.page_count) == ("box_set", ["Dragons", "Rings"], 310)
    assert book.goodreads_work_id == 1540236
    assert book.locked_fields == [
        "title",
        "authors",
        "genres",
        "year",
        "series_name",
        "series_number",
        "kind",
        "first_volume",
        "last_volume",
        "description",
        "goodreads_work_id",
        "subjects",
        "page_count",
    ]
    act = CurationAct.objects.get()
    assert (act.kind, act.user, act.book, act.reason) == ("edited", user, book, "CSV: books.csv")
    assert act.before["authors"] == ["J. R. R. Tolkien"]
    assert (act.before["title"], act.after["title"]) == ("The Hobit", "The Hobbit")
    assert act.after["locked_fields"] == book.locked_fields


def test_the_key_of_a_title_knows_the_number_of_a_volume_called_like_its_series(user: User) -> None:
    book = BookFactory.create(title="Saga", title_key="saga", series_name="Saga")
    csv_edits.apply(staged=stage(user, {"id": book.pk, "series_number": "3"}), user=user)
    assert Book.objects.get(pk=book.pk).title_key == "saga 3"


@pytest.mark.parametrize(
    ("row", "locks"),
    [
        ({"year": "1970"}, ["title", "year"]),
        ({"year": "1970", "locked_fields": "title"}, ["title", "year"]),
        ({"year": "1970", "locked_fields": "title; language"}, ["title", "language"]),
        ({"year": "1970", "locked_fields": ""}, []),
        ({"year": "1969", "locked_fields": "year"}, ["year"]),
    ],
)
def test_what_changes_is_locked_unless_the_cell_of_locks_was_changed(
    user: User, row: dict[str, str], locks: list[str]
) -> None:
    book = BookFactory.create(year=1969, locked_fields=["title"])
    assert csv_edits.apply(staged=stage(user, {"id": book.pk, **row}), user=user) == 1
    assert Book.objects.get(pk=book.pk).locked_fields == locks


def test_open_library_leaves_alone_what_a_file_has_set(user: User) -> None:
    book = BookFactory.create(description="", description_source="", page_count=100, year=None)
    staged = stage(user, {"id": book.pk, "page_count": "310", "description": "Ours."})
    csv_edits.apply(staged=staged, user=user)

    book = Book.objects.for_cards().get(pk=book.pk)
    work = Work(key="OL1W", title=book.title, authors=(), page_count=999, first_year=1999)
    changed = fill.fill(book, work, "Theirs.")

    assert sorted(changed) == ["open_library_key", "year"]
    assert (book.page_count, book.description) == (310, "Ours.")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"id": "999999999"}, "There is no book 999999999."),
        ({"id": "x1"}, "“x1” is not the id of a book."),
        ({"title": ""}, "title: A book needs a title"),
        ({"title": "x" * 501}, "title: Ensure this value has at most 500 characters"),
        ({"authors": ";"}, "authors: A book needs an author"),
        ({"authors": "x" * 301}, "authors: Ensure this value has at most 300 characters"),
        ({"year": "soon"}, "year: “soon” is not a year"),
        ({"language": "English"}, "language: “English” is not a language code"),
        ({"genres": "noir"}, "genres: there is no genre “noir”"),
        (
            {"genres": "sci-fi; science-fiction"},
            "genres: “science-fiction” is now “science-fiction”",
        ),
        ({"series_number": "2"}, "series_number: a numbered volume needs the name"),
        ({"goodreads_work_id": "77"}, "goodreads_work_id: 77 already belongs to book"),
        ({"goodbooks_id": "5"}, "goodbooks_id: this column is read-only"),
        ({"page_count": "3000000000"}, "page_count: Ensure this value is less than"),
        ({"subjects": "x" * 101}, "subjects: Item 1 in the array did not validate"),
        ({"locked_fields": "status"}, "locked_fields: “status” can't be locked"),
    ],
)
def test_a_line_that_cannot_be_is_told_with_its_number(
    user: User, row: dict[str, str], sentence: str
) -> None:
    genre = GenreFactory.create(slug="science-fiction")
    GenreAlias.objects.create(slug="sci-fi", genre=genre)
    BookFactory.create(goodreads_work_id=77)
    book = BookFactory.create()

    staged = stage(user, {"id": book.pk, **row}, {"id": str(book.pk + 10**6)})

    (line, told), (next_line, _) = staged.problems
    assert (line, told[: len(sentence)], next_line) == (2, sentence, 3)
    assert staged.rows == []


def test_a_merged_book_and_a_second_line_of_one_book_are_told(user: User) -> None:
    into = BookFactory.create()
    merged = BookFactory.create(status="merged", merged_into=into)

    told = problems_of(
        user,
        {"id": into.pk, "year": "1970"},
        {"id": merged.pk, "year": "1970"},
        {"id": into.pk, "year": "1971"},
    )

    assert told == [
        [3, f"Book {merged.pk} was merged into book {into.pk}; change that one."],
        [4, f"Book {into.pk} is in an earlier line too; remove one."],
    ]


def test_two_books_cannot_get_one_number_by_one_file(user: User) -> None:
    books = [BookFactory.create() for _ in range(2)]
    [problem] = problems_of(user, *({"id": b.pk, "goodreads_work_id": "9"} for b in books))
    assert problem[0] == 3


def test_each_bad_cell_of_a_line_is_told_and_of_very_many_the_first(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_edits, "MAX_PROBLEMS", 20)
    rows = [{"id": BookFactory.create().pk, "year": "x", "language": "?"} for _ in range(15)]
    told = problems_of(user, *rows)
    assert [sentence[:4] for _, sentence in told[:2]] == ["lang", "year"]
    assert (len(told), told[-1][1]) == (21, "There are 10 more problems.")


def test_a_merged_genre_is_taken_for_the_one_it_is_now(user: User) -> None:
    GenreAlias.objects.create(slug="sf", genre=GenreFactory.create(slug="science-fiction"))
    book = BookFactory.create(genres=["horror"])
    [row] = stage(user, {"id": book.pk, "genres": "sf:4; horror"}).rows
    assert row["after"]["genres"] == {"science-fiction": 4, "horror": 1}


def test_a_file_with_a_problem_is_not_applied_at_all(user: User) -> None:
    book = BookFactory.create(year=1969)
    staged = stage(user, {"id": book.pk, "year": "1970"}, {"id": "0", "year": "1970"})

    with pytest.raises(csv_edits.CannotCurate, match="Correct the listed lines"):
        csv_edits.apply(staged=staged, user=user)
    with pytest.raises(IntegrityError), transaction.atomic():
        StagedEdits.objects.update(applied_at=timezone.now())
    assert Book.objects.get(pk=book.pk).year == 1969


def test_nothing_is_written_where_a_book_has_changed_since_and_the_preview_is_made_anew(
    user: User,
) -> None:
    books = [BookFactory.create(year=1969, language="eng", page_count=1) for _ in range(3)]
    staged = stage(
        user, *({"id": b.pk, "year": "1970", "language": "fra", "page_count": 1} for b in books)
    )
    Book.objects.filter(pk=books[1].pk).update(year=1970)  # as the file wants it
    Book.objects.filter(pk=books[2].pk).update(language="fra", year=1970, page_count=7)

    with pytest.raises(csv_edits.Stale, match=r"has changed since the preview \(year\)"):
        csv_edits.apply(staged=staged, user=user)
    assert not CurationAct.objects.exists()
    assert Book.objects.get(pk=books[0].pk).year == 1969

    renewed = csv_edits.renew(staged=staged)
    assert [sorted(row["after"]) for row in renewed.rows] == [["language", "year"], ["language"]]
    assert renewed.unchanged == 1
    assert csv_edits.apply(staged=staged, user=user) == 2
    assert Book.objects.get(pk=books[2].pk).page_count == 7  # the file did not touch it


def test_a_book_that_was_merged_since_is_told_by_the_preview_made_anew(user: User) -> None:
    book, into = BookFactory.create(), BookFactory.create()
    staged = stage(user, {"id": book.pk, "year": "1970"})
    Book.objects.filter(pk=book.pk).update(status="merged", merged_into=into)

    with pytest.raises(csv_edits.Stale, match="merged into another"):
        csv_edits.apply(staged=staged, user=user)
    [(line, told)] = csv_edits.renew(staged=staged).problems
    assert (line, told[:18]) == (2, f"Book {book.pk} was merged"[:18])


def test_a_number_that_another_book_took_since_stops_all(user: User) -> None:
    book, other = BookFactory.create(), BookFactory.create()
    staged = stage(user, {"id": book.pk, "goodreads_work_id": "12"})
    Book.objects.filter(pk=other.pk).update(goodreads_work_id=12)
    with pytest.raises(csv_edits.CannotCurate, match="Goodreads numbers"):
        csv_edits.apply(staged=staged, user=user)


def test_too_many_books_at_once_are_refused(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_edits, "MAX_BOOKS", 2)
    books = [BookFactory.create(language="eng") for _ in range(3)]
    with pytest.raises(csv_edits.UnusableFile, match="changes 3 books; at most 2"):
        stage(user, *({"id": book.pk, "language": "fra"} for book in books))
    keys = [book.pk for book in books]
    with pytest.raises(acts.CannotCurate, match="3 books are too many at once"):
        bulk_edits.set_values(book_ids=keys, values={"language": "fra"}, user=user)
    assert not CurationAct.objects.exists()


def test_files_go_after_a_day_and_their_acts_stay(user: User) -> None:
    book = BookFactory.create(year=1969)
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        old = stage(user, {"id": book.pk, "year": "1970"})
        csv_edits.apply(staged=old, user=user)
    young = stage(user, {"id": book.pk, "year": "1971"})

    assert csv_edits.remove_old() == 1
    assert StagedEdits.objects.get() == young
    assert CurationAct.objects.count() == 1
