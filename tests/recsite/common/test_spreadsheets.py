"""CSV as spreadsheets write and read it."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsite.common.spreadsheets import escape_formula, unescape_formula

# A machine that is busy with other things fails no test.
patient = settings(suppress_health_check=[HealthCheck.too_slow])

RISKY = st.text("'=+-@\t\r\na ;,\"")
# What a database of text can hold.
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@patient
@given(ANY | RISKY)
def test_a_cell_is_harmless_and_means_what_it_did(text: str) -> None:
    cell = escape_formula(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert unescape_formula(cell) == text


@patient
@given(st.lists(ANY | RISKY, min_size=1, max_size=4))
def test_a_line_of_a_file_comes_back_as_it_was(cells: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([escape_formula(cell) for cell in cells])
    [read] = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert [unescape_formula(cell) for cell in read] == cells


@pytest.mark.parametrize("text", ["'Salem's Lot", "'tis", "1984", "don't"])
def test_an_apostrophe_that_hides_no_formula_is_left_alone(text: str) -> None:
    assert escape_formula(text) == unescape_formula(text) == text
