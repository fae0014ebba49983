"""Books to look through: of an author, of a genre, loved by many or by few."""

from django.db.models import Count, Exists, ExpressionWrapper, F, FloatField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from catalog.models import Author, Book, BookAuthor, BookGenre, BookQuerySet, Genre

#: How many genres a book belongs to: those that most of its readers name.
GENRES_OF_BOOK = 3
#: How many ratings of `USUAL_STARS` are added to each average, so that a few alone say little.
DAMPING = 20.0
USUAL_STARS = 3.9


def by_author(author: Author) -> BookQuerySet:
    """The books whose by-line names somebody: as an author, or where nobody is one."""
    named = BookAuthor.objects.filter(author=author).order_by()
    has_author = Exists(BookAuthor.objects.authors().filter(book=OuterRef("pk")))
    is_author = Q(pk__in=named.authors().values("book"))
    is_named = Q(pk__in=named.values("book"))
    return Book.objects.active().filter(is_author | is_named & ~Q(has_author))


def of_genre(genre: Genre) -> BookQuerySet:
    """The books that belong to a genre."""
    named_more = BookGenre.objects.filter(book=OuterRef("book"), count__gt=OuterRef("count"))
    others = named_more.order_by().values("book").annotate(others=Count("pk")).values("others")
    shelvings = BookGenre.objects.filter(genre=genre).order_by()
    belonging = shelvings.alias(others=Coalesce(Subquery(others), 0))
    return Book.objects.active().filter(
        pk__in=belonging.filter(others__lt=GENRES_OF_BOOK).values("book")
    )


def used_genres() -> list[Genre]:
    """The genres that have books, by name."""
    return list(Genre.objects.filter(Exists(BookGenre.objects.filter(genre=OuterRef("pk")))))


def beginnings(books: BookQuerySet, *, languages: frozenset[str]) -> BookQuerySet:
    """Works to begin with: neither later volumes nor collections nor books about books.

    Books whose language is not known are among them.
    """
    is_first = Q(series_number__isnull=True) | Q(series_number__lte=1)
    is_readable = Q(language__in=languages) | Q(language="")
    return books.filter(is_first, is_readable, kind=Book.Kind.WORK)


def loved(books: BookQuerySet, *, little_known: bool) -> BookQuerySet:
    """The better known half of some books, or the little known one, the best liked first."""
    rated = books.filter(average_rating__isnull=False, ratings_count__gt=0)
    by_fame = rated.order_by("-ratings_count", "pk").values("pk")
    middle = (rated.count() + 1) // 2
    half = by_fame[middle:] if little_known else by_fame[:middle]
    stars = F("average_rating") * F("ratings_count") + DAMPING * USUAL_STARS
    mean = ExpressionWrapper(stars / (F("ratings_count") + DAMPING), output_field=FloatField())
    return Book.objects.filter(pk__in=half).order_by(mean.desc(), "pk")
