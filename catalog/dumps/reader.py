"""Reads the folder that `spark.openlibrary` writes: a manifest, and works as Parquet."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from catalog.credits import Role, role_of, split_credit
from catalog.goodbooks.books import MAX_NAME_LENGTH
from catalog.goodbooks.table import UnusableFolder
from catalog.languages import language_code
from catalog.openlibrary.parse import Work, plain_text, works_of
from catalog.work_language import AuthorLanguages, Evidence, language_of_editions, work_language

SCHEMA = 1
MANIFEST, WORKS = "manifest.json", "works.parquet"
#: How many other spellings of an author's name are compared, at most.
SPELLINGS = 5


@dataclass(frozen=True, slots=True)
class DumpedWork:
    """A work: what a search at Open Library would say of it, and what only its dumps do."""

    work: Work
    roles: Mapping[str, Role]  # by name, of all who are credited
    description: str
    series: str
    number: Decimal | None
    language: str
    ratings: int
    average_rating: Decimal | None
    want_to_read: int

    @property
    def key(self) -> str:
        return self.work.key


@dataclass(frozen=True, slots=True)
class CatalogFolder:
    """A folder that has been checked."""

    path: Path
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> "CatalogFolder":
        """Raises `UnusableFolder` if the folder is no catalog, or not one that can be read."""
        file = path / MANIFEST
        if not file.is_file():
            raise UnusableFolder(
                f"{path} has no {MANIFEST}; name a folder that spark.openlibrary has written."
            )
        try:
            manifest = json.loads(file.read_text(encoding="utf-8"))
            schema, works = manifest["schema"], int(manifest["catalog"]["works"])
            rows = parquet.ParquetDataset(path / WORKS)
            there = sum(fragment.count_rows() for fragment in rows.fragments)
        except (ValueError, KeyError, TypeError, OSError, pyarrow.ArrowException) as error:
            raise UnusableFolder(f"{path} is damaged; make it again ({error}).") from error
        if schema != SCHEMA:
            raise UnusableFolder(
                f"{path} has the schema {schema!r}, and this version reads {SCHEMA}; make it again."
            )
        if there != works:
            raise UnusableFolder(
                f"{path} has {there:,} works, its {MANIFEST} tells of {works:,}; make it again."
            )
        return cls(path, manifest)

    @property
    def works(self) -> int:
        return int(self.manifest["catalog"]["works"])

    def batches(self, size: int) -> Iterator[list[DumpedWork]]:
        """The works, best known first; those that can't be used are left out."""
        languages = AuthorLanguages(
            _evidence(row) for row in self._rows(size, ["title", "authors", "languages"])
        )
        for rows in self._batches(size, None):
            yield [work for row in rows if (work := _dumped_work(row, languages))]

    def _rows(self, size: int, columns: list[str] | None) -> Iterator[Mapping[str, Any]]:
        for rows in self._batches(size, columns):
            yield from rows

    def _batches(self, size: int, columns: list[str] | None) -> Iterator[list[Mapping[str, Any]]]:
        """The rows in order: the names of Spark's files are in the order of their contents."""
        try:
            for file in sorted((self.path / WORKS).glob("part-*.parquet")):
                for batch in parquet.ParquetFile(file).iter_batches(size, columns=columns):
                    yield batch.to_pylist()
        except (OSError, ValueError, pyarrow.ArrowException) as error:
            raise UnusableFolder(f"{self.path} is damaged; make it again ({error}).") from error


def _dumped_work(row: Mapping[str, Any], languages: AuthorLanguages) -> DumpedWork | None:
    """A row as Open Library's answers are read; None if that leaves no title or no author."""
    roles = _roles(row["authors"])
    authors = [name for name, role in roles.items() if role == Role.AUTHOR] or list(roles)
    spellings = [name for one in row["authors"] for name in one["other_names"][:SPELLINGS]]
    found = works_of({"docs": [_as_answer(row, authors, [*roles, *spellings])]})
    if not found or not found[0].credited:
        return None
    return DumpedWork(
        work=found[0],
        roles=roles,
        description=plain_text(row["description"]),
        series=row["series_name"],
        number=row["series_number"],
        language=work_language(_evidence(row), languages),
        ratings=row["ratings"],
        average_rating=_average(row["average_rating"]),
        want_to_read=row["want_to_read"],
    )


def _as_answer(row: Mapping[str, Any], authors: list[str], names: list[str]) -> Mapping[str, Any]:
    return {
        "key": f"/works/{row['key']}",
        "title": row["title"],
        "author_name": authors,
        "author_alternative_name": names,
        "first_publish_year": row["first_year"],
        "cover_i": row["cover_id"],
        "isbn": row["isbns"],
        "id_goodreads": row["goodreads_ids"],
        "subject": row["subjects"],
        "number_of_pages_median": row["page_count"],
        "edition_count": row["editions"],
        "language": [one["code"] for one in row["languages"] or ()],
    }


def _roles(authors: list[Mapping[str, Any]]) -> dict[str, Role]:
    """Who is credited, and for what; whoever comes first is an author."""
    roles: dict[str, Role] = {}
    for one in authors:
        name, behind = split_credit(one["name"][:MAX_NAME_LENGTH])
        role = role_of(one["role"]) if one["role"] else behind
        if name:
            roles.setdefault(name, role or Role.AUTHOR if roles else Role.AUTHOR)
    return roles


def _average(stars: float | None) -> Decimal | None:
    if stars is None or not 0 <= stars <= 5:
        return None
    return Decimal(stars).quantize(Decimal("0.01"))


def _evidence(row: Mapping[str, Any]) -> Evidence:
    """What tells the language of a work: that of most of its editions, if there is one."""
    counts: Counter[str] = Counter()
    for one in row["languages"] or ():
        if code := language_code(one["code"]):
            counts[code] += one["editions"]
    [(most, editions)] = counts.most_common(1) or [("", 0)]
    title: str = row["title"]
    if 2 * editions <= counts.total():
        most = language_of_editions(counts, title=title)
    author = next((one["name"] for one in row["authors"]), "")
    return Evidence(title=title, author=author, edition=most)
