"""Lines of shelves drawn from a catalog: books that are in it, and books that only look so.

Shares follow what was counted on real exports of Goodreads, but for the traps, which are far more
frequent here than on anybody's shelf. The same seed draws the same lines.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from recsite.local.standins.folder import Book

IN_CATALOG = 0.58
TRAP = 0.25  # the rest are books of which the catalog has nothing alike
KNOWN_EDITION = 0.73  # of the books in the catalog
ISBN_FILLED = 0.77
UNKNOWN_EDITION = 1_000_000_000  # beyond any number of the data
UNKNOWN_WORK = 1_500_000_000
OTHER_AUTHOR = "other author"

_SERIES = re.compile(r"^(?P<bare>.+?)\s*\((?P<name>[^()#]+?),? #(?P<number>\d+)\)$")
_BRACKETS = re.compile(r"\s*\([^()]*#[^()]*\)$")
_WORDS = (
    "Lantern", "Harbor", "Quiet", "Salt", "Orchard", "Ledger", "Winter", "Allotment", "Umbrella",
    "Ferryman", "Marsh", "Copper", "Almanac", "Ninefold", "Thistle", "Causeway", "Paper", "Heron",
)  # fmt: skip
#: Titles of translations, which share nothing with the original.
_FOREIGN = (
    "Das Lied der Nacht", "El bosque de las sombras", "La maison du silence", "Пепел и сталь",
    "Il giardino d'inverno", "O vento do norte", "Het huis aan de zee", "Cień nad rzeką",
    "Kuningattaren miekka", "Πέρα από τη θάλασσα", "Die Kinder des Sturms", "Verblendung",
)  # fmt: skip
_EDITIONS = (
    " (Penguin Classics)", " (Unabridged)", " (Spanish Edition)", " (en anglais)", " (P.S.)",
    " (Oxford World's Classics)", ": Deluxe Edition", ": 50th Anniversary Edition",
    ", Illustrated Edition", " (Norton Critical Editions)",
)  # fmt: skip
_GIVEN = ("Maren", "Piers", "Ottilie", "Kenji", "Ilse", "Tobias", "Wren", "Agnes")
_FAMILY = ("Aldous", "Whitcombe", "Brandt", "Arnaud", "Harmon", "Okonjo", "Vasquez", "Lindqvist")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a shelf, and what is meant by it."""

    number: int
    book_id: int | None  # goodbooks' number; None for a book that is not in the catalog
    kind: str  # "catalog", "unknown" or the name of a trap
    title: str
    authors: tuple[str, ...]
    edition_id: int
    work_id: int
    isbn: str  # ISBN-10
    stars: int
    year: int | None
    worn: tuple[str, ...] = ()  # how it differs from what the catalog has

    @property
    def author(self) -> str:
        return self.authors[0]


Trap = tuple[str, tuple[str, ...]]


def bare(title: str) -> str:
    """A title without the series that Goodreads writes behind it."""
    return _BRACKETS.sub("", title) or title


class Drawing:
    """Draws the lines of one file.

    Parameters
    ----------
    books : sequence of Book
        The catalog.
    seed : str
        What the lines depend on.
    with_series : bool
        Whether the service writes the series behind its titles, as Goodreads does.
    """

    def __init__(self, books: Sequence[Book], *, seed: str, with_series: bool) -> None:
        self._books = books
        self._rng = Random(seed)
        self._with_series = with_series
        # Who wrote which book of a title, to tell what nobody could decide.
        self._named: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for book in books:
            for title in (book.title, bare(book.title), book.original_title):
                for name in (book.author, *book.co_authors):
                    self._named[_letters(title), _letters(name)].add(book.book_id)
        self._isbns = {book.isbn for book in books}
        self._last_volume: defaultdict[tuple[str, str], int] = defaultdict(int)
        for book in books:
            if series := _SERIES.match(book.title):
                place = (series["name"], book.author)
                self._last_volume[place] = max(self._last_volume[place], int(series["number"]))
        self._traps: tuple[Callable[[Book], Trap | None], ...] = (
            self.similar_title,
            self.next_volume,
            self.other_author,
            self.omnibus,
            self.study_guide,
            self.adaptation,
            self.sequel,
            self.renumbered,
        )

    def lines(self, count: int) -> list[Line]:
        """As many lines; of the books of the catalog, none comes twice."""
        mine = iter(self._rng.sample(self._books, len(self._books)))
        lines = []
        for number in range(1, count + 1):
            way = self._rng.random()
            book = next(filter(self._is_plain, mine), None) if way < IN_CATALOG else None
            if book is not None:
                line = self._of_catalog(number, book)
            else:
                line = self._trap(number) if way < IN_CATALOG + TRAP else self._unknown(number)
            lines.append(self._reworded(line))
        return lines

    def _is_plain(self, book: Book) -> bool:
        """Whether the service's own title tells the book from all others of its author."""
        title = book.title if self._with_series else bare(book.title)
        return self._named[_letters(title), _letters(book.author)] == {book.book_id}

    def _of_catalog(self, number: int, book: Book) -> Line:
        rng = self._rng
        line = Line(
            number=number,
            book_id=book.book_id,
            kind="catalog",
            title=book.title if self._with_series else bare(book.title),
            authors=(book.author, *book.co_authors),
            edition_id=rng.choice(book.editions),
            work_id=book.work_id if rng.random() < 0.95 else UNKNOWN_WORK + number,
            isbn=book.isbn if rng.random() < ISBN_FILLED else "",
            stars=rng.randint(0, 5),
            year=book.year,
        )
        if rng.random() < KNOWN_EDITION:
            return line
        line = replace(
            line,
            edition_id=UNKNOWN_EDITION + number,
            isbn=self._unknown_isbn() if rng.random() < ISBN_FILLED else "",
            worn=("other edition",),
        )
        return self._as_other_edition(line, book)

    def _as_other_edition(self, line: Line, book: Book) -> Line:
        """Another edition may have another title: the original one, or one without the series."""
        if self._rng.random() < 0.5:
            return line
        head, colon, _ = line.title.partition(": ")
        short = bare(line.title)
        series = line.title[len(short) :]
        ways = {
            "original title": book.original_title or line.title,
            "no subtitle": head if colon else line.title,
            "other subtitle": f"{head}: {self._edition_subtitle()}{series}"
            if colon
            else line.title,
            "a novel": line.title if colon else f"{short}: A Novel{series}",
            "no series": short,
            "series reworded": line.title.replace(", #", ", Book "),
            "edition words": f"{short}{self._rng.choice(_EDITIONS)}{series}",
            "translated": self._translated(line.title),
            "renumbered": self._renumbered(line.title),
            "slip": f"{_slipped(short, self._rng)}{series}",
        }
        if self._rng.random() < 0.1:
            name = _slipped(line.author, self._rng)
            return _worn(line, "slip in the name", authors=(name, *line.authors[1:]))
        how, title = self._rng.choice(list(ways.items()))
        others = self._named.get((_letters(title), _letters(line.author)), set())
        is_plain = others <= {book.book_id}
        return _worn(line, how, title=title) if is_plain else line

    def _edition_subtitle(self) -> str:
        return self._rng.choice(("The Original Text", "A Memoir", "With a New Afterword Edition"))

    def _translated(self, title: str) -> str:
        """A translation, which keeps the series and the number."""
        series = _SERIES.match(title)
        if not series:
            return title
        return f"{self._rng.choice(_FOREIGN)} ({series['name']}, #{series['number']})"

    def _renumbered(self, title: str) -> str:
        """The title with another number in its series, unless it is that of all volumes."""
        series = _SERIES.match(title)
        if not series or _letters(series["bare"]).startswith(_letters(series["name"])[:12]):
            return title
        return f"{series['bare']} ({series['name']}, #{int(series['number']) + 1})"

    def _trap(self, number: int) -> Line:
        """A book that is not in the catalog, and resembles one that is."""
        while True:
            book, trap = self._rng.choice(self._books), self._rng.choice(self._traps)
            found = trap(book)
            if found is None:
                continue
            title, authors = found
            title = title if self._with_series else bare(title)
            if not any((_letters(title), _letters(name)) in self._named for name in authors):
                return self._not_in_catalog(number, trap.__name__.replace("_", " "), title, authors)

    def _unknown(self, number: int) -> Line:
        rng = self._rng
        title = " ".join(rng.sample(_WORDS, 3))
        if self._with_series and rng.random() < 0.3:
            title += f" (The {rng.choice(_WORDS)} Papers, #{rng.randint(1, 9)})"
        author = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
        return self._not_in_catalog(number, "unknown", title, (author,))

    def _not_in_catalog(self, number: int, kind: str, title: str, authors: tuple[str, ...]) -> Line:
        return Line(
            number=number,
            book_id=None,
            kind=kind,
            title=title,
            authors=authors,
            edition_id=UNKNOWN_EDITION + number,
            work_id=UNKNOWN_WORK + number,
            isbn=self._unknown_isbn() if self._rng.random() < ISBN_FILLED else "",
            stars=self._rng.randint(0, 5),
            year=self._rng.randint(1950, 2025),
        )

    def similar_title(self, book: Book) -> Trap:
        """Another book of the author that shares most of its title with this one."""
        title = bare(book.title)
        other = bare(self._rng.choice(self._books).title)
        ways = (
            f"{title} Returns",
            f"Return to {title}",
            f"The Making of {title}",
            f"{title} and Other Stories",
            " ".join([*title.split()[:-1], other.split()[-1]]),
        )
        return self._rng.choice(ways), (book.author,)

    def next_volume(self, book: Book) -> Trap | None:
        """A volume of a series of which the catalog has others."""
        series = _SERIES.match(book.title)
        if not series:
            return None
        new = self._last_volume[series["name"], book.author] + self._rng.randint(1, 3)
        title = re.sub(rf"\b{series['number']}\b", str(new), series["bare"])
        if title == series["bare"] and _letters(title) != _letters(series["name"]):
            title = " ".join(self._rng.sample(_WORDS, 2))
        return f"{title} ({series['name']}, #{new})", (book.author,)

    def other_author(self, book: Book) -> Trap:
        """A book of the same title by somebody else, who may share the surname.

        Of an author known by initials, or by one name, nobody could tell a namesake.
        """
        author = self._rng.choice(self._books).author
        given, _, surname = book.author.rpartition(" ")
        if given and "." not in given and self._rng.random() < 0.5:
            author = f"{self._rng.choice(_GIVEN)} {surname}"
        return bare(book.title), (author,)

    def omnibus(self, book: Book) -> Trap | None:
        """Several volumes in one."""
        series = _SERIES.match(book.title)
        if not series:
            return None
        title, name = series["bare"], series["name"]
        ways = (
            f"{name} Boxset ({name}, #1-3)",
            f"The Complete {name} Trilogy ({name}, #1-3)",
            f"{title} ({name}, #1-3)",
            f"{title} / {' '.join(self._rng.sample(_WORDS, 2))}",
        )
        return self._rng.choice(ways), (book.author,)

    def study_guide(self, book: Book) -> Trap:
        """A book about this one, which names its author too."""
        title = bare(book.title)
        ways = (
            (title, ("SparkNotes", book.author)),
            (f"{title} (SparkNotes Literature Guide)", ("SparkNotes", book.author)),
            (f"{title}: A Study Guide", (book.author,)),
            (f"CliffsNotes on {book.author.split()[-1]}'s {title}", (book.author,)),
            (f"Summary of {title}", ("Instaread", book.author)),
        )
        return self._rng.choice(ways)

    def adaptation(self, book: Book) -> Trap:
        """The same story as another work, or a part of it."""
        title = bare(book.title)
        ways = ("The Graphic Novel", "A Screenplay", "Part 2", "Volume II", "The Play")
        return f"{title}{self._rng.choice((': ', ', '))}{self._rng.choice(ways)}", (book.author,)

    def sequel(self, book: Book) -> Trap | None:
        """A later volume whose title begins with that of the series."""
        series = _SERIES.match(book.title)
        if not series:
            return None
        words = " ".join(self._rng.sample(_WORDS, 2))
        number = self._last_volume[series["name"], book.author] + 1
        return f"{series['name']}: {words} ({series['name']}, #{number})", (book.author,)

    def renumbered(self, book: Book) -> Trap | None:
        """A book in a series, with a number that another volume had before."""
        series = _SERIES.match(book.title)
        if not series or not self._with_series:
            return None
        one, other = self._rng.sample(_WORDS, 2)
        return f"The {one} of the {other} ({series['name']}, #{series['number']})", (book.author,)

    def _reworded(self, line: Line) -> Line:
        """What services and people write differently for one and the same book."""
        rng, author = self._rng, line.author
        if rng.random() < 0.1 and " " in author:
            line = _worn(line, "spaces", authors=(author.replace(" ", "  ", 1), *line.authors[1:]))
        if rng.random() < 0.03:
            line = _worn(line, "spaces", title=line.title.replace(" ", "  ", 1))
        if rng.random() < 0.1 and "." in author:
            spread = re.sub(r"\.(?=\w)", ". ", line.author)
            line = _worn(line, "initials", authors=(spread, *line.authors[1:]))
        first = author.split()[0]
        # A namesake's initial would tell nobody who is meant.
        if rng.random() < 0.05 and first.isalpha() and " " in author and line.kind != OTHER_AUTHOR:
            first, rest = line.author.split(None, 1)
            line = _worn(line, "initials", authors=(f"{first[0]}. {rest}", *line.authors[1:]))
        if rng.random() < 0.05 and line.title.startswith("The "):
            title, brackets = bare(line.title), line.title[len(bare(line.title)) :]
            line = _worn(line, "article moved", title=f"{title[4:]}, The{brackets}")
        if rng.random() < 0.1:
            names = tuple(map(_without_marks, line.authors))
            line = _worn(line, "no diacritics", title=_without_marks(line.title), authors=names)
        if rng.random() < 0.02:
            line = _worn(line, "capitals", title=line.title.upper())
        return line

    def _unknown_isbn(self) -> str:
        while True:
            digits = [self._rng.randint(0, 9) for _ in range(9)]
            check = sum((i + 1) * digit for i, digit in enumerate(digits)) % 11
            isbn = "".join(map(str, digits)) + ("X" if check == 10 else str(check))
            if isbn not in self._isbns:
                return isbn


def _worn(line: Line, how: str, **changed: Any) -> Line:
    """The line with something changed; as it was where that makes no difference."""
    new = replace(line, **changed)
    return line if new == line else replace(new, worn=(*line.worn, how))


def _letters(text: str) -> str:
    """Letters and digits alone: what is written the same but for these is the same."""
    return "".join(filter(str.isalnum, text.casefold()))


def _slipped(text: str, rng: Random) -> str:
    """The text with two letters swapped in its longest word, if that is long enough."""
    word = max(text.split(), key=len)
    if len(word) < 6 or not word.isalpha():
        return text
    place = rng.randint(1, len(word) - 3)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return text.replace(word, swapped, 1)


def _without_marks(text: str) -> str:
    marks = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", marks)
