"""Other sets of ratings, small files in their exact formats, become folders like goodbooks-10k."""

import csv
import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark.build import parse_arguments, with_converted
from spark.convert.columns import parse
from spark.convert.formats import Source, convert
from spark.convert.numbers import numbers_of_names
from spark.convert.tables import BadData, Wanted
from spark.pipeline import BuildOptions

pytestmark = pytest.mark.spark

UCSD_BOOKS = [
    {
        "book_id": "11",
        "work_id": "2792775",
        "title": "The Hunger Games (The Hunger Games, #1)",
        "isbn13": "9780439023481",
        "language_code": "eng",
        "ratings_count": "90",
        "authors": [
            {"author_id": "1", "role": ""},
            {"author_id": "2", "role": "Illustrator"},
        ],
        "popular_shelves": [
            {"count": "40", "name": "to-read"},
            {"count": "9", "name": "young-adult"},
        ],
    },
    {
        "book_id": "12",  # another edition of it, better known but not the best
        "work_id": "2792775",
        "title": "Los Juegos del Hambre",
        "isbn13": "",
        "language_code": "spa",
        "ratings_count": "95",
        "authors": [{"author_id": "1", "role": ""}],
        "popular_shelves": [],
    },
    {
        "book_id": "13",  # its best edition is not among the books
        "work_id": "54",
        "title": "Emma",
        "isbn13": "9780141439587",
        "language_code": "en-GB",
        "ratings_count": "30",
        "authors": [{"author_id": "3", "role": ""}],
        "popular_shelves": [{"count": "7", "name": "classics"}],
    },
    {"book_id": "14", "work_id": "", "title": "Of no work", "authors": []},
    {"book_id": "15", "work_id": "77", "title": "By nobody known", "authors": [{"author_id": "9"}]},
]
UCSD_WORKS = [
    {
        "work_id": "2792775",
        "best_book_id": "11",
        "original_title": "The Hunger Games",
        "original_publication_year": "2008",
    },
    {
        "work_id": "54",
        "best_book_id": "99",
        "original_title": "",
        "original_publication_year": "1815",
    },
]
UCSD_AUTHORS = [
    {"author_id": "1", "name": "Suzanne Collins"},
    {"author_id": "2", "name": "Tim O'Brien"},
    {"author_id": "3", "name": "Jane Austen"},
]
UCSD_LINES = [
    "0,0,1,5,0",  # the first book, the first edition
    "0,1,1,3,0",  # another edition of the same work: the higher counts
    "0,2,1,0,0",  # read, without stars
    "1,1,1,4,1",
    "1,2,0,0,0",  # wants to read it
    "2,2,1,2,0",
    "2,3,1,5,0",  # of no work
    "2,4,1,3,0",
]
AMAZON_BOOKS = [
    {
        "parent_asin": "0439023483",
        "title": "The Hunger Games (Hunger Games, Book One)",
        "author": {"name": "Suzanne Collins"},
        "details": {"Language": "English"},
        "categories": ["Books", "Teen & Young Adult"],
    },
    {
        "parent_asin": "0439023521",  # a later edition, with a subtitle
        "title": "The Hunger Games: Special Edition",
        "author": {"name": "Suzanne Collins"},
        "details": {"Language": "English"},
        "categories": ["Books"],
    },
    {
        "parent_asin": "B002MQYOFW",  # for a reading device
        "title": "The Hunger Games",
        "author": {"name": "Suzanne Collins"},
        "details": {},
        "categories": ["Kindle Store"],
    },
    {
        "parent_asin": "080442957X",
        "title": "  Another\n Book ",
        "author": None,
        "details": {},
        "categories": [],
    },
    {"parent_asin": "0439023484", "title": "A wrong check digit", "author": None},
]
AMAZON_LINES = [
    "AX,0439023483,5.0,1262304000000",
    "AX,0439023521,3.0,1577836800000",
    "AY,0439023521,4.0,1577836800000",
    "AY,B002MQYOFW,1.0,1577836800000",
    "AY,080442957X,2.0,1325376000000",
]


def lines(path: Path, rows: Iterable[object]) -> None:
    text = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def ucsd(tmp_path: Path) -> Source:
    lines(
        tmp_path / "goodreads_interactions.csv",
        ["user_id,book_id,is_read,rating,is_reviewed", *UCSD_LINES],
    )
    ids = ["book_id_csv,book_id", "0,11", "1,12", "2,13", "3,14", "4,15"]
    lines(tmp_path / "book_id_map.csv", ids)
    lines(tmp_path / "goodreads_books.json.gz", UCSD_BOOKS)
    lines(tmp_path / "goodreads_book_works.json.gz", UCSD_WORKS)
    lines(tmp_path / "goodreads_book_authors.json.gz", UCSD_AUTHORS)
    return Source(format="ucsd", path=tmp_path)


@pytest.fixture
def amazon(tmp_path: Path) -> Source:
    lines(tmp_path / "Books.csv.gz", ["user_id,parent_asin,rating,timestamp", *AMAZON_LINES])
    lines(tmp_path / "meta_Books.jsonl.gz", AMAZON_BOOKS)
    return Source(format="amazon-2023", path=tmp_path)


def rated(folder: Path) -> list[tuple[str, str, float]]:
    return sorted(
        (row["user_id"], row["book_id"], float(row["rating"])) for row in table(folder, "ratings")
    )


def test_the_ucsd_book_graph(spark: SparkSession, ucsd: Source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(spark, ucsd, Wanted(), out)

    games, emma, unsigned = "102792775", "100000054", "100000077"
    assert rated(out) == [
        ("1", games, 5.0),
        ("2", games, 4.0),
        ("3", emma, 2.0),
        ("3", unsigned, 3.0),
    ]
    books = {row["book_id"]: row for row in table(out, "books")}
    assert books.keys() == {games, emma, unsigned}
    assert (books[unsigned]["title"], books[unsigned]["authors"]) == ("By nobody known", "")
    assert books[games] | {"average_rating": ""} == {
        "book_id": games,
        "title": "The Hunger Games (The Hunger Games, #1)",
        "authors": "Suzanne Collins, Tim O'Brien (Illustrator)",
        "goodreads_book_id": "11",
        "work_id": "2792775",
        "isbn13": "9780439023481",
        "original_publication_year": "2008",
        "original_title": "The Hunger Games",
        "language_code": "eng",
        "ratings_count": "2",
        "average_rating": "",
    }
    assert books[games]["average_rating"] == "4.5"
    assert books[emma]["original_publication_year"] == "1815"
    assert [(row["user_id"], row["book_id"]) for row in table(out, "to_read")] == [("2", emma)]
    tags = {row["tag_id"]: row["tag_name"] for row in table(out, "tags")}
    shelves = {
        (row["book_id"], tags[row["tag_id"]], row["count"]) for row in table(out, "book_tags")
    }
    assert shelves == {
        (games, "to-read", "40"),
        (games, "young-adult", "9"),
        (emma, "classics", "7"),
    }
    facts = json.loads((out / "dataset.json").read_text())
    assert facts["name"] == "UCSD Book Graph"
    assert "academic use only" in facts["licence"]


def test_amazon_s_printed_books(spark: SparkSession, amazon: Source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(spark, amazon, Wanted(), out)

    games, other = "1043902348", "1080442957"
    assert rated(out) == [("1", games, 5.0), ("2", games, 4.0), ("2", other, 2.0)]
    books = {row["book_id"]: row for row in table(out, "books")}
    assert books[games]["isbn13"] == "9780439023481"
    assert books[games]["authors"] == "Suzanne Collins"
    assert books[other]["title"] == "Another Book"
    assert books[other]["isbn13"] == "9780804429573"


@pytest.mark.parametrize(
    ("what", "left"),
    [
        (Wanted(), ["7", "8", "9"]),
        (Wanted(since=date(2015, 1, 1)), ["8", "9"]),
        (Wanted(min_ratings=2), ["8", "9"]),
        (Wanted(max_books=1), ["9"]),
        (Wanted(since=date(2015, 1, 1), min_ratings=2), ["9"]),
    ],
)
def test_what_is_older_or_less_known_is_left_out(
    spark: SparkSession, tmp_path: Path, what: Wanted, left: list[str]
) -> None:
    rows = ["a,7,5,2010-05-01", "a,8,4,2010-05-02", "b,8,4,2016-05-02"]
    rows += [f"{reader},9,3,2020-01-0{n}" for n, reader in enumerate("abc", start=1)]
    file = tmp_path / "mine.csv"
    lines(file, ["who,what,stars,when", *rows])
    columns = parse("reader=who,book=what,rating=stars,day=when")
    convert(spark, Source(format="csv", path=file, columns=columns), what, tmp_path / "out")
    assert sorted({row["book_id"] for row in table(tmp_path / "out", "ratings")}) == left


def test_any_csv_by_its_columns(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    lines(file, ["who,what,stars,name", 'b,7,4.5,"Emma, again"', 'a,7,3,"Emma, again"', "a,x,5,No"])
    out = tmp_path / "out"
    columns = parse("reader=who,book=what,rating=stars,title=name")
    convert(spark, Source(format="csv", path=file, columns=columns), Wanted(), out)
    assert rated(out) == [("1", "7", 3.0), ("2", "7", 4.5)]
    assert [(row["book_id"], row["title"]) for row in table(out, "books")] == [("7", "Emma, again")]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("who;what;stars\r\nb;7;4,5\r\na;8;3\r\n", "reader=who,book=what,rating=stars"),
        ("\ufeffwho\twhat\tstars\nb\t7.0\t4.5\na\t8.0\t3\n", "reader=who,book=what,rating=stars"),
        ("the.reader, the book,`stars`\nb,7, 4.5\na, 8 ,3\n,7,2\n",
         "reader=the.reader,book=the book,rating=`stars`"),
        ("who|what|stars\nb|7|4.5\na|8|3\na|-1|5\na||5\nc|n/a|5\nc|7|\nc|7|none\nc|8|0\n",
         "reader=who,book=what,rating=stars"),
    ],
    ids=["semicolons", "tabs", "names of columns", "lines without a book or a rating"],
)  # fmt: skip
def test_files_as_programs_write_them(
    spark: SparkSession, tmp_path: Path, text: str, columns: str
) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "out"
    file.write_text(text, newline="")
    convert(spark, Source(format="csv", path=file, columns=parse(columns)), Wanted(), out)
    assert rated(out) == [("1", "8", 3.0), ("2", "7", 4.5)]


@pytest.mark.parametrize(
    "day", ["2016-05-02", "2016-05-02 10:11:12", "1462179600", "1462179600000"]
)
def test_days_as_programs_write_them(spark: SparkSession, tmp_path: Path, day: str) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "out"
    lines(file, ["who,what,stars,when", f"a,7,5,{day}", "a,8,5,2010-01-01", "a,9,5,1262304000"])
    columns = parse("reader=who,book=what,rating=stars,day=when")
    source = Source(format="csv", path=file, columns=columns)
    convert(spark, source, Wanted(since=date(2016, 5, 2)), out)
    assert [row["book_id"] for row in table(out, "ratings")] == ["7"]
    with pytest.raises(BadData, match="There is no usable rating"):
        convert(spark, source, Wanted(since=date(2016, 5, 3)), out)


def test_books_named_by_isbn_or_text_get_numbers(spark: SparkSession, tmp_path: Path) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "out"
    columns = parse("reader=who,book=what,rating=stars,title=name,authors=by")
    rows = [
        "who,what,stars,name,by",
        "a,080442957X,2,Another Book,Ann",
        "b,0-439-02348-3,5,The Hunger Games (Book One),Suzanne Collins",
        "b,9780439023528,4,The Hunger Games: Special Edition,Suzanne Collins",
        "c,9780439023528,3,The Hunger Games: Special Edition,Suzanne Collins",
        "c,a-slug,1,A Slug,Bo",
    ]
    lines(file, rows)
    convert(spark, Source(format="csv", path=file, columns=columns), Wanted(), out)
    games, other = "1043902348", "1080442957"
    [slug] = {row["book_id"] for row in table(out, "ratings")} - {games, other}
    assert int(slug) >= 2_000_000_000
    assert rated(out) == [("1", other, 2.0), ("2", games, 5.0), ("3", games, 3.0), ("3", slug, 1.0)]
    isbns = {row["book_id"]: row["isbn13"] for row in table(out, "books")}
    assert isbns == {games: "9780439023481", other: "9780804429573", slug: ""}


def test_no_number_is_given_twice_and_most_stay_in_a_longer_file(spark: SparkSession) -> None:
    names = spark.range(30_000).selectExpr("concat('book ', id) AS name")
    numbers: dict[str, int] = dict(numbers_of_names(names).collect())
    assert len(numbers) == len(set(numbers.values())) == 30_000
    assert min(numbers.values()) >= 2_000_000_000

    fewer: dict[str, int] = dict(numbers_of_names(names.where("name < 'book 2'")).collect())
    assert sum(numbers[name] != number for name, number in fewer.items()) < 10


def test_another_scale_becomes_stars(spark: SparkSession, tmp_path: Path) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "out"
    lines(file, ["who,what,stars", "a,7,10", "a,8,7", "b,7,0.5", "b,8,0"])
    source = Source(format="csv", path=file, columns=parse("reader=who,book=what,rating=stars"))
    with pytest.raises(BadData, match=r"2 of 4 ratings.* are above 5.* add --highest=10"):
        convert(spark, source, Wanted(), out)
    convert(spark, replace(source, highest=10.0), Wanted(), out)
    assert rated(out) == [("1", "7", 5.0), ("1", "8", 3.5), ("2", "7", 0.5)]


@pytest.mark.parametrize(
    ("columns", "what", "said"),
    [
        (
            "reader=who,book=what,rating=none",
            Wanted(),
            "lacks the column none. It has who, what, stars",
        ),
        ("reader=who,book=what,rating=stars", Wanted(since=date(2020, 1, 1)), "leave --since out"),
        ("reader=who,book=what,rating=stars", Wanted(min_ratings=9), "There is no usable rating"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    spark: SparkSession, tmp_path: Path, columns: str, what: Wanted, said: str
) -> None:
    file = tmp_path / "mine.csv"
    lines(file, ["who,what,stars", "b,7,4"])
    with pytest.raises(BadData, match=said):
        convert(
            spark, Source(format="csv", path=file, columns=parse(columns)), what, tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


def test_a_build_takes_the_same_word(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    lines(file, ["who,what,stars", "b,7,4"])
    flags = [f"--ratings={file}", "--store=none", "--format=csv"]
    options = parse_arguments([*flags, "--columns=reader=who,book=what,rating=stars"])
    build = with_converted(
        spark, BuildOptions(ratings=str(file)), options, folder=tmp_path / "converted"
    )
    assert (build.ratings, build.dataset) == (str(tmp_path / "converted"), "mine")
    assert rated(tmp_path / "converted") == [("1", "7", 4.0)]


@pytest.mark.parametrize(
    "text", ["", "reader=who", "reader=who,book=what,rating", "reader=a,book=b,rating=c,colour=d"]
)
def test_columns_have_to_be_named(text: str) -> None:
    with pytest.raises(BadData, match="--columns names a column for each of reader, book, rating"):
        parse(text)


def test_a_missing_file_is_named(spark: SparkSession, ucsd: Source, tmp_path: Path) -> None:
    (tmp_path / "goodreads_book_works.json.gz").unlink()
    with pytest.raises(BadData, match=r"has no goodreads_book_works\.json"):
        convert(spark, ucsd, Wanted(), tmp_path / "out")
