"""The entries of a library: what their reader changes, leaves out, removes and puts back."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from recommender.models import LibraryEntry, Reader, RemovedEntry
from recommender.selectors.recommendations import preview
from tests.factories import LibraryEntryFactory, ReaderFactory
from tests.pages import client_of, offered, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db
PAGE = "/library/"
HTMX = {"HX-Request": "true"}


def save(reader: Reader | None, entry: LibraryEntry, **data: str) -> int:
    whole = {"stars": "5", "shelf": "read", "read_on": "", **data}
    return client_of(reader).post(reverse("entry", args=[entry.pk]), whole).status_code


class TestEditing:
    def test_stars_shelf_and_day_are_set_and_known_as_ones_own(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        assert save(sailor, entry, stars="4.5", shelf="to-read", read_on="2020-05-01") == 302
        entry.refresh_from_db()
        assert (entry.stars, entry.shelf) == (Decimal("4.5"), "to-read")
        assert entry.read_on == date(2020, 5, 1)
        assert entry.edited_fields == ["read_on", "shelf", "stars"]

    def test_what_stays_the_same_is_not_ones_own(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        save(sailor, entry, stars="3.5")
        entry.refresh_from_db()
        assert entry.edited_fields == []

    def test_a_quarter_that_the_source_gave_can_be_kept(self) -> None:
        entry = LibraryEntryFactory.create(stars=Decimal("4.25"))
        save(entry.reader, entry, stars="4.25", shelf="to-read")
        entry.refresh_from_db()
        assert (entry.stars, entry.edited_fields) == (Decimal("4.25"), ["shelf"])

    def test_a_changed_star_moves_the_list(self, camps: Camps) -> None:
        reader = ReaderFactory.create()
        sea = LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
        moor = LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=Decimal("1.5"))
        assert offered(reader)[0].startswith("Sea")
        save(reader, moor, stars="5")
        save(reader, sea, stars="1")
        assert offered(reader)[0].startswith("Moor")

    def test_half_stars_weigh_between_their_neighbors(self, camps: Camps) -> None:

        entry = LibraryEntryFactory.create(book=camps.sea[0], stars=4)
        scores = []
        for stars in ("4", "4.5", "5"):
            save(entry.reader, entry, stars=stars)
            scores.append(preview(reader=entry.reader).chosen[0].score)
        assert scores[0] < scores[1] < scores[2]

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            ({"stars": "6"}, "Select a valid choice"),
            ({"stars": "4.1"}, "Select a valid choice"),
            ({"shelf": "nowhere"}, "Select a valid choice"),
            ({"read_on": "soon"}, "year-month-day"),
            ({"read_on": "2999-01-01"}, "in the future"),
        ],
    )
    def test_what_cannot_be_is_told_and_nothing_is_lost(
        self, sailor: Reader, data: dict[str, str], says: str
    ) -> None:
        entry = sailor.entries.get(title="Moor 0")
        whole = {"stars": "2.5", "shelf": "to-read", "read_on": "2020-01-01", **data}
        answer = client_of(sailor).post(reverse("entry", args=[entry.pk]), whole)
        page = read(answer, status=422)
        assert says in page.one("main").words
        if "stars" not in data:
            chosen = page.one("option", value="2.5")
            assert "selected" in chosen.attributes
        entry.refresh_from_db()
        assert entry.stars == Decimal("3.5")

    def test_without_javascript_the_filtered_page_comes_back(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        back = f"{PAGE}?stars=3&sort=title"
        page = read(client_of(sailor).get(back))
        [edit] = [e for e in page.all("a") if e.words == "Edit Moor 0"]
        form = read(client_of(sailor).get(edit.attributes["href"]))
        backs = [field.attributes["value"] for field in form.all("input", name="next")]
        assert backs[0] == back
        answer = client_of(sailor).post(
            reverse("entry", args=[entry.pk]), {"stars": "1", "shelf": "read", "next": back}
        )
        assert answer["Location"] == f"{back}#entry-{entry.pk}"

    def test_it_never_leads_to_another_site(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        data = {"stars": "1", "shelf": "read", "next": "//example.org/library/"}
        answer = client_of(sailor).post(reverse("entry", args=[entry.pk]), data)
        assert answer["Location"] == f"{PAGE}#entry-{entry.pk}"

    def test_htmx_gets_the_form_and_then_the_row(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client, address = client_of(sailor), reverse("entry", args=[entry.pk])
        form = read(client.get(address, headers=HTMX))
        assert form.one("select", name="stars")
        wrong = client.post(address, {"stars": "9", "shelf": "read"}, headers=HTMX)
        assert "Select a valid choice" in read(wrong).one("form").words
        row = read(client.post(address, {"stars": "0.5", "shelf": "read"}, headers=HTMX))
        assert "½" in row.one("p", class_="entry__stars").words
        assert row.one("p", role="status").words == "Saved."
        assert row.one("nav", hx_swap_oob="true").words == "All 4 Read 4"
        again = read(client.get(f"{address}?row=1", headers=HTMX))
        assert again.one("form", action=f"{address}stars")
        assert not again.all("select")


class TestLeavingOut:
    def test_it_neither_moves_the_list_nor_comes_back(self, camps: Camps, sailor: Reader) -> None:
        for entry in sailor.entries.exclude(title="Moor 0"):
            client_of(sailor).post(reverse("entry-leave-out", args=[entry.pk]))
        assert offered(sailor)[0].startswith("Moor")
        assert not {"Sea 0", "Sea 1", "Sea 2"} & set(offered(sailor))
        assert "Left out" in read(client_of(sailor).get(f"{PAGE}?q=sea+0")).one("main").words

        for entry in sailor.entries.all():
            client_of(sailor).post(reverse("entry-count", args=[entry.pk]))
        assert offered(sailor)[0].startswith("Sea")

    def test_twice_is_once(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        for _ in range(2):
            client_of(sailor).post(reverse("entry-leave-out", args=[entry.pk]))
        entry.refresh_from_db()
        assert entry.is_left_out


class TestRemoving:
    def test_an_entry_is_removed_and_put_back_as_it_was(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        save(sailor, entry, stars="4.5")
        before = sailor.entries.values("title", "stars", "source_key", "edited_fields", "book")
        kept = before.get(title="Moor 0")
        client = client_of(sailor)
        page = read(client.post(reverse("entry-remove", args=[entry.pk]), follow=True))
        assert "Moor 0 is no longer in your library." in page.one("main").words
        assert "Moor 0" not in read(client_of(sailor).get(f"{PAGE}?q=moor")).one("main").words

        gone = RemovedEntry.objects.get()
        assert page.one("form", action=reverse("library-restore", args=[gone.pk]))
        client.post(reverse("library-restore", args=[gone.pk]))
        assert before.get(title="Moor 0") == kept
        assert not RemovedEntry.objects.exists()

    def test_with_htmx_the_undo_stands_in_its_place(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client = client_of(sailor)
        answer = read(client.post(reverse("entry-remove", args=[entry.pk]), headers=HTMX))
        assert answer.one("nav", id="shelves").words == "All 3 Read 3"
        undo = answer.one("form").attributes["action"]
        assert "Put back." in read(client.post(undo, headers=HTMX)).one("li").words

    def test_it_can_be_put_back_later(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client_of(sailor).post(reverse("entry-remove", args=[entry.pk]), headers=HTMX)
        page = read(client_of(sailor).get(PAGE))
        assert page.one("a", href=reverse("library-removed")).words.endswith("(1)")
        listed = read(client_of(sailor).get(reverse("library-removed"))).one("main").words
        assert "Moor 0" in listed
        for stranger in (ReaderFactory.create(), None):
            other = read(client_of(stranger).get(reverse("library-removed")))
            assert "Moor 0" not in other.one("main").words

    def test_a_book_that_came_back_by_itself_is_not_there_twice(self, sailor: Reader) -> None:
        entry = sailor.entries.get(title="Moor 0")
        client = client_of(sailor)
        client.post(reverse("entry-remove", args=[entry.pk]))
        gone = RemovedEntry.objects.get()
        LibraryEntryFactory.create(reader=sailor, book=entry.book, stars=1)
        client.post(reverse("library-restore", args=[gone.pk]))
        assert sailor.entries.get(book=entry.book).stars == 1


@pytest.mark.parametrize(
    "name", ["entry", "entry-leave-out", "entry-count", "entry-remove", "entry-follow"]
)
def test_entries_of_others_do_not_exist(sailor: Reader, name: str) -> None:
    entry = sailor.entries.get(title="Moor 0")
    address = reverse(name, args=[entry.pk])
    for stranger in (ReaderFactory.create(), ReaderFactory.create(user=None), None):
        data = {"stars": "1", "shelf": "read"}
        assert client_of(stranger).post(address, data).status_code == 404
        if name == "entry":
            assert client_of(stranger).get(address).status_code == 404
    assert sailor.entries.get(title="Moor 0").updated_at == entry.updated_at


def test_what_others_removed_does_not_exist(sailor: Reader) -> None:
    entry = sailor.entries.get(title="Moor 0")
    client_of(sailor).post(reverse("entry-remove", args=[entry.pk]))
    address = reverse("library-restore", args=[RemovedEntry.objects.get().pk])
    for stranger in (ReaderFactory.create(), None):
        assert client_of(stranger).post(address).status_code == 404
    assert RemovedEntry.objects.exists()
