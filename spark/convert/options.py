"""The options that say what of a set is wanted, shared by the commands."""

import argparse
from datetime import date
from pathlib import Path

from spark.arguments import at_least, positive
from spark.clean import MAX_STARS
from spark.convert import columns
from spark.convert.formats import CSV, Source
from spark.convert.tables import Wanted


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what of a set is wanted."""
    add = parser.add_argument
    add("--columns", default="", help="of a CSV file: reader=user_id,book=item,rating=stars,…")
    add(
        "--highest",
        type=positive,
        default=MAX_STARS,
        metavar="RATING",
        help="of a CSV file: where its scale ends, as 10; that is worth five stars (default: 5)",
    )
    add("--min-ratings", type=at_least(1), default=1, help="leave out books with fewer ratings")
    add("--max-books", type=at_least(1), help="at most how many books, those with the most ratings")
    add("--since", type=date.fromisoformat, metavar="DAY", help="leave out what is older")


def wanted_of(options: argparse.Namespace) -> Wanted:
    """What the options say."""
    return Wanted(since=options.since, min_ratings=options.min_ratings, max_books=options.max_books)


def source_of(options: argparse.Namespace, path: Path) -> Source:
    """What is to be converted. Raises `BadData` if the columns of a CSV file are not named."""
    named = columns.parse(options.columns) if options.format == CSV else {}
    return Source(format=options.format, path=path, columns=named, highest=options.highest)
