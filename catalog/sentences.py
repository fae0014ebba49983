"""Where sentences end, and quotes, so that a description can be cut where it may be.

A doubt is no end: a text has ends enough, and a cut behind "St." reads worse than one a sentence
earlier. No library does it: pysbd, the usual one, has had no release since 2021, and the others
bring a trained model along.
"""

import re
from typing import cast

from catalog.normalize import word_set

# What may be an end: marks, whatever closes after them, and then a space or nothing.
_END = re.compile(
    r"(?P<marks>[.!?\u2026\u061f\u06d4\u0964]+)(?P<closing>[\"'\u201d\u2019\u00bb)\]]*)(?=\s|$)"
    r"|(?P<full>[\u3002\uff01\uff1f])"
)
_ELLIPSIS = re.compile(r"\.\s*\.$|\u2026$")
LONGEST_WORD = 40
_LAST_WORD = re.compile(r"[^\s()\[\]\"\u201c\u201d\u00ab\u00bb\u2014\u2013/]+$")
_OPENING = "\"'\u201c\u2018\u00ab([\u2014\u2013- \n\t"
#: Words that are written with a point. Those in capitals are words too when they are not.
_ABBREVIATIONS = word_set(
    """
    St Ste Dr Mr Mrs Ms Mx Messrs Mme Mlle Prof Rev Revd Fr Hon Pres Gov Sen Rep Supt Gen Col Maj
    Capt Cpt Lt Cmdr Cdr Adm Sgt Cpl Pvt Pfc Det Insp Sr Jr Esq Bros Co Corp Inc Ltd Dept Univ
    Assn Mt Mts Ft Rd Ave Blvd Hwy No Nos Vol Vols Ch Chap Fig Figs Ed Eds Trans
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun
    PhD MD BA MA USA UK BC AD CE BCE AM PM
    st dr prof vs etc al ibid eg ie cf ca approx viz ed eds trans tr illus pp vol vols chap orig
    inc ltd est jr sr
    """
)
_BEFORE_A_NUMBER = frozenset(("no", "nos", "vol", "vols", "p", "pp", "pg", "ch", "fig", "pt", "bk"))
_PAIRS = {
    "\u201c": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "(": ")",
    "[": "]",
}
_QUOTE = re.compile('\n\n|["\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f()\\[\\]]')
#: Shorter words before a small letter may be abbreviations that are not listed.
_FEWEST_LETTERS = 5
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


def sentence_ends(text: str) -> list[int]:
    """The places after the last character of each sentence, none of them within a quote."""
    quotes = quote_spans(text)
    return [
        found.end()
        for found in _END.finditer(text)
        if _is_end(text, found) and not any(a < found.end() < b for a, b in quotes)
    ]


def quote_spans(text: str) -> list[tuple[int, int]]:
    """From where to where quotes and brackets reach; one that is never closed does not count."""
    spans: list[tuple[int, int]] = []
    open_at: list[tuple[str, int]] = []
    straight: int | None = None
    for found in _QUOTE.finditer(text):
        mark, place = found[0], found.start()
        if mark == "\n\n":
            open_at, straight = [], None
        elif mark == '"' and straight is None:
            straight = place
        elif mark == '"':
            spans.append((cast("int", straight), place + 1))
            straight = None
        elif open_at and mark in _PAIRS[open_at[-1][0]]:
            spans.append((open_at.pop()[1], place + 1))
        elif mark in _PAIRS:
            open_at.append((mark, place))
    return spans


def shorten(text: str, longest: int) -> str:
    """The text up to the end of a sentence within `longest` characters, or else of a word.

    The end of a sentence is taken if that leaves at least half.
    """
    if len(text) <= longest:
        return text
    end = max((end for end in sentence_ends(text) if end <= longest), default=0)
    if end >= longest // 2:
        return text[:end]
    return text[:longest].rsplit(" ", 1)[0].rstrip(" ,;:") + "\u2026"


def unquoted(text: str) -> str:
    """A text without the quotation marks around the whole of it; those within it stay.

    Either of the two may be missing. A title in quotes at the beginning is no such mark.
    """
    text = text.strip()
    if text.startswith('"'):
        second = text.find('"', 1)
        if second in (-1, len(text) - 1) or not _closes(text, second):
            text = text[1:].lstrip()
    if text.endswith('"') and text.count('"') % 2:
        text = text[:-1].rstrip()
    return text


def _closes(text: str, place: int) -> bool:
    """Whether a quotation mark stands after a word, not before one."""
    return not text[place - 1].isspace() and not text[place + 1 : place + 2].isalnum()


def _is_end(text: str, found: re.Match[str]) -> bool:
    before = text[max(0, found.end("marks") - LONGEST_WORD) : found.end("marks")]
    after = text[found.end() : found.end() + LONGEST_WORD]
    if found["full"] or not after.strip() or after.lstrip(" ").startswith("\n"):
        return True
    if _ELLIPSIS.search(before) or after.lstrip().startswith("."):
        return False
    first = after.lstrip(_OPENING)[:1]
    word = _LAST_WORD.search(before.removesuffix("."))
    if found["marks"] != "." or found["closing"] or word is None:
        return not first.islower()  # "Go!" he said.
    if first.islower() and len(word[0]) < _FEWEST_LETTERS:
        return False
    return not _is_abbreviation(word[0].lstrip("'\u2018"), first)


def _is_abbreviation(word: str, first: str) -> bool:
    """Whether the point after a word belongs to it; ``first`` is the next letter or digit."""
    bare = word.replace(".", "")
    if first.isdigit() and bare.casefold() in _BEFORE_A_NUMBER:
        return True
    return bare in _ABBREVIATIONS or bool(_INITIALS.fullmatch(word))
