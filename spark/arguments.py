"""Numbers on the command line, within their bounds."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """A type of `argparse` for whole numbers from this one on."""

    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ArgumentTypeError(f"{text} is not a whole number from {least} on.")
        return number

    return whole_number


def positive(text: str) -> float:
    """A type of `argparse` for numbers above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"{text} is not a number above 0.")
    return number
