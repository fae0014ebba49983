"""Django's way to send e-mail, which here stores it for a worker."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
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
