"""What stands in brackets after a title and describes an edition: it is no part of the title.

"The Firm (Penguin Readers, Level 5)" is The Firm. Such brackets have nothing but words of
publishers, of their series and of editions. What makes another book of it, such as a graphic
novel or a guide, stays, and so does whatever else authors put in brackets.

For titles in the catalog alone: a line of a library keeps its brackets, as matching is exact, and
becomes a proposal.
"""

import re
from dataclasses import replace

from catalog.normalize import SplitTitle, split_title, word_set

_LAST_BRACKETS = re.compile(
    r"^(?P<title>.*[^\s(\[])\s*[(\[](?P<inside>[^()\[\]]*)[)\]]$", re.DOTALL
)
_APOSTROPHES = re.compile("['\u2019\u2018\u02bc`\u00b4]")
_YEAR = re.compile(r"1[4-9]\d\d|20\d\d")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)?")

#: Words that make an edition of what is in brackets, as far as all others are known too.
_TELLING = word_set(
    """
    edition editions edición edicion édition ausgabe edizione edição version unabridged uncut
    annotated illustrated classic classics readers bookworms masterworks paperback paperbacks
    hardcover hardback kindle ebook audiobook audio cd mp3 reissue reissued reprint reprinted
    bilingual essentials novel anniversary deluxe bestsellers bookclub tpb
    penguin puffin puffins pelican oxford cambridge everymans everyman norton signet bantam
    wordsworth collins harper harpercollins harperperennial harperbusiness harpertorch perennial
    picador virago faber nyrb scholastic knopf ballantine gollancz baen berkley harlequin
    silhouette scribner ladybird usborne macmillan longman heinemann bloomsbury hachette routledge
    taschen phaidon thrasher disney disneys taschenbuch universalbibliothek suhrkamp reclam rororo
    dtv gallimard debolsillo anagrama cátedra mondadori feltrinelli einaudi adelphi
    anglais français espagnol allemand englisch
    """
)
#: Words beside them that say nothing of the book either.
_BESIDE = word_set(
    """
    a an the and of in with by for en le la der die el il
    level stage step book books series library reader original originals international modern
    world worlds popular contemporary contemporaries great ideas press publication publications
    thrift giant giants poets voices reprints basic art icon icons crime sensation early children
    childrens student school gift special collectors limited revised expanded updated complete
    restored definitive authors author preferred new first second third fourth fifth movie film tv
    media tie tiein text print large mass market library binding board picture signed enhanced
    digital export acting dps cover format developing big little golden princess wonderful
    reading aloud no number vol us uk usa american british canadian australian indian
    english spanish french german italian portuguese dutch swedish danish norwegian finnish polish
    russian czech hungarian greek turkish arabic hebrew japanese chinese korean hindi española
    deutsche française vintage dover barnes noble random house pocket dell del rey tor orbit ace
    daw avon mira simon schuster touchstone aladdin yearling laurel leaf hodder canterbury mariner
    grove directions anchor crest fawcett pan fontana corgi arrow abacus folio livre poche fischer
    insel review york s f oprahs reeses club selection pick single clothbound universal bibliothek
    science fantasy sf collected poems stories business brown
    """
)
#: With one of these, all that is in brackets goes.
_SERIES = re.compile(
    r"golden book|i can read|step into reading|bright and early|penguin readers|modern library"
    r"|vintage (?:international|classics|contemporaries|books|crime)|library of america"
    r"|world of reading|developing reader|ready to read|all aboard reading|read aloud award"
    r"|barnes and noble|look look$|mass market|movie tie in|tie in$|large print|livre de poche"
    r"|book club|pocket books|basic art|^penguin\b|^puffin\b|\bclassics$|masterworks$|\beditions?$"
)
#: Words of what is another book than the title names.
_OTHER_BOOK = word_set(
    """
    graphic comic comics manga marvel play plays drama dramatization screenplay script libretto
    piano vocal sheet score notes sparknotes guide guides companion study critical interpretations
    teacher workbook activity coloring summary analysis sampler excerpt preview abridged adapted
    retold box boxed set omnibus trilogy quartet bundle collection volumes cookbook storybook
    unofficial calendar journal young
    """
)


def split_book_title(text: str) -> SplitTitle:
    """Split a title from its series, as `split_title` does, and drop what describes an edition."""
    split = split_title(without_edition(" ".join(text.split())))
    return replace(split, title=without_edition(split.title))


def without_edition(title: str) -> str:
    """The title without the brackets at its end that tell of an edition or a publisher's series.

    Brackets that repeat how the title begins, "Coraline (Coraline)", say nothing either.
    """
    while found := _LAST_BRACKETS.match(title):
        words = _words(found["inside"])
        if not (_is_edition(words) or _begins_with(_words(found["title"]), words)):
            break
        title = found["title"]
    return title


def _is_edition(words: list[str]) -> bool:
    text = " ".join(words)
    if not _OTHER_BOOK.isdisjoint(words) and "young puffin" not in text:
        return False
    if "classics illustrated" in text:  # which are comics
        return False
    if _SERIES.search(text):
        return True
    named = [word for word in words if not _ORDINAL.fullmatch(word)]
    if not named:
        return len(words) == 1 and bool(_YEAR.fullmatch(words[0]))
    return _TELLING.issuperset(set(named) - _BESIDE) and not _TELLING.isdisjoint(named)


def _begins_with(words: list[str], beginning: list[str]) -> bool:
    """Whether the words begin with those others, which have no number of a volume."""
    has_number = any(word.isdigit() for word in beginning)
    return bool(beginning) and not has_number and words[: len(beginning)] == beginning


def _words(text: str) -> list[str]:
    text = _APOSTROPHES.sub("", text.casefold()).replace("&", " and ")
    text = text.replace("e-book", "ebook").replace("critical edition", "edition")
    return re.findall(r"\w+", text)
