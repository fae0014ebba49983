"""Brackets behind a title: those of editions are left out, those of the title stay."""

from decimal import Decimal

import pytest

from catalog.editions import split_book_title, without_edition


@pytest.mark.parametrize(
    "title",
    [
        "The Firm (Penguin Readers, Level 5)",
        "The Firm (Penguin Classics)",
        "The Firm (Oxford World's Classics)",
        "The Firm (Oxford World\u2019s Classics)",
        "The Firm (Vintage International)",
        "The Firm (Barnes & Noble Classics Series)",
        "The Firm (A Little Golden Book)",
        "The Firm (An I Can Read Book)",
        "The Firm (Bright and Early Board Books)",
        "The Firm (Norton Critical Edition)",
        "The Firm (S.F. Masterworks)",
        "The Firm (Illustrated)",
        "The Firm [Paperback]",
        "The Firm (Unabridged)",
        "The Firm (Movie Tie-In Edition)",
        "The Firm (25th Anniversary Edition)",
        "The Firm (Spanish Edition)",
        "The Firm (en anglais)",
        "The Firm (Oprah's Book Club)",
        "The Firm (A Novel)",
        "The Firm (1991)",
        "The Firm (The Firm)",
        "The Firm (Penguin Classics) (Kindle Edition)",
    ],
)
def test_brackets_of_an_edition_are_left_out(title: str) -> None:
    assert without_edition(title) == "The Firm"
    assert split_book_title(title).key == "firm"


@pytest.mark.parametrize(
    "title",
    [
        "Is Everyone Hanging Out Without Me? (And Other Concerns)",
        "I Am America (And So Can You!)",
        "The Last Summer (of You and Me)",
        "What Was She Thinking? [Notes on a Scandal]",
        "You're Never Weird on the Internet (Almost)",
        "Coraline (Illustrated/Graphic Novel Edition)",
        "Dracula (Marvel Illustrated)",
        "Emma (Classics Illustrated)",
        "Cat's Cradle (Modern Critical Interpretations)",
        "The Castle (Dramatization)",
        "Les Misérables (Abridged)",
        "I Am Malala (Young Readers Edition)",
        "The Firm (SparkNotes Literature Guide)",
        "The Firm (Boxed Set)",
        "The Firm (Little Critter)",
        "One Piece (12)",
        "(Penguin Classics)",
        "The Firm (",
        "",
    ],
)
def test_brackets_of_the_title_and_of_other_books_stay(title: str) -> None:
    assert without_edition(title) == title


@pytest.mark.parametrize(
    "title",
    [
        "Emma (Penguin Classics) (The Austen Books, #4)",
        "Emma (The Austen Books, #4) (Penguin Classics)",
        "Emma (The Austen Books, #4)",
    ],
)
def test_a_series_beside_an_edition_stays_a_series(title: str) -> None:
    split = split_book_title(title)
    assert (split.title, split.series, split.number) == ("Emma", "The Austen Books", Decimal(4))


def test_a_series_with_the_title_as_its_name_is_no_repetition() -> None:
    split = split_book_title("NYPD Red 2 (NYPD Red, #2)")
    assert (split.title, split.series, split.number) == ("NYPD Red 2", "NYPD Red", Decimal(2))
