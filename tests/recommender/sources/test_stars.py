"""Stars as people write them."""

import tracemalloc
from contextlib import suppress

import pytest

from recommender.sources.stars import NotStars, parse_stars


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ("", None),
        ("0", None),
        ("0/5", None),
        ("☆☆☆☆☆", None),
        ("5", 5),
        (" 3.5 ", 3.5),
        ("4,5", 4.5),
        ("0.25", 0.25),
        ("4½", 4.5),
        ("4 ½", 4.5),
        ("½", 0.5),
        ("3 1/2", 3.5),
        ("4/5", 4),
        ("5,0 / 5", 5),
        ("8/10", 4),
        ("85/100", 4.25),
        ("80 %", 4),
        ("4 out of 5", 4),
        ("4 von 5", 4),
        ("4 stars", 4),
        ("1 star", 1),
        ("5 Sterne", 5),
        ("★★★★", 4),
        ("★★★★☆", 4),
        ("★★★½", 3.5),
        ("⭐⭐⭐", 3),
        ("⭐\ufe0f⭐\ufe0f", 2),
        ("****", 4),
        ("4.5★", 4.5),
        ("★\ufe0f★\ufe0f☆\ufe0f☆\ufe0f☆\ufe0f", 2),
    ],
)
def test_ratings(text: str, stars: float | None) -> None:
    assert parse_stars(text) == stars


@pytest.mark.parametrize(
    "text", ["6", "-1", "0.1", "nan", "inf", "four", "1e9", "N/A", "-", "11/10", "★★★★★★", "5 4"]
)
def test_what_is_no_rating(text: str) -> None:
    with pytest.raises(NotStars):
        parse_stars(text)


@pytest.mark.parametrize("cell", [" {}5", "5{}", "{}", "5.{}", "★{}"])
@pytest.mark.parametrize("filler", [" ", "\ufe0f", "\u200d", "0", "★"])
def test_what_is_remembered_is_short(cell: str, filler: str) -> None:
    tracemalloc.start()
    try:
        with suppress(NotStars):
            parse_stars(cell.format(filler * 1_000_000))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 100_000
