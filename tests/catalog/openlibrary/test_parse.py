"""What is made of Open Library's answers."""

from typing import Any

import pytest

from catalog.credits import Role
from catalog.goodbooks.genres import genres_of_subjects
from catalog.openlibrary.parse import Details, Malformed, details_of, plain_text, works_of
from recsite.local.standins.works import MARKED_UP


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("One.\r\nTwo.\r\n\r\n\r\n\r\nThree.", "One.\nTwo.\n\nThree."),
        ("A [novel](https://e.example/x) of [the sea][2].\n\n[2]: https://e.example",
         "A novel of the sea."),
        ("**Bold**, *slanted*, __bold__ and snake_case_words",
         "Bold, slanted, bold and snake_case_words"),
        ("Text ([source](https://e.example/a)).", "Text."),
        ("See https://e.example/page for more.", "See for more."),
        ("## Heading\n> quoted", "Heading\nquoted"),
        ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
        ("<script>alert(1)</script>Calm.", "Calm."),
        ("2 < 3 and 4 > 3", "2 < 3 and 4 > 3"),
        ("It ends here.\n\n--------\nContains:\n- [A](/works/OL1W)", "It ends here."),
        ("----------\nIt begins here.", "It begins here."),
        ("Nul\x00 and\u202e marks", "Nul and marks"),
        ("3 * 4 * 5 = 60", "3 * 4 * 5 = 60"),
        (MARKED_UP, "A quiet book about a lighthouse & its keeper.\n\nThe second part is louder."),
    ],
)  # fmt: skip
def test_descriptions_become_plain_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_a_very_long_description_ends_with_a_whole_word() -> None:
    text = plain_text("word " * 5000)
    assert len(text) <= 10_001
    assert text.endswith("word…")


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"docs": None}, {"docs": "x"}])
def test_an_answer_that_is_no_search(answer: Any) -> None:
    with pytest.raises(Malformed):
        works_of(answer)


def test_docs_without_a_key_or_title_are_left_out() -> None:
    docs = [{"key": "/works/OL1W"}, {"title": "x"}, {"key": "/authors/OL1A", "title": "x"}, 7]
    assert works_of({"docs": docs}) == []


def test_names_and_titles_hold_nothing_that_no_database_can() -> None:
    doc = {
        "key": "/works/OL1W",
        "title": " A\x00 title\n here ",
        "author_name": ["Ann\x00 A.", "\x00"],
    }
    [work] = works_of({"docs": [doc | {"author_alternative_name": ["A. Ann"]}]})
    assert (work.title, work.credited, work.authors) == (
        "A title here",
        ("Ann A.",),
        ("Ann A.", "A. Ann"),
    )


def test_languages_of_editions_are_known_by_one_code_each() -> None:
    told = ["ger", "deu", "eng", "und", "Klingon", 7, "", "fre"]
    [work] = works_of({"docs": [{"key": "/works/OL1W", "title": "x", "language": told}]})
    assert work.languages == ("deu", "eng", "fra")


def test_contributors_count_where_their_role_is_said() -> None:
    said = ["Bell, Anthea (Translator)", "Anthea Bell", "Ann A. (Author)", 7, "Jim Dale, narrator"]
    [work] = works_of({"docs": [{"key": "/works/OL1W", "title": "x", "contributor": said}]})
    assert work.contributors == (
        ("Bell, Anthea", Role.TRANSLATOR),
        ("Jim Dale", Role.NARRATOR),
    )


@pytest.mark.parametrize(
    ("subjects", "genres"),
    [
        (["Science fiction", "science  fiction"], ["science-fiction"]),
        (
            ["Fiction, mystery & detective, general", "Fiction, romance, general"],
            ["mystery", "romance"],
        ),
        (["Robots", "Fiction", "Large type books", "Fiction, general"], []),
        (["American Science fiction", "Fantasy fiction, English"], ["science-fiction", "fantasy"]),
        (["FICTION / Fantasy / Epic", "Fiction / Historical"], ["fantasy", "historical-fiction"]),
        (["Horror tales", "Detective and mystery stories"], ["horror", "detective"]),
        (["Great Britain -- History -- Fiction", "Dogs, fiction"], []),
        (["Great Britain -- History", "American literature"], ["history", "american-literature"]),
        ([], []),
    ],
)
def test_subjects_that_name_a_genre(subjects: list[str], genres: list[str]) -> None:
    assert genres_of_subjects(subjects) == genres


def test_a_work_that_is_no_object_and_one_whose_description_is_odd() -> None:
    with pytest.raises(Malformed):
        details_of([])
    assert details_of({"description": ["a"]}) == Details()
    assert details_of({"type": {"key": "/type/redirect"}, "location": "//evil/x"}) == Details()
