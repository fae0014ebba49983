"""Puts the books that a search found into the order in which they are probably meant.

What was typed is to be in the book; then a book whose whole name was typed comes before others, and
between equals the better known one. Books about other books, and several books in one, come behind.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log10

from catalog.normalize import ARTICLES
from catalog.search.typed import LITTLE, SAME_WORDS, Typed
from catalog.slips import edits, is_slip_of

# How well a typed word is met.
OTHERWISE, HALF_TYPED, SWAPPED, ONE_SLIP, TWO_SLIPS = 0.97, 0.95, 0.85, 0.8, 0.7
HALF_TYPED_AS_ONE = HALF_TYPED_WITH_SLIP = 0.75
LITTLE_WEIGHT = 0.1
#: Shares of what was typed that differ by less are the same.
STEPS = 100
# What a book is before its fame counts, as a power of ten of readers.
NAMED, BEHIND = 0.7, -1.0
FEWEST_READERS = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A book that search compares; the texts are those of its document."""

    book_id: int
    title: str
    main_title: str
    original_title: str
    authors: Sequence[str]
    series: str
    number: str
    ratings_count: int
    is_behind: bool

    def texts(self) -> tuple[str, ...]:
        return (self.title, self.original_title, *self.authors, self.series, self.number)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with the share of what was typed that it meets, at most 1."""

    candidate: Candidate
    share: float
    is_whole_name: bool
    fame: float

    @property
    def is_whole(self) -> bool:
        """Whether the candidate has all that was typed, perhaps with slips."""
        return self.share >= TWO_SLIPS

    @property
    def is_certain(self) -> bool:
        """Whether its whole name was typed, and nothing else."""
        return self.is_whole_name and self.share > HALF_TYPED

    def order(self) -> tuple[int, bool, float, int]:
        return (
            -round(self.share * STEPS),
            not self.is_whole_name,
            -self.fame,
            self.candidate.book_id,
        )


def rank(typed: Typed, candidates: Iterable[Candidate]) -> list[Ranked]:
    """The candidates, what is meant most probably first."""
    return sorted((_ranked(typed, one) for one in candidates), key=Ranked.order)


def _ranked(typed: Typed, candidate: Candidate) -> Ranked:
    words = [word for text in candidate.texts() for word in text.split()]
    met = [_met(typed, place, words, candidate) for place in range(len(typed.words))]
    weights = [1.0 if place in typed.needed else LITTLE_WEIGHT for place in range(len(met))]
    share = sum(w * quality for w, (quality, _) in zip(weights, met, strict=True)) / sum(weights)
    hit = {word for _, found in met for word in found}
    fame = log10(candidate.ratings_count + FEWEST_READERS)
    if candidate.is_behind:
        fame += BEHIND
    elif _begins(typed, candidate) or _is_a_name(candidate, hit):
        fame += NAMED
    return Ranked(candidate, share, _is_whole_name(candidate, hit), fame)


def _begins(typed: Typed, candidate: Candidate) -> bool:
    return _bare(candidate.title).startswith(_bare(typed.key))


def _met(
    typed: Typed, place: int, words: list[str], candidate: Candidate
) -> tuple[float, tuple[str, ...]]:
    """How well a typed word is met, and the candidate's words that it meets in full."""
    word = typed.words[place]
    if word in words:
        return 1.0, (word,)
    if same := SAME_WORDS.get(word, frozenset()).intersection(words):
        return OTHERWISE, tuple(same)
    if place and typed.words[place - 1] + word in words:
        return OTHERWISE, (typed.words[place - 1] + word,)
    if place + 1 < len(typed.words) and word + typed.words[place + 1] in words:
        return OTHERWISE, (word + typed.words[place + 1],)
    if place == typed.open_word and f"{word}s" in words:  # of "Ender's Game", "ender" is typed
        return 1.0, ()
    if place == typed.open_word and any(one.startswith(word) for one in words):
        return HALF_TYPED, ()
    best, meant = max(((_likeness(word, one), one) for one in set(words)), default=(0.0, ""))
    if best:
        return best, (meant,)
    if apart := next(_written_as_one(word, candidate), None):
        return (OTHERWISE, apart) if "".join(apart) == word else (HALF_TYPED_AS_ONE, ())
    if place == typed.open_word and any(_likeness(word, one[: len(word)]) for one in set(words)):
        return HALF_TYPED_WITH_SLIP, ()
    return 0.0, ()


def _written_as_one(word: str, candidate: Candidate) -> Iterator[tuple[str, ...]]:
    """Neighboring words of the candidate that begin with what was typed, as initials may."""
    for text in candidate.texts():
        words = text.split()
        for begin in range(len(words)):
            whole = ""
            for end in range(begin, len(words)):
                whole += words[end]
                if whole.startswith(word) and end > begin:
                    yield tuple(words[begin : end + 1])
                if not word.startswith(whole):
                    break


@lru_cache(maxsize=10_000)
def _likeness(typed: str, word: str) -> float:
    """How probable it is that a word was meant by another; 0 if it was not."""
    if not is_slip_of(typed, word):
        return 0.0
    if sorted(typed) == sorted(word):
        return SWAPPED
    return ONE_SLIP if edits(typed, word, most=1) == 1 else TWO_SLIPS


def _is_whole_name(candidate: Candidate, hit: set[str]) -> bool:
    """Whether the whole title was typed, or the series with the number."""
    if candidate.number in hit and candidate.number and _is_whole(candidate.series, hit):
        return True
    return any(_is_whole(name, hit) for name in (candidate.title, candidate.original_title))


def _is_a_name(candidate: Candidate, hit: set[str]) -> bool:
    """Whether the title without its subtitle was typed, the series, or an author."""
    names = (candidate.main_title, candidate.series, *candidate.authors)
    return any(_is_whole(name, hit) for name in names)


def _bare(name: str) -> str:
    """The name without its article."""
    article, _, rest = name.partition(" ")
    return rest if rest and article in ARTICLES else name


def _is_whole(name: str, hit: set[str]) -> bool:
    words = set(name.split())
    return bool(words) and (words - LITTLE or words) <= hit
