"""Django's ways to send email: one stores it for a worker, one writes it into files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import filebased
from django.core.mail.backends.base import BaseEmailBackend

from recsite.mail import outbox


class QueueBackend(BaseEmailBackend):
    """Stores each message in the transaction of its sender.

    So no page waits for a mail server, and nothing is sent for what was rolled back.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            outbox.queue(message=message)
        return len(email_messages)


class PrivateFileBackend(filebased.EmailBackend):
    """Writes files into a folder that is closed to others: they hold links to new passwords."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Path(settings.EMAIL_FILE_PATH).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(*args, **kwargs)
