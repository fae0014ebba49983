"""Stars as people write them: `4.5`, `4,5`, `4½`, `4/5`, `8/10`, `★★★★☆`, `4 stars`."""

import re
import unicodedata
from functools import lru_cache

#: Quarter stars are the finest that readers can give.
LEAST_STARS, MOST_STARS = 0.25, 5.0

#: Five stars, half of them empty, each with a sign for its looks; "4.50 stars out of 5 stars".
_LONGEST = 40
_BLANK = re.compile(r"[\ufe0e\ufe0f\u200d]")  # which of two looks a sign has
_FILLED, _EMPTY = "★⭐✭✮✯🌟*", "☆✩✰"
_SIGNS = re.compile(rf"(?P<filled>[{re.escape(_FILLED)}]*)(?P<part>[¼½¾]?)[{_EMPTY}]*")
_NUMBER = r"\d{1,3}(?:[.,]\d+)?"
_WORDS = r"(?:\s*(?:[^\W\d_]+|[★⭐]))?"  # stars, Sterne, étoiles, ★
_PLAIN = re.compile(rf"(?P<whole>{_NUMBER})\s*(?P<part>[¼½¾]?){_WORDS}")
_PART = re.compile(rf"(?P<part>[¼½¾]){_WORDS}")
_MIXED = re.compile(rf"(?P<whole>\d)\s+(?P<over>[123])/(?P<under>[24]){_WORDS}")
_OF = re.compile(
    rf"(?P<whole>{_NUMBER})\s*(?P<part>[¼½¾]?)\s*(?:/|out of|of|von|sur|de|su)\s*"
    rf"(?P<most>5|10|100)(?:[.,]0+)?{_WORDS}",
    re.IGNORECASE,
)
_PERCENT = re.compile(rf"(?P<whole>{_NUMBER})\s*%")


class NotStars(ValueError):
    """The text is no rating from nothing to five stars."""


def parse_stars(text: str) -> float | None:
    """A quarter to five stars; None for nothing and 0, which mean "not rated".

    Ratings out of 10 or 100, and percentages, are brought to five stars. Raises `NotStars`.
    """
    text = text.strip()
    if len(text) > _LONGEST:  # the process would keep it in memory for good
        raise NotStars(text)
    return _parse(text)


@lru_cache(1000)
def _parse(text: str) -> float | None:
    text = _BLANK.sub("", text)
    stars = _value(text) if text else 0.0
    if stars is None or (stars and not LEAST_STARS <= stars <= MOST_STARS):
        raise NotStars(text)
    return stars or None


def _value(text: str) -> float | None:
    if found := _MIXED.fullmatch(text):
        return int(found["whole"]) + int(found["over"]) / int(found["under"])
    if found := _OF.fullmatch(text):
        value = _number(found["whole"]) + _part(found["part"])
        return round(value * MOST_STARS / int(found["most"]), 2)
    if found := _PERCENT.fullmatch(text):
        return round(_number(found["whole"]) * MOST_STARS / 100, 2)
    if found := _PLAIN.fullmatch(text):
        return _number(found["whole"]) + _part(found["part"])
    if found := _PART.fullmatch(text):
        return _part(found["part"])
    if found := _SIGNS.fullmatch(text):
        return len(found["filled"]) + _part(found["part"])
    return None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _part(sign: str) -> float:
    return unicodedata.numeric(sign) if sign else 0.0
