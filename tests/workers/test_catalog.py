"""Enrichment by a real worker process."""

from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from catalog.models import Book, Enrichment
from catalog.services import enrichment
from recsite.local.process import wait_until
from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.works import WorkFault, isbn_of
from tests.conftest import StartCeleryWorker
from tests.factories import BookFactory

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_one_batch_after_the_other_until_no_book_is_due(
    valkey_url: str, start_celery_worker: StartCeleryWorker, settings: Settings
) -> None:
    with OpenLibraryStandin().start() as standin:
        settings.OPENLIBRARY_BASE_URL = standin.url
        for number in range(30):
            BookFactory.create(title=f"Unheard of {number}")
        book = BookFactory.create(authors=["Ada Author"], description="", description_source="")
        book.identifiers.create(scheme="isbn13", value=isbn_of(WorkFault.MARKUP))
        start_celery_worker(OPENLIBRARY_BASE_URL=standin.url)

        assert enrichment.queue_batches() == 1

        left = Enrichment.objects.filter(due_at__lte=datetime.now(UTC))
        assert wait_until(lambda: not left.exists(), seconds=30)
        assert enrichment.state_counts()["not_found"] == 30
        assert Book.objects.get(pk=book.pk).description.startswith("A quiet book")
