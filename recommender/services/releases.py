"""Releases of the model: which the store has, which one is in use, and which are deleted."""

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from recommender.engine import publish
from recommender.engine.manifest import Manifest, ReleaseError
from recommender.engine.prune import prune_cache, prune_releases
from recommender.engine.release import (
    NoRelease,
    Release,
    list_versions,
    read_latest,
    read_manifest,
)
from recommender.engine.store import StoreError
from recommender.models import ModelRelease
from recommender.selectors.current_model import release_store

log = structlog.get_logger(__name__)

NEWEST = "newest"


class RefusedByGate(ReleaseError):
    """The gate refused a release, and it was not to be promoted despite that."""


def record(release: Release) -> ModelRelease:
    """The row of a release that this process has opened, created if it does not exist."""
    return _row(release.manifest, release.manifest_sha256)


def describe(release: Release) -> ModelRelease:
    """The row of a release that this process has opened, without asking the database."""
    columns = _columns(release.manifest, release.manifest_sha256)
    return ModelRelease(version=release.version, **columns)


def record_latest() -> ModelRelease | None:
    """Record which release the store names as latest, and make it the active one.

    Returns None if the store names none, or one that cannot be read; the active one stays then.
    """
    store = release_store()
    try:
        latest = read_latest(store)
        if latest is None:
            return None
        active = ModelRelease.objects.filter(is_active=True, version=latest.version).first()
        return active or _activate(_row(*read_manifest(store, latest.version)))
    except (ReleaseError, StoreError) as error:
        log.warning("releases.latest_unreadable", error=str(error))
        return None


def record_all() -> None:
    """Record every release that the store has, and which one is in use.

    Raises
    ------
    StoreError
        If the store can't be read. A release that can't be read is skipped.
    """
    store = release_store()
    known = set(ModelRelease.objects.values_list("version", flat=True))
    for version in list_versions(store):
        if version in known:
            continue
        try:
            _row(*read_manifest(store, version))
        except ReleaseError as error:
            log.warning("releases.unreadable", version=version, error=str(error))
    record_latest()


def promote(*, version: str, despite_gate: bool) -> ModelRelease:
    """Put a release in use (`newest` for the last one built); running processes follow.

    Parameters
    ----------
    despite_gate
        Promote it even if the gate refused it.

    Raises
    ------
    NoRelease, ReleaseError, StoreError
        If it can't be put in use; the one in use stays.
    RefusedByGate
        If the gate refused it, unless `despite_gate` is set.
    """
    store = release_store()
    if version == NEWEST:
        versions = list_versions(store)
        if not versions:
            raise NoRelease(f"{store.uri} holds no release yet; build one with spark.build.")
        version = versions[-1]
    manifest, digest = read_manifest(store, version)
    if manifest.gate.get("passed") is False and not despite_gate:
        raise RefusedByGate(
            f"The gate refused {version}: {manifest.gate.get('reason', 'it gave no reason')}. "
            "Nothing was changed."
        )
    publish.promote(store, version)
    return _activate(_row(manifest, digest))


def roll_back() -> ModelRelease:
    """Put the release before the one in use back in use.

    Raises
    ------
    NoRelease, ReleaseError, StoreError
        If there is none, or it can't be put in use; the one in use stays.
    """
    store = release_store()
    latest = publish.rollback(store)
    return _activate(_row(*read_manifest(store, latest.version)))


def prune(*, keep: int) -> list[str]:
    """Delete old releases from the store, and this host's files of them; return their versions.

    The one in use, the one before it and the `keep` newest stay (`recommender.engine.prune`). The
    rows of deleted releases stay too, as saved lists point to them.

    Raises
    ------
    ReleaseError, StoreError
        If the store can't be read or written.
    """
    store = release_store()
    deleted = prune_releases(store, keep=keep, now=timezone.now())
    rows = ModelRelease.objects.filter(version__in=deleted, pruned_at=None)
    rows.update(pruned_at=timezone.now())
    try:
        files = prune_cache(store, settings.RELEASE_CACHE)
    except OSError as error:
        raise StoreError(f"Could not prune {settings.RELEASE_CACHE}: {error.strerror}.") from error
    if deleted or files:
        log.info("releases.pruned", releases=deleted, cached_files=files)
    return deleted


def gate_verdict(version: str) -> dict[str, Any]:
    """What the gate decided on a release: ``passed`` (None if it was not asked) and ``reason``.

    Raises
    ------
    ReleaseError, StoreError
        If the release can't be read.
    """
    manifest, _ = read_manifest(release_store(), version)
    return dict(manifest.gate)


def _row(manifest: Manifest, manifest_sha256: str) -> ModelRelease:
    return ModelRelease.objects.get_or_create(
        version=manifest.version, defaults=_columns(manifest, manifest_sha256)
    )[0]


def _columns(manifest: Manifest, manifest_sha256: str) -> dict[str, Any]:
    data = manifest.dataset
    return {
        "manifest_sha256": manifest_sha256,
        "dataset": data.name,
        "is_simulated": data.simulated,
        "default_ranker": manifest.default_ranker,
        "ratings": data.ratings,
        "readers": data.readers,
        "books": data.books,
        "own_ratings": data.own_ratings,
        "own_readers": data.own_readers,
        "metrics": manifest.metrics,
        "hyper_parameters": manifest.parts,
        "built_at": datetime.fromisoformat(manifest.created_at),
    }


@transaction.atomic
def _activate(row: ModelRelease) -> ModelRelease:
    ModelRelease.objects.select_for_update().filter(is_active=True).update(is_active=False)
    row.is_active = True
    row.save(update_fields=["is_active"])
    return row
