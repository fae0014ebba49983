"""Deletes old releases from the store, and the copies of their files on the host."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recommender.engine import last_good
from recommender.engine.manifest import Manifest
from recommender.engine.release import MANIFEST, list_versions, read_latest, read_manifest
from recommender.engine.store import NotFound, Store

#: What is younger may still be written, fetched or compared.
YOUNG = timedelta(days=1)


def prune_releases(store: Store, *, keep: int, now: datetime) -> list[str]:
    """Delete old releases, also those that were never finished; give their versions.

    What stays is the release in use, the one a rollback would go to, the ``keep`` newest, and all
    that began less than a day ago or has no time in its name. The manifest goes first, so that a
    release which is deleted by half does not count; the next call deletes the rest.

    Raises
    ------
    ValueError
        If ``keep`` is below one.
    CorruptRelease
        If ``latest.json`` can't be read: nothing is deleted then.
    StoreError
        If the store fails; what was deleted stays deleted.
    """
    if keep < 1:
        raise ValueError("At least one release has to be kept.")
    kept = _worth_keeping(store, keep)
    keys: dict[str, list[str]] = {}
    for key in store.keys("releases/"):
        if key.count("/") >= 2:
            keys.setdefault(key.split("/")[1], []).append(key)
    old = [version for version in sorted(keys) if version not in kept and _is_old(version, now)]
    return [version for version in old if _delete(store, version, keys[version])]


def prune_cache(store: Store, cache_dir: Path, *, now: float | None = None) -> int:
    """Delete the host's files which no release of the store names; say how many.

    Files of the last day stay. Processes that have a file mapped keep it until they let it go.

    Parameters
    ----------
    now
        Seconds since the epoch.

    Raises
    ------
    ReleaseError, StoreError
        If it can't be told what is needed: nothing is deleted then.
    OSError
        If a file can't be deleted.
    """
    needed = {
        f"{info.sha256}{Path(name).suffix}"
        for version in list_versions(store)
        for name, info in read_manifest(store, version)[0].files.items()
    }
    if (kept := last_good.recall(store, cache_dir=cache_dir)) is not None:
        files = Manifest.from_bytes(kept).files
        needed |= {f"{info.sha256}{Path(name).suffix}" for name, info in files.items()}
    before = (time.time() if now is None else now) - YOUNG.total_seconds()
    gone = 0
    for path in _files(cache_dir):
        if path.name.startswith(last_good.PREFIX):
            continue
        if path.name not in needed and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _worth_keeping(store: Store, keep: int) -> set[str]:
    versions = list_versions(store)
    latest = read_latest(store)
    kept = set(versions[-keep:])
    if latest:
        kept |= {latest.version, *[v for v in versions if v < latest.version][-1:]}
    return kept


def _is_old(version: str, now: datetime) -> bool:
    """Whether a release was begun more than a day ago, by its name."""
    try:
        began = datetime.strptime(version.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return began < now - YOUNG


def _delete(store: Store, version: str, keys: list[str]) -> bool:
    """Delete a release, unless it was put in use while its manifest was being deleted."""
    name = f"releases/{version}/{MANIFEST}"
    try:
        manifest = store.get(name)
    except NotFound:
        manifest = None
    store.delete(name)
    latest = read_latest(store)
    if manifest is not None and latest is not None and latest.version == version:
        store.put(name, manifest)
        return False
    for key in keys:
        store.delete(key)
    return True


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file())
