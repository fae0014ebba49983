"""The shelves that every service has; all others are a reader's own."""

from enum import StrEnum


class Shelf(StrEnum):
    """A shelf as it is kept in the database and named in addresses."""

    READ = "read"
    CURRENTLY_READING = "currently-reading"
    TO_READ = "to-read"
    DID_NOT_FINISH = "did-not-finish"


#: The shelves that every reader has, in the order of pages; whoever stops reading has one more.
COMMON = (Shelf.READ, Shelf.CURRENTLY_READING, Shelf.TO_READ)
#: Shelves whose books the reader has not read to the end, and may yet.
UNREAD = (Shelf.CURRENTLY_READING, Shelf.TO_READ)
#: What stands for all shelves of a reader's own together.
OTHER = "other"

NAMES: dict[str, str] = {
    Shelf.READ: "Read",
    Shelf.CURRENTLY_READING: "Currently reading",
    Shelf.TO_READ: "To read",
    Shelf.DID_NOT_FINISH: "Did not finish",
    OTHER: "Other shelves",
}


def shelf_name(shelf: str) -> str:
    """A shelf as people call it; one of the reader's own keeps its name."""
    return NAMES.get(shelf, shelf)
