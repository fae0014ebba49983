"""A book that was added wrongly leaves the catalog and every library in one act."""

import pytest

from catalog.curation.acts import CannotCurate
from catalog.matching import Wanted, match
from catalog.models import Book, FoundWork, WantedBook
from catalog.openlibrary.certain import Verdict
from catalog.probable import propose
from catalog.search import search, search_as_curator
from catalog.services import additions, wanted
from catalog.services.wanted import Want
from catalog.suggest import suggest
from recommender.models import ImportItem, LibraryEntry
from recommender.services import look_ups, taking_back
from recsite.accounts.models import User
from tests.admin_pages import change_page, curator
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    LibraryEntryFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)
from tests.pages import client_of, read
from tests.works import KLARA

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    made: User = UserFactory.create()
    return made


@pytest.fixture
def klara() -> Book:
    return additions.add(work=KLARA, user=None, origin=Book.Origin.READERS).book


def test_its_lines_have_no_book_again_and_the_log_says_why(klara: Book, user: User) -> None:
    has = LibraryEntryFactory.create(book=klara, stars=5)
    told = LibraryEntryFactory.create(book=None, suggested_book=klara)
    matched = ImportItemFactory.create(book=klara, state="matched")
    proposed = ImportItemFactory.create(suggested_book=klara, state="proposed")
    run = RunFactory.create(books=[klara])
    assert taking_back.preview(book=klara) == taking_back.Preview(entries=1, suggested=1)

    act = taking_back.take_back(book=klara, reason="a summary", user=user)

    rows = LibraryEntry.objects.in_bulk([has.pk, told.pk])
    assert [(row.book, row.suggested_book) for row in rows.values()] == [(None, None)] * 2
    assert rows[has.pk].stars == 5
    items = ImportItem.objects.filter(pk__in=[matched.pk, proposed.pk])
    assert [(item.state, item.book, item.suggested_book) for item in items] == [
        ("unmatched", None, None)
    ] * 2
    assert (act.kind, act.user, act.reason) == ("withdrawn", user, "a summary")
    assert act.before["identifiers"] == ["goodreads:54120408", "isbn13:9780593318171"]
    assert run.recommendations.get().book == klara, "saved lists never change"


def test_nothing_finds_it_any_more(klara: Book, user: User) -> None:
    taking_back.take_back(book=klara, reason="wrong", user=user)
    lines = [
        Wanted("number", edition_id=54120408, isbn13="9780593318171"),
        Wanted("title", title="Klara and the Sun", author="Kazuo Ishiguro"),
        Wanted("almost", title="Klara and the Sun: A Story", author="Kazuo Ishiguro"),
    ]
    found = match(lines)
    assert {one.state for one in found.values()} == {"unmatched"}
    assert propose(lines, found) == {}
    assert search("Klara and the Sun") == search_as_curator("Klara and the Sun") == []
    assert suggest("Klara and the Sun") == []
    assert client_of(None).get(f"/books/{klara.pk}/").status_code == 404


def test_it_is_not_added_again_by_itself_but_by_a_person(klara: Book, user: User) -> None:
    entry = LibraryEntryFactory.create(
        book=klara,
        title=KLARA.title,
        author="Kazuo Ishiguro",
        reader=ReaderFactory.create(looks_up_books=True),
    )
    [pk] = wanted.register([Want(KLARA.title, "Kazuo Ishiguro")]).values()
    WantedBook.objects.filter(pk=pk).update(state="added", book=klara)
    taking_back.take_back(book=klara, reason="wrong", user=user)
    assert WantedBook.objects.get().state == "refused"
    look_ups.collect(reader_id=entry.reader_id)
    assert not WantedBook.objects.exclude(batch=None).exists()

    WantedBook.objects.update(state="waiting")
    row = wanted.settle(row=WantedBook.objects.get(), verdict=Verdict(KLARA))
    assert row
    assert (row.state, row.book) == ("refused", None)

    again = additions.add(work=KLARA, user=user)
    assert (again.book, again.is_new, again.book.status) == (klara, True, "active")
    assert [act.kind for act in klara.acts.order_by("pk")] == ["added", "withdrawn", "shown"]
    assert match([Wanted("number", isbn13="9780593318171")])["number"].book_id == klara.pk


def test_the_work_that_a_curator_had_added_counts_as_declined(klara: Book, user: User) -> None:
    FoundWork.objects.create(
        key="OL1W", title="K", author="I", reason="popular", state="added", work={}, book=klara
    )
    taking_back.take_back(book=klara, reason="wrong", user=user)
    assert FoundWork.objects.get().state == "declined"


@pytest.mark.parametrize("fields", [{"origin": "goodbooks"}, {"status": "withdrawn"}])
def test_books_of_a_data_set_stay_and_nothing_is_taken_back_twice(
    user: User, fields: dict[str, str]
) -> None:
    book = BookFactory.create(**fields)
    entry = LibraryEntryFactory.create(book=book)
    with pytest.raises(CannotCurate):
        taking_back.take_back(book=book, reason="wrong", user=user)
    entry.refresh_from_db()
    assert entry.book == book


def test_a_book_that_others_were_merged_into_stays(klara: Book, user: User) -> None:
    BookFactory.create(status="merged", merged_into=klara)
    with pytest.raises(CannotCurate, match="undo that first"):
        taking_back.take_back(book=klara, reason="wrong", user=user)


def test_curators_see_what_it_would_do_and_do_it(klara: Book) -> None:
    LibraryEntryFactory.create(book=klara)
    client = curator()
    address = f"/admin/catalog/book/{klara.pk}/take-back"
    assert address in client.get(change_page("catalog_book", klara.pk)).content.decode()
    page = read(client.get(address, {"reason": "wrong"}))
    assert "will be taken out of 1 library" in page.words
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "wrong"}).status_code == 302
    klara.refresh_from_db()
    assert klara.status == "withdrawn"
    assert address not in client.get(change_page("catalog_book", klara.pk)).content.decode()
    assert client_of(ReaderFactory.create()).get(address).status_code == 302  # to the log-in
