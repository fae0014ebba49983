"""Rows for tests: each factory makes something that could really be there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from catalog.models import Author, Book, BookAuthor, BookGenre, Genre
from catalog.normalize import surname_key
from recommender.models import (
    ImportItem,
    ImportJob,
    LibraryEntry,
    ModelRelease,
    Proposal,
    Reader,
    Recommendation,
    Run,
)
from recsite.accounts.models import User
from tests import planted

PASSWORD = planted.PASSWORD


@cache
def hashed_password() -> str:
    """Hash `PASSWORD` once, as hashing is slow by design."""
    return make_password(PASSWORD)


class UserFactory(DjangoModelFactory[User]):
    """Somebody with an account, who logs in with `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"reader{n}@example.org")
    password = LazyFunction(hashed_password)


class ReaderFactory(DjangoModelFactory[Reader]):
    """The owner of an account; `user=None` makes a guest."""

    class Meta:
        model = Reader

    user = SubFactory(UserFactory)


class AuthorFactory(DjangoModelFactory[Author]):
    class Meta:
        model = Author
        django_get_or_create = ("name",)

    name = Sequence(lambda n: f"Jane Writer{n}")
    surname_key = LazyAttribute(lambda author: surname_key(author.name))


class GenreFactory(DjangoModelFactory[Genre]):
    class Meta:
        model = Genre
        django_get_or_create = ("slug",)

    slug = "fantasy"
    name = LazyAttribute(lambda genre: genre.slug.replace("-", " ").title())


class BookFactory(DjangoModelFactory[Book]):
    """A book; `authors=["Ann Leckie"]` and `genres=["science-fiction"]` come with their rows."""

    class Meta:
        model = Book
        skip_postgeneration_save = True

    #: No set has these, not even the starter shelf.
    goodbooks_id = Sequence(lambda n: 1_500_001 + n)
    title = Sequence(lambda n: f"The Book of Number {n}")
    title_key = LazyAttribute(lambda book: book.title.lower())
    year = 1969
    language = "eng"
    description = "Somebody sets out and comes back changed."
    description_source = "Bookfold"

    @post_generation
    def authors(self: Book, create: bool, names: list[str] | None, **kwargs: Any) -> None:
        if not create:
            return
        for position, name in enumerate(names or ["Ursula K. Le Guin"], start=1):
            author = AuthorFactory.create(name=name)
            BookAuthor.objects.create(book=self, author=author, position=position)

    @post_generation
    def genres(self: Book, create: bool, slugs: list[str] | None, **kwargs: Any) -> None:
        if not create:
            return
        for count, slug in enumerate(reversed(slugs or ["fantasy"]), start=1):
            BookGenre.objects.create(book=self, genre=GenreFactory.create(slug=slug), count=count)


def create_books(author_of: Mapping[str, str]) -> list[Book]:
    """Books of these titles, each by another author, as `BookFactory` makes them in few queries."""
    books = Book.objects.bulk_create(BookFactory.build(title=title) for title in author_of)
    authors = Author.objects.bulk_create(
        AuthorFactory.build(name=name) for name in author_of.values()
    )
    genre = GenreFactory.create()
    BookAuthor.objects.bulk_create(
        BookAuthor(book=book, author=author, position=1)
        for book, author in zip(books, authors, strict=True)
    )
    BookGenre.objects.bulk_create(BookGenre(book=book, genre=genre, count=1) for book in books)
    return books


class ModelReleaseFactory(DjangoModelFactory[ModelRelease]):
    class Meta:
        model = ModelRelease

    version = Sequence(lambda n: f"20261123T1200{n:02d}Z-abcdef01")
    manifest_sha256 = "0" * 64
    dataset = "goodbooks-10k"
    default_ranker = "neighbours"
    ratings = 1_695_104
    readers = 52_424
    books = 10_000
    built_at = datetime(2026, 11, 23, 12, tzinfo=UTC)


class RunFactory(DjangoModelFactory[Run]):
    """A saved list; `books=[…]` puts recommendations in it."""

    class Meta:
        model = Run
        skip_postgeneration_save = True

    reader = SubFactory(ReaderFactory)
    release = SubFactory(ModelReleaseFactory)
    ranker = "neighbours"
    ratings_used = LazyFunction(lambda: [[1_000_001, 5.0], [1_000_002, 4.0]])
    library_size = 2

    @post_generation
    def books(self: Run, create: bool, books: list[Book] | None, **kwargs: Any) -> None:
        for rank, book in enumerate(books or [], start=1):
            RecommendationFactory.create(run=self, book=book, rank=rank)


class RecommendationFactory(DjangoModelFactory[Recommendation]):
    class Meta:
        model = Recommendation

    run = SubFactory(RunFactory)
    book = SubFactory(BookFactory)
    rank = 1
    score = 1.0
    expected_stars = 4.312
    reasons = LazyFunction(
        lambda: [
            {"book": 1, "title": "A Wizard of Earthsea", "stars": 5.0, "share": 0.5},
            {"book": 2, "title": "The Lathe of Heaven", "stars": 4.0, "share": 0.3},
        ]
    )


class ImportJobFactory(DjangoModelFactory[ImportJob]):
    """A pull that waits for a worker."""

    class Meta:
        model = ImportJob

    reader = SubFactory(ReaderFactory)
    kind = ImportJob.Kind.GOODREADS_FEED
    account = "12345"


class ImportItemFactory(DjangoModelFactory[ImportItem]):
    class Meta:
        model = ImportItem

    job = SubFactory(ImportJobFactory)
    position = Sequence(lambda n: n + 1)
    state = ImportItem.State.MATCHED
    source_key = Sequence(str)
    title = Sequence(lambda n: f"Row {n}")
    author = "Some Body"
    stars = 4
    shelf = "read"


class ProposalFactory(DjangoModelFactory[Proposal]):
    """A book that waits for a worker; `works=[asdict(work)], state="choosing"` has some found."""

    class Meta:
        model = Proposal

    reader = SubFactory(ReaderFactory)
    title = "Klara and the Sun"
    author = "Kazuo Ishiguro"


class LibraryEntryFactory(DjangoModelFactory[LibraryEntry]):
    class Meta:
        model = LibraryEntry

    reader = SubFactory(ReaderFactory)
    book = SubFactory(BookFactory)
    source = "goodreads"
    source_key = Sequence(str)
    title = LazyAttribute(lambda entry: entry.book.title if entry.book else "A Lost Book")
    author = "Some Body"
    stars = 4
