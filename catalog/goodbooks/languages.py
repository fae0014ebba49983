"""Settles the language of each book of a folder, where books.csv has that of one edition."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from catalog.goodbooks.books import BookRow
from catalog.work_language import (
    AuthorLanguages,
    Evidence,
    edition_language,
    is_of_stray_edition,
    work_language,
)

#: Works of goodbooks-10k, by Goodreads' numbers, whose languages somebody has looked up, as no rule
#: can know them: most are titles of translated books that are the same in English.
FACTS = Path(__file__).with_name("languages.csv")


@cache
def known_languages() -> Mapping[int, str]:
    """Languages looked up by hand, by work_id."""
    with FACTS.open(encoding="utf-8", newline="") as file:
        return {int(row["work_id"]): row["language"] for row in csv.DictReader(file)}


def settle_languages(books: Mapping[int, BookRow]) -> dict[int, BookRow]:
    """The books, each with the language of the work.

    A title of a stray edition gives way to the original title, by which other readers know the
    work.
    """
    evidence = {book_id: _evidence(row) for book_id, row in books.items()}
    authors = AuthorLanguages(evidence.values())
    settled = {}
    for book_id, row in books.items():
        known = evidence[book_id]
        language = known_languages().get(row.work_id or 0) or work_language(known, authors)
        title = row.title
        if is_of_stray_edition(known, authors):
            title = replace(title, title=row.original_title)
        settled[book_id] = replace(row, title=title, language=language)
    return settled


def _evidence(row: BookRow) -> Evidence:
    title = row.title.title
    return Evidence(
        title=title,
        original_title=row.original_title,
        author=row.authors[0] if row.authors else "",
        edition=edition_language(code=row.language, isbn13=row.isbn13, title=title),
    )
