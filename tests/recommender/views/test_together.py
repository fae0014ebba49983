"""Readers who read together: a link that both accept, one list, and the way out."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from recommender.models import Dismissal, GroupMember, Reader, ReadingGroup
from recommender.services import groups, leaving, readers
from tests.factories import LibraryEntryFactory, ReaderFactory, UserFactory, create_books
from tests.pages import Page, client_of, read
from tests.releases import publish_release

pytestmark = pytest.mark.django_db


@dataclass
class Shelves:
    """Books of two tastes, and some between them that both lead to."""

    sea: list[Book]
    moor: list[Book]
    both: list[Book]


@pytest.fixture
def shelves(own_store: str) -> Shelves:
    made = Shelves(
        create_books({f"Sea {n}": f"Mariner No{n}" for n in range(12)}),
        create_books({f"Moor {n}": f"Walker No{n}" for n in range(12)}),
        create_books({f"Shore {n}": f"Wader No{n}" for n in range(6)}),
    )
    sea, moor, both = (
        [book.goodbooks_id or 0 for book in books] for books in (made.sea, made.moor, made.both)
    )
    publish_release(own_store, [sea, moor, both])
    return made


def reader_of(*books: Book) -> Reader:
    reader = ReaderFactory.create(user=None)
    for book in books:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    return reader


@pytest.fixture
def pair(shelves: Shelves) -> ReadingGroup:
    """Ann loves the sea and Bob the moor; both have loved two of the books between."""
    ann = reader_of(*shelves.sea[:2], *shelves.both[:2])
    bob = reader_of(*shelves.moor[:2], *shelves.both[:2])
    group = groups.begin(reader=ann, name="Ann")
    groups.join(group=group, reader=bob, name="Bob")
    return group


def address(group: ReadingGroup) -> str:
    return f"/together/{group.pk}/"


def page_of(group: ReadingGroup, name: str = "Ann") -> Page:
    member = GroupMember.objects.get(group=group, name=name)
    return read(client_of(member.reader).get(address(group)))


def titles(group: ReadingGroup, name: str = "Ann") -> list[str]:
    return [pick.words for pick in page_of(group, name).all("h2")][:10]


class TestInviting:
    def test_both_accept_by_a_link_and_see_the_same_list(self, shelves: Shelves) -> None:
        ann = client_of(reader_of(*shelves.sea[:2], *shelves.both[:2]))
        group = ann.post("/together/", {"name": "Ann"})["Location"]
        page = read(ann.get(group))
        assert "Nobody has accepted yet" in page.words
        links = [e.attributes["href"] for e in page.all("a") if "/join/" in e.attributes["href"]]
        link = urlsplit(links[0]).path

        bob = client_of(reader_of(*shelves.moor[:2], *shelves.both[:2]))
        assert "Ann invites you" in read(bob.get(link)).words
        assert bob.get(group).status_code == 404
        assert bob.post(link, {"name": "Bob"})["Location"] == group

        lists = [[e.words for e in read(one.get(group)).all("h2")] for one in (ann, bob)]
        assert lists[0] == lists[1]
        assert bob.get(link)["Location"] == group

    def test_somebody_new_accepts_first_and_rates_later(self, pair: ReadingGroup) -> None:
        client = client_of(None)
        assert (
            client.post(f"/together/join/{pair.invite_token}/", {"name": "Cy"}).status_code == 302
        )

        page = read(client.get(address(pair)))
        assert page.one("h1").words == "Ann, Bob and Cy"
        assert "Not counted yet: Cy." in page.words
        assert page.all("li", data_rank="1")

    def test_without_a_name_nobody_joins(self, pair: ReadingGroup) -> None:
        answer = client_of(None).post(f"/together/join/{pair.invite_token}/", {"name": " "})
        assert read(answer, status=422).all(class_="errorlist")
        assert pair.members.count() == 2

    def test_a_link_that_has_ended_leads_nowhere(self, pair: ReadingGroup) -> None:
        ann = GroupMember.objects.get(name="Ann").reader
        old = f"/together/join/{pair.invite_token}/"
        client_of(ann).post(f"{address(pair)}invitation", {"what": "end"})
        assert client_of(None).get(old).status_code == 404

        client_of(ann).post(f"{address(pair)}invitation", {"what": "renew"})
        pair.refresh_from_db()
        assert client_of(None).get(old).status_code == 404
        assert client_of(None).get(f"/together/join/{pair.invite_token}/").status_code == 200

    def test_a_group_can_be_full(self, pair: ReadingGroup) -> None:
        for number in range(groups.MOST_MEMBERS - 2):
            groups.join(group=pair, reader=reader_of(), name=f"No {number}")
        with pytest.raises(groups.CannotJoin, match="full"):
            groups.join(group=pair, reader=reader_of(), name="One more")

    def test_the_database_has_nobody_twice_in_a_group(self, pair: ReadingGroup) -> None:
        ann = GroupMember.objects.get(name="Ann")
        with pytest.raises(IntegrityError, match="group_member_once"), transaction.atomic():
            GroupMember.objects.create(group=pair, reader=ann.reader, name="Ann again")


class TestTheList:
    def test_books_for_both_come_first_each_with_both_readers_books(
        self, pair: ReadingGroup, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        assert titles(pair)[:4] == ["Shore 2", "Shore 3", "Shore 4", "Shore 5"]
        first = page_of(pair).one("li", data_rank="1").words
        assert "Ann liked Shore 0, Shore 1 and Sea 1" in first
        assert "Bob liked Shore 0, Shore 1 and Moor 1" in first
        assert "5★" not in first

        ann = client_of(GroupMember.objects.get(name="Ann").reader)
        ann.get(address(pair))
        with django_assert_max_num_queries(16):
            ann.get(address(pair))

    def test_nothing_is_on_it_that_one_of_them_has_or_has_dismissed(
        self, pair: ReadingGroup, shelves: Shelves
    ) -> None:
        bob = GroupMember.objects.get(name="Bob").reader
        LibraryEntryFactory.create(reader=bob, book=shelves.both[2], stars=None, shelf="to-read")
        Dismissal.objects.create(reader=bob, book=shelves.both[3])

        assert titles(pair)[:2] == ["Shore 4", "Shore 5"]

    def test_a_later_volume_is_for_those_alone_who_have_read_the_first(
        self, pair: ReadingGroup, shelves: Shelves
    ) -> None:
        first, second = shelves.both[1].pk, shelves.both[2].pk
        for volume, pk in enumerate((first, second), start=1):
            Book.objects.filter(pk=pk).update(series_name="Tides", series_number=volume)
        assert "Shore 2" in titles(pair)

        bob = GroupMember.objects.get(name="Bob").reader
        bob.entries.filter(book=first).delete()
        assert "Shore 2" not in titles(pair)


class TestLeaving:
    def test_who_leaves_sees_no_more_and_the_last_one_ends_it(self, pair: ReadingGroup) -> None:
        bob = client_of(GroupMember.objects.get(name="Bob").reader)
        assert bob.post(f"{address(pair)}leave")["Location"] == "/together/"
        assert bob.get(address(pair)).status_code == 404
        assert "Bob" not in page_of(pair).one("main").words

        client_of(GroupMember.objects.get(name="Ann").reader).post(f"{address(pair)}leave")
        assert not ReadingGroup.objects.exists()

    def test_strangers_and_nobody_can_do_nothing(self, pair: ReadingGroup) -> None:
        for who in (ReaderFactory.create(), None):
            assert client_of(who).get(address(pair)).status_code == 404
            for act in ("leave", "invitation"):
                assert (
                    client_of(who).post(f"{address(pair)}{act}", {"what": "end"}).status_code == 404
                )
        pair.refresh_from_db()
        assert pair.invite_token

    def test_who_deletes_everything_is_out_and_an_empty_group_is_swept(
        self, pair: ReadingGroup
    ) -> None:
        for member in list(pair.members.all()):
            leaving.delete_reader(reader=member.reader)
        assert not GroupMember.objects.exists()
        readers.remove_forgotten_guests()
        assert not ReadingGroup.objects.exists()

    def test_a_guest_who_logs_in_stays_a_member(self, pair: ReadingGroup) -> None:
        user = UserFactory.create()
        owner = ReaderFactory.create(user=user)
        guest = GroupMember.objects.get(name="Bob").reader
        readers.claim_guest(user=user, guest_id=guest.pk)
        assert GroupMember.objects.get(name="Bob").reader == owner
