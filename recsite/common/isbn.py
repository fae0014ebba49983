"""Check digits of ISBNs.

As `stdnum.isbn` computes them, in a tenth of its time: a file has as many as 50,000 numbers.
"""

from collections.abc import Iterable
from itertools import cycle
from operator import mul


def check_digit_10(stem: str) -> str:
    """The last character of the ISBN-10 that begins with these nine digits."""
    return "0123456789X"[_weighted_sum(stem, range(1, 10)) % 11]


def check_digit_13(stem: str) -> str:
    """The last digit of the ISBN-13 that begins with these twelve."""
    return str(-_weighted_sum(stem, cycle((1, 3))) % 10)


def _weighted_sum(digits: str, weights: Iterable[int]) -> int:
    return sum(map(mul, map(int, digits), weights))
