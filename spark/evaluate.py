"""Measures how good a release is for readers it has not seen.

``python -m spark.evaluate --release URI --fold-in FILE --held-out FILE [--json]`` folds each
reader's ratings in, ranks all other books as the site would, and looks up the ranks of the books
that were held out. It uses the engine that serves readers, so what is measured is what is served.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from recommender.engine.manifest import ReleaseError
from recommender.engine.model import NO_READINGS, SERVED, Model
from recommender.engine.rankers import top_n
from recommender.engine.release import Release, open_release
from recommender.engine.store import Store, StoreError, open_store
from recommender.engine.values import FloatArray, IntArray, InvalidRating, NothingToFoldIn, Reading
from spark.metrics import (
    DEPTH,
    LIKED,
    ReaderRanking,
    bootstrap_interval,
    intra_list_distance,
    mean_of,
    over_lists,
    per_reader,
    series_violations,
)
from spark.readers import BadReaders, HeldOutReaders, draw, read_readers, take_stars_off
from spark.volumes import BadBooks, Volumes, facts_from, read_book_ids

POPULARITY = "popularity"
SIZES = (3, 5, 10, 20, 50)
#: Shares of the books that are folded in, whose stars are taken off.
ERASED = (0.5, 1.0)
#: One book in this many is measured as if nobody had rated it.
ONE_IN = 20
SHOWN_OF_COLD = ("ndcg@100", "recall@20", "readers")
SHOWN_OF_ERASED = ("ndcg@10", "ndcg@100", "recall@20", "popularity@10", "disliked@20")


def evaluate(
    model: Model,
    readers: HeldOutReaders,
    *,
    ranker: str,
    size: int | None = None,
    erased: float = 0.0,
    uses_unrated: bool = True,
    seed: int = 0,
    volumes: Volumes | None = None,
    among: frozenset[int] | None = None,
) -> dict[str, FloatArray | float]:
    """All metrics of one ranker; arrays, in the order of readers, if each has a value.

    Parameters
    ----------
    ranker
        ``served``, a ranker of the release, or ``popularity``.
    size
        Fold in only this many ratings, drawn by ``seed``, of readers who have as many. The rest of
        their ratings is still left out of the lists, so that the task is the same.
    erased
        Take the stars off this share of the books that are folded in, drawn by ``seed``.
    uses_unrated
        Whether those books are folded in as read without stars, or not at all.
    volumes
        Of the release's books; without them the order of series is not measured.
    among
        Rank these books alone, and look for these alone; all if None.
    """
    if among is not None:
        readers = readers.only(among)
    given = draw(readers, size, seed)
    if not given:
        return {}
    rated, unrated = take_stars_off(given, erased, seed=seed)
    readings = unrated if uses_unrated else dict.fromkeys(given, NO_READINGS)
    rankings = [
        _rank(model, ranker, rated[reader], readings[reader], readers, reader, among)
        for reader in given
    ]
    release = model.release
    measured = measure_lists(rankings, list(given), readers, release.book_ids, volumes)
    if "factors" in release.parts:
        factors = release.parts["factors"]["item_factors"].astype(np.float64)
        measured["intra_list_distance@10"] = intra_list_distance(rankings, factors)
    return measured


def measure_lists(
    rankings: Sequence[ReaderRanking],
    chosen: Sequence[int],
    readers: HeldOutReaders,
    book_ids: IntArray,
    volumes: Volumes | None = None,
) -> dict[str, FloatArray | float]:
    """All metrics of the lists of some readers; arrays if each reader has a value.

    Parameters
    ----------
    rankings
        Of each of the ``chosen`` readers, in their order.
    book_ids
        Shape (books,): the books that could have been recommended, by row.
    """
    shares = readers.popularity()
    popularity = np.array([shares.get(int(book), 0.0) for book in book_ids])
    profile = [np.mean([shares[book] for book in readers.history(reader)]) for reader in chosen]
    measured: dict[str, FloatArray | float] = {
        **per_reader(rankings, popularity),
        "profile_popularity": np.array(profile),
        **over_lists(rankings, len(popularity)),
        "readers": float(len(chosen)),
    }
    if volumes is not None:
        known = [np.flatnonzero(np.isin(book_ids, list(readers.fold_in[one]))) for one in chosen]
        measured["series_violations@10"] = series_violations(rankings, known, volumes)
    return measured


def summarize(values: Mapping[str, FloatArray | float], *, seed: int = 0) -> dict[str, Any]:
    """Means over readers, with their 95% intervals under ``intervals``.

    Metrics that are known for no reader are left out.
    """
    arrays = {
        name: value
        for name, value in values.items()
        if isinstance(value, np.ndarray) and not np.isnan(value).all()
    }
    plain = {name: value for name, value in values.items() if not isinstance(value, np.ndarray)}
    intervals = {name: bootstrap_interval(value, seed=seed) for name, value in arrays.items()}
    return {**mean_of(arrays), **plain, "intervals": intervals}


def evaluate_release(
    release: Release,
    readers: HeldOutReaders,
    *,
    sizes: Iterable[int] = (),
    erased: Iterable[float] = (),
    seed: int = 0,
    volumes: Volumes | None = None,
    cold: frozenset[int] = frozenset(),
) -> dict[str, dict[str, Any]]:
    """Metrics of what readers are served, of each ranker by itself, and of popularity.

    Of what readers are served, ``cold`` has the metrics among the cold books alone, and
    ``unrated`` those of `measure_unrated`. Those by
    profile size are under ``sizes``; those of readers with a share of their stars taken
    off under ``erased``, with and without the books that have lost them.
    """
    model = Model(release)
    sizes, erased = tuple(sizes), tuple(erased)
    answer = {}
    for ranker in (SERVED, *release.rankers, POPULARITY):
        values = evaluate(model, readers, ranker=ranker, volumes=volumes)
        answer[ranker] = summarize(values, seed=seed)
        by_size = {
            str(size): summarize(evaluate(model, readers, ranker=ranker, size=size, seed=seed))
            for size in sizes
        }
        if by_size:
            answer[ranker]["sizes"] = by_size
        if cold and ranker == SERVED:
            among_cold = evaluate(model, readers, ranker=ranker, among=cold)
            answer[ranker]["cold"] = summarize(among_cold, seed=seed)
        if ranker == SERVED and release.content is not None:
            answer[ranker]["unrated"] = measure_unrated(release, readers, seed=seed)
        if erased and ranker != POPULARITY:
            answer[ranker]["erased"] = {
                f"{share:g}": measure_erased(model, readers, ranker, share, seed=seed)
                for share in erased
            }
    return answer


def as_if_unrated(release: Release, rows: IntArray) -> Release:
    """A release with content, as if nobody had rated the books in these rows.

    What other books' scores owe to those ratings stays.
    """
    if release.content is None:
        raise ValueError("The release does not know what books are about.")
    content = release.content.as_if_unrated(rows)
    books = {**release.books, "ratings": content.ratings}
    return replace(release, books=books, content=content)


def measure_unrated(
    release: Release, readers: HeldOutReaders, *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Metrics among one book in twenty alone.

    ``without`` their ratings, by what the books are about, and ``with`` them.
    """
    rows = np.flatnonzero(release.book_ids % ONE_IN == 0)
    among = frozenset(release.book_ids[rows].tolist())
    return {
        name: summarize(evaluate(Model(one), readers, ranker=SERVED, among=among), seed=seed)
        for name, one in (("without", as_if_unrated(release, rows)), ("with", release))
    }


def measure_erased(
    model: Model, readers: HeldOutReaders, ranker: str, share: float, *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Metrics of readers with a share of their stars taken off.

    ``with`` the books that have lost their stars, and ``without`` them.
    """
    return {
        name: summarize(
            evaluate(model, readers, ranker=ranker, erased=share, uses_unrated=used, seed=seed),
            seed=seed,
        )
        for name, used in (("without", False), ("with", True))
    }


def split_release_uri(uri: str) -> tuple[str, str | None]:
    """The store and the version in the URI of a release; None means the latest version."""
    store, found, version = uri.rstrip("/").rpartition("/releases/")
    return (store, version) if found and "/" not in version else (uri, None)


def format_table(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The means as lines of text, one column for each ranker."""
    names = [
        name for name, value in next(iter(metrics.values())).items() if isinstance(value, float)
    ]
    head = "".join([" " * 22, *(f"{ranker:>14}" for ranker in metrics)])
    rows = [
        "".join([f"{name:22}", *(f"{values[name]:14.4f}" for values in metrics.values())])
        for name in names
    ]
    return "\n".join([head, *rows])


def format_erased(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The means of readers with stars taken off, with and without the books concerned."""
    lines = [f"{'stars taken off':36}{''.join(f'{name:>14}' for name in SHOWN_OF_ERASED)}"]
    for ranker, values in metrics.items():
        for share, measured in values.get("erased", {}).items():
            for name, means in measured.items():
                label = f"{ranker}, {float(share):.0%}, {name}"
                # Of empty lists some metrics are unknown.
                cells = "".join(
                    f"{means[metric]:14.4f}" if metric in means else f"{'–':>14}"
                    for metric in SHOWN_OF_ERASED
                )
                lines.append(f"{label:36}{cells}")
    return "\n".join(lines)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="spark.evaluate", description=__doc__)
    add = parser.add_argument
    add("--release", required=True, help="a store (its latest release), or …/releases/VERSION")
    add("--fold-in", required=True, type=Path, help="CSV of user_id, book_id, rating to fold in")
    add("--held-out", required=True, type=Path, help="CSV of the ratings that are held out")
    add("--books", type=Path, help="books.csv of the data set, to measure the order of series")
    add("--endpoint-url", help="S3 service other than AWS (default: S3_ENDPOINT_URL)")
    add("--sizes", action="store_true", help=f"also measure with {SIZES} ratings folded in")
    add(
        "--erased",
        action="store_true",
        help="also measure with the stars of half of the books, and of all, taken off",
    )
    add(
        "--cold",
        type=Path,
        help="ids of books, a line each: also measure what is served among these alone",
    )
    add("--seed", type=int, default=0, help="for the draws of ratings and the intervals")
    add("--json", action="store_true", help="JSON instead of a table")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; return 0 if that succeeded."""
    options = parse_arguments(arguments)
    uri, version = split_release_uri(options.release)
    try:
        readers = read_readers(options.fold_in, options.held_out)
        store = open_store(uri, endpoint_url=options.endpoint_url)
        metrics = _evaluate_stored(store, version, readers, options)
    except (BadBooks, BadReaders, InvalidRating, ReleaseError, StoreError) as error:
        sys.stderr.write(f"Nothing was evaluated: {error}\n")
        return 1
    if options.json:
        text = json.dumps(metrics, indent=1)
    elif options.erased:
        text = f"{format_table(metrics)}\n\n{format_erased(metrics)}"
    else:
        text = format_table(metrics)
    if options.cold and not options.json:
        cold = metrics[SERVED]["cold"]
        text += "\n\nAmong the cold books alone: " + ", ".join(
            f"{name} {cold[name]:.4f}" for name in SHOWN_OF_COLD if name in cold
        )
    sys.stdout.write(f"{text}\n")
    return 0


def _evaluate_stored(
    store: Store, version: str | None, readers: HeldOutReaders, options: argparse.Namespace
) -> dict[str, dict[str, Any]]:
    with TemporaryDirectory(prefix="bookfold-evaluate-") as folder:
        release = open_release(store, cache_dir=Path(folder), version=version)
        sizes = SIZES if options.sizes else ()
        volumes = Volumes.of(facts_from(options.books), release.book_ids) if options.books else None
        return evaluate_release(
            release,
            readers,
            sizes=sizes,
            erased=ERASED if options.erased else (),
            seed=options.seed,
            volumes=volumes,
            cold=read_book_ids(options.cold) if options.cold else frozenset(),
        )


def _rank(
    model: Model,
    ranker: str,
    ratings: Mapping[int, float],
    readings: Mapping[int, Reading],
    readers: HeldOutReaders,
    reader: int,
    among: frozenset[int] | None,
) -> ReaderRanking:
    hidden = readers.held_out[reader]
    known = set(readers.fold_in[reader])
    if among is not None:
        known |= set(model.release.book_ids.tolist()) - among
    try:
        if ranker == POPULARITY:
            release = model.release
            rows = release.rows_of(np.array(sorted(known), dtype=np.int64))
            counts = release.books["ratings"].astype(np.float64)
            top = top_n(counts, release.book_ids, DEPTH, exclude_rows=rows[rows >= 0])
        else:
            top = model.fold_in(ratings, readings, ranker=ranker).top(DEPTH, exclude=known)
    except NothingToFoldIn:
        top = []
    books = np.array([book.book_id for book in top], dtype=np.int64)
    return ReaderRanking(
        rows=model.release.rows_of(books),
        stars=np.array([hidden.get(int(book), np.nan) for book in books]),
        liked=sum(stars >= LIKED for stars in hidden.values()),
    )


if __name__ == "__main__":
    raise SystemExit(main())
