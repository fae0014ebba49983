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


@pytest.mark.parametrize(
    ("title", "author"),
    [
        ("Sea 0: The Lost Chapters", "Mariner No0"),
        ("Sea 0 (Spanish Edition)", "Mariner No0"),
        ("Sea 0: SparkNotes Literature Guide", "Another Writer"),
        ("The Sea 0 Graphic Novel Adaptation", "Another Writer"),
        ("The Complete Sea 0 Box Set", "Mariner No0"),
    ],
)
def test_what_belongs_to_a_book_in_the_library_is_not_offered(
    camps: Camps, sailor: Reader, title: str, author: str
) -> None:
    book = BookFactory.create(authors=[author])
    number = camps.sea[3].goodbooks_id
    rename(camps.sea[3], goodbooks_id=None)
    rename(book, title=title, goodbooks_id=number)

    titles = offered(sailor)

    assert title not in titles
    assert "Sea 4" in titles
