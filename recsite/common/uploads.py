"""Files that readers send: what is beyond the limit never reaches memory or disk."""

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes a file to disk as it comes, but no more of it than may be imported.

    The file keeps the size that was sent, so that the form can say what is wrong with it; ending
    the request in the middle would show the reader nothing but a broken connection.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start <= settings.IMPORT_MAX_BYTES:
            super().receive_data_chunk(raw_data, start)
        return None
