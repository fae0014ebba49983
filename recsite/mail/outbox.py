"""Storing email, and delivering it with retries."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Self

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone

from recsite.common.queue import BrokerAway, Queue, enqueue_on_commit, rows_waiting
from recsite.mail.models import QueuedMail

log = structlog.get_logger(__name__)

#: The task that delivers one email.
TASK = "mail.deliver"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=1)  # a link in it would be no longer of use


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """What is kept of a message; attachments are not."""

    subject: str
    body: str
    from_email: str
    to: list[str]
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    reply_to: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    alternatives: list[tuple[str, str]] = field(default_factory=list)  # text, and its type

    @classmethod
    def of(cls, message: EmailMessage) -> Self:
        """Raises `ValueError` for a message with attachments."""
        if message.attachments:
            raise ValueError("Email with attachments can't be queued.")
        return cls(
            subject=str(message.subject),
            body=str(message.body),
            from_email=str(message.from_email),
            to=[str(one) for one in message.to],
            cc=[str(one) for one in message.cc],
            bcc=[str(one) for one in message.bcc],
            reply_to=[str(one) for one in message.reply_to],
            headers={name: str(value) for name, value in message.extra_headers.items()},
            alternatives=[
                (str(text), str(kind)) for text, kind in getattr(message, "alternatives", [])
            ],
        )

    def message(self) -> EmailMultiAlternatives:
        """The message as it was."""
        return EmailMultiAlternatives(**asdict(self))


def queue(*, message: EmailMessage) -> QueuedMail | None:
    """Store an email, to be delivered once the surrounding transaction is committed.

    None if nobody is to get it.
    """
    if not message.recipients():
        return None
    mail = QueuedMail.objects.create(message=asdict(StoredMessage.of(message)))
    enqueue_on_commit(TASK, str(mail.pk), queue=_queue_of(mail))
    return mail


def queue_due(*, now: datetime | None = None, most: int = 200) -> int:
    """Queue a task for each email whose time has come and that has none; return how many."""
    due = QueuedMail.objects.due(now or timezone.now())
    try:
        lost = due.exclude(pk__in=map(int, rows_waiting(TASK)))[:most]
    except BrokerAway:
        return 0
    for mail in lost:
        enqueue_on_commit(TASK, str(mail.pk), queue=_queue_of(mail))
    return len(lost)


def _queue_of(mail: QueuedMail) -> Queue:
    """Nobody waits for what can be unsubscribed from, or for what the server once did not take."""
    is_bulk = "List-Unsubscribe" in mail.message["headers"]
    return Queue.BACKGROUND if is_bulk or mail.tries else Queue.PAGE


def forget(*, address: str) -> None:
    """Delete email to somebody whose account is deleted."""
    QueuedMail.objects.filter(message__to__contains=[address]).delete()


@transaction.atomic
def deliver(*, mail_id: int, now: datetime | None = None) -> bool:
    """Hand an email to the mail server; return whether it has taken it.

    The row is locked until then, so that one of two tasks finds nothing to do. A process that is
    killed between the server's answer and the end of the transaction delivers it twice.
    """
    now = now or timezone.now()
    due = QueuedMail.objects.due(now).filter(pk=mail_id)
    mail = due.select_for_update(skip_locked=True).first()
    if mail is None:
        return False
    try:
        connection = get_connection(settings.MAIL_TRANSPORT)
        connection.send_messages([StoredMessage(**mail.message).message()])
    except (SMTPException, OSError) as error:
        _put_off(mail, error, now)
        return False
    mail.delete()
    return True


def _put_off(mail: QueuedMail, error: Exception, now: datetime) -> None:
    """Try again later, after growing pauses, unless there is no use in it."""
    reason = f"{type(error).__name__}: {error}"[:300]
    if now - mail.queued_at >= GIVEN_UP_AFTER or isinstance(error, SMTPRecipientsRefused):
        log.error("mail.given_up", mail=mail.pk, tries=mail.tries + 1, error=type(error).__name__)
        mail.delete()
        return
    log.warning("mail.put_off", mail=mail.pk, tries=mail.tries + 1, error=type(error).__name__)
    mail.next_try_at = now + min(FIRST_PAUSE * 2**mail.tries, LONGEST_PAUSE)
    mail.tries, mail.error = mail.tries + 1, reason
    mail.save(update_fields=["next_try_at", "tries", "error"])
