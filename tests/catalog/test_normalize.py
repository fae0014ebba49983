"""Keys, split titles, ISBNs and language codes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.languages import language_code
from catalog.normalize import (
    SplitTitle,
    is_isbn10,
    is_isbn13,
    isbn13_of,
    may_be_same_person,
    padded_isbn10,
    split_title,
    surname_key,
    title_key,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Emma", SplitTitle("Emma")),
        (
            "Catching Fire (The Hunger Games, #2)",
            SplitTitle("Catching Fire", "The Hunger Games", Decimal(2)),
        ),
        (
            "The Complete Robot (Robot #0.3)",
            SplitTitle("The Complete Robot", "Robot", Decimal("0.3")),
        ),
        (
            "The Light Fantastic (Discworld, #2; Rincewind, #2)",
            SplitTitle("The Light Fantastic", "Discworld", Decimal(2)),
        ),
        (
            "Ranma ½, Vol. 1 (Ranma ½ (US 2nd), #1)",
            SplitTitle("Ranma ½, Vol. 1", "Ranma ½ (US 2nd)", Decimal(1)),
        ),
        (
            "Day by Day Armageddon (Day by Day Armageddon,#1)",
            SplitTitle("Day by Day Armageddon", "Day by Day Armageddon", Decimal(1)),
        ),
        (
            "The Twilight Collection  (Twilight, #1-4 + 3.5)",
            SplitTitle("The Twilight Collection", "Twilight", Decimal(1), Decimal(4), "", True),
        ),
        (
            "The Assassin's Blade (Throne of Glass, #0.1-0.5)",
            SplitTitle("The Assassin's Blade", "Throne of Glass", Decimal("0.1"), Decimal("0.5")),
        ),
        (
            "A Dance with Dragons (A Song of Ice and Fire #5, Part 1 of 2)",
            SplitTitle(
                "A Dance with Dragons, Part 1", "A Song of Ice and Fire", Decimal(5), part="1"
            ),
        ),
        ("Sleeping Beauty Box Set", SplitTitle("Sleeping Beauty Box Set", is_box_set=True)),
        ("Heart-Shaped Box", SplitTitle("Heart-Shaped Box")),
        (
            "The Silmarillion (Middle-Earth Universe)",
            SplitTitle("The Silmarillion (Middle-Earth Universe)"),
        ),
        ("The Firm (Penguin Readers, Level 5)", SplitTitle("The Firm (Penguin Readers, Level 5)")),
        ("Capital (Volume 2)", SplitTitle("Capital (Volume 2)")),
        ("(Series, #1)", SplitTitle("(Series, #1)")),
        ("Odd)", SplitTitle("Odd)")),
        ("", SplitTitle("")),
    ],
)
def test_a_title_is_split_from_its_series(text: str, expected: SplitTitle) -> None:
    assert split_title(text) == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("The Hobbit", "hobbit"),
        ("The Help: A Novel", "help"),
        ("The Help: A Novel (Jackson, #1)", "help"),
        ("A Novel", "novel"),
        ("Maus: A Graphic Novel", "maus a graphic novel"),
        ("Hobbit, The", "hobbit"),
        ("Crime & Punishment", "crime and punishment"),
        ("Ender\u2019s Game", "enders game"),
        ("Les Misérables", "les miserables"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"),
        ("हिन्दी", "हिन्दी"),
        ("Naruto, Volume 01", "naruto vol 1"),
        ("007", "7"),
        ("A", "a"),
        ("The The", "the"),
        ("?!", "?!"),
        ("", ""),
    ],
)
def test_title_keys(text: str, key: str) -> None:
    assert title_key(text) == key


@given(st.text(max_size=80))
def test_any_text_has_a_key_that_does_not_depend_on_its_case_or_spaces(text: str) -> None:
    key = title_key(text)
    assert key == title_key(f"  {text} ")
    assert bool(key) == bool(text.split())


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("J.K. Rowling", "rowling"),
        ("Ursula K. Le Guin", "guin"),
        ("Le Guin, Ursula K.", "guin"),
        ("Kurt Vonnegut Jr.", "vonnegut"),
        ("Martin Luther King, Jr.", "king"),
        ("Gabriel García Márquez", "marquez"),
        ("Madeleine L'Engle", "lengle"),
        ("Dr. Seuss", "seuss"),
        ("Homer", "homer"),
        ("Jr.", "jr"),
        ("村上 春樹", "春樹"),
        ("", ""),
    ],
)
def test_surname_keys(name: str, key: str) -> None:
    assert surname_key(name) == key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("J.R.R. Tolkien", "John Ronald Reuel Tolkien", True),
        ("F. Scott Fitzgerald", "Scott Fitzgerald", True),
        ("Sir Arthur Conan Doyle", "Doyle, Arthur", True),
        ("Seuss", "Dr. Seuss", True),
        ("Liu Cixin", "Cixin Liu", True),
        ("Fyodor Dostoevsky", "Fyodor Dostoyevsky", True),
        ("Leo Tolstoy", "Alexei Tolstoi", False),
        ("William Carlos Williams", "C.K. Williams", False),
        ("Dylan Thomas", "R.S. Thomas", False),
        ("J.K. Rowling", "Joanne Rowling", True),
        ("Alice Sebold", "Agnes Sebold", False),
        ("Brian K. Vaughan", "Kenji Vaughan", False),
        ("Brian K. Vaughan", "Kenji B. Vaughan", False),
        ("Lev Tolstoy", "Leo Tolstoy", True),
        ("Chris Adrian", "Christopher Adrian", True),
        ("Victor Hugo", "Victoria Hugo", False),
        ("", "", False),
    ],
)
def test_who_may_be_the_same_person(one: str, other: str, same: bool) -> None:
    assert may_be_same_person(one, other) is same
    assert may_be_same_person(other, one) is same


def test_isbns_are_padded_checked_and_brought_to_thirteen_digits() -> None:
    assert padded_isbn10("439023483") == "0439023483"
    assert is_isbn10("0439023483")
    assert not is_isbn10("0439023484")
    assert is_isbn10("043965548X")
    assert isbn13_of("0-439-02348-3") == "9780439023481"
    assert isbn13_of('="9780439023481"') == "9780439023481"
    assert isbn13_of("9780439023482") == ""
    assert isbn13_of("") == ""
    assert isbn13_of("0000000000") == ""


@given(st.integers(0, 10**9 - 1))
def test_every_isbn13_that_is_made_is_valid(stem: int) -> None:
    valid = [f"{stem:09}{check}" for check in "0123456789X" if is_isbn10(f"{stem:09}{check}")]
    assert len(valid) == (1 if stem else 0)
    assert all(is_isbn13(isbn13_of(number)) for number in valid)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("eng", "eng"),
        ("en-US", "eng"),
        ("en", "eng"),
        ("fre", "fra"),
        ("nl", "nld"),
        ("zh_Hant_TW", "zho"),
        ("fil", "fil"),
        ("mul", ""),
        ("", ""),
        ("xx", None),
        ("English", None),
    ],
)
def test_language_codes(text: str, code: str | None) -> None:
    assert language_code(text) == code
