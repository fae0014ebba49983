"""What a reader has under another title is not offered as news."""

import pytest

from catalog.models import Book
from recommender.models import Reader
from tests.factories import BookFactory, LibraryEntryFactory
from tests.pages import offered
from tests.recommender.conftest import Camps


def rename(book: Book, **values: object) -> None:
    Book.objects.filter(pk=book.pk).update(**values)


def unmatched(reader: Reader, title: str, author: str, shelf: str = "read") -> None:
    """A line of the reader's library that found no book."""
    LibraryEntryFactory.create(
        reader=reader, book=None, title=title, author=author, shelf=shelf, stars=None
    )


def test_a_line_that_found_no_book_keeps_what_it_may_mean_off_the_list(
    camps: Camps, sailor: Reader
) -> None:
    rename(camps.sea[3], title="Tempest: A Story of the Sea")
    rename(camps.sea[4], title="Der Sturm", series_name="Tides", series_number=2)
    assert {"Tempest: A Story of the Sea", "Sea 5"} <= set(offered(sailor))

    unmatched(sailor, "Tempest (Penguin Classics)", "Mariner No3")
    unmatched(sailor, "The Storm (Tides, #2)", "No4, Mariner", shelf="to-read")

    titles = offered(sailor)
    assert "Tempest: A Story of the Sea" not in titles
    assert "Der Sturm" not in titles
    assert "Sea 5" in titles


def test_another_author_and_another_volume_are_offered_all_the_same(
    camps: Camps, sailor: Reader
) -> None:
    rename(camps.sea[3], title="Tempest")
    rename(camps.sea[4], title="Tides, Vol. 1")

    unmatched(sailor, "Tempest", "Somebody Else")
    unmatched(sailor, "Tides, Vol. 2", "Mariner No4")

    assert {"Tempest", "Tides, Vol. 1"} <= set(offered(sailor))


def replace(camps: Camps, title: str, author: str, **values: object) -> None:
    """Another book takes the place of the fourth of the sea in the model."""
    book = BookFactory.create(authors=[author], title=title)
    number = camps.sea[3].goodbooks_id
    rename(camps.sea[3], goodbooks_id=None)
    rename(book, goodbooks_id=number, **values)


@pytest.mark.parametrize(
    ("title", "author", "kind"),
    [
        ("Sea 0: The Lost Chapters", "Mariner No0", "work"),
        ("Sea 0 (Spanish Edition)", "Mariner No0", "work"),
        ("Sea 0 and Other Stories", "Mariner No0", "work"),
        ("The Sea 0 Graphic Novel", "Another Writer", "adaptation"),
        ("Captain Ahab's Sea 0", "Mariner No0", "adaptation"),
        ("Moor 11 / Sea 0", "Mariner No0", "omnibus"),
        ("All Seven Seas", "Mariner No0", "box_set"),
    ],
)
def test_what_belongs_to_a_book_in_the_library_is_not_offered(
    camps: Camps, sailor: Reader, title: str, author: str, kind: str
) -> None:
    replace(camps, title, author, kind=kind)
    titles = offered(sailor)
    assert title not in titles
    assert "Sea 4" in titles


@pytest.mark.parametrize(
    ("title", "author", "kind"),
    [
        ("The Sea 9 Graphic Novel", "Another Writer", "adaptation"),
        ("Lake 11 / Lake 0", "Another Writer", "omnibus"),
        ("The Seas, in One Box", "Another Writer", "box_set"),
    ],
)
def test_what_belongs_to_no_book_in_the_library_is_offered(
    camps: Camps, sailor: Reader, title: str, author: str, kind: str
) -> None:
    replace(camps, title, author, kind=kind)
    assert title in offered(sailor)


@pytest.mark.parametrize("kind", ["part", "companion", "guide"])
def test_what_nobody_reads_for_its_own_sake_is_never_offered(
    camps: Camps, sailor: Reader, kind: str
) -> None:
    replace(camps, "Something Else", "Another Writer", kind=kind)
    assert "Something Else" not in offered(sailor)


def test_a_box_set_is_no_find_beside_its_first_volume(camps: Camps, sailor: Reader) -> None:
    rename(camps.sea[3], series_name="Tides", kind="box_set", first_volume=1, last_volume=3)
    rename(camps.sea[4], series_name="Tides", kind="omnibus", first_volume=1, last_volume=2)
    assert offered(sailor)[0] in ("Sea 3", "Sea 4")

    rename(camps.moor[11], series_name="Tides", series_number=1, ratings_count=10)

    titles = offered(sailor)
    assert "Sea 3" not in titles
    assert "Sea 4" not in titles


def test_a_collection_of_no_series_is_no_find_beside_a_better_known_work(
    camps: Camps, sailor: Reader
) -> None:
    replace(camps, "Lake 11 / Lake 0", "Another Writer", kind="omnibus", ratings_count=10)
    lake = BookFactory.create(title="Lake 11", authors=["Another Writer"], ratings_count=9)
    assert "Lake 11 / Lake 0" in offered(sailor)

    rename(lake, ratings_count=11)
    assert "Lake 11 / Lake 0" not in offered(sailor)


def test_an_omnibus_that_more_readers_know_than_its_first_volume_is_a_find(
    camps: Camps, sailor: Reader
) -> None:
    rename(
        camps.sea[3],
        series_name="Tides",
        kind="omnibus",
        first_volume=1,
        last_volume=2,
        ratings_count=11,
    )
    rename(camps.sea[4], series_name="Tides", series_number=1, ratings_count=10)
    assert "Sea 3" in offered(sailor)


def test_a_series_goes_on_after_the_last_volume_read_whether_the_line_found_its_book(
    camps: Camps, sailor: Reader
) -> None:
    for number, book in enumerate(camps.sea[3:10], start=2):
        rename(book, series_name="Tides", series_number=number)
    for number in (1, 3):
        unmatched(sailor, f"Something (Tides, #{number})", "Somebody")

    titles = offered(sailor)

    assert {title for title in titles if title in {f"Sea {n}" for n in range(3, 10)}} == {"Sea 5"}


def test_a_volume_to_be_read_is_not_offered_and_begins_no_series(
    camps: Camps, sailor: Reader
) -> None:
    for number, book in enumerate(camps.sea[3:6], start=1):
        rename(book, series_name="Tides", series_number=number)
    unmatched(sailor, "Ebb (Tides, #1)", "Mariner No3", shelf="to-read")
    assert not {"Sea 3", "Sea 4", "Sea 5"} & set(offered(sailor))


def test_a_volume_read_under_another_title_leads_to_the_next_one(
    camps: Camps, sailor: Reader
) -> None:
    for number, book in enumerate(camps.sea[3:6], start=1):
        rename(book, series_name="Tides", series_number=number)
    unmatched(sailor, "Sea 3: A Novel of the Ocean", "Mariner No3")
    titles = offered(sailor)
    assert "Sea 4" in titles
    assert not {"Sea 3", "Sea 5"} & set(titles)


def test_a_line_without_an_author_may_mean_any_book_of_its_title(
    camps: Camps, sailor: Reader
) -> None:
    unmatched(sailor, "Sea 3", "")
    assert "Sea 3" not in offered(sailor)
