"""Slips of the finger: whether a word as somebody typed it may be another one.

Words are compared as `catalog.normalize.fold` leaves them.
"""

from rapidfuzz.distance import OSA

#: From how many letters on a word may have one slip, or two.
ONE_SLIP, TWO_SLIPS = 4, 8


def slips_forgiven(word: str) -> int:
    """How many slips a word may have: short ones turn into each other, as numbers do."""
    if any(letter.isdigit() for letter in word):
        return 0
    return (len(word) >= ONE_SLIP) + (len(word) >= TWO_SLIPS)


def is_slip_of(typed: str, word: str) -> bool:
    """Whether a word may have been meant by what was typed, which is not quite the same.

    Two neighboring letters may have changed places in any word of three, also in a number. Else
    the longer of the two words decides how many letters may be wrong, missing or too many.
    """
    if typed == word:
        return False
    if _has_two_swapped(typed, word):
        return len(word) > 2
    most = slips_forgiven(max(typed, word, key=len))
    return 0 < most >= edits(typed, word, most=most)


def edits(word: str, other: str, *, most: int) -> int:
    """How many letters are wrong, missing, too many, or swapped with their neighbor.

    This is the optimal string alignment distance. More than `most` is `most + 1`.
    """
    return OSA.distance(word, other, score_cutoff=most)


def _has_two_swapped(word: str, other: str) -> bool:
    """Whether the words differ by two neighboring letters that changed places."""
    if len(word) != len(other):
        return False
    different = [i for i, letter in enumerate(word) if letter != other[i]]
    if len(different) != 2 or different[1] != different[0] + 1:
        return False
    i, j = different
    return word[i] == other[j] and word[j] == other[i]
