"""Putting releases in use from the admin, and going back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from recommender.models import ModelRelease
from recommender.selectors.current_model import current_model
from recommender.services import releases
from recsite.local.process import wait_until
from tests.admin_pages import changelist, curator
from tests.factories import ModelReleaseFactory, UserFactory
from tests.pages import read
from tests.recommender.views.test_how import METRICS
from tests.releases import publish_release

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIST = "recommender_modelrelease"


@pytest.fixture
def two(own_store: str) -> tuple[ModelRelease, ModelRelease]:
    """Two releases of the store; the second is in use."""
    publish_release(own_store, [[1, 2], [3, 4]], now=NOON)
    publish_release(own_store, [[1, 3], [2, 4]], now=NOON + timedelta(minutes=1))
    releases.record_all()
    first, second = ModelRelease.objects.order_by("built_at")
    return first, second


def promote_page(release: ModelRelease) -> str:
    return f"{changelist(LIST)}{release.pk}/promote"


def active() -> str:
    return ModelRelease.objects.get(is_active=True).version


def refuse(monkeypatch: pytest.MonkeyPatch, own_store: str, **gate: object) -> str:
    """Publish a release whose gate said this, without putting it in use."""
    from recommender.engine import publish
    from tests import releases as made

    monkeypatch.setattr(
        made, "Draft", lambda **fields: publish.Draft(**{**fields, "gate": dict(gate)})
    )
    monkeypatch.setattr(made, "promote", lambda *_: None)
    return publish_release(own_store, [[1, 4], [2, 3]], now=NOON + timedelta(minutes=2))


def test_a_release_is_put_in_use_after_a_question_and_processes_follow(
    two: tuple[ModelRelease, ModelRelease],
) -> None:
    first, second = two
    client = curator()
    assert current_model().release.version == second.version

    page = read(client.get(promote_page(first)))
    assert f"Put release {first.version} in use?" in page.words
    assert active() == second.version, "a question must change nothing"
    answer = client.post(promote_page(first), follow=True)

    assert f"Release {first.version} is in use instead of {second.version}" in read(answer).words
    assert active() == first.version
    assert wait_until(lambda: current_model().release.version == first.version, seconds=5), (
        "the process did not follow"
    )
    entry = LogEntry.objects.get()
    assert entry.object_id == str(first.pk)
    assert entry.change_message == f"Put in use instead of {second.version}."


def test_going_back_takes_the_release_before(two: tuple[ModelRelease, ModelRelease]) -> None:
    first, second = two
    client = curator()
    address = f"{changelist(LIST)}roll-back"

    assert second.version in read(client.get(address)).words
    answer = client.post(address, follow=True)
    assert active() == first.version
    assert f"Release {first.version} is in use" in read(answer).words

    answer = client.post(address, follow=True)
    assert f"no release older than {first.version}" in read(answer).words
    assert active() == first.version
    assert LogEntry.objects.count() == 1


def test_what_the_gate_refused_is_put_in_use_only_on_purpose(
    two: tuple[ModelRelease, ModelRelease], own_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refuse(monkeypatch, own_store, passed=False, reason="ndcg@100 fell")
    client = curator()
    client.post(f"{changelist(LIST)}look")
    release = ModelRelease.objects.get(version=refused)

    page = read(client.get(promote_page(release)))
    assert "refused, ndcg@100 fell" in page.words
    page = read(client.post(promote_page(release)))
    assert "The gate refused" in page.words
    assert active() == two[1].version

    client.post(promote_page(release), {"all_the_same": "on"})
    assert active() == refused


def test_who_may_only_look_changes_nothing(two: tuple[ModelRelease, ModelRelease]) -> None:
    first, second = two
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_modelrelease"))
    client = Client()
    client.force_login(user)

    assert "Put in use" not in read(client.get(changelist(LIST))).words
    for address in (
        promote_page(first),
        *(f"{changelist(LIST)}{a}" for a in ("roll-back", "look")),
    ):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403
        assert Client().post(address).status_code == 302
    assert active() == second.version


def test_a_release_that_is_gone_is_explained(
    two: tuple[ModelRelease, ModelRelease], own_store: str
) -> None:
    first, second = two
    folder = Path(urlsplit(own_store).path) / "releases" / first.version
    (folder / "manifest.json").unlink()
    client = curator()

    answer = client.post(promote_page(first), follow=True)

    assert first.version in read(answer).words
    assert active() == second.version
    assert curator().post(promote_page(ModelRelease(pk=999_999))).status_code == 404


def test_what_was_measured_is_shown_in_tables_and_plots() -> None:
    release = ModelReleaseFactory.create(
        metrics=METRICS, hyper_parameters={"factors": {"alpha": 10.0}, "seed": 7}
    )
    page = read(curator().get(f"{changelist(LIST)}{release.pk}/change/"))
    cells = [cell.words for cell in page.all("td")]
    served, by_size = cells.index("0.509"), cells.index("0.245")
    assert cells[served : served + 4] == ["0.509", "0.078", "0.350", "0.025"]
    assert cells[by_size : by_size + 3] == ["0.245", "0.251", "0.049"]
    heads = {head.words for head in page.all("th")}
    assert {"Neighbors alone (served)", "10", "factors, alpha", "seed"} <= heads
    assert len(page.all("svg", role="img")) == 2
    unmeasured = ModelReleaseFactory.create(metrics={})
    assert "Not measured." in curator().get(f"{changelist(LIST)}{unmeasured.pk}/change/").text
