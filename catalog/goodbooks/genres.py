"""Maps the names of readers' shelves to a vocabulary of genres.

Readers name shelves as they like; most names say how or when they read (`to-read`, `kindle`,
`read-in-2015`), not a genre. `VOCABULARY` lists the spellings of each genre by hand; all other
names are left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from catalog.normalize import word_set

# A genre with fewer readers than this share of the first genre's is taken for noise.
MIN_SHARE = 0.04
MAX_GENRES = 10

# Name -> shelf names other than the genre's slug, with or without hyphens.
VOCABULARY: dict[str, str] = {
    "Fantasy": "fantasía fantasia fantasy-fiction fiction-fantasy genre-fantasy modern-fantasy",
    "Epic Fantasy": "high-fantasy sword-and-sorcery heroic-fantasy",
    "Urban Fantasy": "uf fantasy-urban urban-fantasy-paranormal paranormal-urban-fantasy",
    "Dark Fantasy": "grimdark",
    "Paranormal": "supernatural paranormal-fiction adult-paranormal paranormal-supernatural",
    "Paranormal Romance": "pnr romance-paranormal vampire-romance paranormal-romances",
    "Magic": "wizards witches magical wizard witch witchcraft",
    "Vampires": "vampire vamps vampire-books vampiros",
    "Mythology": "greek-mythology myth myths folklore mythology-folklore norse-mythology",
    "Fairy Tales": "fairy-tale fairytale fairytales fairy-tale-retellings fairytale-retellings "
    "fairy-tale-retelling fairytale-retelling",
    "Science Fiction": "sci-fi scifi sf science-fiction-fiction classic-sci-fi ficção-científica "
    "ciencia-ficción",
    "Space Opera": "space-operas",
    "Cyberpunk": "cyber-punk",
    "Steampunk": "steam-punk",
    "Time Travel": "time-travel-fiction",
    "Alternate History": "alternative-history alt-history",
    "Dystopia": "dystopian dystopias dystopian-fiction distopia distopian dystopian-society "
    "dystopia-utopia ya-dystopian ya-dystopia",
    "Post-Apocalyptic": "apocalyptic apocalypse post-apocalypse post-apocolyptic "
    "dystopian-post-apocalyptic",
    "Horror": "scary horror-fiction terror horror-suspense gothic-horror",
    "Gothic": "southern-gothic gothic-fiction",
    "Ghosts": "ghost ghost-stories",
    "Zombies": "zombie",
    "Mystery": "mysteries mystery-fiction mystery-series murder-mystery mystery-detective "
    "mistery misterio whodunit",
    "Cozy Mystery": "cozy cozy-mysteries cosy-mystery",
    "Historical Mystery": "historical-mysteries",
    "Detective": "detectives detective-fiction police-procedural police-procedurals "
    "private-investigator",
    "Crime": "crime-fiction krimi crime-and-mystery crime-novels",
    "Noir": "hardboiled hard-boiled",
    "Nordic Noir": "scandinavian-crime nordic-crime scandinavian-noir",
    "True Crime": "true-crimes",
    "Thriller": "thrillers suspense suspense-thriller thriller-suspense thrillers-suspense "
    "action-thriller crime-thriller crime-thrillers",
    "Psychological Thriller": "psychological-thrillers psychological-suspense",
    "Legal Thriller": "legal-thrillers legal-fiction courtroom-drama",
    "Spy": "spies espionage spy-thriller spy-novels spy-fiction spy-novel espionage-thriller",
    "Adventure": "action-adventure adventures adventure-fiction aventura",
    "Western": "westerns",
    "Romance": "romantic romances romance-novels love-story love-stories romancé romance-fiction",
    "Contemporary Romance": "romance-contemporary contempory-romance adult-romance "
    "adult-contemporary-romance",
    "Historical Romance": "romance-historical regency-romance regency historical-romances",
    "Romantic Suspense": "romance-suspense suspense-romance",
    "Erotica": "erotic erotic-romance erótica erotic-fiction",
    "Chick Lit": "chic-lit chicklit chick-lit-romance chic-lits",
    "Women's Fiction": "womens-fiction women-s-fiction womens-lit",
    "Literary Fiction": "literary fiction-literary literature-fiction",
    "Classics": "classic classic-literature classic-fiction classic-lit classici clásicos clàssics "
    "modern-classics the-classics fiction-classics great-books classic-books american-classics",
    "Historical Fiction": "fiction-historical historicalfiction historic-fiction historical-novels "
    "historical-novel hist-fic historical-fic",
    "Contemporary": "contemporary-fiction realistic-fiction contemporary-lit realistic",
    "Family Saga": "family-sagas saga multigenerational",
    "Magical Realism": "magic-realism realismo-mágico",
    "Coming of Age": "bildungsroman coming-of-age-fiction",
    "Humor": "humour humorous funny comedy humor-fiction humorous-fiction hilarious comic-fantasy",
    "Satire": "satirical satire-humor",
    "Short Stories": "short-story short-fiction short-story-collections short-story-collection "
    "shortstories novellas novella",
    "Poetry": "poems verse poetry-books",
    "Plays": "play theatre theater drama-plays plays-drama teatro screenplays",
    "Essays": "essay essays-and-criticism",
    "Young Adult": "ya teen young-adult-fiction ya-fiction youngadult ya-lit ya-books y-a "
    "teen-fiction young-adult-lit young-adult-books young-adults teen-books juvenile-ya teens "
    "ya-novels",
    "New Adult": "new-adult-romance na new-adult-fiction",
    "Middle Grade": "middle-grades mg middle-grade-fiction middle-school",
    "Children's": "children childrens children-s children-s-books childrens-books kids kids-books "
    "children-s-literature childrens-literature children-s-lit childrens-lit children-books "
    "juvenile juvenile-fiction kid-lit children-s-fiction childrens-fiction children-s-classics "
    "kid-books childrens-classics kidlit chapter-books child",
    "Picture Books": "picture-book picturebooks children-s-picture-books childrens-picture-books "
    "picture",
    "Comics": "comic comic-books comic-book graphic-novels graphic-novel comics-graphic-novels "
    "comics-and-graphic-novels graphic-novels-comics graphicnovels sequential-art bd cómics "
    "graphic-novels-and-comics còmics comix cómic",
    "Manga": "mangas manga-comics manga-graphic-novels mangá shoujo shonen",
    "Superheroes": "superhero",
    "Nonfiction": "non-fiction nonfic non-fic adult-nonfiction adult-non-fiction non-fiction-books",
    "Biography": "biographies bio biographical biography-autobiography bios biografia",
    "Memoir": "memoirs autobiography autobiographies auto-biography biography-memoir "
    "memoir-biography bio-memoir biographies-memoirs autobiography-memoir memoirs-biographies "
    "memoir-autobiography",
    "History": "american-history military-history ancient-history history-nonfiction us-history "
    "world-history history-non-fiction historical-non-fiction",
    "War": "wwii ww2 world-war-ii world-war-2 wwi world-war-i civil-war war-fiction military "
    "military-fiction holocaust vietnam-war",
    "Politics": "political political-science politics-government political-philosophy",
    "Philosophy": "philosophical filosofia philosophy-religion existentialism",
    "Psychology": "psych psychological psicologia",
    "Sociology": "social-science social-sciences anthropology",
    "Economics": "economy finance personal-finance",
    "Business": "management leadership entrepreneurship business-books",
    "Self Help": "self-improvement personal-development selfhelp self-development personal-growth",
    "Science": "popular-science physics biology science-nonfiction pop-science evolution",
    "Technology": "computer-science computers programming",
    "Nature": "environment natural-history",
    "Animals": "animal animal-stories dogs cats horses animal-fiction",
    "Health": "medicine nutrition medical",
    "Religion": "religious theology religion-spirituality islam judaism buddhism",
    "Christian": "christianity christian-living christian-fiction christian-non-fiction "
    "christian-books inspirational-fiction",
    "Spirituality": "spiritual new-age",
    "Art": "art-history design photography art-books",
    "Music": "musicians music-books rock-n-roll",
    "Sports": "sport sports-fiction baseball football running",
    "Travel": "travel-writing travelogue travel-literature",
    "Food": "cooking cookbooks foodie cookbook food-writing",
    "Parenting": "pregnancy parenthood",
    "True Story": "true-stories based-on-a-true-story",
    "Journalism": "reportage",
    "Feminism": "feminist women-s-studies womens-studies feminist-fiction",
    "LGBT": "lgbtq glbt queer lgbtqia glbtq gay lesbian lgbtq-fiction",
    "African American": "african-american-literature african-american-lit black-literature",
    "American Literature": "american-lit american-fiction",
    "British Literature": "british-lit brit-lit english-literature english-lit",
    "Irish Literature": "irish-lit",
    "Canadian Literature": "canadian-lit canlit",
    "French Literature": "french-lit littérature-française",
    "German Literature": "german-lit",
    "Italian Literature": "italian-lit",
    "Spanish Literature": "spanish-lit",
    "Polish Literature": "polish-lit",
    "Russian Literature": "russian-lit russian-classics",
    "Japanese Literature": "japanese-lit japanese-fiction",
    "Chinese Literature": "chinese-lit",
    "Indian Literature": "indian-lit indian-authors indian-fiction",
    "African Literature": "african-lit",
    "Latin American Literature": "latin-american latin-american-lit",
    "Arabic Literature": "روايات arabic arabic-lit",
    "Scandinavian Literature": "scandinavian swedish swedish-literature",
}  # fmt: skip


def slug_of(name: str) -> str:
    """The genre's name in URLs: `Children's` becomes `childrens`."""
    return name.lower().replace("'", "").replace(" ", "-")


NAMES = {slug_of(name): name for name in VOCABULARY}


def _spellings() -> dict[str, str]:
    spellings: dict[str, str] = {}
    for name, others in VOCABULARY.items():
        slug = slug_of(name)
        for spelling in (slug, slug.replace("-", ""), *others.split()):
            if spellings.setdefault(spelling, slug) != slug:
                raise ValueError(f"{spelling} stands for both {spellings[spelling]} and {slug}")
    return spellings


GENRE_OF_SHELF = _spellings()

_PARTS = re.compile(r"\s*(?:--|/|,|;)\s*")
_TALES = re.compile(r"\s+(?:fiction|stories|tales|novels?|literature)$")
_NATIONAL = re.compile(
    r"^(?:american|english|british|canadian|french|german|italian|japanese|russian|spanish)\s+"
)
#: What a work of fiction may be about, without being of that genre.
_SUBJECTS_OF_FICTION = word_set(
    """
    history biography politics philosophy psychology sociology economics business science technology
    nature animals health religion art music sports travel food true-crime nonfiction memoir essays
    """
)


def genre_of(shelf: str) -> str | None:
    """The slug of the genre that a shelf's name means; None for most shelves."""
    return GENRE_OF_SHELF.get(unicodedata.normalize("NFKC", shelf).casefold())


def genres_of_subjects(subjects: Iterable[str]) -> list[str]:
    """Slugs of the genres that Open Library's subjects name, in the order of the subjects.

    A subject counts as a whole or by its parts: "Fiction, mystery & detective, general", "FICTION /
    Fantasy / Epic", "American Science fiction", "Horror tales". What a novel is about is no genre:
    "Great Britain -- History -- Fiction".
    """
    found: dict[str, None] = {}
    for subject in subjects:
        parts = [part.strip().casefold() for part in _PARTS.split(subject)]
        is_fiction = len(parts) > 1 and any("fiction" in part for part in parts)
        for part in [subject.casefold()] if not is_fiction and genre_of(_shelf(subject)) else parts:
            slug = _genre_of_part(part, is_fiction)
            if slug and not (is_fiction and slug in _SUBJECTS_OF_FICTION):
                found.setdefault(slug)
    return list(found)[:MAX_GENRES]


def _genre_of_part(part: str, is_fiction: bool) -> str | None:
    part = part.partition(" & ")[0].strip()
    forms = [part, _TALES.sub("", part), _NATIONAL.sub("", part), part.partition(" and ")[0]]
    if is_fiction:
        forms.insert(0, f"{part} fiction")
    return next((slug for form in forms if (slug := genre_of(_shelf(form)))), None)


def _shelf(words: str) -> str:
    return "-".join(words.split())


def top_genres(counts: Mapping[str, int]) -> dict[str, int]:
    """The genres under which enough readers shelved a book, most readers first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    minimum = ranked[0][1] * MIN_SHARE if ranked else 0
    return {slug: count for slug, count in ranked[:MAX_GENRES] if count >= minimum}
