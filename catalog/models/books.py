"""The catalog: works, their authors and genres, and their numbers elsewhere."""

from collections.abc import Iterable
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connections, models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.functional import cached_property

from catalog.credits import Role
from catalog.languages import language_name
from catalog.lookups import AnyOf


class Author(models.Model):
    """A person who wrote, drew or translated; known by name, as sources give nothing better."""

    name = models.CharField(max_length=300, unique=True)
    surname_key = models.CharField(
        max_length=300, db_index=True, help_text="The surname as matching compares it."
    )
    name_key = models.GeneratedField(
        expression=models.Func("name", function="catalog_fold"),
        output_field=models.TextField(),
        db_persist=True,
        help_text="The name as search compares it, without accents and case.",
    )

    class Meta:
        ordering = ("name",)
        indexes = [
            GinIndex(
                fields=["name_key"], name="catalog_author_name_trgm", opclasses=["gin_trgm_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Genre(models.Model):
    """One term of the genre vocabulary."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class GenreAlias(models.Model):
    """A genre that was merged into another: loaders count its readers there."""

    slug = models.SlugField(max_length=60, unique=True)
    genre = models.ForeignKey(Genre, models.CASCADE, related_name="aliases")

    class Meta:
        verbose_name_plural = "genre aliases"
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


# A loose index scan, from one language to the next: for a DISTINCT, PostgreSQL reads the whole
# table, however few languages there are (https://wiki.postgresql.org/wiki/Loose_indexscan).
_LANGUAGES = """
    WITH RECURSIVE step(language) AS (
        SELECT min(language) FROM catalog_book WHERE status = 'active' AND language > ''
        UNION ALL
        SELECT (SELECT min(language) FROM catalog_book
                WHERE status = 'active' AND language > step.language)
        FROM step WHERE step.language IS NOT NULL
    )
    SELECT language FROM step WHERE language IS NOT NULL"""


class BookQuerySet(models.QuerySet["Book"]):
    """Queries for books."""

    def active(self) -> Self:
        """Books that may be recommended."""
        return self.filter(status=Book.Status.ACTIVE)

    def standing(self) -> Self:
        """Books that were not merged into another, nor taken back."""
        return self.filter(status__in=Book.STANDING)

    def languages(self) -> list[str]:
        """The languages of active books."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(_LANGUAGES)
            return [language for (language,) in cursor.fetchall()]

    def known_as(self, goodbooks_ids: Iterable[int]) -> Self:
        """Books by the numbers that ratings and releases use."""
        return self.filter(AnyOf(F("goodbooks_id"), list(goodbooks_ids)))

    def with_authors(self) -> Self:
        """With everything a line of a page shows, in a second query, but without long texts."""
        authors = BookAuthor.objects.select_related("author").order_by("position")
        return self.defer("description", "subjects").prefetch_related(
            models.Prefetch("credits", authors)
        )

    def for_cards(self) -> Self:
        """With everything a card on a page shows, in a constant number of queries."""
        return self.prefetch_related(
            models.Prefetch(
                "credits", BookAuthor.objects.select_related("author").order_by("position")
            ),
            models.Prefetch("shelvings", BookGenre.objects.select_related("genre")),
        )


class Book(models.Model):
    """A work: all its editions together."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        HIDDEN = "hidden"
        MERGED = "merged"
        WITHDRAWN = "withdrawn"  # added wrongly and taken back: to everybody it does not exist

    class Origin(models.TextChoices):
        """How a book came into the catalog."""

        GOODBOOKS = "goodbooks", "goodbooks-10k"
        STARTER = "starter", "the starter shelf"
        DUMP = "dump", "Open Library's dumps"
        CURATOR = "curator", "added by a curator"
        PROPOSED = "proposed", "proposed by a reader"
        READERS = "readers", "in readers' libraries"
        POPULAR = "popular", "popular at Open Library"

    class Kind(models.TextChoices):
        WORK = "work", "novel or other work"
        PART = "part", "part of a work"
        OMNIBUS = "omnibus", "omnibus"
        BOX_SET = "box_set", "box set"
        COMPANION = "companion", "companion"
        ADAPTATION = "adaptation", "adaptation"
        GUIDE = "guide", "guide"

    #: What matching finds, search finds as a curator, and curators work on.
    STANDING = (Status.ACTIVE.value, Status.HIDDEN.value)
    #: One at a time, so that a curator may take them back.
    ADDED_HERE = (Origin.CURATOR, Origin.PROPOSED, Origin.READERS, Origin.POPULAR)
    #: Several works together; a range of volumes says which ones of a series.
    COLLECTIONS = (Kind.OMNIBUS, Kind.BOX_SET)
    #: Nothing to read for its own sake, and so never recommended.
    ACCESSORIES = (Kind.PART, Kind.COMPANION, Kind.GUIDE)

    goodbooks_id = models.PositiveIntegerField(
        unique=True,
        null=True,
        blank=True,
        help_text=(
            "The number by which ratings and releases know the book: 1 to 10,000 are "
            "goodbooks-10k's own, the starter shelf begins at 1,000,001, and what was added here "
            "at 2,000,001."
        ),
    )
    goodreads_work_id = models.PositiveBigIntegerField(unique=True, null=True, blank=True)
    title = models.CharField(max_length=500, help_text="Without the series and its number.")
    original_title = models.CharField(max_length=500, blank=True)
    title_key = models.CharField(
        max_length=500, db_index=True, help_text="The title as matching compares it."
    )
    original_title_key = models.CharField(max_length=500, blank=True, db_index=True)
    authors = models.ManyToManyField(Author, through="BookAuthor", related_name="books")
    genres = models.ManyToManyField(Genre, through="BookGenre", related_name="books")
    year = models.SmallIntegerField(
        null=True, blank=True, help_text="First publication; negative is BCE."
    )
    language = models.CharField(
        max_length=3,
        blank=True,
        help_text="ISO 639-3 code of the language in which the work is offered: its title's.",
    )
    series_name = models.CharField(max_length=300, blank=True, db_index=True)
    series_number = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    kind = models.CharField(
        max_length=10,
        choices=Kind,
        default=Kind.WORK,
        help_text=(
            "An omnibus has several works in one volume, a box set in several; a companion is "
            "about a work or its world; an adaptation is a play, a film script, a comic or music "
            "made of it; a guide is for students. Parts, companions and guides are not recommended."
        ),
    )
    first_volume = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Of the series, in an omnibus or a box set.",
    )
    last_volume = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    description = models.TextField(blank=True)
    description_source = models.CharField(max_length=120, blank=True)
    cover_id = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Open Library's number of the cover."
    )
    open_library_key = models.CharField(
        max_length=20, blank=True, help_text="Open Library's number of the work: OL45804W."
    )
    subjects = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="In Open Library's words; genres come from readers' shelves.",
    )
    page_count = models.PositiveIntegerField(null=True, blank=True)
    ratings_count = models.PositiveIntegerField(default=0)
    average_rating = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    to_read_count = models.PositiveIntegerField(default=0)
    is_simulated = models.BooleanField(
        default=False, help_text="Its counts come from simulated readers."
    )
    origin = models.CharField(
        max_length=10,
        choices=Origin,
        default=Origin.CURATOR,
        help_text="How it came into the catalog.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    hidden_because = models.CharField(max_length=300, blank=True, help_text="For curators to see.")
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_books"
    )
    locked_fields = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Fields a curator has set; loaders leave them alone.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BookQuerySet.as_manager()

    class Meta:
        ordering = ("-ratings_count", "pk")
        indexes = [
            models.Index(F("ratings_count").desc(), name="catalog_book_by_fame"),
            models.Index(
                fields=["open_library_key"],
                name="catalog_book_by_work",
                condition=~Q(open_library_key=""),
            ),
            # The languages there are, from the index alone.
            models.Index(
                fields=["language"], name="catalog_book_languages", condition=Q(status="active")
            ),
            GinIndex(
                fields=["title_key"], name="catalog_book_title_trgm", opclasses=["gin_trgm_ops"]
            ),
            GinIndex(
                OpClass(Upper("series_name"), name="gin_trgm_ops"), name="catalog_book_series_trgm"
            ),
            GinIndex(
                fields=["original_title_key"],
                name="catalog_book_original_trgm",
                opclasses=["gin_trgm_ops"],
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="catalog_book_status",
                condition=Q(status__in=["active", "hidden", "merged", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="catalog_book_merged_into_another",
                condition=Q(status="merged", merged_into__isnull=False) & ~Q(merged_into=F("pk"))
                | ~Q(status="merged") & Q(merged_into__isnull=True),
            ),
            models.CheckConstraint(
                name="catalog_book_hidden_because",
                condition=Q(status="hidden") | Q(hidden_because=""),
            ),
            models.CheckConstraint(name="catalog_book_title", condition=~Q(title="")),
            models.CheckConstraint(
                name="catalog_book_origin",
                condition=Q(
                    origin__in=[
                        "goodbooks",
                        "starter",
                        "dump",
                        "curator",
                        "proposed",
                        "readers",
                        "popular",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="catalog_book_number_needs_series",
                condition=Q(series_number__isnull=True) | ~Q(series_name=""),
            ),
            models.CheckConstraint(
                name="catalog_book_kind",
                condition=Q(
                    kind__in=[
                        "work",
                        "part",
                        "omnibus",
                        "box_set",
                        "companion",
                        "adaptation",
                        "guide",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="catalog_book_volumes",
                condition=Q(first_volume__isnull=True, last_volume__isnull=True)
                | Q(
                    first_volume__isnull=False,
                    last_volume__isnull=False,
                    last_volume__gte=F("first_volume"),
                    kind__in=["omnibus", "box_set"],
                )
                & ~Q(series_name=""),
            ),
            models.CheckConstraint(
                name="catalog_book_average",
                condition=Q(average_rating__isnull=True)
                | Q(average_rating__gte=0, average_rating__lte=5),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def author_credits(self) -> list["BookAuthor"]:
        """The authors in the order of the title page; prefetch `credits` first.

        Everybody who is named, if nobody is an author: an anthology has an editor.
        """
        credited = list(self.credits.all())
        return [one for one in credited if one.role == Role.AUTHOR] or credited

    @property
    def is_collection(self) -> bool:
        """Whether it contains several works."""
        return self.kind in self.COLLECTIONS

    @property
    def author_names(self) -> list[str]:
        """The names of the authors, for a by-line; prefetch `credits` first."""
        return [credit.author.name for credit in self.author_credits]

    @property
    def series_words(self) -> str:
        """Its series with its place there: The Lord of the Rings #2; empty if it has none."""
        if self.series_number is None:
            return self.series_name
        return f"{self.series_name} #{self.series_number.normalize():f}"

    @property
    def language_words(self) -> str:
        """The name of its language: English; empty if it is not known."""
        return language_name(self.language) if self.language else ""

    @property
    def line_key(self) -> tuple[object, ...]:
        """What a line of a page says of the book, as a key; `with_authors` first."""
        authors = tuple((one.author_id, one.author.name) for one in self.author_credits)
        return self.pk, self.title, self.series_name, self.series_number, authors

    @cached_property
    def card_key(self) -> tuple[object, ...]:
        """What a card says of the book but for its description, as a key; `for_cards` first."""
        genres = [(one.genre_id, one.genre.slug, one.genre.name) for one in self.shelvings.all()]
        return self.line_key, self.year, self.goodreads_work_id, tuple(genres)

    @property
    def contributors(self) -> list["BookAuthor"]:
        """Translators, illustrators and others who are no authors; prefetch `credits` first."""
        authors = self.author_credits
        return [credit for credit in self.credits.all() if credit not in authors]

    @property
    def credited_names(self) -> list[str]:
        """Everybody by whose name a source may know the book; prefetch `credits` first."""
        return [credit.author.name for credit in self.credits.all()]


class BookAuthorQuerySet(models.QuerySet["BookAuthor"]):
    """Queries for who is named in books."""

    def authors(self) -> Self:
        """Without translators, illustrators and other contributors."""
        return self.filter(role=Role.AUTHOR)


class BookAuthor(models.Model):
    """Somebody's place on a title page, and what they did for the book."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="credits")
    author = models.ForeignKey(Author, models.PROTECT, related_name="credits")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(
        max_length=12,
        choices=Role,
        default=Role.AUTHOR,
        help_text="By-lines name authors alone; the book's page names everybody.",
    )

    objects = BookAuthorQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["book", "author"], name="catalog_credit_once"),
            models.UniqueConstraint(fields=["book", "position"], name="catalog_credit_position"),
            models.CheckConstraint(
                name="catalog_credit_role",
                condition=Q(
                    role__in=[
                        "author",
                        "translator",
                        "illustrator",
                        "editor",
                        "narrator",
                        "contributor",
                        "alias",
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author} ({self.position})"


class BookGenre(models.Model):
    """How many readers shelved a book under a genre."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="shelvings")
    genre = models.ForeignKey(Genre, models.PROTECT, related_name="shelvings")
    count = models.PositiveIntegerField()
    is_derived = models.BooleanField(
        default=False,
        help_text="Estimated from subjects, the series or the author; shelves replace it.",
    )

    class Meta:
        ordering = ("-count", "genre_id")
        constraints = [
            models.UniqueConstraint(fields=["book", "genre"], name="catalog_genre_once"),
        ]

    def __str__(self) -> str:
        return f"{self.genre} ({self.count})"


class BookIdentifier(models.Model):
    """A number of an edition elsewhere, which leads to its book."""

    class Scheme(models.TextChoices):
        GOODREADS = "goodreads", "Goodreads edition"
        ISBN13 = "isbn13", "ISBN-13"
        OPEN_LIBRARY = "openlibrary", "further Open Library work"

    book = models.ForeignKey(Book, models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=20, choices=Scheme)
    value = models.CharField(max_length=40)

    class Meta:
        ordering = ("scheme", "value")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "value"], name="catalog_identifier_once"),
            models.CheckConstraint(name="catalog_identifier_value", condition=~Q(value="")),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"
