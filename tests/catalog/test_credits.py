"""Who is named in a book, and for what."""

from pathlib import Path

import pytest

from catalog.credits import Role, read_with_role, script_of, split_credit, with_role
from catalog.goodbooks.load import load_folder
from catalog.models import Book


@pytest.mark.parametrize(
    ("text", "name", "role"),
    [
        ("Anthea Bell (Translator)", "Anthea Bell", Role.TRANSLATOR),
        ("Anthea  Bell [Translated by]", "Anthea Bell", Role.TRANSLATOR),
        ("Bell, Anthea (Übersetzerin)", "Bell, Anthea", Role.TRANSLATOR),
        ("GrandPré, Mary, ill.", "GrandPré, Mary", Role.ILLUSTRATOR),
        ("Illustrated by Quentin Blake", "Quentin Blake", Role.ILLUSTRATOR),
        ("Jim Dale, narrator", "Jim Dale", Role.NARRATOR),
        ("A. Nobody (Editor & Translator)", "A. Nobody", Role.EDITOR),
        ("Maurice Sendak (Author, Illustrator)", "Maurice Sendak", Role.AUTHOR),
        ("Neil Gaiman (Goodreads Author)", "Neil Gaiman", Role.AUTHOR),
        ("Zadie Smith (Introduction)", "Zadie Smith", Role.CONTRIBUTOR),
        ("Strunk, William, Jr.", "Strunk, William, Jr.", None),
        ("Young, Ed", "Young, Ed", None),
        ("John Smith (1931-2009)", "John Smith (1931-2009)", None),
        ("(Translator)", "(Translator)", None),
        ("D.C. Talk", "D.C. Talk", None),
        ("", "", None),
    ],
)
def test_a_role_is_read_where_sources_write_it(text: str, name: str, role: Role | None) -> None:
    assert split_credit(text) == (name, role)


@pytest.mark.parametrize("role", Role)
def test_a_role_written_behind_a_name_is_read_back(role: Role) -> None:
    assert read_with_role(with_role("Anthea Bell", role)) == ("Anthea Bell", role)


def test_a_curators_name_keeps_a_comma() -> None:
    assert read_with_role("Strunk, Editor") == ("Strunk, Editor", Role.AUTHOR)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Émile Zola", "LATIN"),
        ("Лев Толстой", "CYRILLIC"),
        ("com نسيان", "ARABIC"),
        ("あずま きよひこ", "EAST ASIAN"),
        ("신경숙", "EAST ASIAN"),
        ("1984", ""),
    ],
)
def test_the_script_of_a_text_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


def said_of(tmp_path: Path, *lines: tuple[str, str]) -> list[tuple[list[str], dict[str, str]]]:
    """The authors, and the others with their roles, of books with these titles and names."""
    rows = [f'{n},"{title}","{names}"' for n, (title, names) in enumerate(lines, start=1)]
    table = "\n".join(["book_id,title,authors", *rows, ""])
    (tmp_path / "books.csv").write_text(table, encoding="utf-8")
    load_folder(tmp_path, simulated=False, say=lambda line: None)
    books = Book.objects.for_cards().order_by("goodbooks_id")
    return [
        (book.author_names, {one.author.name: one.role for one in book.contributors})
        for book in books
    ]


@pytest.mark.django_db
class TestRolesOfAFolder:
    def test_a_role_behind_a_name_counts(self, tmp_path: Path) -> None:
        names = "Cornelia Funke, Anthea Bell (Translator), N. N. (Editor, Notes), Ann Other"
        [(authors, others)] = said_of(tmp_path, ("Inkheart", names))
        assert authors == ["Cornelia Funke", "Ann Other"]
        assert others == {"Anthea Bell": "translator", "N. N.": "editor"}

    def test_names_in_another_script_than_the_title_are_no_authors(self, tmp_path: Path) -> None:
        said = said_of(
            tmp_path,
            ("The Bamboo Stalk", "Saud Alsanousi, سعود السنعوسي"),
            ("Nana", "Ναννά Ζολά, Émile Zola"),
            ("ساق البامبو", "سعود السنعوسي, Saud Alsanousi"),
            ("سینوهه", "Mika Waltari, ذبیح‌الله منصوری"),  # a translation: the author comes first
            ("1984", "George Orwell, Джордж Оруэлл"),
        )
        assert [authors for authors, _ in said] == [
            ["Saud Alsanousi"],
            ["Émile Zola"],
            ["سعود السنعوسي"],
            ["Mika Waltari"],
            ["George Orwell"],
        ]

    def test_who_stands_behind_many_first_authors_is_no_author(self, tmp_path: Path) -> None:
        said = said_of(
            tmp_path,
            ("One", "Ann Abel, Tess Lator"),
            ("Two", "Bea Bold, Tess Lator"),
            ("Three", "Cat Cole, Tess Lator, Dan Dole"),
            ("Four", "Cat Cole, Dan Dole"),
        )
        assert [authors for authors, _ in said] == [
            ["Ann Abel"],
            ["Bea Bold"],
            ["Cat Cole", "Dan Dole"],
            ["Cat Cole", "Dan Dole"],
        ]

    def test_co_authors_stay(self, tmp_path: Path) -> None:
        pairs = [
            "Terry Pratchett, Neil Gaiman",
            "Douglas Preston, Lincoln Child",
            "Larry Niven, Jerry Pournelle",
            "Arkady Strugatsky, Boris Strugatsky",
            "Robert Heinlein, Neil Gaiman",
            "Alan Moore, Neil Gaiman",
            "Neil Gaiman",  # behind many, but an author in his own right
            "Jacob Grimm, Wilhelm Grimm",
            "Philip Pullman, Wilhelm Grimm",
            "Trina Hyman, Wilhelm Grimm",
        ]
        said = said_of(tmp_path, *((f"Book {names}", names) for names in pairs))
        assert [", ".join(authors) for authors, _ in said] == pairs

    def test_a_second_spelling_is_no_second_author(self, tmp_path: Path) -> None:
        [(authors, others)] = said_of(tmp_path, ("Anna Karenina", "Leo Tolstoy, Leo Tolstoj"))
        assert (authors, others) == (["Leo Tolstoy"], {"Leo Tolstoj": "alias"})

    def test_an_anthology_without_an_author_has_its_editor(self, tmp_path: Path) -> None:
        [(authors, others)] = said_of(tmp_path, ("Best Stories", "Ed Itor (Editor)"))
        assert (authors, others) == (["Ed Itor"], {})

    def test_a_role_that_was_found_elsewhere_stays_at_the_next_load(self, tmp_path: Path) -> None:
        said_of(tmp_path, ("Inkheart", "Cornelia Funke, Anthea Bell"))
        Book.objects.get().credits.filter(position=2).update(role=Role.TRANSLATOR)

        again = load_folder(tmp_path, simulated=False, say=lambda line: None)

        assert not again.changed_anything
        assert Book.objects.get().author_names == ["Cornelia Funke"]

    def test_what_a_curator_has_locked_stays(self, tmp_path: Path) -> None:
        said_of(tmp_path, ("Inkheart", "Cornelia Funke, Anthea Bell (Translator)"))
        Book.objects.update(locked_fields=["authors"])
        Book.objects.get().credits.update(role=Role.AUTHOR)

        load_folder(tmp_path, simulated=False, say=lambda line: None)

        assert Book.objects.get().author_names == ["Cornelia Funke", "Anthea Bell"]
