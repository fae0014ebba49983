"""Uploads: whatever exceeds the size limit reaches neither memory nor disk."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes a file to disk as it arrives, but no more of it than may be imported.

    The file keeps the size that was sent, so that the form can report it; ending the request in
    the middle would only show the reader a broken connection.
    """

    problem: OSError | None = None  # as of a full disk; told once the request has been read

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start <= settings.IMPORT_MAX_BYTES and self.problem is None:
            try:
                super().receive_data_chunk(raw_data, start)
            except OSError as error:
                self.problem = error
        return None

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        if self.problem is not None:
            raise self.problem
        return super().file_complete(file_size)
