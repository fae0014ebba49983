"""Processes follow the release that the store names."""

import os
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from recommender.engine.release import NoRelease, list_versions
from recommender.engine.store import StoreError, open_store
from recommender.models import ModelRelease
from recommender.selectors.current_model import check, current_model, forget_model
from recommender.selectors.dashboard import dashboard_figures
from recommender.services import releases
from recsite.health import NotReady
from recsite.local.process import wait_until
from tests.factories import BookFactory, RunFactory
from tests.pages import client_of
from tests.releases import publish_release
from workers.tasks.releases import prune

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_new_release_is_taken_up_without_a_restart(own_store: str) -> None:
    first = publish_release(own_store, [[1, 2], [3, 4]], now=NOON)
    assert current_model().release.version == first

    second = publish_release(own_store, [[1, 3], [2, 4]], now=NOON + timedelta(minutes=1))

    assert wait_until(lambda: current_model().release.version == second, seconds=5), (
        "the new release was not taken up"
    )


def test_a_broken_release_is_never_used(own_store: str) -> None:
    version = publish_release(own_store, [[1, 2], [3, 4]])
    folder = Path(urlsplit(own_store).path) / "releases" / version
    (folder / "factors.safetensors").write_bytes(b"rubbish")

    with pytest.raises(NoRelease):
        current_model()


@pytest.mark.django_db
def test_the_store_s_release_becomes_the_active_row(own_store: str) -> None:
    assert releases.record_latest() is None
    first = publish_release(own_store, [[1, 2], [3, 4]], now=NOON)
    releases.record_latest()
    second = publish_release(own_store, [[1, 3], [2, 4]], now=NOON + timedelta(minutes=1))

    releases.record_latest()
    releases.record_latest()

    assert ModelRelease.objects.get(is_active=True).version == second
    assert {row.version for row in ModelRelease.objects.all()} == {first, second}


def test_ready_means_that_there_is_a_model(own_store: str) -> None:
    with pytest.raises(NotReady, match="release"):
        check()


@pytest.mark.django_db
def test_old_releases_are_pruned_and_saved_lists_stay(own_store: str) -> None:
    made = [
        publish_release(own_store, [[1, 2], [3, 4 + day]], now=NOON + timedelta(days=day - 40))
        for day in range(4)
    ]
    releases.record_all()
    book = BookFactory.create(title="Kept for good")
    row = ModelRelease.objects.get(version=made[0])
    saved = RunFactory.create(release=row, books=[book])

    said = StringIO()
    call_command("releases", prune=1, stdout=said)

    assert said.getvalue().splitlines()[0] == f"Deleted: {made[0]}, {made[1]}"
    assert (
        "Kept for good"
        in client_of(saved.reader).get(f"/recommendations/{saved.pk}/").content.decode()
    )
    gone = ModelRelease.objects.exclude(pruned_at=None)
    assert {row.version for row in gone} == {made[0], made[1]}
    releases.roll_back()
    assert current_model().release.version == made[2]
    with pytest.raises(CommandError, match="At least one"):
        call_command("releases", prune=0)


def test_each_host_lets_go_of_old_files_with_the_next_release(
    own_store: str, settings: Settings
) -> None:
    publish_release(own_store, [[1, 2], [3, 4]], now=NOON)
    assert current_model()
    forgotten, fresh = (settings.RELEASE_CACHE / name for name in ("f0.parquet", "f1.parquet"))
    for file in (forgotten, fresh):
        file.write_bytes(b"of a release that was pruned")
    os.utime(forgotten, (0, 0))
    publish_release(own_store, [[1, 3], [2, 4]], now=NOON + timedelta(minutes=1))

    assert wait_until(lambda: not forgotten.exists(), seconds=5)
    assert fresh.exists()


@pytest.mark.django_db
def test_the_task_tries_a_store_that_fails_again_and_then_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.RELEASE_STORE = (tmp_path / "file" / "store").as_uri()
    ended = prune.apply()
    assert isinstance(ended.result, StoreError)
    assert ended.state == "FAILURE"


@pytest.mark.django_db
def test_the_task_keeps_as_many_as_the_settings_say(own_store: str, settings: Settings) -> None:
    settings.RELEASES_KEPT = 2
    made = [
        publish_release(own_store, [[1, 2], [3, 4 + day]], now=NOON + timedelta(days=day - 40))
        for day in range(4)
    ]
    assert prune.apply().state == "SUCCESS"
    assert list_versions(open_store(own_store)) == made[2:]


@pytest.mark.django_db
def test_a_process_that_serves_an_older_release_is_ready_and_says_so(own_store: str) -> None:
    good = publish_release(own_store, [[1, 2], [3, 4]], now=NOON)
    assert current_model().release.version == good
    assert check() == "ok"
    bad = publish_release(own_store, [[1, 3], [2, 4]], now=NOON + timedelta(minutes=1))
    folder = Path(urlsplit(own_store).path) / "releases" / bad
    (folder / "factors.safetensors").write_bytes(b"rubbish")
    forget_model()  # as a process that starts anew

    assert current_model().release.version == good
    assert "factors.safetensors" in check()
    answer = client_of(None).get("/health/ready")
    assert "latest release can't be used" in answer.json()["parts"]["model"]
    figures = dashboard_figures()
    assert "factors.safetensors" in str(figures["release_problem"])
