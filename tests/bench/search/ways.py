"""The ways in which somebody asks for a book."""

from collections.abc import Iterator
from random import Random

from stdnum import isbn

from catalog.models import Book
from catalog.normalize import ARTICLES

#: Letters of the title that somebody has typed when the search answers for the first times.
HALF_TYPED = (3, 6, 9)


def ways(book: Book, random: Random) -> Iterator[tuple[str, str]]:
    """What is typed in each way that the book has, with the name of the way.

    The book's credits and identifiers should be prefetched.
    """
    [author, *_] = [*book.author_names, ""]
    yield "title", book.title
    article, _, rest = book.title.partition(" ")
    if article.lower() in ARTICLES and rest:
        yield "title without its article", rest
    yield "title, author", f"{book.title} {author}"
    yield "author, title", f"{author} {book.title}"
    yield "title with a slip", with_slip(book.title, random)
    numbers = sorted(known.value for known in book.identifiers.all() if known.scheme == "isbn13")
    if numbers:
        yield "ISBN", written(random.choice(numbers), random)
    if book.series_name and book.series_number is not None:
        yield "series, number", f"{book.series_name} {book.series_number.normalize():f}"


def half_typed(book: Book) -> Iterator[str]:
    """The beginnings of the title."""
    for length in HALF_TYPED:
        if len(book.title) > length:
            yield book.title[:length]


def with_slip(title: str, random: Random) -> str:
    """The title with two neighboring letters swapped in its longest word."""
    words = title.split(" ")
    place = max(range(len(words)), key=lambda i: len(words[i]))
    word = words[place]
    different = [i for i in range(len(word) - 1) if word[i].lower() != word[i + 1].lower()]
    if different:
        i = random.choice(different)
        words[place] = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    return " ".join(words)


def written(number: str, random: Random) -> str:
    """An ISBN-13 as books and shops write it: with 10 digits or 13, with hyphens or without."""
    if number.startswith("978") and random.random() < 0.5:
        number = isbn.to_isbn10(number)
    return isbn.format(number) if random.random() < 0.5 else number
