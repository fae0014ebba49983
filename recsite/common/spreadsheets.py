"""Cells that no spreadsheet runs as formulas; without Django."""

import re

#: Before the text of a file; without it some spreadsheets do not recognize UTF-8.
BOM = "\ufeff"

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
