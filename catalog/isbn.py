"""International Standard Book Numbers: repaired, checked, and brought to thirteen digits."""

import re

_NOISE = re.compile(r'[\s\-\u2010-\u2015"=\[\]]+')


def bare(text: str) -> str:
    """The characters of the number alone, without hyphens and a spreadsheet's `="…"`."""
    return _NOISE.sub("", text).upper()


def padded(text: str) -> str:
    """Give a number that was once read as an integer its leading zeros back."""
    number = bare(text)
    return number.zfill(10) if re.fullmatch(r"\d{0,9}[\dX]", number) else number


def is_isbn10(number: str) -> bool:
    """Whether ten characters pass the check of ISBN-10: Σ (10-i)·digit divisible by 11."""
    if not re.fullmatch(r"[0-9]{9}[0-9X]", number) or number == "0" * 10:
        return False
    digits = [10 if character == "X" else int(character) for character in number]
    return sum((10 - i) * digit for i, digit in enumerate(digits)) % 11 == 0


def is_isbn13(number: str) -> bool:
    """Whether thirteen digits of the book ranges 978 and 979 pass the check of EAN-13."""
    return bool(re.fullmatch(r"97[89][0-9]{10}", number)) and _check_digit(number) == number[-1]


def isbn13(text: str) -> str:
    """Return the ISBN-13 of any valid ISBN, however it is written; empty for anything else."""
    number = bare(text)
    if is_isbn13(number):
        return number
    if is_isbn10(number):
        stem = "978" + number[:9]
        return stem + _check_digit(stem)
    return ""


def _check_digit(number: str) -> str:
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(number[:12]))
    return str(-total % 10)
