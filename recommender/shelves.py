"""The shelves that every service has; any other shelf is a reader's own."""

from enum import StrEnum


class Shelf(StrEnum):
    """A shelf, as stored in the database and named in addresses."""

    READ = "read"
    CURRENTLY_READING = "currently-reading"
    TO_READ = "to-read"
    DID_NOT_FINISH = "did-not-finish"


#: The shelves that every reader has, in the order of pages; `DID_NOT_FINISH` is not always used.
COMMON = (Shelf.READ, Shelf.CURRENTLY_READING, Shelf.TO_READ)
#: Shelves of books that the reader has not finished yet.
UNREAD = (Shelf.CURRENTLY_READING, Shelf.TO_READ)
#: Stands for all of a reader's own shelves together.
OTHER = "other"

NAMES: dict[str, str] = {
    Shelf.READ: "Read",
    Shelf.CURRENTLY_READING: "Currently reading",
    Shelf.TO_READ: "Want to read",
    Shelf.DID_NOT_FINISH: "Did not finish",
    OTHER: "Other shelves",
}


def shelf_name(shelf: str) -> str:
    """The name of a shelf on pages; a reader's own shelf keeps its name."""
    return NAMES.get(shelf, shelf)
