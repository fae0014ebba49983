"""Drawn covers."""

import pytest
from django.template import Context
from hypothesis import given
from hypothesis import strategies as st

from recommender.drawing import covers
from recommender.models import LibraryEntry
from recommender.selectors.covers import cached_cover
from recommender.templatetags.library import entry_cover


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_same_book_always_gets_the_same_cover() -> None:
    first = covers.draw(number=7, title="Piranesi", author="Susanna Clarke")

    assert covers.draw(number=7, title="Piranesi", author="Susanna Clarke") == first


def test_books_get_different_covers() -> None:
    drawn = [covers.draw(number=number, title="A", author="B") for number in range(1, 101)]

    assert {cover.cloth for cover in drawn} == set(covers.CLOTHS)
    assert {cover.motif for cover in drawn} == set(covers.MOTIFS)


@pytest.mark.parametrize("cloth", covers.CLOTHS, ids=lambda cloth: cloth.ground)
def test_lettering_can_be_read_on_every_cloth(cloth: covers.Cloth) -> None:
    dark, light = sorted((luminance(cloth.ground), luminance(cloth.ink)))

    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_short_title_is_set_large_and_a_long_one_whole() -> None:
    short = covers.draw(number=1, title="Emma", author="Jane Austen")
    long = covers.draw(
        number=1,
        title="The Hundred-Year-Old Man Who Climbed Out of the Window and Disappeared",
        author="Jonas Jonasson",
    )

    assert short.title_size == covers.TITLE_SIZES[0]
    assert long.title_size < short.title_size
    assert " ".join(line.text for line in long.title).endswith("Window and Disappeared")


def test_a_long_word_is_broken_behind_its_hyphen() -> None:
    cover = covers.draw(number=1, title="Slaughterhouse-Five", author="Kurt Vonnegut Jr.")
    whole = covers.draw(number=1, title="Catch-22", author="Joseph Heller")

    assert [line.text for line in cover.title] == ["Slaughterhouse-", "Five"]
    assert cover.title_size > covers.TITLE_SIZES[-1]
    assert [line.text for line in whole.title] == ["Catch-22"]


def test_an_endless_title_and_an_endless_author_are_cut() -> None:
    cover = covers.draw(number=1, title="word " * 200, author="x" * 300)

    assert cover.title[-1].text.endswith("…")
    assert cover.author.endswith("…")


def test_a_title_in_another_script_is_set_too() -> None:
    cover = covers.draw(number=1, title="ノルウェイの森", author="村上 春樹")

    assert "".join(line.text for line in cover.title) == "ノルウェイの森"
    assert cover.author == "村上 春樹"


@given(title=st.text(max_size=200), author=st.text(max_size=80), number=st.integers(0, 10**9))
def test_no_title_leaves_its_place(title: str, author: str, number: int) -> None:
    cover = covers.draw(number=number, title=title, author=author)

    top, bottom = covers.TITLE_TOP, covers.TITLE_TOP + covers.TITLE_HEIGHT
    assert all(top < line.y < bottom for line in cover.title)


def test_a_line_of_a_reader_s_own_leaves_nothing_in_the_process() -> None:
    before = cached_cover.cache_info()
    line = LibraryEntry(pk=1, title="A Title That Only I Have", author="Nobody Known")

    assert "Nobody Known" in entry_cover(Context(), line)
    assert cached_cover.cache_info() == before
