"""Parses Open Library's answers into plain values; whatever has another shape is left out."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from catalog.credits import Role, split_credit
from catalog.languages import language_code
from catalog.normalize import isbn13_of
from catalog.sentences import shorten
from recsite.common.text import clean_line, clean_lines

MAX_DESCRIPTION_LENGTH = 10_000
MAX_SUBJECTS = 20
MAX_SUBJECT_LENGTH = 100
MAX_IDENTIFIERS = 200

#: How everybody can read a scan there; other values mean that few or nobody can.
EBOOK_ACCESS = ("public", "borrowable")

_WORK_KEY = re.compile(r"/works/(OL[0-9]{1,12}W)")
_REFERENCES = re.compile(r"^\s*\[[^\]\n]{1,40}\]:?\s*(?:https?:)?//\S*.*$", re.M)
_SOURCE_NOTE = re.compile(r"\s*\(?\s*\[source\](?:\[[^\]\n]*\]|\([^)\n]*\))\s*\)?", re.I)
_LINK = re.compile(r"!?\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s<>)\]]+", re.I)
_EMPHASIS = re.compile(r"(\*\*\*|\*\*|\*|___|__)(?=\S)([^*\n]+?)(?<=\S)\1")
_RULE = re.compile(r"^\s*(?:[-_*=]\s?){4,}\s*$", re.M)  # editors' notes and lists stand below it
_LINE_MARKS = re.compile(r"^[ \t]*(?:#{1,6}|>+)[ \t]*", re.M)
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")
_SKIPPED_TAGS = {"script", "style", "template"}
_BLOCKS = {"p", "br", "div", "li", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "hr"}
# Subjects for machines, not for readers.
_MACHINE_SUBJECT = re.compile(r"[:=]|^nyt|award|open library|protected daisy|accessible book", re.I)


class Malformed(ValueError):
    """The answer does not have the expected shape; the message says why."""


@dataclass(frozen=True, slots=True)
class Work:
    """A work in the results of a search, all its editions together."""

    key: str  # such as OL45804W
    title: str
    authors: tuple[str, ...] = ()  # other spellings of their names too
    credited: tuple[str, ...] = ()  # the authors alone, each by one name
    contributors: tuple[tuple[str, Role], ...] = ()  # such as translators, by name
    first_year: int | None = None
    cover_id: int | None = None
    isbns: tuple[str, ...] = ()  # as ISBN-13
    goodreads_ids: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    page_count: int | None = None
    editions: int = 0
    languages: tuple[str, ...] = ()  # of its editions, as ISO 639-3
    shelves: int = 0  # readers of Open Library who have it on a shelf
    ebook_access: str = ""  # of `EBOOK_ACCESS`; empty if there is nothing to read


@dataclass(frozen=True, slots=True)
class Details:
    """What a work's own page adds."""

    description: str = ""
    moved_to: str = ""  # the key of the work into which this one was merged


def works_of(answer: object) -> list[Work]:
    """The works in the answer of a search; raises `Malformed` if it is not one."""
    docs = answer.get("docs") if isinstance(answer, Mapping) else None
    if not isinstance(docs, list):
        raise Malformed("a search without docs")
    return [work for doc in docs if isinstance(doc, Mapping) and (work := _work(doc))]


def details_of(answer: object) -> Details:
    """What the page of a work says; raises `Malformed` if it is not one."""
    if not isinstance(answer, Mapping):
        raise Malformed("a work that is no object")
    kind = answer.get("type")
    if isinstance(kind, Mapping) and kind.get("key") == "/type/redirect":
        return Details(moved_to=_key(answer.get("location")))
    return Details(description=plain_text(_text(answer.get("description"))))


def _work(doc: Mapping[str, Any]) -> Work | None:
    key, title = _key(doc.get("key")), clean_line(_text(doc.get("title")))
    if not key or not title:
        return None
    credited = _names(doc.get("author_name"))
    names = [*credited, *_names(doc.get("author_alternative_name"))]
    codes = map(language_code, _texts(doc.get("language")))
    isbns = dict.fromkeys(isbn13_of(text) for text in _texts(doc.get("isbn")))
    numbers = [
        text for text in _texts(doc.get("id_goodreads")) if re.fullmatch("[0-9]{1,12}", text)
    ]
    return Work(
        key=key,
        title=title,
        authors=tuple(dict.fromkeys(names)),
        credited=tuple(dict.fromkeys(credited)),
        contributors=_contributors(doc.get("contributor")),
        first_year=_integer(doc.get("first_publish_year"), -3000, 2100),
        cover_id=_integer(doc.get("cover_i"), 1, 10**12),
        isbns=tuple(isbn for isbn in isbns if isbn)[:MAX_IDENTIFIERS],
        goodreads_ids=tuple(dict.fromkeys(numbers))[:MAX_IDENTIFIERS],
        subjects=_subjects(doc.get("subject")),
        page_count=_integer(doc.get("number_of_pages_median"), 1, 30_000),
        editions=_integer(doc.get("edition_count"), 0, 10**6) or 0,
        languages=tuple(dict.fromkeys(code for code in codes if code)),
        shelves=_integer(doc.get("readinglog_count"), 0, 10**9) or 0,
        ebook_access=access if (access := doc.get("ebook_access")) in EBOOK_ACCESS else "",
    )


def work_from_json(found: Mapping[str, Any]) -> Work:
    """A work from its JSON, where tuples have become lists."""
    values: dict[str, Any] = dict(found)
    for name in ("authors", "credited", "isbns", "goodreads_ids", "subjects", "languages"):
        values[name] = tuple(values.get(name, ()))
    values["contributors"] = tuple(
        (name, Role(role)) for name, role in values.get("contributors", ())
    )
    return Work(**values)


def plain_text(text: str) -> str:
    """A description as readers should see it: no markup, no links, no editors' lists after a rule.

    Contributors write HTML, Markdown or neither, and name sources after their text.
    """
    text = clean_lines(_stripped(clean_lines(text)))  # an entity may be such a character, too
    if rule := _RULE.search(text):
        text = text[: rule.start()] if text[: rule.start()].strip() else text[rule.end() :]
    text = _REFERENCES.sub("", text)
    text = _SOURCE_NOTE.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _ADDRESS.sub("", text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _EMPTY_BRACKETS.sub("", _LINE_MARKS.sub("", text))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return shorten(text, MAX_DESCRIPTION_LENGTH)


class _Stripper(HTMLParser):
    """Keeps the text of a page, with a line break where a block begins or ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipping += tag in _SKIPPED_TAGS
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._skipping = max(0, self._skipping - (tag in _SKIPPED_TAGS))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.parts.append(data)


def _stripped(text: str) -> str:
    if not re.search(r"<[a-zA-Z/!]|&[a-zA-Z#]", text):
        return text
    stripper = _Stripper()
    stripper.feed(text)
    stripper.close()
    # Text that was escaped twice stays text: templates escape it again.
    return html.unescape("".join(stripper.parts))


def _subjects(value: object) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in _texts(value):
        subject = clean_line(text)
        if subject and len(subject) <= MAX_SUBJECT_LENGTH and not _MACHINE_SUBJECT.search(subject):
            found.setdefault(subject.casefold(), subject)
    return tuple(found.values())[:MAX_SUBJECTS]


def _key(value: object) -> str:
    match = _WORK_KEY.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else ""


def _text(value: object) -> str:
    """A text in either of its forms: plain, or as `{"type": "/type/text", "value": …}`."""
    if isinstance(value, Mapping):
        value = value.get("value")
    return value.strip() if isinstance(value, str) else ""


def _names(value: object) -> list[str]:
    return [name for name in map(clean_line, _texts(value)) if name]


def _contributors(value: object) -> tuple[tuple[str, Role], ...]:
    """Those of the contributors whose role is said, except authors."""
    found: dict[str, Role] = {}
    for text in _names(value):
        name, role = split_credit(text)
        if role and role != Role.AUTHOR:
            found.setdefault(name, role)
    return tuple(found.items())


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _integer(value: object, minimum: int, maximum: int) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= maximum:
        return value
    return None
