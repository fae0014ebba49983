"""The release that a process uses: the last good one, swapped without interruption."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recommender.engine import last_good
from recommender.engine.manifest import ReleaseError
from recommender.engine.release import (
    NoRelease,
    Release,
    open_manifest,
    read_latest,
    read_latest_manifest,
)
from recommender.engine.store import Store, StoreError

FIRST_PAUSE, LONGEST_PAUSE = 10.0, 900.0  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A release that could not be used, and when it is worth another look."""

    manifest_sha256: str
    pause: float
    until: float  # on the clock of the holder


class ReleaseHolder:
    """The release in use: the last good one, swapped in one step.

    Callers take `current` and keep it for the length of their work; a swap does not affect what
    they hold. `refresh` may be called from several threads. A process that starts while the latest
    release can't be used takes the last one that opened on this host.

    Parameters
    ----------
    clock
        Seconds that never go back. For tests.
    """

    def __init__(
        self, store: Store, *, cache_dir: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._cache_dir = cache_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._release: Release | None = None
        self._last_error: Exception | None = None
        self._refusal: _Refusal | None = None

    @property
    def last_error(self) -> Exception | None:
        """Why the latest release is not in use; None if it is."""
        return self._last_error

    @property
    def current(self) -> Release:
        """The last good release; raises NoRelease if there has been none."""
        release = self._release
        if release is None:
            # Readers see this; what is wrong is in the log and on the dashboard.
            text = "Our model is still being built. Please try again in a few minutes."
            raise NoRelease(text) from self._last_error
        return release

    def refresh(self) -> bool:
        """Look for a new release; return whether another one is in use now.

        A release that can't be opened is logged, and the present one stays in use. It is looked at
        again after a pause, which grows, since all its files are read for that.
        """
        with self._lock:
            before = self._release
            try:
                self._take_up_latest()
            except (ReleaseError, StoreError) as error:
                self._note(error)
                if before is None:
                    self._take_up_last_good()
            return self._release is not before

    def _take_up_latest(self) -> None:
        latest = read_latest(self._store)
        if latest is None:
            raise NoRelease(f"{self._store.uri} has no release yet; build one with spark.build.")
        present, refusal = self._release, self._refusal
        if present is None or latest.manifest_sha256 != present.manifest_sha256:
            same = refusal is not None and refusal.manifest_sha256 == latest.manifest_sha256
            if refusal and same and self._clock() < refusal.until:
                return
            try:
                manifest = read_latest_manifest(self._store, latest)
                self._release = open_manifest(self._store, manifest, cache_dir=self._cache_dir)
            except ReleaseError:
                pause = min(2 * refusal.pause, LONGEST_PAUSE) if refusal and same else FIRST_PAUSE
                self._refusal = _Refusal(latest.manifest_sha256, pause, self._clock() + pause)
                raise
            self._remember(manifest)
        self._last_error = self._refusal = None

    def _take_up_last_good(self) -> None:
        manifest = last_good.recall(self._store, cache_dir=self._cache_dir)
        if manifest is None:
            return
        try:
            self._release = open_manifest(self._store, manifest, cache_dir=self._cache_dir)
        except (ReleaseError, StoreError):
            logger.exception("The last good release of this host can't be used either.")
        else:
            logger.warning("This process starts with %s, the last good one.", self._release.version)

    def _remember(self, manifest: bytes) -> None:
        try:
            last_good.remember(self._store, manifest, cache_dir=self._cache_dir)
        except OSError as error:
            logger.warning("The release in use can't be noted in %s: %s", self._cache_dir, error)

    def _note(self, error: Exception) -> None:
        if str(error) != str(self._last_error):  # said once, however often it is met
            text = "The latest release can't be used; the last good one stays."
            logger.error(text, exc_info=error)
        self._last_error = error
