"""The model in use: every process follows the release that the store names as latest."""

import threading
from collections.abc import Collection
from functools import cache

import structlog
from django.conf import settings

from recommender.engine.manifest import ReleaseError
from recommender.engine.model import Model
from recommender.engine.prune import prune_cache
from recommender.engine.release import NoRelease, ReleaseHolder
from recommender.engine.store import Store, StoreError, open_store
from recsite.health import NotReady

log = structlog.get_logger(__name__)


class Follower:
    """Keeps the model of one process on the latest release, in a thread of its own."""

    def __init__(self, holder: ReleaseHolder, *, every: float) -> None:
        self._holder = holder
        self._every = every
        self._start = threading.Lock()
        self._started = False
        self._stopped = threading.Event()

    def current(self) -> Model:
        """The model; the first call opens it and begins to follow. Raises `NoRelease`."""
        with self._start:
            if not self._started:
                self._holder.refresh()
                threading.Thread(target=self._follow, name="release", daemon=True).start()
                self._started = True
        return Model(self._holder.current)

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.wait(self._every):
            if self._holder.refresh():
                self._tidy()

    def _tidy(self) -> None:
        """Each host looks after its own files, whenever it has taken up another release."""
        try:
            prune_cache(release_store(), settings.RELEASE_CACHE)
        except (ReleaseError, StoreError, OSError) as error:
            log.warning("releases.cache_not_pruned", error=str(error))


@cache
def _follower() -> Follower:
    holder = ReleaseHolder(release_store(), cache_dir=settings.RELEASE_CACHE)
    return Follower(holder, every=settings.RELEASE_POLL_SECONDS)


def current_model() -> Model:
    """The model that answers in this process; `NoRelease` where none was ever to be had."""
    return _follower().current()


def forget_model() -> None:
    """Let the model go; the next call opens it anew, from the store that the settings then name."""
    if _follower.cache_info().currsize:
        _follower().stop()
    _follower.cache_clear()


def check() -> None:
    """Raise `NotReady` where this process has no model (for `/health/ready`)."""
    try:
        current_model()
    except NoRelease as error:
        raise NotReady("No release of the model could be opened yet") from error


def known_to_model(book_ids: Collection[int]) -> frozenset[int] | None:
    """Those of some books, by `Book.goodbooks_id`, that the model has; None without a model."""
    try:
        return current_model().knows(book_ids)
    except NoRelease:
        return None


def release_store() -> Store:
    """The store that the settings name; opened for each use."""
    return open_store(settings.RELEASE_STORE, endpoint_url=settings.S3_ENDPOINT_URL or None)
