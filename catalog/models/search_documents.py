"""What search compares of each book."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchDocument(models.Model):
    """The words of a book's titles, authors and series, without accents and case.

    Database triggers write it (`catalog/migrations/0015_search_documents.py`), whoever changes a
    book, its credits or an author, so that no code that does so has to remember it. It is a table
    of its own since books are read everywhere, and this is read by search alone.
    """

    book = models.OneToOneField(
        "catalog.Book", models.CASCADE, primary_key=True, related_name="search_document"
    )
    title = models.TextField()
    main_title = models.TextField(help_text="The title without its subtitle.")
    original_title = models.TextField()
    authors = ArrayField(models.TextField(), help_text="All names.")
    series = models.TextField()
    number = models.TextField(help_text="The number of the volume.")
    names = ArrayField(
        models.TextField(), help_text="What is the book's whole name, with its article and without."
    )
    words = SearchVectorField(
        help_text="All words, and neighbors written as one, for Spiderman and Spider-Man."
    )
    slips = SearchVectorField(help_text="All words, also with each of their letters left out.")
    # Copied from the book, so that the best known are found in one table.
    ratings_count = models.PositiveIntegerField()
    status = models.CharField(max_length=10)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="catalog_search_words"),
            GinIndex(fields=["slips"], name="catalog_search_slips"),
            GinIndex(fields=["names"], name="catalog_search_names"),
            GinIndex(fields=["title"], name="catalog_search_title", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.title
