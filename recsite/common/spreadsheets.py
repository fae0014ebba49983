"""CSV as spreadsheets write and read it; without Django."""

import csv
import re

#: Before the text of a file; without it some spreadsheets do not recognize UTF-8.
BOM = "\ufeff"
#: What may separate cells; spreadsheets in some countries write semicolons.
DELIMITERS = ",;\t"

# What a spreadsheet would run as a formula (CWE-1236), and the same after apostrophes, so that
# escaping can be undone.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r\n]")


def escape_formula(text: str) -> str:
    """A cell that no spreadsheet runs as a formula; `unescape_formula` is the exact inverse."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """The text that `escape_formula` made the cell from."""
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell


def decode(data: bytes) -> str | None:
    """Text in one of the encodings that spreadsheets and services write; None for any other."""
    # Almost any bytes are valid cp1252, so it comes last.
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if is_utf16 else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def delimiter_of(text: str, columns: frozenset[str]) -> str | None:
    """The delimiter of a file whose first line has all ``columns``; None if it lacks some."""
    heading = text.partition("\n")[0].strip()
    for delimiter in DELIMITERS:
        cells = next(csv.reader([heading], delimiter=delimiter), [])
        if columns <= {cell.strip() for cell in cells}:
            return delimiter
    return None
