"""What kind of thing a book is: the rules, and the list of those that were looked through."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from catalog.curation import cells
from catalog.goodbooks.load import load_folder
from catalog.goodbooks.table import Problems, find_table
from catalog.kinds import Classified, Kind, checked_kinds, classify
from catalog.models import Book
from catalog.normalize import split_title
from tests.factories import BookFactory

GOODBOOKS = Path(__file__).parents[2] / ".." / "shared" / "goodbooks"
HEADING = "book_id,work_id,authors,original_title,title\n"


def classified(title: str, original_title: str = "") -> Classified:
    return classify(split_title(title), original_title)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Emma", Kind.WORK),
        ("Saga, Vol. 1 (Saga, #1)", Kind.WORK),
        ("The Zombie Survival Guide: Complete Protection from the Living Dead", Kind.WORK),
        ("The Complete Stories", Kind.WORK),
        ("A Discovery of Witches (All Souls Trilogy, #1)", Kind.WORK),
        ("King Henry IV, Part 1 (Wars of the Roses, #2)", Kind.WORK),
        ("Fragile Things: Short Fictions and Wonders", Kind.WORK),
        ("11/22/63", Kind.WORK),
        ("Heart-Shaped Box", Kind.WORK),
        ("The Dance: Dreams (A Song, #5: Part 1 of 2)", Kind.PART),
        ("The Mile, Part 3: Hands", Kind.PART),
        ("The Secret Free Preview", Kind.PART),
        ("Wool Omnibus", Kind.OMNIBUS),
        ("The Earthsea Trilogy", Kind.OMNIBUS),
        ("Animal Farm / 1984", Kind.WORK),
        ("Persuasion / Emma", Kind.OMNIBUS),
        ("The Complete Novels", Kind.OMNIBUS),
        ("Sleeping Beauty Box Set", Kind.BOX_SET),
        ("Percy 5-Book Boxed Set", Kind.BOX_SET),
        ("Twilight: The Complete Illustrated Movie Companion", Kind.COMPANION),
        ("The Unofficial Potter Cookbook", Kind.COMPANION),
        ("The Lightning Thief: The Graphic Novel (Percy, #1)", Kind.ADAPTATION),
        ("Mort: The Play", Kind.ADAPTATION),
        ("Beasts: The Original Screenplay", Kind.ADAPTATION),
        ("Wicked - Piano/Vocal Arrangement", Kind.ADAPTATION),
        ("Cat's Cradle: SparkNotes Literature Guide", Kind.GUIDE),
        ("Summary of Educated", Kind.GUIDE),
        ("Emma (York Notes)", Kind.GUIDE),
    ],
)
def test_titles_tell_what_kind_of_book_it_is(title: str, kind: Kind) -> None:
    assert classified(title).kind == kind


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("The Potter Collection (Potter, #1-4)", Classified(Kind.BOX_SET, Decimal(1), Decimal(4))),
        ("Rise of Empire (Riyria, #3-4)", Classified(Kind.OMNIBUS, Decimal(3), Decimal(4))),
        # Novellas from between the volumes are a book of their own.
        ("The Assassin's Blade (Throne, #0.1-0.5)", Classified()),
        ("Everything (Saga, #1-20000)", Classified()),
    ],
)
def test_collections_have_a_range_of_volumes(title: str, expected: Classified) -> None:
    assert classified(title) == expected


def test_an_original_title_tells_of_a_box() -> None:
    found = classified("Percy (Percy, #1-3)", "Percy Boxed Set")
    assert found == Classified(Kind.BOX_SET, Decimal(1), Decimal(3))


def test_the_list_of_those_looked_through_is_sound() -> None:
    checked = checked_kinds()
    kinds = Counter(found.kind for found in checked.values())
    assert set(kinds) == set(Kind)
    for found in checked.values():
        assert (found.first is None) == (found.last is None)
        if found.first is not None and found.last is not None:
            assert found.kind in Book.COLLECTIONS
            assert found.first < found.last


def test_whatever_the_rules_catch_in_goodbooks_was_looked_through() -> None:
    """The rules and the list, held against each other; without the data there is only the list."""
    checked = checked_kinds()
    if not GOODBOOKS.is_dir():
        assert len(checked) > 250
        return
    table = find_table(GOODBOOKS, "books", Problems())
    assert table is not None
    rows = [row.values for row in table.rows("work_id", "title", "original_title")]
    caught = {int(work): classified(title, original).kind for work, title, original in rows}

    unseen = {work for work, kind in caught.items() if kind != Kind.WORK} - checked.keys()
    assert not unseen
    assert checked.keys() <= caught.keys()
    others = {work for work, found in checked.items() if found.kind != Kind.WORK}
    right = {work for work in others if caught[work] == checked[work].kind}
    wrong = {work for work in checked if checked[work].kind == Kind.WORK}
    assert len(right) > 0.65 * len(others)
    assert len(wrong) < 0.05 * len(others)


def test_the_csv_files_know_all_kinds() -> None:
    assert tuple(Book.Kind.values) == cells.KINDS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"kind": "opera"},
        {"kind": "work", "series_name": "Dune", "first_volume": 1, "last_volume": 2},
        {"kind": "omnibus", "series_name": "Dune", "first_volume": 2, "last_volume": 1},
        {"kind": "omnibus", "series_name": "Dune", "first_volume": 1},
        {"kind": "omnibus", "first_volume": 1, "last_volume": 2},
    ],
)
def test_the_database_keeps_kinds_and_ranges_sound(values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BookFactory.create(**values)


def load(folder: Path, *rows: str) -> None:
    (folder / "books.csv").write_text(HEADING + "\n".join(rows), encoding="utf-8")
    load_folder(folder, simulated=False, say=lambda line: None)


@pytest.mark.django_db
def test_a_load_sets_kinds_as_they_were_looked_up_and_else_by_the_rules(tmp_path: Path) -> None:
    novel = next(work for work, found in checked_kinds().items() if found == Classified())
    load(
        tmp_path,
        f'1,{novel},A. Author,,"Two / Titles"',
        '2,2,A. Author,,"One / Another (Dune, #1-2)"',
        '3,3,A. Author,,"Dune (Dune, #1)"',
    )
    books = {book.goodbooks_id: book for book in Book.objects.all()}
    assert [books[number].kind for number in (1, 2, 3)] == ["work", "omnibus", "work"]
    both = books[2]
    assert both.series_number is None
    assert (both.first_volume, both.last_volume) == (Decimal(1), Decimal(2))

    load(tmp_path, '2,2,A. Author,,"Dune (Dune, #2)"')
    again = Book.objects.get(pk=both.pk)
    assert (again.kind, again.series_number) == ("work", Decimal(2))
    assert (again.first_volume, again.last_volume) == (None, None)


@pytest.mark.django_db
def test_a_load_leaves_a_kind_that_is_locked(tmp_path: Path) -> None:
    book = BookFactory.create(
        goodbooks_id=2, kind="companion", locked_fields=["kind"], goodreads_work_id=2
    )
    load(tmp_path, '2,2,A. Author,,"One / Another (Dune, #1-2)"')
    book.refresh_from_db()
    assert (book.series_name, book.kind, book.first_volume) == ("Dune", "companion", None)
