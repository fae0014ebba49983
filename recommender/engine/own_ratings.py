"""Ratings of a site's own readers, exported from its database for Spark.

A folder with ``ratings.csv`` (``user_id, book_id, rating``), ``books.csv`` (``book_id, title,
authors``, as goodbooks writes them) and ``export.json``, which is written last and holds the hashes
of the others. The numbers of readers are arbitrary, and differ from those of any other data set.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

#: Numbers of readers begin here; goodbooks' own end at 53,424.
FIRST_READER = 1_000_000_001
RATINGS = "ratings.csv"
BOOKS = "books.csv"
EXPORT = "export.json"


class BadExport(ValueError):
    """A folder does not hold a complete export."""


@dataclass(frozen=True, slots=True)
class OwnRatings:
    """The contents of ``export.json``; ``sha256`` maps the other files to their hashes."""

    exported_at: str
    readers: int
    ratings: int
    books: int
    sha256: dict[str, str]

    def to_bytes(self) -> bytes:
        """The text of ``export.json``."""
        return (json.dumps(asdict(self), indent=1) + "\n").encode()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the export in a folder; raises `BadExport` if it is missing or has changed."""
        try:
            export = cls(**json.loads((folder / EXPORT).read_bytes()))
            found = hashes(folder)
        except FileNotFoundError as error:
            raise BadExport(
                f"{folder} holds no export; `manage.py export_ratings {folder}` makes one."
            ) from error
        except (OSError, ValueError, TypeError) as error:
            raise BadExport(f"{folder / EXPORT} can't be read: {error}.") from error
        if found != export.sha256:
            raise BadExport(f"{folder} does not hold what {EXPORT} says; export it again.")
        return export


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of the files of an export, except for ``export.json``."""
    found = {}
    for name in (RATINGS, BOOKS):
        with (folder / name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
