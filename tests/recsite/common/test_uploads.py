"""Uploads that are too large, for the site or for its disk."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client, RequestFactory
from pytest_django import Settings

from tests.pages import read


@pytest.mark.parametrize(("size", "kept"), [(100_000, 100_000), (4_000_000, 200_000)])
def test_a_file_beyond_the_limit_is_told_by_its_size_but_not_kept(
    settings: Settings, size: int, kept: int
) -> None:
    settings.IMPORT_MAX_BYTES = 150_000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    sent = SimpleUploadedFile("huge.csv", b"x" * size)

    request = RequestFactory().post("/start", {"export": sent})

    file = request.FILES["export"]
    assert isinstance(file, TemporaryUploadedFile)
    assert file.size == size
    assert Path(file.temporary_file_path()).stat().st_size <= kept + 65_536


@pytest.fixture
def _full_disk() -> Iterator[None]:
    """The system lets no file of this process grow beyond a few kilobytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.django_db
@pytest.mark.usefixtures("_full_disk")
def test_a_full_disk_is_told_in_words(client: Client, settings: Settings) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    client.raise_request_exception = False
    sent = SimpleUploadedFile("export.csv", b"Title,Author\n" + b"x" * 500_000)
    page = read(client.post("/start", {"export": sent}), status=503)
    assert "Our server is out of space right now." in page.words
