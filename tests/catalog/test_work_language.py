"""The language of a work, where a source knows that of one edition."""

import pytest

from catalog.languages import isbn_language
from catalog.work_language import (
    AuthorLanguages,
    Evidence,
    edition_language,
    is_of_stray_edition,
    language_of_editions,
    work_language,
)

ENGLISH_ISBN, FRENCH_ISBN = "9780306406157", "9782070360024"


def written(author: str, language: str, *titles: str) -> list[Evidence]:
    """Books of an author that are known by their original titles."""
    return [Evidence(title, title, author, language) for title in titles]


def translated(author: str, language: str, *titles: str) -> list[Evidence]:
    """Books of an author that are known by a title in translation."""
    return [
        Evidence(title, f"Ein Original {n}", author, language) for n, title in enumerate(titles)
    ]


SHELF = [
    *written("Ann English", "eng", "The Blue Door", "A Small House", "Orchard"),
    *written("Ilse Deutsch", "deu", "Der Garten", "Schnee"),
    *translated("Otto Deutsch", "eng", "The Mountain", "Before the War"),
    *written("Indah Indonesia", "ind", "Musim Hujan", "Spring in London"),
    *written("Anonymous", "eng", "The Ballad", "The Song"),
    Evidence("حكاية", "حكاية", "كاتب", "ara"),
]


def language_of(title: str, original_title: str = "", author: str = "", edition: str = "") -> str:
    work = Evidence(title, original_title, author, edition)
    return work_language(work, AuthorLanguages([*SHELF, work]))


@pytest.mark.parametrize("edition", ["spa", "fra", "jpn", "", "eng"])
def test_a_title_that_says_nothing_is_in_the_language_its_author_writes(edition: str) -> None:
    assert language_of("Zenith 21", "Zenith 21", "Ann English", edition) == "eng"
    assert language_of("Zenith 21", "", "Ann English", edition) == "eng"


@pytest.mark.parametrize("edition", ["deu", "spa", ""])
def test_an_author_of_another_language_is_believed_as_much(edition: str) -> None:
    assert language_of("Momente", "Momente", "Ilse Deutsch", edition) == "deu"


def test_a_title_in_english_words_stays_where_its_author_writes_in_another_language() -> None:
    assert language_of("Autumn in Rome", "Autumn in Rome", "Indah Indonesia", "ind") == "ind"


def test_an_author_known_in_translation_says_nothing_of_an_untranslated_title() -> None:
    assert language_of("Nebel", "Nebel", "Otto Deutsch", "deu") == "deu"
    assert language_of("The Fog", "The Fog", "Otto Deutsch", "deu") == "eng"


def test_a_translated_title_is_in_the_language_in_which_its_author_is_read() -> None:
    assert language_of("Delta, Vol. 2", "デルタ 2", "Otto Deutsch", "ind") == "eng"
    assert language_of("Der Berg ruft", "Hora", "Otto Deutsch", "deu") == "deu"


@pytest.mark.parametrize(
    ("title", "edition", "language"),
    [
        ("La puerta de la casa", "spa", "spa"),
        ("The Door: A House", "spa", "eng"),
        ("Orchard", "spa", "spa"),
        ("Smuteční slavnosti", "", ""),
        ("The Orchard", "", "eng"),
        ("Orchard", "", ""),
    ],
)
def test_without_other_books_the_words_of_the_title_and_the_edition_count(
    title: str, edition: str, language: str
) -> None:
    assert language_of(title, title, "Only Once", edition) == language


@pytest.mark.parametrize("author", ["Anonymous", "Unknown", "", "Various"])
def test_an_author_who_is_nobody_says_nothing(author: str) -> None:
    assert language_of("Cantar", "Cantar", author, "spa") == "spa"


@pytest.mark.parametrize(
    ("title", "edition", "language"),
    [
        ("Преступление", "rus", "rus"),
        ("Преступление", "deu", "rus"),
        ("Злочин", "ukr", "ukr"),
        ("رواية", "", "ara"),
        ("رواية", "fas", "fas"),
        ("رواية [Riwāya]", "eng", "ara"),
        ("com رواية", "ara", "ara"),
        ("NARUTO -ナルト- 巻ノ四十三", "eng", "jpn"),
        ("紅樓夢", "", "zho"),
        ("美少女 1", "jpn", "jpn"),
        ("Delta 1 (Δ)", "eng", "eng"),
        ("1984", "ara", ""),
    ],
)
def test_a_title_in_another_script_is_in_a_language_of_that_script(
    title: str, edition: str, language: str
) -> None:
    assert language_of(title, "", "Only Once", edition) == language


def test_letters_that_a_language_has_are_signs_of_it() -> None:
    assert language_of("Krwawa łąka", "Krwawa łąka", "Only Once", "pol") == "pol"
    assert language_of("Die Straßenbahn", "", "Ann English", "deu") == "deu"


def test_a_box_set_has_the_language_of_its_author() -> None:
    assert language_of("Zenith Box Set", "", "Ann English", "fra") == "eng"
    assert language_of("Zenith 21 / Zenith 22", "Zenith 22", "Ann English", "") == "eng"


def test_a_subtitle_makes_no_translation() -> None:
    shorter = Evidence("Zenith: A Year in Space", "Zenith", "Ann English", "fra")
    longer = Evidence("Zenith", "Zenith and what came of it", "Ann English", "fra")
    assert not shorter.is_translated
    assert not longer.is_translated
    assert Evidence("Zenith", "Der Gipfel").is_translated


def test_a_lone_translation_among_originals_is_of_a_stray_edition() -> None:
    def is_stray(*work: str) -> bool:
        return is_of_stray_edition(Evidence(*work), AuthorLanguages(SHELF))

    assert is_stray("La puerta roja", "The Red Door", "Ann English", "spa")
    assert is_stray("Poirota", "Orchards", "Ann English", "spa")
    assert language_of("La puerta roja", "The Red Door", "Ann English", "spa") == "eng"
    assert not is_stray("The Red Door of Town", "The Red Door", "Ann English", "spa")
    assert not is_stray("La puerta roja", "The Red Door", "Otto Deutsch", "spa")
    assert not is_stray("Demian. Die Geschichte", "Die Geschichte", "Ann English", "deu")
    assert not is_stray("The Garden", "Das Beet", "Ilse Deutsch", "eng")
    assert not is_stray("The Red Door", "", "Ann English", "spa")


@pytest.mark.parametrize(
    ("languages", "title", "language"),
    [
        ([], "Orchard", ""),
        (["spa"], "Orchard", "spa"),
        (["eng", "spa"], "Orchard", ""),
        (["eng", "spa", "deu"], "La casa de la puerta", "spa"),
        (["eng", "spa", "deu"], "The House of the Door", "eng"),
        (["spa", "fra"], "La casa", ""),
    ],
)
def test_of_many_editions_the_title_tells_which_it_belongs_to(
    languages: list[str], title: str, language: str
) -> None:
    assert language_of_editions(languages, title=title) == language


def test_an_edition_without_a_code_has_the_language_of_its_isbn() -> None:
    assert edition_language(code="fra", isbn13=ENGLISH_ISBN, title="Orchard") == "fra"
    assert edition_language(code="", isbn13=ENGLISH_ISBN, title="Orchard") == "eng"
    assert edition_language(code="", isbn13=FRENCH_ISBN, title="La Rose et le Jardin") == "fra"
    assert edition_language(code="", isbn13=FRENCH_ISBN, title="Orchard") == ""
    assert edition_language(code="", isbn13="", title="Orchard") == ""


@pytest.mark.parametrize(
    ("isbn13", "language"),
    [
        (ENGLISH_ISBN, "eng"),
        (FRENCH_ISBN, "fra"),
        ("9788437604947", "spa"),
        ("9789501234567", "spa"),
        ("9788175257665", ""),
        ("9798650000000", "eng"),
        ("", ""),
    ],
)
def test_agencies_of_isbns_have_languages(isbn13: str, language: str) -> None:
    assert isbn_language(isbn13) == language
