"""Several books of a library are changed at once."""

import pytest

from recommender.models import LibraryEntry, Reader
from tests.factories import LibraryEntryFactory, ReaderFactory
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    reader = ReaderFactory.create(user=None)
    LibraryEntryFactory.create_batch(2, reader=reader, stars=3, shelf="read")
    LibraryEntryFactory.create(reader=reader, stars=None, shelf="to-read")
    return reader


def change(reader: Reader | None, do: str, entries: list[LibraryEntry]) -> str:
    """Do something with entries; what the page then says."""
    client = client_of(reader)
    sent = {"do": do, "entry": [entry.pk for entry in entries], "next": "/library/?sort=title"}
    answer = client.post("/library/many", sent)
    assert answer["Location"] == "/library/?sort=title"
    return read(client.get("/library/")).one(class_="messages").words


def state(reader: Reader) -> list[tuple[object, ...]]:
    return list(reader.entries.order_by("pk").values_list("stars", "shelf", "is_left_out"))


@pytest.mark.parametrize(
    ("do", "said", "after"),
    [
        ("stars:5", "2 books rated 5 stars.", [(5, "read", False), (5, "read", False)]),
        ("stars:", "2 books without stars.", [(None, "read", False), (None, "to-read", False)]),
        (
            "shelf:did-not-finish",
            "2 books on “Did not finish” now.",
            [(3, "did-not-finish", False), (None, "did-not-finish", False)],
        ),
        ("leave-out", "2 books left out.", [(3, "read", True), (None, "to-read", True)]),
    ],
)
def test_what_was_ticked_is_changed_and_nothing_else(
    reader: Reader, do: str, said: str, after: list[tuple[object, ...]]
) -> None:
    first, _, last = reader.entries.order_by("pk")
    assert said in change(reader, do, [first, last])
    assert state(reader) == [after[0], (3, "read", False), after[1]]
    first.refresh_from_db()
    assert bool(first.edited_fields) == (do != "leave-out"), "an import would undo it"


def test_what_was_removed_can_be_put_back(reader: Reader) -> None:
    change(reader, "remove", list(reader.entries.all())[:2])
    assert reader.entries.count() == 1
    assert reader.removed_entries.count() == 2


def test_nothing_happens_to_what_is_anothers(reader: Reader) -> None:
    other = LibraryEntryFactory.create(stars=1)
    assert "0 books" in change(reader, "stars:5", [other])
    other.refresh_from_db()
    assert other.stars == 1


@pytest.mark.parametrize(
    "sent",
    [{}, {"do": "remove"}, {"do": "burn", "entry": "1"}, {"do": "remove", "entry": "9" * 60}],
)
def test_an_odd_form_changes_nothing_and_says_so(reader: Reader, sent: dict[str, str]) -> None:
    client = client_of(reader)
    assert client.post("/library/many", sent)["Location"] == "/library/"
    assert read(client.get("/library/")).one(class_="note note--error").words
    assert reader.entries.count() == 3


def test_stars_are_given_where_the_book_stands(reader: Reader) -> None:
    entry = reader.entries.get(shelf="to-read")
    client = client_of(reader)
    answer = client.post(
        f"/library/{entry.pk}/stars", {"stars": "4"}, headers={"HX-Request": "true"}
    )
    assert "4 stars" in read(answer).one("li").words
    entry.refresh_from_db()
    assert entry.stars == 4
    assert entry.shelf == "read"
    lit = read(client.get("/library/")).all("button", name="stars", aria_pressed="true")
    assert "4" in [button.attributes["value"] for button in lit]

    assert client.post(f"/library/{entry.pk}/stars", {"stars": "6"}).status_code == 400
    stranger = client_of(ReaderFactory.create())
    assert stranger.post(f"/library/{entry.pk}/stars", {"stars": "1"}).status_code == 404


def test_how_often_a_book_was_read_is_the_readers_to_say(reader: Reader) -> None:
    entry = reader.entries.order_by("pk")[0]
    client = client_of(reader)
    sent = {"stars": "3", "shelf": "read", "read_on": ""}
    client.post(f"/library/{entry.pk}/", sent | {"read_count": "3"})
    entry.refresh_from_db()
    assert (entry.read_count, entry.reading) == (3, "again")
    assert "read_count" in entry.edited_fields

    client.post(f"/library/{entry.pk}/", sent)  # a form of before, without the field
    entry.refresh_from_db()
    assert entry.read_count == 3
