"""The starter shelf: facts which hold together, and simulated readers whose tastes make sense."""

import csv
import json
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog.starter import write_starter_shelf
from catalog.starter.books import StarterBook, read_books
from catalog.starter.readers import Simulation, simulate_readers
from catalog.starter.tastes import TASTES

pytestmark = pytest.mark.xdist_group("starter")  # whose shelf and readers are made once

ROOT = Path(__file__).parents[2]
LIKED = 4
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def books() -> list[StarterBook]:
    return read_books()


@pytest.fixture(scope="module")
def simulation(books: list[StarterBook]) -> Simulation:
    return simulate_readers(books)


@pytest.fixture(scope="module")
def stars(books: list[StarterBook], simulation: Simulation) -> Floats:
    """Stars by reader and book, 0 where there is no rating."""
    table = np.zeros((int(simulation.ratings[:, 0].max()), len(books)))
    rows, columns = simulation.ratings[:, 0] - 1, simulation.ratings[:, 1] - books[0].book_id
    table[rows, columns] = simulation.ratings[:, 2]
    return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("starter") / "made" / "on the way"
    write_starter_shelf(directory)
    return directory


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestBooks:
    def test_there_are_enough_and_their_ids_run_on(self, books: list[StarterBook]) -> None:
        assert len(books) >= 260
        assert [book.book_id for book in books] == list(range(1_000_001, 1_000_001 + len(books)))

    def test_no_book_is_there_twice(self, books: list[StarterBook]) -> None:
        counts = Counter((book.title.casefold(), book.authors[0]) for book in books)
        assert [key for key, count in counts.items() if count > 1] == []

    def test_every_field_is_filled_as_it_should_be(self, books: list[StarterBook]) -> None:
        for book in books:
            assert book.title == book.title.strip() != "", book
            assert all(name == name.strip() != "" for name in book.authors), book
            assert "(" not in book.title, book
            assert "," not in "".join(book.authors), book
            assert -1000 <= book.year <= 2025, book
            assert len(book.language) == 3, book
            assert 2 <= len(set(book.genres)) == len(book.genres) <= 5, book
            assert 1 <= book.fame <= 10, book

    def test_each_description_is_one_sentence_of_its_own(self, books: list[StarterBook]) -> None:
        for book in books:
            text = book.description
            assert text.endswith("."), text
            assert not any(mark in text[:-1] for mark in ".!?"), text
            assert 25 <= len(text) <= 140, text
            assert text[0].isupper(), text
        assert len({book.description for book in books}) == len(books)

    def test_isbns_pass_their_checksums(self, books: list[StarterBook]) -> None:
        given = [book for book in books if book.isbn]
        assert len(given) >= 40
        assert len({book.isbn for book in given}) == len(given)
        for book in given:
            digits = [10 if digit == "X" else int(digit) for digit in book.isbn]
            assert sum(w * d for w, d in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0, book
            assert sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(book.isbn13)) % 10 == 0, book
        assert next(book.isbn13 for book in books if book.title == "Dune") == "9780441172719"
        assert next(book.isbn13 for book in books if book.title == "Mort") == ""

    def test_series_are_numbered_without_contradiction(self, books: list[StarterBook]) -> None:
        volumes: dict[str, list[StarterBook]] = defaultdict(list)
        for book in books:
            assert (book.number is None) == (not book.series), book
            if book.series:
                volumes[book.series].append(book)
        for series, members in volumes.items():
            numbers = [book.number for book in members]
            assert len(set(numbers)) == len(numbers), series
            assert 1 in numbers, series
            assert len({book.authors[0] for book in members}) == 1, series
        assert sum(len(members) >= 3 for members in volumes.values()) >= 25

    def test_the_shelf_is_wide(self, books: list[StarterBook]) -> None:
        genres = Counter(genre for book in books for genre in book.genres)
        for genre in ("Fantasy", "Science Fiction", "Mystery", "Romance", "Horror", "Nonfiction"):
            assert genres[genre] >= 25, genre
        for genre in ("Graphic Novels", "Poetry", "Plays", "Memoir", "Business", "Science"):
            assert genres[genre] >= 7, genre
        scripts = {
            unicodedata.name(letter).split()[0]
            for book in books
            for letter in book.original_title
            if letter.isalpha()
        }
        assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "CJK", "HIRAGANA", "HANGUL"} <= scripts
        assert len({book.language for book in books}) >= 5

    def test_tastes_speak_of_genres_which_exist(self, books: list[StarterBook]) -> None:
        genres = {genre for book in books for genre in book.genres}
        assert {genre for taste in TASTES for genre in taste.genres} <= genres


class TestReaders:
    def test_ratings_are_in_range_without_doubles(
        self, books: list[StarterBook], simulation: Simulation
    ) -> None:
        users, rated, given = simulation.ratings.T
        assert len(set(zip(users.tolist(), rated.tolist(), strict=True))) == len(users)
        assert set(given.tolist()) == {1, 2, 3, 4, 5}
        assert set(rated.tolist()) == {book.book_id for book in books}
        counts = np.bincount(users)[1:]
        assert len(counts) == 2400
        assert counts.min() >= 25
        assert counts.max() <= 120
        assert 100_000 <= len(users) <= 140_000

    def test_stars_are_spread_as_people_spread_them(self, simulation: Simulation) -> None:
        shares = np.bincount(simulation.ratings[:, 2])[1:] / len(simulation.ratings)
        assert 3.7 <= simulation.ratings[:, 2].mean() <= 4.2
        assert 0.03 <= shares[0] + shares[1] <= 0.15

    def test_nobody_means_to_read_what_he_has_rated(self, simulation: Simulation) -> None:
        rated = set(map(tuple, simulation.ratings[:, :2].tolist()))
        wished = list(map(tuple, simulation.to_read.tolist()))
        assert len(set(wished)) == len(wished) > 10_000
        assert rated.isdisjoint(wished)

    def test_some_readers_are_set_aside_for_evaluation(self, simulation: Simulation) -> None:
        users = simulation.complete_users.tolist()
        assert len(set(users)) == len(users) == 120
        assert users == sorted(users)
        assert users[0] >= 1
        assert users[-1] <= 2400

    def test_fame_brings_readers(self, books: list[StarterBook], stars: Floats) -> None:
        popularity = (stars > 0).sum(axis=0)
        fame = np.array([book.fame for book in books])
        assert popularity[fame >= 9].mean() > 1.5 * popularity[fame <= 6].mean()

    def test_series_are_followed_in_order_by_those_who_like_them(
        self, books: list[StarterBook], stars: Floats
    ) -> None:
        volume = {(book.series, book.number): row for row, book in enumerate(books) if book.series}
        later = in_order = 0
        goes_on: dict[bool, list[bool]] = {True: [], False: []}
        for (series, number), row in volume.items():
            following = volume.get((series, (number or 0) + 1))
            if following is None:
                continue
            later += int((stars[:, following] > 0).sum())
            in_order += int(((stars[:, following] > 0) & (stars[:, row] > 0)).sum())
            for liked, readers in (
                (True, stars[:, row] >= 4),
                (False, np.isin(stars[:, row], (1, 2))),
            ):
                goes_on[liked] += (stars[readers, following] > 0).tolist()
        assert in_order > 0.85 * later
        assert np.mean(goes_on[True]) > 0.6 > 0.3 > np.mean(goes_on[False])

    def test_no_readers_are_refused(self, books: list[StarterBook]) -> None:
        with pytest.raises(ValueError, match="at least one reader"):
            simulate_readers(books, readers=0)


class TestTastes:
    """What a recommender can learn from the simulated readers."""

    @pytest.mark.parametrize(
        ("title", "authors"),
        [
            ("The Fellowship of the Ring", {"Ursula K. Le Guin", "Robert Jordan", "Robin Hobb"}),
            ("Murder on the Orient Express", {"Arthur Conan Doyle", "Dorothy L. Sayers"}),
            ("Pride and Prejudice", {"Charlotte Brontë", "Elizabeth Gaskell", "Thomas Hardy"}),
            ("The Shining", {"Shirley Jackson", "Bram Stoker", "Anne Rice"}),
            ("Cosmos", {"Richard Dawkins", "Stephen Hawking", "Bill Bryson"}),
        ],
    )
    def test_a_book_stands_beside_its_kind(
        self, books: list[StarterBook], stars: Floats, title: str, authors: set[str]
    ) -> None:
        row = next(row for row, book in enumerate(books) if book.title == title)
        nearest = np.argsort(-likeness(stars)[row], kind="stable")[:25]
        assert len(authors & {books[other].authors[0] for other in nearest}) >= 2

    def test_a_fantasy_reader_is_led_to_fantasy(
        self, books: list[StarterBook], stars: Floats
    ) -> None:
        fantasy = np.array(["Fantasy" in book.genres for book in books])
        popularity = (stars >= LIKED).sum(axis=0).astype(float)
        near = likeness(stars)
        mine = ("The Hobbit", "The Final Empire", "Assassin's Apprentice")
        read = np.array([book.title in mine for book in books])

        assert fantasy[top(near[read].sum(axis=0), read, 10)].mean() >= 0.9
        assert fantasy[top(popularity, read, 10)].mean() <= 0.6

    def test_hidden_books_are_found_better_by_taste_than_by_fame(self, stars: Floats) -> None:
        random = np.random.default_rng(5)
        held_out = random.choice(len(stars), 250, replace=False)
        others = np.delete(stars, held_out, axis=0)
        near, popularity = likeness(others), (others >= LIKED).sum(axis=0).astype(float)

        def recall(score: Callable[[Floats], Floats]) -> float:
            found = []
            for reader in held_out:
                rated = np.flatnonzero(stars[reader])
                hidden = np.random.default_rng(reader).permutation(rated)[: len(rated) // 5]
                relevant = hidden[stars[reader, hidden] >= LIKED]
                known = stars[reader].copy()
                known[hidden] = 0
                picks = top(score(weights(known)), known > 0, 20)
                found += np.isin(relevant, picks).tolist()
            return float(np.mean(found))

        by_fame = recall(lambda _: popularity)
        assert recall(lambda known: known @ near) > 2 * by_fame > 0.1


def weights(stars: Floats) -> Floats:
    """Signed weights of 1 to 5 stars, 0 for no rating."""
    return np.asarray(np.array([0, -0.5, -0.2, 0.3, 1, 1.3])[stars.astype(int)])


def likeness(stars: Floats) -> Floats:
    """The cosine between books over their readers' signed weights, 0 with itself."""
    by_book = weights(stars)
    by_book /= np.linalg.norm(by_book, axis=0)
    cosine = by_book.T @ by_book
    np.fill_diagonal(cosine, 0)
    return np.asarray(cosine)


def top(score: Floats, leave_out: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    return np.argsort(-np.where(leave_out, -np.inf, score), kind="stable")[:n]


class TestFolder:
    def test_it_has_the_shape_of_goodbooks(self, folder: Path, books: list[StarterBook]) -> None:
        columns = (
            "book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,"
            "original_publication_year,original_title,title,language_code,average_rating,"
            "ratings_count,work_ratings_count,work_text_reviews_count,ratings_1,ratings_2,"
            "ratings_3,ratings_4,ratings_5,image_url,small_image_url"
        )
        assert (folder / "books.csv").read_text(encoding="utf-8").splitlines()[0] == columns
        rows = {row["title"]: row for row in rows_of(folder / "books.csv")}
        assert len(rows) == len(books)
        golden = rows["The Golden Compass (His Dark Materials, #1)"]
        assert golden["original_title"] == "Northern Lights"
        assert rows["Good Omens"]["authors"] == "Terry Pratchett, Neil Gaiman"
        assert rows["Good Omens"]["goodreads_book_id"] == ""

    def test_counts_of_books_are_those_of_the_ratings(self, folder: Path) -> None:
        given = Counter((row["book_id"], row["rating"]) for row in rows_of(folder / "ratings.csv"))
        for row in rows_of(folder / "books.csv"):
            counts = [given[row["book_id"], str(star)] for star in range(1, 6)]
            assert [int(row[f"ratings_{star}"]) for star in range(1, 6)] == counts
            assert int(row["ratings_count"]) == sum(counts)
            average = sum(star * count for star, count in enumerate(counts, 1)) / sum(counts)
            assert float(row["average_rating"]) == pytest.approx(average, abs=0.0051)

    def test_every_book_has_its_description_and_tags(
        self, folder: Path, books: list[StarterBook]
    ) -> None:
        descriptions = rows_of(folder / "descriptions.csv")
        assert [row["description"] for row in descriptions] == [book.description for book in books]
        assert {row["source"] for row in descriptions} == {"Bookfold"}
        names = {row["tag_id"]: row["tag_name"] for row in rows_of(folder / "tags.csv")}
        tags: dict[str, dict[str, int]] = defaultdict(dict)
        for row in rows_of(folder / "book_tags.csv"):
            tags[row["book_id"]][names[row["tag_id"]]] = int(row["count"])
        assert len(tags) == len(books)
        dune = tags[str(next(book.book_id for book in books if book.title == "Dune"))]
        assert list(dune) == ["science-fiction", "classics", "space-opera", "politics"]
        assert list(dune.values()) == sorted(dune.values(), reverse=True)

    def test_readers_to_read_and_evaluation_files_agree(self, folder: Path) -> None:
        readers = {row["user_id"] for row in rows_of(folder / "ratings.csv")}
        complete = [row["user_id"] for row in rows_of(folder / "complete_users.csv")]
        assert set(complete) <= readers
        assert {row["user_id"] for row in rows_of(folder / "to_read.csv")} <= readers

    def test_it_says_that_the_readers_are_simulated(self, folder: Path) -> None:
        assert "simulated" in (folder / "README.txt").read_text(encoding="utf-8")
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        assert facts["simulated"] is True
        assert facts["readers"] == 2400
        assert facts["ratings"] == len(rows_of(folder / "ratings.csv"))

    def test_one_seed_gives_the_same_bytes_and_another_seed_others(self, tmp_path: Path) -> None:
        one, same, other = (tmp_path / name for name in ("one", "same", "other"))
        write_starter_shelf(one, seed=1, readers=100)
        write_starter_shelf(same, seed=2, readers=50)
        write_starter_shelf(same, seed=1, readers=100)
        write_starter_shelf(other, seed=2, readers=100)
        assert sorted(path.name for path in one.iterdir()) == sorted(
            path.name for path in same.iterdir()
        )
        for path in one.iterdir():
            assert path.read_bytes() == (same / path.name).read_bytes(), path.name
        assert (one / "ratings.csv").read_bytes() != (other / "ratings.csv").read_bytes()

    def test_a_book_nobody_rated_has_no_average(self, tmp_path: Path) -> None:
        write_starter_shelf(tmp_path, readers=1)
        unread = [row for row in rows_of(tmp_path / "books.csv") if int(row["ratings_count"]) == 0]
        assert unread
        assert {row["average_rating"] for row in unread} == {""}


class TestCommand:
    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "catalog.starter", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def test_it_writes_the_folder(self, tmp_path: Path) -> None:
        done = self.run(tmp_path / "shelf", "--readers", "30", "--seed", "3")
        assert done.returncode == 0, done.stderr
        assert "30 simulated readers" in done.stdout
        assert (tmp_path / "shelf" / "dataset.json").is_file()

    def test_a_place_it_cannot_write_to_gives_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file")
        done = self.run(tmp_path / "taken", "--readers", "30")
        assert done.returncode != 0
        assert "cannot be written" in done.stderr
        assert "Traceback" not in done.stderr

    def test_no_readers_give_one_sentence(self, tmp_path: Path) -> None:
        done = self.run(tmp_path, "--readers", "0")
        assert done.returncode != 0
        assert "at least one reader" in done.stderr
        assert "Traceback" not in done.stderr
