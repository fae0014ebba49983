"""Uploads that are too large."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import RequestFactory
from pytest_django import Settings


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
