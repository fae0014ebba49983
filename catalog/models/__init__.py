"""Books as works, what is known of them, and what was done to them."""

from catalog.models.books import (
    Author,
    Book,
    BookAuthor,
    BookAuthorQuerySet,
    BookGenre,
    BookIdentifier,
    BookQuerySet,
    Genre,
    GenreAlias,
)
from catalog.models.curation import CurationAct, DistinctBooks, StagedEdits
from catalog.models.enrichment import Enrichment
from catalog.models.search_documents import SearchDocument
from catalog.models.wanted import FoundWork, LookUpDay, WantedBook, WantedBookQuerySet

__all__ = [
    "Author",
    "Book",
    "BookAuthor",
    "BookAuthorQuerySet",
    "BookGenre",
    "BookIdentifier",
    "BookQuerySet",
    "CurationAct",
    "DistinctBooks",
    "Enrichment",
    "FoundWork",
    "Genre",
    "GenreAlias",
    "LookUpDay",
    "SearchDocument",
    "StagedEdits",
    "WantedBook",
    "WantedBookQuerySet",
]
