"""What “Put it to the test” shows to readers whom the model has not seen.

    python -m tests.bench.proof --data DIR --store URI --fold-in FILE --held-out FILE

The readers are those of the two files, who were kept out of the training; each gets a library of
all their ratings, and the page hides a fifth of it by its own draw.
"""

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spark.readers import HeldOutReaders, read_readers
from tests.bench.site import site

if TYPE_CHECKING:
    from recommender.models import Reader
    from recommender.selectors.proof import Proof


def library_of(ratings: dict[int, float]) -> "Reader":
    """A guest with these ratings, by the numbers of goodbooks."""
    from catalog.models import Book
    from recommender.models import LibraryEntry, Reader

    reader = Reader.objects.create()
    LibraryEntry.objects.bulk_create(
        LibraryEntry(
            reader=reader,
            book=book,
            source="goodreads",
            source_key=str(book.pk),
            title=book.title,
            shelf="read",
            stars=ratings[book.goodbooks_id or 0],
        )
        for book in Book.objects.known_as(ratings)
    )
    return reader


def proofs(readers: HeldOutReaders, count: int, seed: int) -> list[tuple[int, "Proof"]]:
    """The page of some readers, drawn by the seed."""
    prove = import_module("recommender.selectors.proof").prove  # can be imported only by now
    drawn = np.random.default_rng(seed).permutation(readers.readers)[:count].tolist()
    return [
        (number, prove(reader=library_of({**readers.fold_in[number], **readers.held_out[number]})))
        for number in drawn
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Show the proof page of readers kept out.")
    add = parser.add_argument
    add("--data", type=Path, required=True, help="a goodbooks folder")
    add("--store", required=True, help="of a release built without these readers")
    add("--fold-in", type=Path, required=True, help="CSV of user_id, book_id, rating")
    add("--held-out", type=Path, required=True, help="CSV of more ratings of the same readers")
    add("--readers", type=int, default=3, help="how many are drawn")
    add("--seed", type=int, default=0, help="what draws them")
    options = parser.parse_args()
    readers = read_readers(options.fold_in, options.held_out)
    with site(options.data, RELEASE_STORE=options.store):
        shown = proofs(readers, options.readers, options.seed)
        for number, proof in shown:
            by_length = ", ".join(
                f"{found.length}: {found.by_model} and {found.by_fame}" for found in proof.found
            )
            print(  # noqa: T201 the figures are what it is run for
                f"reader {number}: {proof.seen} books seen, {len(proof.loved)} loved ones hidden; "
                f"found by the model and by fame among the first {by_length}"
            )
        for at in range(3):
            model = sum(proof.found[at].by_model for _, proof in shown)
            fame = sum(proof.found[at].by_fame for _, proof in shown)
            loved = sum(len(proof.loved) for _, proof in shown)
            print(f"first {shown[0][1].found[at].length}: {model} and {fame} of {loved}")  # noqa: T201


if __name__ == "__main__":
    main()
