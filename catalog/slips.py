"""Slips of the finger: whether a word as somebody typed it may be another one.

Words and texts are compared as `catalog.normalize.fold` leaves them.
"""

#: From so many letters on, a word may have one slip, or two.
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


def agree_but_for_slips(text: str, other: str) -> bool:
    """Whether two texts have the same words in the same order, some of them with slips."""
    words, others = text.split(), other.split()
    return len(words) == len(others) and all(
        mine == theirs or is_slip_of(mine, theirs)
        for mine, theirs in zip(words, others, strict=True)
    )


def edits(word: str, other: str, *, most: int) -> int:
    """How many letters are wrong, missing, too many, or swapped with their neighbor.

    This is the optimal string alignment distance. More than `most` is `most + 1`.
    """
    if abs(len(word) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, last, row = row, before, [i]
        for j, theirs in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != theirs))
            if i > 1 < j and letter == other[j - 2] and word[i - 2] == theirs:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _has_two_swapped(word: str, other: str) -> bool:
    """Whether the words differ by two neighboring letters that changed places."""
    if len(word) != len(other):
        return False
    different = [i for i, letter in enumerate(word) if letter != other[i]]
    if len(different) != 2 or different[1] != different[0] + 1:
        return False
    i, j = different
    return word[i] == other[j] and word[j] == other[i]
