"""Every list of the admin takes as many queries for many rows as for few."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from catalog.models import (
    Author,
    Book,
    BookIdentifier,
    CurationAct,
    FoundWork,
    Genre,
    WantedBook,
)
from catalog.normalize import title_key
from recommender.models import (
    Dismissal,
    ImportItem,
    ImportJob,
    LibraryEntry,
    ModelRelease,
    Proposal,
    Reader,
    Run,
)
from recsite.accounts.models import User
from recsite.mail.models import QueuedMail
from tests import factories as make
from tests.admin_pages import changelist, curator, queries_of

pytestmark = pytest.mark.django_db


def make_book(n: int) -> None:
    """A book with all that its line shows: authors, genres, numbers, lists and dismissals."""
    book = make.BookFactory.create(
        authors=[f"Ann Writer{n}", f"Bob Writer{n}"], genres=[f"genre-{n}", "fantasy"]
    )
    book.identifiers.create(scheme="isbn13", value=f"978{n:010}")
    run = make.RunFactory.create(books=[book])
    Dismissal.objects.create(reader=run.reader, book=book)


def make_task(n: int) -> None:
    schedule = IntervalSchedule.objects.create(every=n + 1000, period="seconds")
    PeriodicTask.objects.create(name=f"task {n}", task="some.task", interval=schedule)


#: For each model of the admin, what makes the n-th row with all that it points to.
MAKERS: dict[type[Any], Callable[[int], Any]] = {
    Author: make_book,
    Book: make_book,
    Genre: make_book,
    BookIdentifier: make_book,
    CurationAct: lambda n: CurationAct.objects.create(
        kind="edited",
        user=make.UserFactory.create(),
        book=make.BookFactory.create(),
        subject=f"Book {n}",
        after={"year": n},
    ),
    FoundWork: lambda n: FoundWork.objects.create(
        key=f"OL{n}W",
        title=f"Work {n}",
        author="A",
        reason="popular",
        work={},
        state="added",
        book=make.BookFactory.create(),
    ),
    WantedBook: lambda n: WantedBook.objects.create(
        key=f"{n}",
        title=f"Wanted {n}",
        due_at="2026-01-01T00:00Z",
        state="added",
        book=make.BookFactory.create(),
    ),
    Reader: lambda n: make.LibraryEntryFactory.create(),
    LibraryEntry: lambda n: make.LibraryEntryFactory.create(),
    ImportJob: lambda n: make.ImportItemFactory.create(job__state="done"),
    ImportItem: lambda n: make.ImportItemFactory.create(
        job__state="done", book=make.BookFactory.create()
    ),
    Proposal: lambda n: make.ProposalFactory.create(
        state="added", book=make.BookFactory.create()
    ),
    Run: lambda n: make.RunFactory.create(books=[make.BookFactory.create()]),
    ModelRelease: lambda n: make.RunFactory.create(),
    User: lambda n: make.UserFactory.create(),
    Group: lambda n: Group.objects.create(name=f"group {n}"),
    QueuedMail: lambda n: QueuedMail.objects.create(message={"subject": f"Letter {n}"}),
    EmailAddress: lambda n: EmailAddress.objects.create(
        user=make.UserFactory.create(), email=f"other{n}@example.org"
    ),
    Authenticator: lambda n: Authenticator.objects.create(
        user=make.UserFactory.create(), type="totp", data={}
    ),
    PeriodicTask: make_task,
    IntervalSchedule: make_task,
    CrontabSchedule: lambda n: CrontabSchedule.objects.create(minute=str(n)),
}  # fmt: skip

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def client() -> Client:
    return curator()


def assert_many_rows_take_no_more_queries(client: Client, model: type[Any], **query: str) -> None:
    address = changelist(f"{model._meta.app_label}_{model._meta.model_name}", **query)
    for n in range(3):
        MAKERS[model](n)
    queries_of(client, address)  # fills Django's cache of content types
    few = queries_of(client, address)
    for n in range(3, 10):
        MAKERS[model](n)

    assert queries_of(client, address) == few


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model._meta.label))
def test_a_list_takes_no_more_queries_for_more_rows(client: Client, model: type[Any]) -> None:
    assert_many_rows_take_no_more_queries(client, model)


@pytest.mark.parametrize(
    "query",
    [
        {"readers": "offered"}, {"readers": "dismissed"}, {"look": "doubles"}, {"o": "-13"},
        {"lacks": "cover"}, {"enriched": "never"}, {"status__exact": "active"}, {"q": "book"},
    ],
    ids=str,
)  # fmt: skip
def test_the_list_of_books_neither(client: Client, query: dict[str, str]) -> None:
    assert_many_rows_take_no_more_queries(client, Book, **query)


def test_counts_are_shown_and_ordered_by_on_every_page(client: Client) -> None:
    """Rows of a page are found first, and counted then: in the same order."""
    books = [make.BookFactory.create(title=f"Book {n}", ratings_count=100 - n) for n in range(60)]
    for times, book in enumerate(books[:55]):
        for _ in range(times % 5):
            make.RunFactory.create(books=[book])
    shown = client.get(changelist("catalog_book", readers="offered")).context["cl"].result_list
    counts = [book.offered_count for book in shown]

    assert counts == sorted(counts, reverse=True)
    assert counts.count(4) == 11
    second = client.get(changelist("catalog_book", p=2)).context["cl"].result_list
    assert [book.title for book in second] == [f"Book {n}" for n in range(50, 60)]
    assert [book.offered_count for book in second] == [0, 1, 2, 3, 4, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("bone", {"The Bone Garden"}),
        ("garden gerritsen", {"The Bone Garden"}),
        ("jardin", {"The Bone Garden"}),
        ("rizzoli", {"The Bone Garden"}),
        ("garden leckie", {"The Bone Garden", "Ancillary Justice"}),
        ("garden of bones leckie gerritsen", {"The Bone Garden"}),
        ("9780000000077", {"The Bone Garden"}),
        ("12345", {"The Bone Garden"}),
        ("777000", {"The Bone Garden"}),
        ("99999999999999999999", set()),
        ("leckie", {"Ancillary Justice"}),
        ("etranger", {"L'Étranger"}),
        ("l’étranger camús", {"L'Étranger"}),
        ("letranger", {"L'Étranger"}),
    ],
)
def test_books_are_found_by_most_words_or_by_a_number(
    client: Client, words: str, found: set[str]
) -> None:
    book = make.BookFactory.create(
        title="The Bone Garden", authors=["Tess Gerritsen", "Some Body"], goodbooks_id=12345,
        original_title="Le jardin des os", series_name="Rizzoli", goodreads_work_id=777000,
    )  # fmt: skip
    book.identifiers.create(scheme="isbn13", value="9780000000077")
    make.BookFactory.create(title="Ancillary Justice", authors=["Ann Leckie"])
    make.BookFactory.create(
        title="L'Étranger", title_key=title_key("L'Étranger"), authors=["Albert Camus"]
    )

    shown = client.get(changelist("catalog_book", q=words)).context["cl"].result_list

    assert {book.title for book in shown} == found


def test_rows_of_one_import_come_in_their_own_order_and_else_the_newest_first(
    client: Client,
) -> None:
    job = make.ImportJobFactory.create(state="done")
    for n in (2, 1, 3):
        make.ImportItemFactory.create(job=job, position=n, title=f"Row {n}")
    name = "recommender_importitem"

    own = client.get(changelist(name, job__id__exact=job.pk)).context["cl"].result_list
    every = client.get(changelist(name)).context["cl"].result_list

    assert [row.title for row in own] == ["Row 1", "Row 2", "Row 3"]
    assert [row.title for row in every] == ["Row 3", "Row 1", "Row 2"]
