import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.dial import CandidateFeatures, relevance
from recommender.engine.rerank import BookFacts, RerankOptions, reading_languages, rerank
from recommender.engine.values import ScoredBook


def candidates(*book_ids: int) -> list[ScoredBook]:
    return [ScoredBook(book_id, 1.0 - 0.01 * place) for place, book_id in enumerate(book_ids)]


def order(
    book_ids: list[int], facts: dict[int, BookFacts], read: set[int] | None = None
) -> list[int]:
    return [book.book_id for book in rerank(candidates(*book_ids), facts, read or set())]


def volume(number: float | None, *, series: str = "Dune", is_collection: bool = False) -> BookFacts:
    return BookFacts(series=series, number=number, is_collection=is_collection)


def test_what_was_read_is_left_out() -> None:
    assert order([1, 2, 3], {}, {2}) == [1, 3]


def test_of_an_unread_series_only_the_first_volume_is_offered() -> None:
    facts = {n: volume(n) for n in (1, 2, 3)}
    assert order([3, 2, 1], facts) == [1]


def test_of_a_begun_series_only_the_next_volume_is_offered() -> None:
    facts = {n: volume(n) for n in range(1, 7)}
    assert order([6, 5, 3, 4], facts, {1, 2}) == [3]


def test_a_volume_before_the_last_one_read_is_no_find() -> None:
    facts = {n: volume(n) for n in range(1, 17)}
    assert order([2, 6, 5], facts, {1, 2, 4}) == [5]
    assert order([2, 6, 5], facts, {1, 4}) == []
    assert order([2, 3, 7, 9, 16, 15], facts, {1, 5, 6, 8, 12, 13, 14}) == [15]


def test_volumes_that_the_catalog_lacks_were_read_as_well() -> None:
    facts = {n: volume(n) for n in range(1, 7)}
    ranked = rerank(candidates(2, 6, 5), facts, {1}, unmatched=[volume(4), volume(3)])
    assert [book.book_id for book in ranked] == [5]
    assert not rerank(candidates(1, 2), facts, set(), unmatched=[collection(1, 6)])


def test_who_began_in_the_middle_goes_on_from_there() -> None:
    facts = {n: volume(n) for n in range(1, 7)}
    assert order([1, 2, 6, 5], facts, {3, 4}) == [5]


def test_novellas_between_volumes_are_not_the_next_volume() -> None:
    facts = {1: volume(1), 15: volume(1.5), 2: volume(2), 3: volume(0.5)}
    assert order([15, 3, 2], facts, {1}) == [2]
    assert order([2], facts, {1, 15}) == [2]


def test_a_missing_next_volume_offers_none() -> None:
    facts = {1: volume(1), 3: volume(3)}
    assert order([3], facts, {1}) == []


def test_two_editions_of_the_next_volume_count_once() -> None:
    facts = {1: volume(1), 2: volume(2), 22: volume(2)}
    assert order([22, 2], facts, {1}) == [22]


def collection(first: float, last: float) -> BookFacts:
    return BookFacts(series="Dune", is_collection=True, first_volume=first, last_volume=last)


def test_a_collection_has_to_begin_with_the_next_volume() -> None:
    facts = {1: volume(1), 2: volume(2), 12: collection(1, 2), 34: collection(3, 4)}
    assert order([34, 12], facts) == [12]
    assert order([12, 34], facts, {1}) == []
    assert order([12, 34], facts, {1, 2}) == [34]


def test_who_read_a_collection_goes_on_after_its_last_volume() -> None:
    facts = {n: volume(n) for n in range(1, 6)} | {13: collection(1, 3)}
    assert order([1, 2, 3, 5, 4], facts, {13}) == [4]


def test_box_sets_of_what_was_read_are_left_out() -> None:
    facts = {1: volume(1), 9: volume(None, is_collection=True)}
    assert order([9], facts, {1}) == []
    assert order([9], facts, set()) == [9]


def test_a_box_set_without_a_series_goes_by_its_author() -> None:
    facts = {
        1: BookFacts(author_ids=(7,)),
        2: BookFacts(author_ids=(7,), is_collection=True),
        3: BookFacts(author_ids=(8,), is_collection=True),
    }
    assert order([2, 3], facts, {1}) == [3]


def test_who_read_the_box_set_has_read_its_volumes() -> None:
    facts = {1: volume(1), 2: volume(2), 9: volume(None, is_collection=True)}
    assert order([1, 2], facts, {9}) == []


def test_at_most_two_books_of_an_author_in_any_ten() -> None:
    facts = {n: BookFacts(author_ids=(1,) if n <= 5 else (n,)) for n in range(1, 31)}
    ranked = order(list(range(1, 31)), facts)
    assert ranked[:4] == [1, 2, 6, 7]
    for start in range(len(ranked) - 9):
        window = ranked[start : start + 10]
        assert sum(n <= 5 for n in window) <= 2
    assert sorted(ranked) == list(range(1, 31))


def test_a_coauthor_counts_for_both() -> None:
    facts = {1: BookFacts((1, 2)), 2: BookFacts((1,)), 3: BookFacts((2,)), 4: BookFacts((1, 2))}
    assert order([1, 2, 3, 4], facts) == [1, 2, 3]


def test_languages_the_reader_does_not_read_are_dropped() -> None:
    facts = {n: BookFacts(language="eng") for n in range(1, 6)}
    facts |= {10: BookFacts(language="fre"), 11: BookFacts(language="eng"), 12: BookFacts()}
    assert order([10, 11, 12], facts, {1, 2, 3, 4, 5}) == [11, 12]


@pytest.mark.parametrize(
    ("books", "languages"),
    [
        ({}, set()),
        ({"": 30}, set()),
        ({"eng": 1}, set()),
        ({"spa": 1, "": 30}, set()),
        ({"eng": 1, "spa": 1}, set()),
        ({"eng": 2}, {"eng"}),
        ({"eng": 9, "spa": 1}, {"eng"}),
        ({"eng": 8, "spa": 2}, {"eng", "spa"}),
        ({"eng": 28, "spa": 2}, {"eng"}),
        ({"eng": 27, "spa": 3}, {"eng", "spa"}),
        ({"eng": 27, "spa": 3, "": 40}, {"eng", "spa"}),
        ({"ara": 40, "eng": 3}, {"ara"}),
    ],
)
def test_a_language_takes_two_books_and_a_tenth_of_those_read(
    books: dict[str, int], languages: set[str]
) -> None:
    read = [BookFacts(language=one) for one, count in books.items() for _ in range(count)]
    assert reading_languages(read) == languages


def test_the_readers_own_languages_go_before_those_of_the_books() -> None:
    facts = {n: BookFacts(language="eng") for n in range(1, 6)}
    facts |= {10: BookFacts(language="fre"), 11: BookFacts(language="eng"), 12: BookFacts()}
    own = RerankOptions(own_languages=frozenset({"fre"}))
    chosen = rerank(candidates(10, 11, 12), facts, {1, 2, 3, 4, 5}, own)
    assert [one.book_id for one in chosen] == [10, 12]
    asked = RerankOptions(own_languages=frozenset({"fre"}), languages=frozenset({"eng"}))
    chosen = rerank(candidates(10, 11, 12), facts, {1, 2, 3, 4, 5}, asked)
    assert [one.book_id for one in chosen] == [11]


def test_a_stray_book_opens_no_language() -> None:
    facts = {n: BookFacts(language="eng") for n in range(1, 6)}
    facts |= {6: BookFacts(language="spa"), 10: BookFacts(language="spa")}
    assert order([10], facts, {1, 2, 3, 4, 5, 6}) == []


def test_books_nothing_is_known_of_stay_where_they_are() -> None:
    assert order([3, 1, 2], {}) == [3, 1, 2]


def test_the_rules_can_be_loosened() -> None:
    facts = {n: BookFacts(author_ids=(1,)) for n in range(5)}
    options = RerankOptions(per_author=4)
    assert len(rerank(candidates(*range(5)), facts, set(), options)) == 4


def around(ratings: list[int], similarity: np.ndarray | None = None) -> CandidateFeatures:
    alike = np.eye(len(ratings)) if similarity is None else similarity
    return CandidateFeatures(np.array(ratings, dtype=np.int64), lambda place: alike[place])


def dialed(
    book_ids: list[int], dial: float, features: CandidateFeatures, top: int | None = None
) -> list[int]:
    options = RerankOptions(dial=dial)
    books = rerank(candidates(*book_ids), {}, set(), options, features, top=top)
    return [book.book_id for book in books]


def test_at_zero_the_dial_keeps_the_releases_own_order() -> None:
    alike = np.ones((3, 3))
    assert dialed([3, 1, 2], 0, around([1, 10**6, 5], alike)) == [3, 1, 2]


def test_the_dial_moves_famous_books_up_and_down() -> None:
    features = around([10_000, 10, 1000])
    assert dialed([1, 2, 3], 2, features) == [2, 3, 1]
    assert dialed([2, 3, 1], -2, around([10, 1000, 10_000])) == [1, 3, 2]


def test_adventurous_puts_something_different_beside_the_best() -> None:
    alike = np.array([[1.0, 0.95, 0.0], [0.95, 1.0, 0.0], [0.0, 0.0, 1.0]])
    features = around([100, 100, 100], alike)
    assert dialed([1, 2, 3], 1, features) == [1, 3, 2]
    assert dialed([1, 2, 3], -1, features) == [1, 2, 3]


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=25),
    st.sampled_from([-2, -1, 0, 1, 2]),
    st.integers(0, 2**32 - 1),
)
def test_no_turn_of_the_dial_loses_or_doubles_a_book(
    ratings: list[int], dial: int, seed: int
) -> None:
    vectors = np.abs(np.random.default_rng(seed).normal(size=(len(ratings), 4)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    features = around(ratings, np.clip(vectors @ vectors.T, 0, 1))
    ids = list(range(len(ratings)))
    whole = dialed(ids, dial, features)
    assert sorted(whole) == ids
    assert dialed(ids, dial, features, top=5) == whole[:5]


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=20), st.floats(0.1, 2))
def test_turning_the_dial_never_moves_a_more_famous_book_up(
    ratings: list[int], dial: float
) -> None:
    scores = np.linspace(2, 1, len(ratings))
    counts = np.array(ratings, dtype=np.int64)
    before, after = relevance(scores, counts, 0), relevance(scores, counts, dial)
    for a in range(len(ratings)):
        for b in range(len(ratings)):
            if before[a] < before[b] and ratings[a] >= ratings[b]:
                assert after[a] < after[b]


def test_excluded_books_authors_and_genres_are_left_out() -> None:
    facts = {
        1: BookFacts(),
        2: BookFacts(author_ids=(7, 8)),
        3: BookFacts(genre_ids=(4, 5)),
        4: BookFacts(author_ids=(9,), genre_ids=(6,)),
    }
    options = RerankOptions(
        without_books=frozenset({1}), without_authors=frozenset({8}), without_genres=frozenset({5})
    )
    assert [b.book_id for b in rerank(candidates(1, 2, 3, 4), facts, set(), options)] == [4]


@pytest.mark.parametrize(
    ("options", "passing"),
    [
        (RerankOptions(genre_ids=frozenset({1})), [1, 3]),
        (RerankOptions(genre_ids=frozenset({1}), with_unknown_genres=True), [1, 3, 4]),
        (RerankOptions(without_genres=frozenset({1})), [2]),
        (RerankOptions(without_genres=frozenset({1}), with_unknown_genres=True), [2, 4]),
        (RerankOptions(languages=frozenset({"fre"})), [2]),
        (RerankOptions(year_from=1900), [1, 3]),
        (RerankOptions(year_to=1900), [2]),
        (RerankOptions(year_from=1950, year_to=1950), [1]),
        (RerankOptions(longest_series=0), [1, 4]),
        (RerankOptions(longest_series=3), [1, 2, 4]),
    ],
)
def test_filters_let_pass_what_is_known_to_fit(options: RerankOptions, passing: list[int]) -> None:
    facts = {
        1: BookFacts(genre_ids=(1, 2), year=1950, language="eng"),
        2: BookFacts(genre_ids=(2,), year=1899, language="fre", series="A", series_length=3),
        3: BookFacts(genre_ids=(1,), year=2001, language="eng", series="B", series_length=4),
        4: BookFacts(),
    }
    assert [b.book_id for b in rerank(candidates(1, 2, 3, 4), facts, set(), options)] == passing


def test_a_language_that_is_asked_for_need_not_be_one_of_the_readers() -> None:
    facts = {n: BookFacts(language="eng") for n in range(1, 6)} | {10: BookFacts(language="fre")}
    options = RerankOptions(languages=frozenset({"fre"}))
    assert [b.book_id for b in rerank(candidates(10), facts, set(range(1, 6)), options)] == [10]


def test_next_volumes_leave_room_for_finds() -> None:
    begun = {n: volume(1, series=f"Begun {n}") for n in range(1, 7)}
    following = {n + 10: volume(2, series=f"Begun {n}") for n in begun}
    facts = begun | following
    ranked = candidates(*following, *range(20, 32))
    chosen = [one.book_id for one in rerank(ranked, facts, set(begun))]
    assert chosen[:11] == [11, 12, 13, 20, 21, 22, 23, 24, 25, 26, 14]
    everything = [
        one.book_id for one in rerank(ranked, facts, set(begun), RerankOptions(next_volumes=None))
    ]
    assert everything[:7] == [11, 12, 13, 14, 15, 16, 20]
    assert order(list(following), facts, set(begun)) == list(following)
