"""The manifest of the last release that opened on this host, so that a fresh process finds it.

It lies in the host's folder beside the files that it names. Stores have one each, by the hash of
their address.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from recommender.engine.store import Store

PREFIX = "last-good-"


def remember(store: Store, manifest: bytes, *, cache_dir: Path) -> None:
    """Keep the manifest of a release that has just been opened; OSError if that fails."""
    path = _path(store, cache_dir)
    if recall(store, cache_dir=cache_dir) == manifest:
        return
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=cache_dir)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(manifest)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def recall(store: Store, *, cache_dir: Path) -> bytes | None:
    """The manifest that was kept last; None if there is none that can be read."""
    try:
        return _path(store, cache_dir).read_bytes()
    except OSError:
        return None


def _path(store: Store, cache_dir: Path) -> Path:
    return cache_dir / f"{PREFIX}{hashlib.sha256(store.uri.encode()).hexdigest()[:16]}.json"
