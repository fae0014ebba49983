"""ISBNs as columns: taken out of texts, checked, and all with thirteen digits."""

from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

_ISBN = r"(?<![0-9])(97[89][0-9]{10}|[0-9]{9}[0-9Xx])(?![0-9Xx])"


def numbers_in(text: Column) -> Column:
    """What looks like an ISBN in a text, without hyphens, in an array; null for null."""
    bare = F.upper(F.regexp_replace(text, r"[\s\u2010-\u2015-]+", ""))
    return F.regexp_extract_all(bare, F.lit(_ISBN), F.lit(1))


def checked_isbns(numbers: str) -> Column:
    """The ISBN-13 of each number of that column that is an ISBN, in an array.

    One step after the other, as Spark writes an expression out wherever it is used.
    """
    check_digit = f"(10 - ({_weighted('one.body', [1, 3] * 6)}) % 10) % 10"
    is_isbn10 = f"({_weighted('one.text', range(10, 0, -1))}) % 11 = 0 AND one.text <> '0000000000'"
    return F.expr(f"""
        array_distinct(filter(transform(transform(transform({numbers},
            text -> named_struct('text', text, 'body',
                if(length(text) = 13, left(text, 12), concat('978', left(text, 9))))),
            one -> named_struct('text', one.text, 'isbn', concat(one.body, {check_digit}))),
            one -> CASE WHEN if(length(one.text) = 13, one.text = one.isbn, {is_isbn10})
                THEN one.isbn END),
            isbn -> isbn IS NOT NULL))""")


def _weighted(text: str, weights: Iterable[int]) -> str:
    """The sum of the digits, each with its weight; an X counts ten."""
    return " + ".join(
        f"{weight} * (instr('0123456789X', substr({text}, {place}, 1)) - 1)"
        for place, weight in enumerate(weights, start=1)
    )
