"""The shelves that every service has, whatever their names; all others are a reader's own."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Literal


class Shelf(StrEnum):
    """A shelf, as stored in the database and named in addresses."""

    READ = "read"
    CURRENTLY_READING = "currently-reading"
    TO_READ = "to-read"
    DID_NOT_FINISH = "did-not-finish"


#: The shelves that every reader has, in the order of pages; `DID_NOT_FINISH` is not always used.
COMMON = (Shelf.READ, Shelf.CURRENTLY_READING, Shelf.TO_READ)
#: What a pull reads after the shelf of books read: shelves that a service may have.
FURTHER = (Shelf.TO_READ, Shelf.CURRENTLY_READING, Shelf.DID_NOT_FINISH)
#: Shelves of books that the reader has not finished yet.
UNREAD = (Shelf.CURRENTLY_READING, Shelf.TO_READ)
#: Stands for all of a reader's own shelves together.
OTHER = "other"

NAMES: dict[str, str] = {
    Shelf.READ: "Read",
    Shelf.CURRENTLY_READING: "Currently reading",
    Shelf.TO_READ: "Want to read",
    Shelf.DID_NOT_FINISH: "Did not finish",
    OTHER: "Other shelves",
}

#: How the books of a shelf were read.
Reading = Literal["once", "again", "unfinished"]

#: What services and readers call them, in the languages in which these services are used.
_SYNONYMS: dict[Shelf, str] = {
    Shelf.READ: """
        read, finished, have read, read but unowned, completed, done
        gelesen, lu, lus, livres lus, leido, leidos, lido, lidos, letto, letti, gelezen
        last, lest, laest, luettu, luetut, przeczytane, precteno, prectene, olvasott, citite
        прочитано, прочитал, прочитала, okundu, okuduklarim
    """,
    Shelf.CURRENTLY_READING: """
        currently reading, reading, reading now, in progress, started
        lese ich gerade, lese gerade, am lesen, en cours, en cours de lecture, lecture en cours
        leyendo, leyendo actualmente, lendo, lendo agora, in lettura, sto leggendo
        aan het lezen, bezig, laser, laser nu, leser, leser na, laeser, luen, luen parhaillaan
        czytam, teraz czytam, aktualnie czytane, ctu, prave ctu, olvasom, citesc
        читаю, сейчас читаю, okuyorum, su an okudugum
    """,
    Shelf.TO_READ: """
        to read, want to read, wanttoread, wishlist, wish list, to be read, tbr, plan to read
        wunschliste, wunschzettel, zu lesen, noch zu lesen, will ich lesen, mochte ich lesen, sub
        liste de souhaits, souhaits, liste d envies, envies, a lire, pile a lire, pal
        lista de deseos, deseos, por leer, para leer, quiero leer, pendientes, pendiente
        lista de desejos, desejados, quero ler, para ler, por ler
        lista dei desideri, lista desideri, desideri, da leggere, voglio leggere
        verlanglijst, verlanglijstje, wensenlijst, te lezen, wil ik lezen, nog te lezen
        onskelista, vill lasa, att lasa, ønskeliste, onskeliste, onskeseddel, vil lese, vil laese
        toivelista, lukulista, haluan lukea, lukematta
        lista zyczen, do przeczytania, chce przeczytac, seznam prani, chci cist, k precteni
        kivansaglista, varolista, elolvasando, lista de dorinte, de citit, llista de desitjos
        список желаний, хочу прочитать, в планах, istek listesi, okunacaklar, okumak istediklerim
        ほしい物リスト, 読みたい, 読みたい本, 積読
    """,
    Shelf.DID_NOT_FINISH: """
        did not finish, did not finished, dnf, abandoned, stopped reading, gave up, unfinished
        abgebrochen, nicht beendet, abandonne, abandonnes, abandonado, abandonados, sin terminar
        abbandonato, abbandonati, niet uitgelezen, avbruten, ikke fullfort, porzucone, брошено
        yarim birakilan, yarim kalan
    """,
}
#: Words in the name of a reader's own shelf by which its books are still to be read.
_UNREAD_WORDS = re.compile(
    r"\b(?:tbr|unread|wish ?list|wish|to (?:be )?read|(?:want|plan|hope) to read|to buy"
    r"|(?:wont|won t|dont|don t|not|never|havent|haven t|yet to|have not) read|not interested"
    r"|waiting|waitlist|on hold|someday|up next|read next|to get to|pile a lire|por leer"
    r"|zu lesen|da leggere|a lire)\b"
)
#: Likewise, that its books were given up.
_UNFINISHED_WORDS = re.compile(
    r"\b(?:dnf|(?:did not|didn t|didnt|never|not|could not|couldn t|couldnt) finish(?:ed)?"
    r"|unfinished|abandoned|gave up|given up|stopped reading|abgebrochen|abandonnes?|abandonados?"
    r")\b"
)
#: From so many readings on, a book was read again.
_AGAIN = 2
_READ_AGAIN = re.compile(r"\bre ?reads?\b")
_FOLDED_MARKS = re.compile("[\u0300-\u036f]")


def shelf_name(shelf: str) -> str:
    """The name of a shelf on pages; a reader's own shelf keeps its name."""
    return NAMES.get(shelf, shelf)


def common_shelf(name: str) -> Shelf | None:
    """The shelf that a name means in any of the languages known here; None for a reader's own."""
    return _SHELF_BY_NAME.get(_folded(name))


def is_unread(shelf: str) -> bool:
    """Whether the books of a shelf are not read to the end; also one of the reader's own.

    `owned-tbr`, `wont-read` and `waiting-for-the-library` are such names.
    """
    if common := common_shelf(shelf):
        return common in UNREAD
    name = _folded(shelf)
    return bool(_UNREAD_WORDS.search(name)) and not _READ_AGAIN.search(name)


def is_unfinished(shelf: str) -> bool:
    """Whether the books of a shelf were given up; also one of the reader's own, as `dnf-2020`."""
    if common := common_shelf(shelf):
        return common == Shelf.DID_NOT_FINISH
    return bool(_UNFINISHED_WORDS.search(_folded(shelf)))


@lru_cache(1000)
def how_read(shelf: str, *, read_count: int = 0) -> Reading | None:
    """How the books of a shelf were read, whatever their stars; None if they are still to be read.

    A book that was read more than once stays so on any shelf but that of books given up: it may
    be read a third time now.
    """
    if is_unfinished(shelf):
        return "unfinished"
    if read_count >= _AGAIN:
        return "again"
    return None if is_unread(shelf) else "once"


@lru_cache(1000)
def _folded(name: str) -> str:
    """Words in small letters between single spaces, without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = unicodedata.normalize("NFC", _FOLDED_MARKS.sub("", plain))
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


_SHELF_BY_NAME = {
    _folded(name): shelf
    for shelf, names in _SYNONYMS.items()
    for name in re.split(r"[,\n]", names)
    if name.strip()
}
