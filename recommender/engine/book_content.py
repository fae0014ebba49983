"""What is known of a book beside its ratings, as a vector of words.

Every book is a vector (TF-IDF) of its authors, its series, its tags or genres, its decade and
language, and the words of its description. Each of these fields has length 1, times the square root
of its weight, so that the product of two vectors says how alike two books are.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.values import Float32Array, FloatArray, IntArray

FIELDS = ("author", "series", "tag", "decade", "language", "word")
#: The places and values of what is empty: a vector, or the links of a book that is like no other.
NOTHING = (np.empty(0, np.int32), np.empty(0, np.float32))
_NOT_WORDS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class BookContent:
    """What is known of a book beside its ratings.

    Attributes
    ----------
    tags
        Shelves, genres or subjects, each with how many people chose it, or would, by an estimate.
    """

    authors: Sequence[str] = ()
    series: str = ""
    tags: Mapping[str, float] = field(default_factory=dict)
    year: int | None = None
    language: str = ""
    description: str = ""

    def counts(self) -> dict[str, float]:
        """How many people chose each tag, by its plain name; at least one."""
        counts: dict[str, float] = {}
        for tag, count in self.tags.items():
            if name := plain(tag):
                counts[name] = counts.get(name, 0.0) + count
        return {name: max(count, 1.0) for name, count in counts.items()}

    def words(self) -> dict[str, dict[str, float]]:
        """By field, the words of the book and how often each is there."""
        return {
            "author": dict.fromkeys(filter(None, map(plain, self.authors)), 1.0),
            "series": {plain(self.series): 1.0} if plain(self.series) else {},
            "tag": {name: float(np.log1p(count)) for name, count in self.counts().items()},
            "decade": {str(self.year // 10): 1.0} if self.year else {},
            "language": {self.language[:2].casefold(): 1.0} if self.language else {},
            "word": dict.fromkeys(_WORD.findall(self.description.casefold()), 1.0),
        }

    def extents(self) -> dict[tuple[str, str], float]:
        """By field and word, how far it holds for the book: 1, and for tags from 0 to 1.

        For a tag it is the share of those who chose the book's first one. Somebody shelves most
        books as romance, and most readers do so with a romance.
        """
        counts = self.counts()
        most = max(counts.values(), default=1.0)
        whole = {(name, word): 1.0 for name, words in self.words().items() for word in words}
        return whole | {("tag", tag): count / most for tag, count in counts.items()}


def plain(name: str) -> str:
    """A name without accents, case and punctuation, so that ``Sci-Fi`` is ``sci fi``."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_WORDS.sub(" ", bare).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentSettings:
    """How content becomes scores; found on held-out readers (docs/QUALITY.md).

    Attributes
    ----------
    weights
        Of each field in the product of two books.
    rare, common
        Words of fewer books than ``rare``, or that hold for a greater share of them than
        ``common``, say nothing and are left out; those of authors, series, decades and languages
        are kept.
    candidates
        How many of the most similar books the score of a book is made of.
    ridge
        λ of the regression.
    least_share
        Smaller shares of a book, of either sign, are left out.
    scale
        What scores from content are multiplied with, to stand beside those from ratings.
    own
        How many standard deviations of all scores a rating of weight 1 adds to the rated book's
        own score, where that is passed on to others: who loved a book will look for more like it.
    spoken
        How much a reader's rating of a book without ratings speaks through the books like it.
    prior, enough
        Of a book with n ratings, a share of its score that grows with ``n / (n + prior)`` comes
        from ratings, and all of it from ``enough`` ratings on.
    source
        From so many ratings on, a book speaks for those like it.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "author": 0.5,
            "series": 0.7,
            "tag": 1.0,
            "decade": 0.1,
            "language": 0.05,
            "word": 0.1,
        }
    )
    rare: int = 2
    common: float = 0.5
    candidates: int = 30
    ridge: float = 0.3
    least_share: float = 0.02
    scale: float = 0.9
    own: float = 3.0
    spoken: float = 0.6
    prior: float = 8.0
    enough: int = 50
    source: int = 20

    def __post_init__(self) -> None:
        if set(self.weights) != set(FIELDS):
            raise ValueError(f"The fields of content are {', '.join(FIELDS)}.")
        numbers = [*self.weights.values(), self.common, self.scale, self.own, self.spoken]
        numbers.append(self.least_share)
        if not np.isfinite([*numbers, self.ridge, self.prior]).all() or min(numbers) < 0:
            raise ValueError("The settings of content have to be finite, and none below 0.")
        if min(self.ridge, self.prior, self.candidates, self.enough, self.source) <= 0:
            raise ValueError("Content needs a ridge, a prior and candidates above 0.")

    def from_ratings(self, ratings: IntArray) -> FloatArray:
        """How much of the scores of books with so many ratings comes from ratings: 0 to 1."""
        whole = self.enough / (self.enough + self.prior)
        share: FloatArray = np.minimum(ratings / (ratings + self.prior) / whole, 1.0)
        return share

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Self:
        """Read the form of the manifest."""
        return cls(**settings)

    def to_json(self) -> dict[str, Any]:
        """Return the form of the manifest."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "weights": dict(self.weights)
        }


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of all books of a release, and what each of them weighs.

    Attributes
    ----------
    keys
        Shape (words,), int64, ascending: hashes of a field and a word of it.
    rarity
        Shape (words,), float32: the logarithm of how many books there are for one that the word
        holds for.
    """

    keys: IntArray
    rarity: Float32Array

    @classmethod
    def of(cls, books: Iterable[BookContent], settings: ContentSettings) -> Self:
        """The vocabulary of some books."""
        counted: dict[tuple[str, str], int] = {}
        held: dict[tuple[str, str], float] = {}
        total = 0
        for book in books:
            total += 1
            for word, extent in book.extents().items():
                counted[word] = counted.get(word, 0) + 1
                held[word] = held.get(word, 0.0) + extent
        most = max(settings.common * total, settings.rare)
        kept = {
            _key(name, word): _rarity(name, held[name, word], total)
            for (name, word), count in counted.items()
            if name not in ("tag", "word") or (settings.rare <= count and held[name, word] <= most)
        }
        keys = np.array(sorted(kept), dtype=np.int64)
        return cls(keys, np.array([kept[int(key)] for key in keys], dtype=np.float32))

    def vector(
        self, book: BookContent, settings: ContentSettings
    ) -> tuple[NDArray[np.int32], Float32Array]:
        """The columns and values of a book's vector; words that are not known are left out."""
        columns, values = [], []
        for name, words in book.words().items():
            keys = np.array([_key(name, word) for word in words], dtype=np.int64)
            places = np.searchsorted(self.keys, keys)
            places = np.minimum(places, max(len(self.keys) - 1, 0))
            known = self.keys[places] == keys if len(self.keys) else np.zeros(len(keys), bool)
            strength = np.array(list(words.values()))[known] * self.rarity[places[known]]
            length = float(np.linalg.norm(strength))
            if length > 0:
                columns.append(places[known])
                values.append(strength / length * np.sqrt(settings.weights[name]))
        if not columns:
            return NOTHING
        order = np.argsort(np.concatenate(columns))
        return (
            np.concatenate(columns)[order].astype(np.int32),
            np.concatenate(values)[order].astype(np.float32),
        )


def _key(name: str, word: str) -> int:
    digest = hashlib.blake2b(f"{name}\0{word}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _rarity(name: str, held: float, total: int) -> float:
    """Tags, authors and words by how rare they are; all series, decades and languages alike."""
    if name not in ("tag", "author", "word"):
        return 1.0
    return float(np.log(max(total / max(held, 1.0), 2.0)))


def vectors_of(
    books: Sequence[BookContent], vocabulary: Vocabulary, settings: ContentSettings
) -> csr_array:
    """The vectors of some books, shape (books, words)."""
    vectors = [vocabulary.vector(book, settings) for book in books]
    return csr_array(
        (
            np.concatenate([np.empty(0, np.float32), *(values for _, values in vectors)]),
            np.concatenate([np.empty(0, np.int32), *(columns for columns, _ in vectors)]),
            np.cumsum([0, *(len(columns) for columns, _ in vectors)], dtype=np.int64),
        ),
        shape=(len(books), len(vocabulary.keys)),
    )
