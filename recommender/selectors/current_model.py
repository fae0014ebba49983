"""The model in use: each process follows the release that the store names as the latest."""

import threading
import time
from collections.abc import Collection
from functools import cache

import structlog
from django.conf import settings
from django.db import connection

from recommender.engine.holder import ReleaseHolder
from recommender.engine.manifest import ReleaseError
from recommender.engine.model import Model
from recommender.engine.prune import prune_cache
from recommender.engine.release import NoRelease, Release
from recommender.engine.served import AddedBooks
from recommender.engine.store import Store, StoreError, open_store
from recommender.selectors.added_books import AddedBooksReader
from recsite.health import NotReady

log = structlog.get_logger(__name__)

#: How often a process looks for books that have come since the release was built.
ADDED_BOOKS_SECONDS = 15.0
#: How long somebody waits for a look at what is new, who would get nothing otherwise.
LOOK_SECONDS = 5.0


def current_model() -> Model:
    """The model in use in this process; raises `NoRelease` if none could be opened yet."""
    return _follower().model()


def model_for(book_ids: Collection[int]) -> Model:
    """The model in use, for a library with these books, by `Book.goodbooks_id`.

    If it knows none of them, the process looks for what is new first: another set of books may have
    just taken the place of theirs, with numbers of its own, or they have just been added. Raises
    `NoRelease`.
    """
    model = current_model()
    return model if not book_ids or model.knows(book_ids) else _follower().newest_model()


def known_to_model(*, book_ids: Collection[int]) -> frozenset[int] | None:
    """Which of these books, by `Book.goodbooks_id`, the model has; None without a model."""
    try:
        return current_model().knows(book_ids)
    except NoRelease:
        return None


def why_not_latest() -> Exception | None:
    """Why this process does not use the latest release; None if it does."""
    current_model()
    return _follower().last_error


def check() -> str:
    """What `/health/ready` says of the model; raises `NotReady` if this process has none.

    A process that serves an older release is ready, for its lists are good.
    """
    try:
        error = why_not_latest()
    except NoRelease as no_release:
        raise NotReady("No release of the model could be opened yet") from no_release
    return f"ok, but the latest release can't be used: {error}" if error else "ok"


def forget_model() -> None:
    """Drop the model; the next call opens it again, from the store in the settings at that time."""
    if _follower.cache_info().currsize:
        _follower().stop()
    _follower.cache_clear()


def release_store() -> Store:
    """The store that the settings name, opened for each use."""
    return open_store(settings.RELEASE_STORE, endpoint_url=settings.S3_ENDPOINT_URL or None)


class ReleaseFollower:
    """Keeps the model of this process at the latest release, in a thread of its own."""

    def __init__(self, holder: ReleaseHolder, *, seconds: float) -> None:
        self._holder = holder
        self._seconds = seconds
        self._added = AddedBooksReader()
        self._added_due = 0.0
        self._added_error = ""
        self._model: Model | None = None
        self._lock = threading.Lock()
        self._is_started = self._is_stopped = False
        self._wake = threading.Event()
        self._waiting: list[threading.Event] = []

    def model(self) -> Model:
        """The model; the first call opens it and starts the thread. Raises `NoRelease`."""
        with self._lock:
            if not self._is_started:
                self._holder.refresh()
                threading.Thread(target=self._follow, name="release", daemon=True).start()
                self._is_started = True
            if self._model is None:
                self._model = Model(self._holder.current)  # its added books follow
            return self._model

    def newest_model(self) -> Model:
        """The model after another look at what is new, for which this waits a little."""
        looked = threading.Event()
        with self._lock:
            self._waiting.append(looked)
        self._wake.set()
        looked.wait(LOOK_SECONDS)
        return self.model()

    @property
    def last_error(self) -> Exception | None:
        """Why the latest release is not in use in this process; None if it is."""
        return self._holder.last_error

    def stop(self) -> None:
        """End the thread."""
        self._is_stopped = True
        self._wake.set()

    def _follow(self) -> None:
        while not self._is_stopped:
            self._wake.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, []
            if waiting:
                self._added_due = 0.0
            try:
                self._look()
            except Exception:  # nobody would start the thread again
                log.exception("releases.not_followed")
            for one in waiting:
                one.set()
            self._wake.wait(self._seconds)

    def _look(self) -> None:
        """Take up a new release, and books that have come since it was built, at once."""
        self._holder.refresh()
        try:
            release = self._holder.current
        except NoRelease:
            return
        is_another = self._model is None or self._model.release is not release
        if is_another:
            self._added_due = 0.0
        added = self._added_to(release) if release.content else None
        if is_another or added is not None:
            model = Model(release, added)
            with self._lock:
                self._model = model
        if is_another:
            self._prune_cache()

    def _added_to(self, release: Release) -> AddedBooks | None:
        """The books that a release lacks, if it is time to look and they have changed.

        It is the thread that asks the database, so that no reader waits for it.
        """
        now = time.monotonic()
        if now < self._added_due:
            return None
        self._added_due = now + ADDED_BOOKS_SECONDS
        try:
            added = self._added.refresh(release)
            self._added_error = ""
        except Exception as error:  # the model can do without; said once
            if str(error) != self._added_error:
                log.exception("added_books.not_read")
            self._added_error = str(error)
            return None
        finally:
            connection.close()
        return added

    def _prune_cache(self) -> None:
        """Delete old files on this host; each host does so when it has taken up a new release."""
        try:
            prune_cache(release_store(), settings.RELEASE_CACHE)
        except (ReleaseError, StoreError, OSError) as error:
            log.warning("releases.cache_not_pruned", error=str(error))


@cache
def _follower() -> ReleaseFollower:
    holder = ReleaseHolder(release_store(), cache_dir=settings.RELEASE_CACHE)
    return ReleaseFollower(holder, seconds=settings.RELEASE_POLL_SECONDS)
