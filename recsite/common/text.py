"""Text from outside, cleaned where it comes in: other sites' answers, files, and forms alike."""

import re

# Soft hyphens, marks of direction and other format characters part no words; those which join
# letters in Persian and Indic scripts are part of a word.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
# Control characters, among them the NUL that PostgreSQL does not keep, and halves of surrogate
# pairs, which are no characters and cannot be encoded.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNREADABLE_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_line(text: str, longest: int | None = None) -> str:
    """The text on one line, single spaces between its words, without what nobody can see."""
    if not (text.isascii() and text.isprintable()):
        text = _UNREADABLE.sub(" ", _INVISIBLE.sub("", text))
    return " ".join(text.split())[:longest].rstrip()


def clean_lines(text: str) -> str:
    """The text with its line breaks and tabs, without what nobody can see."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNREADABLE_IN_LINES.sub("", _INVISIBLE.sub("", text))
