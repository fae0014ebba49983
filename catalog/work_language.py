"""Decides in which language readers are offered a work: that of its title here.

A source knows the language of one edition, and a stray edition may have any. So the edition is one
witness. The author's other books are another: those under their original titles tell in which
language the author writes, all of them in which language the author is read. Where the two differ,
the words of the title decide.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from catalog.languages import isbn_language
from catalog.normalize import fold
from catalog.same_work import name_of

ENGLISH = "eng"

#: Short words that a title in the language may well contain.
_WORDS = {
    ENGLISH: "the of and a an to in on for with from my his her your is at by how why what who "
    "when you we she it that this not all without about into after before",
    "dan": "og en et af den det der de til fra med",
    "deu": "der die das und von ein eine eines einer im vom zur zum den dem des ist ich mit nicht",
    "fil": "ng mga ang sa si ni",
    "fra": "le la les l des du de d un une en au aux dans pour sur qui que ne pas mon ma",
    "ind": "dan yang di untuk dari tak dengan pada",
    "ita": "il lo la gli di del della dei delle e un una che non per con nel",
    "nld": "de het een van en in op voor met niet",
    "nor": "og en et av den det de til fra med",
    "pol": "i w na z o do się nie",
    "por": "o a os as do da dos das de e um uma que em no na meu minha",
    "spa": "el la los las del de y en una un que por con para al mi su",
    "swe": "och en ett av den det de till från med som",
    "tur": "ve bir",
}  # fmt: skip
WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
#: Letters that a title in English has in foreign names at most.
LETTERS = {
    "dan": "åæø", "deu": "äöüß", "fra": "àâæçéèêëîïôœùûü", "ita": "àèéìòù", "nor": "åæø",
    "pol": "ąćęłńóśźż", "por": "ãõáâàçéêíóôú", "ron": "ăâîșț", "spa": "áéíóúñü¿¡", "swe": "åäö",
    "tur": "çğıöşü", "vie": "ăâđêôơư",
}  # fmt: skip
#: Scripts, by the first word of their letters' names, with their languages; the usual one first.
SCRIPTS = {
    "ARABIC": ("ara", "fas", "urd"),
    "CYRILLIC": ("rus", "ukr", "bul", "srp", "bel", "mkd"),
    "HIRAGANA": ("jpn",),
    "KATAKANA": ("jpn",),
    "CJK": ("zho", "jpn"),
    "HANGUL": ("kor",),
    "GREEK": ("ell",),
    "HEBREW": ("heb", "yid"),
    "DEVANAGARI": ("hin", "mar", "nep"),
    "BENGALI": ("ben",),
    "TAMIL": ("tam",),
    "THAI": ("tha",),
    "GEORGIAN": ("kat",),
    "ARMENIAN": ("hye",),
}
_NOT_IN_LATIN = frozenset(language for several in SCRIPTS.values() for language in several) - {
    "srp"
}
#: From this share of its letters on, a title is in another script than Latin.
_FOREIGN_SHARE = 1 / 3
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_NOBODY = {"", "anonymous", "unknown", "unknown author", "various", "various authors"}


@dataclass(frozen=True)
class Evidence:
    """What is known of a work: `title` without its series; `edition` is the language of one."""

    title: str
    original_title: str = ""
    author: str = ""
    edition: str = ""

    @cached_property
    def author_key(self) -> str:
        return fold(self.author)

    @cached_property
    def is_translated(self) -> bool:
        """Whether the original title is another one, subtitles aside."""
        if not self.original_title or self.original_title == self.title:
            return False
        if f"{fold(self.original_title)} ".startswith(f"{fold(self.title)} "):
            return False
        return name_of(self.title).main != name_of(self.original_title).main


def edition_language(*, code: str, isbn13: str, title: str) -> str:
    """The language of an edition; where it is not told, by its ISBN.

    English is believed of an ISBN, as nearly all of those books are. Publishers elsewhere print
    books in English too, so of other languages the title has to show signs.
    """
    language = code or isbn_language(isbn13)
    return language if code or language == ENGLISH or _signs(title, language) else ""


def language_of_editions(languages: Iterable[str], *, title: str) -> str:
    """The language of all editions of a work, or the one of them that its title shows signs of."""
    signs = {language: _signs(title, language) for language in languages}
    most = [language for language in signs if signs[language] == max(signs.values())]
    is_clear = len(signs) == 1 or (len(most) == 1 and signs[most[0]])
    return most[0] if is_clear else ""


class AuthorLanguages:
    """In which languages authors write, and in which they are read here."""

    def __init__(self, works: Iterable[Evidence]) -> None:
        self._written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._read: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for work in works:
            for counts in self._counts_of(work):
                counts[_edition(work)] += 1

    def _counts_of(self, work: Evidence) -> list[Counter[str]]:
        """The counts in which a work is counted."""
        author = work.author_key
        if author in _NOBODY or not _edition(work):
            return []
        is_original = work.original_title and not work.is_translated
        return [self._read[author], *([self._written[author]] if is_original else [])]

    def written(self, work: Evidence) -> str:
        """The language of most of the author's other books that are here under original titles."""
        return self._of_others(self._written[work.author_key], work)

    def read(self, work: Evidence) -> str:
        """The language of most of the author's other books."""
        return self._of_others(self._read[work.author_key], work)

    def _of_others(self, counts: Counter[str], work: Evidence) -> str:
        is_counted = any(counts is counted for counted in self._counts_of(work))
        return _most(counts - Counter({_edition(work): 1})) if is_counted else _most(counts)


def work_language(work: Evidence, authors: AuthorLanguages) -> str:
    """The language of a work as an ISO 639-3 code; empty where nothing tells it."""
    if script := _script(work.title):
        return _in_script(script, work, authors)
    if is_of_stray_edition(work, authors):
        return authors.written(work)
    edition, read = _edition(work), authors.read(work)
    author = read if work.is_translated else authors.written(work)
    if not edition:
        return author or read or (ENGLISH if _signs(work.title, ENGLISH) else "")
    if not author and edition != ENGLISH:
        # Other books of the author are translations, which do not tell what this one is.
        return _by_words(work.title, ENGLISH, otherwise=edition)
    if edition == ENGLISH:
        return _by_words(work.title, author, otherwise=ENGLISH)
    return _by_words(work.title, edition, otherwise=author)


def is_of_stray_edition(work: Evidence, authors: AuthorLanguages) -> bool:
    """Whether the title is a lone translation among books that are here as their author wrote them.

    Then readers know the work by its original title. A title in English is no stray one.
    """
    edition, written = _edition(work), authors.written(work)
    if not work.is_translated or edition in ("", ENGLISH, written) or not written:
        return False
    by_words = _by_words(work.title, written, otherwise=edition)
    original = _by_words(work.original_title, edition, otherwise=written)
    return authors.read(work) == written == original and by_words == edition


def _edition(work: Evidence) -> str:
    """The language of the edition, if a title in Latin letters can be in it."""
    return "" if work.edition in _NOT_IN_LATIN and not _script(work.title) else work.edition


def _in_script(script: str, work: Evidence, authors: AuthorLanguages) -> str:
    possible = SCRIPTS[script]
    candidates = (work.edition, authors.read(work), possible[0])
    return next(language for language in candidates if language in possible)


def _by_words(title: str, language: str, *, otherwise: str) -> str:
    """The language that the title has more signs of; the second where it has as many of both."""
    return language if _signs(title, language) > _signs(title, otherwise) else otherwise


def _signs(title: str, language: str) -> int:
    """How many words of a title occur in few languages, this one among them."""
    words = set(re.findall(r"\w+", title.casefold()))
    has_letters = not set(title.casefold()).isdisjoint(LETTERS.get(language, ""))
    return len(words & WORDS.get(language, frozenset())) + has_letters


def _script(title: str) -> str:
    """The script of a title if it is not Latin: the one that most of its other letters are of."""
    if title.isascii():
        return ""
    names = [
        unicodedata.name(letter, "").partition(" ")[0]
        for letter in _BRACKETS.sub("", title)
        if letter.isalpha()
    ]
    others = Counter(name for name in names if name in SCRIPTS)
    if not others or others.total() < len(names) * _FOREIGN_SHARE:
        return ""
    # A title in Japanese may have more Chinese characters than its own.
    japanese = [name for name in ("HIRAGANA", "KATAKANA") if name in others]
    return japanese[0] if japanese else max(others, key=lambda name: others[name])


def _most(counts: Mapping[str, int]) -> str:
    """What more than half of the counts are of."""
    language, most = max(counts.items(), key=lambda pair: pair[1], default=("", 0))
    return language if most * 2 > sum(counts.values()) else ""
