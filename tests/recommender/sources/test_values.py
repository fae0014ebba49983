"""Single values as Goodreads writes them."""

from datetime import date

import pytest

from recommender.sources.base import BadRow
from recommender.sources.values import (
    clean_text,
    read_api_date,
    read_id,
    read_isbns,
    read_mail_date,
    read_stars,
    read_year,
)


@pytest.mark.parametrize(
    ("text", "stars"), [("0", None), ("", None), ("5", 5), (" 3 ", 3), ("0.25", 0.25), ("4.5", 4.5)]
)
def test_stars(text: str, stars: float | None) -> None:
    assert read_stars(text) == stars


@pytest.mark.parametrize("text", ["6", "-1", "0.1", "nan", "inf", "four", "1e9"])
def test_what_is_no_rating(text: str) -> None:
    with pytest.raises(BadRow):
        read_stars(text)


@pytest.mark.parametrize(
    ("texts", "isbns"),
    [
        (('="0618260307"', '="9780618260300"'), ("0618260307", "9780618260300")),
        (('=""', '=""'), ("", "")),
        (("0-8044-2957-x", ""), ("080442957X", "")),
        (("[0618260307]",), ("0618260307", "")),
        (("9780618260300",), ("", "9780618260300")),
        (("618260307", "9.78062E+12"), ("0618260307", "")),
        (("618260308",), ("", "")),  # with a zero in front it is no ISBN
        (("1234567890123", "abc"), ("", "")),
    ],
)
def test_isbns(texts: tuple[str, ...], isbns: tuple[str, str]) -> None:
    assert read_isbns(*texts) == isbns


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("0", None),
        ("", None),
        ("1.5", None),
        ("１", None),
        ("9" * 19, None),
    ],
)
def test_ids(text: str, number: int | None) -> None:
    assert read_id(text) == number


@pytest.mark.parametrize(
    ("text", "year"),
    [("1937", 1937), ("-700", -700), ("1997.0", 1997), ("0", None), ("", None), ("9999", None)],
)
def test_years(text: str, year: int | None) -> None:
    assert read_year(text) == year


def test_dates_are_those_of_the_readers_calendar() -> None:
    assert read_mail_date("Mon, 1 Jun 2020 00:05:00 +0530") == date(2020, 6, 1)
    assert read_mail_date("Wed, 10 Jun 2020 23:44:29 -0700") == date(2020, 6, 10)
    assert read_api_date("Wed Jun 10 21:44:29 -0700 2020") == date(2020, 6, 10)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Mon, 99 Jun 2020 00:00:00 +0000",
        "Mon, 1 Jun 2020 00:00:00 +99999999999999999999",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert read_mail_date(text) is read_api_date(text) is None


def test_text_is_cleaned() -> None:
    assert clean_text("  N.\u00a0K.   Jemisin\x00 &amp; Co\n") == "N. K. Jemisin & Co"
    assert clean_text(None) == ""
    assert clean_text("ab cd", longest=3) == "ab"
