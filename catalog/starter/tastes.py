"""The kinds of readers that the simulation mixes: their likes, dislikes and favorite years."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Taste:
    """A kind of reader.

    ``share`` is its relative frequency, ``genres`` its liking (positive) or dislike (negative) of
    a genre, ``year`` the time its favorite books come from, where it has one.
    """

    name: str
    share: float
    genres: Mapping[str, float] = field(default_factory=dict)
    year: int | None = None


TASTES: tuple[Taste, ...] = (
    Taste(
        "epic fantasy",
        12,
        {"Fantasy": 1, "Epic Fantasy": 1.4, "Magic": 0.8, "Mythology": 0.5, "Adventure": 0.4}
        | {"Romance": -0.6, "Business": -0.8, "Plays": -0.4},
    ),
    Taste(
        "science fiction",
        10,
        {"Science Fiction": 1.3, "Space Opera": 1.3, "Cyberpunk": 1, "Dystopia": 0.6}
        | {"Post-Apocalyptic": 0.6, "Science": 0.5, "Romance": -0.8, "Children's": -0.3},
    ),
    Taste(
        "young adult",
        11,
        {"Young Adult": 1.5, "Dystopia": 0.6, "Paranormal": 0.7, "Romance": 0.5, "Magic": 0.6}
        | {"Coming of Age": 0.6, "Russian Literature": -0.8, "Classics": -0.7, "Noir": -0.6},
        2010,
    ),
    Taste(
        "romance",
        9,
        {"Romance": 1.7, "Paranormal": 0.4, "Historical Romance": 1.4, "Contemporary": 0.6}
        | {"Space Opera": -0.9, "War": -0.6, "Horror": -0.7, "Cyberpunk": -0.8},
    ),
    Taste(
        "detective stories",
        10,
        {"Mystery": 1.3, "Detective": 1.6, "Crime": 0.8, "Classics": 0.2, "Gothic": 0.2}
        | {"Epic Fantasy": -0.7, "Manga": -0.6, "Paranormal": -0.6},
        1935,
    ),
    Taste(
        "thrillers and dark crime",
        11,
        {"Thriller": 1.5, "Crime": 1.1, "Spy": 0.9, "Nordic Noir": 1, "Noir": 0.8, "Mystery": 0.7}
        | {"True Crime": 0.8, "Poetry": -0.8, "Fantasy": -0.5, "Children's": -0.5},
        1995,
    ),
    Taste(
        "horror",
        6,
        {"Horror": 1.8, "Gothic": 1.1, "Paranormal": 0.6, "Thriller": 0.5, "Post-Apocalyptic": 0.3}
        | {"Romance": -0.5, "Business": -0.7, "Humor": -0.2},
    ),
    Taste(
        "English classics",
        10,
        {"Classics": 1.2, "Literary Fiction": 0.6, "Romance": 0.4, "Gothic": 0.5, "Plays": 0.5}
        | {"Poetry": 0.5, "Young Adult": -0.7, "Thriller": -0.7, "Paranormal": -0.9},
        1870,
    ),
    Taste(
        "world literature",
        9,
        {"Literary Fiction": 0.8, "Magical Realism": 1, "Russian Literature": 1, "Philosophy": 0.6}
        | {"Latin American Literature": 1.1, "Japanese Literature": 0.9, "French Literature": 1}
        | {"African Literature": 0.9, "German Literature": 0.9, "Italian Literature": 0.8}
        | {"Young Adult": -0.8, "Thriller": -0.7, "Paranormal": -1},
    ),
    Taste(
        "modern literary fiction",
        9,
        {"Literary Fiction": 1.4, "Contemporary": 1, "Family Saga": 0.9, "Feminism": 0.6}
        | {"Memoir": 0.5, "Epic Fantasy": -0.8, "Space Opera": -0.8, "Spy": -0.4},
        2005,
    ),
    Taste(
        "historical fiction",
        8,
        {"Historical Fiction": 1.8, "War": 0.8, "History": 0.7, "Family Saga": 0.7}
        | {"Biography": 0.5, "Cyberpunk": -0.8, "Space Opera": -0.7, "Manga": -0.5},
    ),
    Taste(
        "children's books",
        7,
        {"Children's": 1.8, "Humor": 0.5, "Magic": 0.5, "Adventure": 0.5, "Animals": 0.8}
        | {"Horror": -0.8, "Noir": -0.7, "Politics": -0.5},
    ),
    Taste(
        "comics and manga",
        6,
        {"Graphic Novels": 1.9, "Manga": 1.2, "Science Fiction": 0.4, "Fantasy": 0.4}
        | {"Romance": -0.4, "Business": -0.6, "Classics": -0.5},
        1998,
    ),
    Taste(
        "science and ideas",
        7,
        {"Nonfiction": 1, "Science": 1.5, "Psychology": 0.9, "Nature": 0.9, "Philosophy": 0.5}
        | {"Business": 0.5, "History": 0.4, "Romance": -0.9, "Paranormal": -1, "Fantasy": -0.3},
    ),
    Taste(
        "business and self-improvement",
        5,
        {"Nonfiction": 1, "Business": 1.8, "Psychology": 1, "Biography": 0.5}
        | {"Gothic": -0.7, "Epic Fantasy": -0.6, "Poetry": -0.6, "Paranormal": -0.7},
        2008,
    ),
    Taste(
        "memoir and history",
        7,
        {"Nonfiction": 0.9, "Memoir": 1.6, "History": 1.2, "Biography": 1.1, "Travel": 0.8}
        | {"True Crime": 0.5, "Essays": 0.7, "Fantasy": -0.7, "Science Fiction": -0.6},
    ),
    Taste(
        "poetry and the stage",
        4,
        {"Poetry": 1.8, "Plays": 1.6, "Short Stories": 0.7, "Mythology": 0.6, "Classics": 0.5}
        | {"Thriller": -0.9, "Business": -0.8, "Young Adult": -0.6},
    ),
    Taste(
        "humor",
        4,
        {"Humor": 1.9, "Satire": 1.2, "Adventure": 0.3, "Fantasy": 0.2}
        | {"Horror": -0.5, "War": -0.3, "Gothic": -0.5},
    ),
)
