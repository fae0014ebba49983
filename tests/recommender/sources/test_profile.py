"""What readers paste, and whom it names."""

import pytest

from recommender.sources.base import SourceError
from recommender.sources.fetcher import Fetcher
from recommender.sources.profile import (
    AuthorPage,
    ForeignHost,
    NotAProfile,
    ProfileRef,
    UnknownName,
    parse_profile,
    resolve_profile,
)
from recsite.local.standins.goodreads import GoodreadsStandin
from recsite.local.standins.readers import name_of

SHARE_TEXT = """Check out Otis's profile on Goodreads!
(https://www.goodreads.com/user/show/12-otis?utm_medium=share&utm_source=app)."""


@pytest.mark.parametrize(
    "text",
    [
        "12",
        "  12\n",
        "12-otis",
        "https://www.goodreads.com/user/show/12",
        "https://www.goodreads.com/user/show/12-otis-chandler",
        "http://goodreads.com/user/show/12-otis?ref=nav_profile#reviews",
        "goodreads.com/user/show/12",
        "WWW.Goodreads.com/user/show/12",
        "https://www.goodreads.com/review/list/12?shelf=read&sort=rating",
        "https://www.goodreads.com/review/list/12-otis",
        "https://www.goodreads.com/review/list_rss/12?key=abc&shelf=%23ALL%23",
        SHARE_TEXT,
        "My books: www.goodreads.com/user/show/12-otis, write to me: me@mail.example",
        "https://mail.example/x https://www.goodreads.com/user/show/12",
        "https://www.goodreads.com/user/show/12?next=https://evil.example/user/show/13",
    ],
)
def test_a_reader_is_found(text: str) -> None:
    assert parse_profile(text) == ProfileRef(user_id=12)


@pytest.mark.parametrize("text", ["goodreads.com/otis", "https://www.goodreads.com/otis/?x=1"])
def test_a_name_is_kept_to_be_looked_up(text: str) -> None:
    assert parse_profile(text) == ProfileRef(vanity="otis")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotAProfile),
        ("otis", NotAProfile),
        ("0", NotAProfile),
        ("１２", NotAProfile),
        ("-12", NotAProfile),
        ("12" * 2000, NotAProfile),
        ("https://www.goodreads.com", NotAProfile),
        ("https://www.goodreads.com/book/show/12", NotAProfile),
        ("https://www.goodreads.com/book", NotAProfile),
        ("https://www.goodreads.com/user/show/1234567890123", NotAProfile),
        ("https://www.goodreads.com/author/show/12.Otis", AuthorPage),
        ("goodreads.com/author/list/12.Otis", AuthorPage),
        ("https://goodreads.com.evil.example/user/show/12", ForeignHost),
        ("https://evilgoodreads.com/user/show/12", ForeignHost),
        ("https://evil.example/www.goodreads.com/user/show/12", ForeignHost),
        ("https://www.goodreads.com@evil.example/user/show/12", ForeignHost),
        ("https://www.goodreads.com:8080/user/show/12", ForeignHost),
        ("https://www.goodreads.com\\@evil.example/user/show/12", ForeignHost),
        ("https://[/user/show/12", ForeignHost),
        ("https://m.goodreads.com/user/show/12", ForeignHost),
    ],
)
def test_what_names_no_reader_is_refused_with_help(text: str, error: type[NotAProfile]) -> None:
    with pytest.raises(NotAProfile) as caught:
        parse_profile(text)
    assert type(caught.value) is error
    assert "number" in str(caught.value)


def test_a_number_needs_no_looking_up(standin: GoodreadsStandin, fetcher: Fetcher) -> None:
    assert resolve_profile(ProfileRef(user_id=12), fetcher) == 12
    assert standin.requests == []


def test_a_name_is_read_from_the_redirect_which_is_not_followed(
    standin: GoodreadsStandin, fetcher: Fetcher
) -> None:
    name = f"{name_of(7).lower()}7"
    assert resolve_profile(ProfileRef(vanity=name), fetcher) == 7
    assert [request.path for request in standin.requests] == [f"/{name}"]


@pytest.mark.parametrize(
    ("vanity", "error"),
    [("nobody", UnknownName), ("elsewhere", UnknownName), ("anauthor", AuthorPage)],
)
def test_a_name_that_leads_to_no_reader(
    vanity: str, error: type[SourceError], fetcher: Fetcher
) -> None:
    with pytest.raises(error):
        resolve_profile(ProfileRef(vanity=vanity), fetcher)
