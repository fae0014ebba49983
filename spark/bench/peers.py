"""Other recommenders, each as it is commonly implemented, tuned on the same readers.

A peer is fitted on the stars of the training readers (readers × books, sparse; 0 is no rating) and
returns scores of all books for other readers, whose ratings have the same shape.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
from scipy.linalg.lapack import spotrf, spotri
from scipy.sparse import csr_array

from recommender.engine.values import Float32Array, FloatArray
from recommender.engine.weights import WeightTable

Scorer = Callable[[csr_array], FloatArray | Float32Array]
Fit = Callable[[csr_array], Scorer]

STARS = (1.0, 2.0, 3.0, 4.0, 5.0)
LIKES = WeightTable((3.0, 4.0), (0.0, 1.0))
GRADED = WeightTable(STARS, (0.0, 0.1, 0.5, 1.0, 1.3))


def weighted(stars: csr_array, table: WeightTable) -> csr_array:
    """The same matrix with weights instead of stars."""
    weights = table(stars.data.astype(np.float64)).astype(np.float32)
    return csr_array((weights, stars.indices, stars.indptr), shape=stars.shape)


def fit_popularity(train: csr_array) -> Scorer:
    """The books most readers have rated."""
    counts = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float64)
    return lambda fold_in: np.broadcast_to(counts, fold_in.shape).copy()


def fit_item_knn(train: csr_array, *, neighbours: int = 50, shrink: float = 20.0) -> Scorer:
    """Shrunk cosine similarity of likes, only the nearest of each book (Sarwar et al., 2001)."""
    likes = weighted(train, GRADED)
    products = (likes.T @ likes).toarray()
    lengths = np.sqrt(np.maximum(np.diag(products), 1e-9))
    products /= np.outer(lengths, lengths) + shrink
    np.fill_diagonal(products, 0)
    cut = np.partition(products, -neighbours, axis=0)[-neighbours]
    products[products < cut] = 0
    return lambda fold_in: weighted(fold_in, GRADED) @ products


def fit_ease(
    train: csr_array, *, table: WeightTable, ridge: float, per_book: float, discount: float
) -> Scorer:
    """EASE, as one dense matrix (Steck, 2019); λ may grow with a book's count."""
    rated = weighted(train, table)
    products = (rated.T @ rated).toarray()
    counts = np.diag(products).copy()
    products.flat[:: len(products) + 1] += ridge + per_book * counts
    weights = regression_on_others(products) * (counts + 30.0) ** -discount
    return lambda fold_in: weighted(fold_in, table) @ weights


def regression_on_others(products: Float32Array) -> Float32Array:
    """The weights of each book's ridge regression on all others: a column for each book.

    All at once, from the inverse of the products with λ on their diagonal (Steck, 2019). Raises
    `numpy.linalg.LinAlgError` where λ is too small.
    """
    factor, singular = spotrf(products, lower=True, clean=True)
    if singular:
        raise np.linalg.LinAlgError("λ is too small for these ratings.")
    inverse, _ = spotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    inverse /= -np.diag(inverse)
    np.fill_diagonal(inverse, 0)
    weights: Float32Array = inverse
    return weights


def fit_mrf(train: csr_array, *, ridge: float, power: float) -> Scorer:
    """A Markov random field, as one dense matrix (Steck, "Markov Random Fields for CF", 2019).

    The covariance of the likes is scaled by powers of the books' deviations before it is inverted.
    """
    likes = likes_of(train)
    readers, mean = likes.shape[0], np.asarray(likes.mean(axis=0)).ravel()
    products = (likes.T @ likes).toarray().astype(np.float64) / readers - np.outer(mean, mean)
    scale = np.sqrt(np.maximum(np.diag(products), 1.0 / readers)) ** power
    products /= np.outer(scale, scale)
    products.flat[:: len(products) + 1] += ridge
    weights = regression_on_others(products.astype(np.float32)) / scale[:, None] * scale
    base = mean - mean @ weights
    return lambda fold_in: likes_of(fold_in) @ weights + base


def explicit_factors(
    train: csr_array, *, rank: int = 48, ridge: float = 0.1, rounds: int = 6, seed: int = 1
) -> FloatArray:
    """Item factors of explicit ALS with Spark's scaling of λ (Zhou et al., 2008)."""
    items = np.random.default_rng(seed).normal(0, rank**-0.5, (train.shape[1], rank))
    by_book = csr_array(train.T)
    for _ in range(rounds):
        readers = solve_rows(train, items, ridge)
        items = solve_rows(by_book, readers, ridge)
    return items


def solve_rows(stars: csr_array, factors: FloatArray, ridge: float) -> FloatArray:
    """The exact factor of every row, given those of the columns: ALS's half-step."""
    rank = factors.shape[1]
    solved = np.zeros((stars.shape[0], rank))
    for row in range(stars.shape[0]):
        part = slice(stars.indptr[row], stars.indptr[row + 1])
        mine = factors[stars.indices[part]]
        system = mine.T @ mine + np.eye(rank) * ridge * max(len(mine), 1)
        solved[row] = np.linalg.solve(system, mine.T @ stars.data[part])
    return solved


def fit_explicit(train: csr_array, *, exact: bool, rank: int, ridge: float) -> Scorer:
    """Explicit ALS: the stars projected naively, or folded in exactly."""
    items = explicit_factors(train, rank=rank, ridge=ridge)
    if exact:
        return lambda fold_in: solve_rows(fold_in, items, ridge) @ items.T
    return lambda fold_in: (fold_in @ items) @ items.T


def fit_implicit_als(
    train: csr_array, *, factors: int, alpha: float, regularization: float
) -> Scorer:
    """ALS of the package ``implicit``; readers are folded in by its ``recalculate_user``."""
    als = import_module("implicit.cpu.als")
    model: Any = als.AlternatingLeastSquares(
        factors=factors,
        regularization=regularization,
        alpha=alpha,
        iterations=12,
        random_state=1,
    )
    sparse = import_module("scipy.sparse")
    model.fit(sparse.csr_matrix(likes_of(train)), show_progress=False)

    def score(fold_in: csr_array) -> FloatArray:
        rows = np.arange(fold_in.shape[0])
        readers: FloatArray = model.recalculate_user(rows, sparse.csr_matrix(likes_of(fold_in)))
        scores: FloatArray = readers @ model.item_factors.T
        return scores

    return score


def fit_lenskit(train: csr_array, *, factors: int, weight: float, regularization: float) -> Scorer:
    """ImplicitMF of the package ``lenskit`` on likes; readers are folded in by the package."""
    data, als = import_module("lenskit.data"), import_module("lenskit.als")
    model: Any = als.ImplicitMFScorer(
        embedding_size=factors,
        weight=weight,
        epochs=10,
        regularization=regularization,
        user_embeddings=False,
    )
    _train_lenskit(model, train)
    candidates = data.ItemList(item_ids=np.arange(train.shape[1]))

    def score(fold_in: csr_array) -> FloatArray:
        given = likes_of(fold_in)
        scores = np.zeros(fold_in.shape)
        for row in range(fold_in.shape[0]):
            mine = given.indices[given.indptr[row] : given.indptr[row + 1]]
            if len(mine):
                query = data.RecQuery(user_items=data.ItemList(item_ids=mine.astype(np.int64)))
                scores[row] = model(query, candidates).scores()
        return scores

    return score


def fit_slim(train: csr_array, *, lasso: float, ridge: float, candidates: int) -> Scorer:
    """SLIM of the package ``lenskit`` on likes (Ning & Karypis, 2011): sparse, never below zero.

    Each book is predicted by those most like it, as many as are candidates (their fsSLIM).
    """
    knn = import_module("lenskit.knn")
    model: Any = knn.SLIMScorer(l1_reg=lasso, l2_reg=ridge, max_nbrs=candidates)
    _train_lenskit(model, train)
    return lambda fold_in: (likes_of(fold_in) @ model.weights).toarray()


def _train_lenskit(model: Any, train: csr_array) -> None:
    """Train a model of ``lenskit`` on likes; it numbers the books as their columns are."""
    data, pandas = import_module("lenskit.data"), import_module("pandas")
    readers, books = likes_of(train).nonzero()
    # An extra reader of all books, so that the model also knows those that nobody likes.
    every = np.arange(train.shape[1])
    frame = pandas.DataFrame(
        {
            "user_id": np.concatenate([readers, np.full(len(every), train.shape[0])]),
            "item_id": np.concatenate([books, every]),
        }
    )
    options = import_module("lenskit.training").TrainingOptions(rng=1)
    model.train(data.from_interactions_df(frame.drop_duplicates()), options)


def fit_sansa(train: csr_array, *, ridge: float, density: float) -> Scorer:
    """EASE with a sparse inverse on likes, of the package ``sansa`` (Spišák et al., 2023)."""
    sansa, sparse = import_module("sansa"), import_module("scipy.sparse")
    settings = sansa.SANSAConfig(
        l2=ridge,
        weight_matrix_density=density,
        gramian_factorizer_config=sansa.CHOLMODGramianFactorizerConfig(),
        lower_triangle_inverter_config=sansa.UMRUnitLowerTriangleInverterConfig(scans=4),
    )
    model: Any = sansa.SANSA(settings).fit(sparse.csr_matrix(likes_of(train)))
    return lambda fold_in: model.forward(sparse.csr_matrix(likes_of(fold_in))).toarray()


def peers() -> Mapping[str, Sequence[Fit]]:
    """All peers that are installed, by name, each with the settings to try."""
    found: dict[str, list[Fit]] = {
        "popularity": [fit_popularity],
        "explicit ALS, naive projection": _grid(
            fit_explicit, {"exact": [False], "rank": [48], "ridge": [0.1]}
        ),
        "explicit ALS, exact fold-in": _grid(
            fit_explicit, {"exact": [True], "rank": [48], "ridge": [0.05, 0.1]}
        ),
        "item-kNN": _grid(
            fit_item_knn, {"neighbours": [3, 5, 10, 20, 50], "shrink": [0.0, 5.0, 20.0]}
        ),
        "EASE, likes only": _grid(
            fit_ease,
            {
                "table": [LIKES],
                "ridge": [60.0, 125.0, 250.0, 500.0],
                "per_book": [0.0],
                "discount": [0.0],
            },
        ),
        "EASE, graded": _grid(
            fit_ease,
            {
                "table": [GRADED],
                "ridge": [75.0, 150.0],
                "per_book": [0.025, 0.05],
                "discount": [0.12, 0.18, 0.24],
            },
        ),
        "MRF": _grid(fit_mrf, {"ridge": [0.005, 0.02, 0.08], "power": [0.5, 0.75]}),
    }
    if find_spec("implicit"):
        found["implicit's ALS"] = _grid(
            fit_implicit_als,
            {"factors": [128, 256], "alpha": [3.0, 10.0], "regularization": [0.05, 5.0]},
        )
    if find_spec("lenskit"):
        found["lenskit's ImplicitMF"] = _grid(
            fit_lenskit,
            {"factors": [64, 128], "weight": [3.0, 10.0], "regularization": [0.1, 5.0]},
        )
        found["SLIM"] = _grid(
            fit_slim,
            {"lasso": [0.3, 1.0, 2.0], "ridge": [20.0, 40.0, 80.0], "candidates": [300]},
        )
    if find_spec("sansa"):
        found["SANSA"] = _grid(fit_sansa, {"ridge": [60.0, 125.0], "density": [0.01]})
    return found


def settings_of(fit: Fit) -> dict[str, float]:
    """The numeric settings of a fit."""
    given = fit.keywords if isinstance(fit, partial) else {}
    return {name: value for name, value in given.items() if isinstance(value, int | float)}


def likes_of(stars: csr_array) -> csr_array:
    """1 where a reader gave 4 stars or more; nothing else is stored. ``stars`` is not changed."""
    # A copy, since zeros are removed in place and the indices are shared with ``stars``.
    likes = weighted(stars, LIKES).copy()
    likes.eliminate_zeros()
    return likes


def _grid(fit: Callable[..., Scorer], settings: Mapping[str, Sequence[Any]]) -> list[Fit]:
    return [
        partial(fit, **dict(zip(settings, values, strict=True)))
        for values in product(*settings.values())
    ]
