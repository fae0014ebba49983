"""Keys by which titles and names are compared, and the repair of ISBNs.

Two titles mean the same work if their keys are equal.

Keys are made for precision: whatever distinguishes two works, above all the number of a volume, is
kept. What sources write differently for the same work (case, accents, punctuation, `&` for `and`,
a leading article, the `(Series, #3)` that Goodreads appends) is dropped.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from stdnum import isbn

# Straight, curly, modifier letter, grave, acute, prime, full width.
APOSTROPHES = "'\u2019\u2018\u02bc`\u00b4\u2032\uff07"
#: Of how many names a process keeps the parts: lists compare the same ones again and again.
NAMES_CACHED = 20_000
ARTICLES = {"the", "a", "an"}
#: What is kept of keys: one letter can become several, as ㍿ does.
LONGEST_TITLE_KEY, LONGEST_SURNAME_KEY = 500, 300
#: What some sources add to the name of a series, and others do not.
SERIES_WORDS = {
    "saga", "series", "trilogy", "cycle", "chronicles", "novels", "books", "quartet", "sequence",
}  # fmt: skip
VOLUME_WORDS = {"vol", "volume", "volumes", "vols"}
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
NAME_SUFFIXES = {"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"}
# Names that books in English spell in several ways.
SURNAME_SPELLINGS = {
    **dict.fromkeys(("dostoevsky", "dostoevskij", "dostoevskii", "dostoievski"), "dostoyevsky"),
    **dict.fromkeys(("dostojewski", "dostojevski", "dostoyevski"), "dostoyevsky"),
    **dict.fromkeys(("tolstoi", "tolstoj"), "tolstoy"),
    **dict.fromkeys(("chekov", "tchekhov", "cechov"), "chekhov"),
    **dict.fromkeys(("turgenieff", "turgeniev"), "turgenev"),
    "saavedra": "cervantes",  # Miguel de Cervantes Saavedra
}
# Given names that are the same name: transliterations and short forms, with the same initial.
GIVEN_SPELLINGS = {
    **dict.fromkeys(("feodor", "fedor", "fjodor", "fiodor"), "fyodor"),
    **dict.fromkeys(("lev", "lew"), "leo"),
    **dict.fromkeys(("alex", "alexandre", "aleksandr", "alexandr"), "alexander"),
    **dict.fromkeys(("alexey", "alexei", "aleksei"), "aleksey"),
    **dict.fromkeys(("nikolaj", "nikolay"), "nikolai"),
    **dict.fromkeys(("mikhail", "michail", "mike"), "michael"),
    **dict.fromkeys(("steve", "steven"), "stephen"),
    **dict.fromkeys(("kathryn", "katharine", "kate"), "katherine"),
    **dict.fromkeys(("joe", "josef"), "joseph"),
    **dict.fromkeys(("phillip", "phil"), "philip"),
    **dict.fromkeys(("anna", "anne"), "ann"),
    "chris": "christopher",
    "dan": "daniel",
    "jim": "james",
    "rob": "robert",
    "sam": "samuel",
    "tom": "thomas",
}
NAME_PREFIXES = {"dr", "mr", "mrs", "ms", "prof", "professor", "sir", "dame", "rev", "saint", "st"}

_ISBN_NOISE = re.compile(r'[\s\-\u2010-\u2015"=\[\]]+')
_FOLDED_MARKS = re.compile("[\u0300-\u036f]")
_NUMBER = r"\d+(?:\.\d+)?"
# What is in the last brackets of `Title (Series, #1-3; Other Series, #7)`.
_SERIES = re.compile(
    rf"(?P<name>[^;#]*[^;#\s,:])[\s,:]*"
    rf"(?:\#|(?<=[\s,:])(?:book|volume|vol\.?)\s)\s*(?P<first>{_NUMBER})(?P<rest>[^;]*)",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"\s*(?:[-\u2013\u2014&]|and\b)\s*\#?(?P<last>{_NUMBER})", re.IGNORECASE)
# The rest of `#0.5, 2.5`; a number of four digits would be a year.
_LIST = re.compile(r"(?:\s*,\s*\#?(?P<last>\d{1,3}(?:\.\d+)?))+\s*")
# Some editions of a work have this, others do not.
_A_NOVEL = re.compile(r"(?<=\w)\s*:\s+a novel$", re.IGNORECASE)
_ARTICLE_BEHIND = re.compile(r"(?<=\w),\s+(?:the|an?)$", re.IGNORECASE)  # "Hobbit, The"
_PART = re.compile(r"\bpart\s+#?(?P<part>\d+)", re.IGNORECASE)
_BOX_SET = re.compile(
    r"\b(?:box(?:ed)?[\s-]?sets?|boxsets?|\d+-(?:book|copy)\b|box: the complete|books \d+-\d+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SplitTitle:
    """A title, and the series that was written after it."""

    title: str
    series: str = ""
    number: Decimal | None = None  # of the volume; of the first volume where there are several
    last: Decimal | None = None  # number of the last of several volumes
    part: str = ""  # of a volume that was published in parts
    is_box_set: bool = False

    @property
    def key(self) -> str:
        """The key by which titles are compared; equal for the same work in two catalogs.

        A title without a single letter or digit is compared as it is written.
        """
        title = _ARTICLE_BEHIND.sub("", _A_NOVEL.sub("", self.title))
        words = _without_article(fold(title).split())
        words = [_plain_number(word, before) for before, word in pairwise(["", *words])]
        if self.series and words == _without_article(fold(self.series).split()):
            # All volumes have the name of the series; only the number distinguishes them.
            words += self._numbers()
        return (" ".join(words) or self.title.casefold())[:LONGEST_TITLE_KEY]

    def _numbers(self) -> list[str]:
        if self.last is not None:
            return [str(self.number), str(self.last)]
        return [] if self.number in (None, 1) else [f"{self.number.normalize():f}"]


def fold(text: str) -> str:
    """Lower-case words between single spaces, without accents and punctuation, in any script."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = unicodedata.normalize("NFC", _FOLDED_MARKS.sub("", unicodedata.normalize("NFKD", text)))
    return " ".join(text.replace("&", " and ").translate(_OF_WORDS).split())


class _OfWords(dict[int, str]):
    """What stays of each character, for `str.translate`; a space where it parts words.

    Each is looked at once, since loading a catalog folds a hundred thousand texts.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        # Marks are of words too: the vowels of Indic scripts are marks.
        if unicodedata.category(character)[0] in "LNM":
            self[code] = character
        else:
            self[code] = "" if character in APOSTROPHES else " "
        return self[code]


_OF_WORDS = _OfWords()


def word_set(text: str) -> frozenset[str]:
    """The words of a text; so that a list of words need not be a page long."""
    return frozenset(text.split())


def title_key(title: str) -> str:
    """The key of a title as sources write it; see `SplitTitle.key`."""
    return split_title(title).key


def _without_article(words: list[str]) -> list[str]:
    if len(words) > 1 and words[0] in ARTICLES:
        return words[1:]
    return words


def _plain_number(word: str, before: str) -> str:
    """Write `Volume 01`, `Vol. 1` and `Volume I` alike."""
    if word in VOLUME_WORDS:
        return "vol"
    if before in VOLUME_WORDS and word in ROMAN:
        return str(ROMAN[word])
    if word.isascii() and word.isdigit():
        return word.lstrip("0") or "0"
    return word


def series_words(name: str) -> frozenset[str]:
    """The words by which the name of a series is compared: `The Mistborn Saga` is `Mistborn`."""
    words = frozenset(fold(name).split()) - ARTICLES
    return words - SERIES_WORDS or words


@lru_cache(maxsize=NAMES_CACHED)
def series_key(name: str) -> str:
    """The key by which the name of a series is compared, where it has to be text."""
    return " ".join(sorted(series_words(name)))


def is_named_after(key: str, series: frozenset[str]) -> bool:
    """Whether a title, given by its key, has no words but those of its series.

    All volumes may have such a title, so that only the number distinguishes them.
    """
    words = frozenset(key.split()) - ARTICLES
    return bool(words) and (words - SERIES_WORDS or words) <= series


def split_title(text: str) -> SplitTitle:
    """Split `Title (Series, #1-3)` into its parts; of several series, the first counts.

    If a volume was published in parts, the part becomes a piece of the title.
    """
    text = " ".join(text.split())
    title, inside = _last_brackets(text)
    series = _SERIES.match(inside)
    if not series or not title:
        return SplitTitle(text, is_box_set=bool(_BOX_SET.search(text)))
    number = Decimal(series["first"])
    part = _PART.search(inside)
    if part:
        if not _PART.search(title):
            title = f"{title}, Part {part['part']}"
        return SplitTitle(title, series["name"].strip(), number, part=part["part"])
    last = _last_volume(series["rest"], number)
    # A range that ends before the first volume is of novellas, which were published together.
    several = last is not None and last >= 1
    return SplitTitle(
        title=title,
        series=series["name"].strip(),
        number=number,
        last=last,
        is_box_set=several or bool(_BOX_SET.search(title)),
    )


def _last_volume(rest: str, first: Decimal) -> Decimal | None:
    several = _RANGE.match(rest) or _LIST.fullmatch(rest)
    if several and Decimal(several["last"]) > first:
        return Decimal(several["last"])
    return None


def _last_brackets(text: str) -> tuple[str, str]:
    """Split `Title (a (b) c)` into `Title` and `a (b) c`, which is empty without brackets."""
    if not text.endswith(")"):
        return text, ""
    depth = 0
    for i in range(len(text) - 1, -1, -1):
        depth += (text[i] == ")") - (text[i] == "(")
        if depth == 0:
            return text[:i].strip(), text[i + 1 : -1].strip()
    return text, ""


def clean_name(name: str) -> str:
    """A name with single spaces; some sources have several in a row."""
    return " ".join(name.split())


@lru_cache(maxsize=NAMES_CACHED)
def surname_key(name: str) -> str:
    """The key by which authors are compared: the last word before a comma, or of the whole name.

    `Ursula K. Le Guin` and `Le Guin, Ursula K.` agree, as do `Kurt Vonnegut Jr.` and
    `Kurt Vonnegut`. Of several names separated by commas, the first counts.
    """
    words = name_words(name.partition(",")[0])
    return SURNAME_SPELLINGS.get(words[-1], words[-1])[:LONGEST_SURNAME_KEY] if words else ""


def same_name(name: str, other: str) -> bool:
    """Whether two names differ only in accents, case and punctuation."""
    return bool(fold(name)) and name_words(name) == name_words(other)


@lru_cache(maxsize=NAMES_CACHED)
def given_names(name: str) -> frozenset[str]:
    """The given names as words; some may be initials."""
    before, _, after = name.partition(",")
    given = name_words(before)[:-1] or name_words(after.partition(",")[0])
    return frozenset(GIVEN_SPELLINGS.get(word, word) for word in given)


def may_be_same_person(name: str, other: str) -> bool:
    """Whether two names share the surname, and the given names of one may abbreviate the other's.

    `F. Scott Fitzgerald` and `Scott Fitzgerald` may be the same, as may `J.K. Rowling` and `Joanne
    Rowling`; `William Carlos Williams` and `C.K. Williams` may not, nor may `Alice Sebold` and
    `Agnes Sebold`.
    """
    if _same_words(name, other):
        return True  # one has the surname first, the other last
    if not surname_key(name) or surname_key(name) != surname_key(other):
        return False
    mine, theirs = given_names(name), given_names(other)
    return _may_shorten(mine, theirs) or _may_shorten(theirs, mine)


def is_surely_same_person(name: str, other: str) -> bool:
    """Whether two names agree in more than the surname and a single initial.

    `J.R.R. Tolkien` and `John Ronald Reuel Tolkien` do; `J. Smith` and `Jane Smith` do not.
    """
    if _same_words(name, other):
        return True
    mine, theirs = given_names(name), given_names(other)
    in_full = any(len(word) > 1 for word in mine & theirs)
    return may_be_same_person(name, other) and (in_full or min(len(mine), len(theirs)) > 1)


def _may_shorten(given: frozenset[str], other: frozenset[str]) -> bool:
    """Whether each given name agrees with one of the others, and a full one if both have some."""
    in_full = {word for word in given if len(word) > 1}
    others_in_full = {word for word in other if len(word) > 1}
    return all(any(_agree(word, one) for one in other) for word in given) and (
        not in_full
        or not others_in_full
        or any(_agree(word, one) for word in in_full for one in others_in_full)
    )


def _agree(one: str, other: str) -> bool:
    """Whether a given name is the other one or its initial."""
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _same_words(name: str, other: str) -> bool:
    words, others = name_words(name), name_words(other)
    return bool(words) and len(words) == len(others) and sorted(words) == sorted(others)


@lru_cache(maxsize=NAMES_CACHED)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name without titles before it and suffixes after it."""
    words = fold(name.replace(".", ". ")).split()
    while len(words) > 1 and words[-1] in NAME_SUFFIXES:
        words.pop()
    while len(words) > 1 and words[0] in NAME_PREFIXES:
        words.pop(0)
    return tuple(words)


def bare_isbn(text: str) -> str:
    """The characters of the number alone, without hyphens and a spreadsheet's `="…"`."""
    return _ISBN_NOISE.sub("", text).upper()


def padded_isbn10(text: str) -> str:
    """Give a number that was once read as an integer its leading zeros back."""
    number = bare_isbn(text)
    return number.zfill(10) if re.fullmatch(r"\d{0,9}[\dX]", number) else number


def is_isbn10(number: str) -> bool:
    """Whether ten characters are an ISBN-10; ten zeros, which stand for none, are not."""
    has_form = bool(re.fullmatch(r"[0-9]{9}[0-9X]", number)) and number != "0" * 10
    return has_form and isbn.is_valid(number)


def is_isbn13(number: str) -> bool:
    """Whether thirteen digits are an ISBN-13."""
    return bool(re.fullmatch(r"[0-9]{13}", number)) and isbn.is_valid(number)


def isbn13_of(text: str) -> str:
    """Return the ISBN-13 of any valid ISBN, however it is written; empty for anything else."""
    number = bare_isbn(text)
    if is_isbn13(number):
        return number
    if is_isbn10(number):
        return isbn.to_isbn13(number)
    return ""
