"""One site for all tests of the package, in a transaction that is rolled back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.addresses.world import World


@pytest.fixture(scope="package")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator["World"]:
    from django.db import transaction

    from recommender.selectors.current_model import forget_model
    from tests.addresses.world import build

    folder = tmp_path_factory.mktemp("addresses")
    store = (folder / "store").as_uri()
    with (
        override_settings(RELEASE_STORE=store, RELEASE_CACHE=folder / "cache", METRICS=True),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        forget_model()
        yield build(store)
        forget_model()
        transaction.set_rollback(True)
