"""Delimited text as services and spreadsheets write it."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsite.common.tables import (
    LONGEST_CELL,
    MOST_EMPTY_LINES,
    TooManyEmptyLines,
    UnreadableTable,
    find_encoding,
    headings,
    rows,
)

patient = settings(suppress_health_check=[HealthCheck.too_slow])


def encoding_of(data: bytes) -> str | None:
    found = find_encoding(io.BytesIO(data))
    return found.name if found else None


def read(data: bytes) -> list[list[str]]:
    """Heading and rows, as the best way to split the heading has them."""
    file = io.BytesIO(data)
    encoding = find_encoding(file)
    assert encoding
    heading = headings(file, encoding.name)[0]
    return [list(heading.columns), *(row.cells for row in rows(file, heading))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_known_for_certain(encoding: str) -> None:
    data = "Title,Author\nGerminal,Émile Zola\n".encode(encoding)
    found = find_encoding(io.BytesIO(data))
    assert found
    assert not found.is_guessed
    assert read(data)[1] == ["Germinal", "Émile Zola"]


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("cp1252", ["Germinal;Émile Zola", "Voyage;Céline", "Gösta;Lagerlöf"]),
        ("cp1252", ["Fröken Smilla;Peter Høeg", "Cien años de soledad;García Márquez"]),
        ("cp1252", ["À la recherche du temps perdu;Proust", "La Peste;Camus", "La Tête;Genet"]),
        ("cp1250", ["Příliš hlučná samota;Bohumil Hrabal", "Válka s mloky;Karel Čapek"]),
        ("cp1250", ["Głos Pana;Stanisław Lem", "Wiersze;Wisława Szymborska"]),
        ("cp1250", ["A gyertyák csonkig égnek;Márai Sándor", "Sorstalanság;Őszi Ernő"]),
        ("cp1251", ["Мастер и Маргарита;Михаил Булгаков"]),
        ("cp1253", ["Ζορμπάς;Νίκος Καζαντζάκης"]),
        ("cp1255", ["סיפור על אהבה וחושך;עמוס עוז"]),
        ("koi8_r", ["Мастер и Маргарита;Михаил Булгаков"]),
        ("shift_jis", ["ノルウェイの森;村上春樹", "人間失格;太宰治"]),
        ("euc_kr", ["채식주의자;한강", "엄마를 부탁해;신경숙"]),
        ("gb18030", ["三体;刘慈欣", "活着;余华"]),
    ],
)
def test_older_encodings_are_guessed_by_their_letters(encoding: str, lines: list[str]) -> None:
    text = "\n".join(["Title;Author", *lines, *["The Hobbit;J.R.R. Tolkien"] * 50])
    found = find_encoding(io.BytesIO(text.encode(encoding)))
    assert found
    assert (found.name, found.is_guessed) == (encoding, True)


def test_a_few_odd_bytes_do_not_garble_all_other_letters() -> None:
    data = "Title,Author\nPedro Páramo,Agustín Yáñez\nFicciones,José\n".encode()
    whole = data + b"P\xe8re Goriot,Honor\xe9\nCut,Jos\xc3\n"
    assert read(whole)[1:] == [
        ["Pedro Páramo", "Agustín Yáñez"],
        ["Ficciones", "José"],
        ["Père Goriot", "Honoré"],
        ["Cut", "Jos\ufffd"],
    ]


@pytest.mark.parametrize("data", [b"a,b\n\0", b"\0\1\2\3", b"a,b\n" * 100_000 + b"\0"])
def test_what_has_zero_bytes_is_no_text(data: bytes) -> None:
    assert encoding_of(data) is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_ends_of_lines_and_marks_between_cells(mark: str, end: str) -> None:
    lines = ["id*title", "1*Emma", '2*"Of Mice', 'and Men"']
    data = end.join(line.replace("*", mark) for line in lines).encode()
    text = f"Of Mice{end}and Men"
    expected = [["id", "title"], ["1", "Emma"], ["2", text]]
    assert read(data.replace(b"title", b'"title"')) == expected


def test_a_line_names_what_stands_between_the_cells() -> None:
    assert read(b"sep=|\r\nTitle|Author\r\nA, B; C|D\r\n") == [
        ["Title", "Author"],
        ["A, B; C", "D"],
    ]


def test_lines_that_were_put_into_quotes_as_a_whole() -> None:
    data = b'"Title,Author"\n"""Emma, a novel"",Jane Austen"\n"Emma,""Austen, Jane""",\n'
    assert read(data) == [
        ["Title", "Author"],
        ["Emma, a novel", "Jane Austen"],
        ["Emma", "Austen, Jane"],
    ]


def test_quotes_between_tabs_mean_something_only_where_they_follow_a_rule() -> None:
    excel = b'Title\tAuthor\n"""Surely"" You\'re"\t"Feynman, Richard"\n'
    assert read(excel)[1] == ['"Surely" You\'re', "Feynman, Richard"]
    bare = b'Title\tAuthor\n"Surely" You\'re\tFeynman, Richard\n"Emma"\tAusten\n'
    assert read(bare)[1:] == [['"Surely" You\'re', "Feynman, Richard"], ['"Emma"', "Austen"]]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    file = io.BytesIO(b'\nTitle,Review\nEmma,"two\nlines"\n\nMoor,\n')
    heading = headings(file, "utf-8")[0]
    assert [(row.line, row.cells[0]) for row in rows(file, heading)] == [(3, "Emma"), (6, "Moor")]


def test_a_quote_that_is_never_closed_is_told() -> None:
    file = io.BytesIO(b'Title,Author\n"Emma,' + b"x" * LONGEST_CELL + b"\n")
    with pytest.raises(UnreadableTable):
        list(rows(file, headings(file, "utf-8")[0]))


@patient
@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_no_table(data: bytes) -> None:
    file = io.BytesIO(data)
    encoding = find_encoding(file)
    for heading in headings(file, encoding.name) if encoding else []:
        try:
            for row in rows(file, heading):
                assert row.cells
        except UnreadableTable:
            pass


@pytest.mark.parametrize("empty", [b"\n", b",,\n", b" \r\n"])
def test_empty_lines_are_passed_over_but_not_without_end(empty: bytes) -> None:
    assert read(b"Title,Author\n" + empty * 1000 + b"Emma,Jane Austen\n") == [
        ["Title", "Author"],
        ["Emma", "Jane Austen"],
    ]
    with pytest.raises(TooManyEmptyLines):
        read(b"Title,Author\n" + empty * (MOST_EMPTY_LINES + 1))


def test_a_file_of_line_breaks_alone_has_no_heading() -> None:
    assert headings(io.BytesIO(b"\n" * (MOST_EMPTY_LINES + 1) + b"Title,Author\n"), "utf-8") == []
