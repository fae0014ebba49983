"""CSV files as spreadsheets write and read them; without Django."""

import csv
import re

#: Before the text of a file; without it spreadsheets take the letters for those of another age.
BOM = "\ufeff"
#: What may stand between cells; spreadsheets of some countries write semicolons.
DELIMITERS = ",;\t"

# What a spreadsheet would run as a formula (CWE-1236), and the same behind apostrophes, so that
# each can be told from what was made harmless.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_MADE_HARMLESS = re.compile(r"'+[=+\-@\t\r\n]")


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula; `as_meant` undoes it exactly."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_meant(cell: str) -> str:
    """The text of a cell that `harmless` may have changed."""
    return cell[1:] if _MADE_HARMLESS.match(cell) else cell


def decode(data: bytes) -> str | None:
    """Text in any of the encodings that spreadsheets and services write; None for another."""
    # Nearly every run of bytes is cp1252, so that it comes last.
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if is_utf16 else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def delimiter_of(text: str, columns: frozenset[str]) -> str | None:
    """What stands between the cells of a heading with all ``columns``; None without them."""
    heading = text.partition("\n")[0].strip()
    for delimiter in DELIMITERS:
        cells = next(csv.reader([heading], delimiter=delimiter), [])
        if columns <= {cell.strip() for cell in cells}:
            return delimiter
    return None
