"""Outgoing email; see `recsite.mail.outbox`."""

from recsite.mail import outbox
from workers.app import app


@app.task(name=outbox.TASK)
def deliver(mail_id: str) -> None:
    """Hand one email to the mail server; the row knows when it is tried again."""
    outbox.deliver(mail_id=int(mail_id))


@app.task(name="mail.queue_due")
def queue_due() -> None:
    """Queue email that is to be tried again, or whose task was lost."""
    outbox.queue_due()
