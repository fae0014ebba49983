"""What PostgreSQL's planner believes about the sizes of the catalog's tables."""

from django.db import connection


def analyze() -> None:
    """Let the planner count the tables of the catalog, after many rows were written.

    It sees the rows of a transaction that goes on. Autovacuum does not, and where it last looked
    at tables that had been emptied, a join of ten thousand books takes minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE catalog_book, catalog_author, catalog_bookauthor, catalog_bookgenre,"
            " catalog_bookidentifier, catalog_searchdocument"
        )
