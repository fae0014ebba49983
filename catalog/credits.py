"""Who is named on a title page, and for what: authors, and those who helped a book along.

Sources name translators and illustrators among the authors. Some say so behind the name, "Anthea
Bell (Translator)"; `split_credit` reads that, in the spellings of booksellers and libraries.
"""

import re
import unicodedata
from collections import Counter

from django.db.models.enums import TextChoices

from catalog.normalize import clean_name


class Role(TextChoices):
    """What somebody did for a book."""

    AUTHOR = "author"
    TRANSLATOR = "translator"
    ILLUSTRATOR = "illustrator"
    EDITOR = "editor"
    NARRATOR = "narrator"
    CONTRIBUTOR = "contributor"
    ALIAS = "alias", "other spelling of an author"


_WORDS: dict[Role, str] = {
    Role.AUTHOR: "author authors writer writers creator story goodreads_author text autor auteur "
    "autore verfasser",
    Role.TRANSLATOR: "translator translators translation trans tr transl translated übersetzer "
    "übersetzerin traductor traductora traducteur traductrice traduttore tradutor vertaler",
    Role.ILLUSTRATOR: "illustrator illustrators illustrations illus ill illustrated artist artists "
    "art penciler penciller pencils inker inks colorist colourist colors cover_artist cover_art "
    "photographer photographs photos drawings pictures ilustrador illustrateur illustratrice",
    Role.EDITOR: "editor editors ed eds edited compiler compiled herausgeber hrsg",
    Role.NARRATOR: "narrator narrators narration narrated reader read performer sprecher",
    Role.CONTRIBUTOR: "contributor contributors contributions foreword introduction introductions "
    "intro preface afterword adapter adaptor adaptation adapted commentary notes annotations "
    "letterer letters designer with consultant director producer publisher",
    Role.ALIAS: "alias",
}
_ROLE_OF = {
    word.replace("_", " "): role for role, words in _WORDS.items() for word in words.split()
}
_BRACKETS = re.compile(r"^(?P<name>.*[^\s,]),?\s*[(\[](?P<inside>[^()\[\]]*)[)\]]$")
_BEHIND = re.compile(r"^(?P<name>.*[^\s,]),\s*(?P<inside>[^,]+)$")
_BEFORE = re.compile(r"^(?P<inside>\w+\.?)\s+by:?\s+(?P<name>\S.*)$", re.IGNORECASE)
_BETWEEN_ROLES = re.compile(r"\s*(?:[,;/&+]|\band\b)\s*")
_LITTLE_WORDS = re.compile(r"\s+(?:by|of|from)$")
_LONGER_THAN_ED = 5
# Chinese, Japanese and Korean names mix these.
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC"}


def role_of(text: str) -> Role | None:
    """The role that the words after a name mean; None if they mean none.

    Somebody who wrote and illustrated a book is its author.
    """
    found = [_role_of_word(word) for word in _BETWEEN_ROLES.split(text.strip()) if word]
    if not found or None in found:
        return None
    return Role.AUTHOR if Role.AUTHOR in found else found[0]


def _role_of_word(word: str) -> Role | None:
    return _ROLE_OF.get(_LITTLE_WORDS.sub("", word.casefold().strip(" .")))


def split_credit(text: str) -> tuple[str, Role | None]:
    """A name, and the role that stands after it or, as in "translated by", before it."""
    text = clean_name(text)
    if (found := _BRACKETS.match(text) or _BEFORE.match(text)) is None:
        found = _BEHIND.match(text)
        if found is None or not _is_no_given_name(found["inside"]):
            return text, None
    role = role_of(found["inside"])
    return (found["name"], role) if role else (text, None)


def _is_no_given_name(word: str) -> bool:
    """Whether a word after a comma can't be a given name, as it is in "Young, Ed"."""
    return len(word) >= _LONGER_THAN_ED or word.endswith(".")


def with_role(name: str, role: str) -> str:
    """A name with its role in brackets after it; an author's name alone."""
    return name if role == Role.AUTHOR else f"{name} ({role})"


def read_with_role(text: str) -> tuple[str, Role]:
    """The name and the role of a text that `with_role` or a curator wrote."""
    name, role = split_credit(text) if text.endswith(")") else (text, None)
    return name, role or Role.AUTHOR


def script_of(text: str) -> str:
    """The script in which most letters of a text are written; empty if it has none."""
    scripts = Counter(_script(letter) for letter in text if letter.isalpha())
    return scripts.most_common(1)[0][0] if scripts else ""


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
    return "EAST ASIAN" if name in _EAST_ASIAN else name
