"""Finds a reader's number at Goodreads in what the reader has pasted."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from recommender.sources.base import PrivateOrNotFound, SourceError
from recommender.sources.fetcher import Fetcher

HOSTS = frozenset({"goodreads.com", "www.goodreads.com"})
_LONGEST_PASTE = 2000
_NUMBER = re.compile(r"([1-9][0-9]{0,11})(-[^\s/]*)?")
_READER_PATH = re.compile(r"/(?:user/show|review/list|review/list_rss)/([1-9][0-9]{0,11})(?![0-9])")
_AUTHOR_PATH = re.compile(r"/author/(show|list)/")
_VANITY_PATH = re.compile(r"/([A-Za-z0-9][A-Za-z0-9_.-]{0,59})/?")
_ADDRESS = re.compile(r"(?:https?://|(?<![\w.@/-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?![\w@]))\S*", re.I)
# First parts of paths that belong to Goodreads itself and so are nobody's name.
# fmt: off
_PAGES = frozenset({
    "about", "ads", "ambassadors", "api", "author", "blog", "book", "books", "challenges",
    "choiceawards", "email", "event", "friend", "genres", "giveaway", "group", "help",
    "home", "interviews", "jobs", "list", "message", "news", "notes", "notifications",
    "poll", "quizzes", "quotes", "readingchallenges", "recommendations", "review", "search",
    "series", "shelf", "topic", "trivia", "user", "videos", "work",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """A reader at Goodreads: by number, or by a name that must first be looked up."""

    user_id: int | None = None
    vanity: str = ""

    def __str__(self) -> str:
        return self.vanity or str(self.user_id)


class NotAProfile(SourceError):
    code = "not_a_profile"
    default = (
        "That does not look like a Goodreads profile. Paste its address, which looks like "
        "https://www.goodreads.com/user/show/12345-name, or just the number in it."
    )


class AuthorPage(NotAProfile):
    code = "author_page"
    default = (
        "That is the page of an author, and we need the page of a reader. Open your own profile at "
        "Goodreads (your picture, then “Profile”) and paste its address, or just the number in it."
    )


class ForeignHost(NotAProfile):
    code = "foreign_host"
    default = (
        "Only addresses at goodreads.com can be used here. Paste the address of your Goodreads "
        "profile, or just the number in it."
    )


class UnknownName(PrivateOrNotFound):
    code = "unknown_name"
    default = (
        "Goodreads knows no reader under that name. Open your profile at Goodreads and paste its "
        "whole address, or the number in it."
    )


def parse_profile(text: str) -> ProfileRef:
    """Find the reader in a pasted number, address or share text.

    Raises
    ------
    NotAProfile
        Or one of its kinds, `AuthorPage` and `ForeignHost`, with a sentence that helps.
    """
    text = text.strip()
    if len(text) > _LONGEST_PASTE:
        raise NotAProfile
    if number := _NUMBER.fullmatch(text):
        return ProfileRef(user_id=int(number[1]))
    addresses = [_split(match[0]) for match in _ADDRESS.finditer(text)]
    ours = [address for address in addresses if _is_goodreads(address)]
    if addresses and not ours:
        raise ForeignHost
    if not ours:
        raise NotAProfile
    found = [ref for address in ours if (ref := _reader_of(address.path))]
    if found:
        return found[0]
    if any(_AUTHOR_PATH.match(address.path) for address in ours):
        raise AuthorPage
    raise NotAProfile


def resolve_profile(ref: ProfileRef, fetcher: Fetcher) -> int:
    """The number of a reader, asking Goodreads where only a name is known.

    The redirect of a name to its profile is read, not followed.

    Raises
    ------
    UnknownName
        When the name leads nowhere.
    AuthorPage
        When it is an author's.
    SourceError
        When Goodreads cannot be asked.
    """
    if ref.user_id is not None:
        return ref.user_id
    try:
        target = _split(fetcher.redirect_of(f"/{ref.vanity}"))
    except PrivateOrNotFound:
        raise UnknownName from None
    if target.hostname not in {fetcher.host, *HOSTS}:
        raise UnknownName
    if _AUTHOR_PATH.match(target.path):
        raise AuthorPage
    if not (reader := _READER_PATH.match(target.path)):
        raise UnknownName
    return int(reader[1])


def _split(address: str) -> SplitResult:
    """The parts of an address with or without scheme; of what is none, empty parts."""
    address = address.rstrip(".,;:!?)]}>\"'”")
    try:
        return urlsplit(address if "://" in address[:8] else f"https://{address}")
    except ValueError:
        return urlsplit("")


def _is_goodreads(address: SplitResult) -> bool:
    # The whole of "host:port" must be equal, so that neither a port nor "name@" slips through.
    return address.netloc.lower() in HOSTS


def _reader_of(path: str) -> ProfileRef | None:
    if reader := _READER_PATH.match(path):
        return ProfileRef(user_id=int(reader[1]))
    vanity = _VANITY_PATH.fullmatch(path)
    if vanity and vanity[1].lower() not in _PAGES:
        return ProfileRef(vanity=vanity[1])
    return None
