"""Housekeeping of readers, see `recommender.services.readers`."""

from smtplib import SMTPException

from recommender.services import digests, dismissals, readers
from workers.app import app


@app.task(name="readers.queue_digests")
def queue_digests() -> None:
    """Write of new books to readers who asked for it; each e-mail is a task of its own."""
    digests.queue_due()


@app.task(
    name=digests.TASK,
    autoretry_for=(SMTPException, OSError),
    max_retries=5,
    retry_backoff=60,
    retry_jitter=True,
)
def send_digest(reader_id: str) -> None:
    """Write to one reader; a mail server that is away is tried again for half an hour."""
    digests.send(reader_id=int(reader_id))


@app.task(name="readers.readmit_postponed")
def readmit_postponed() -> None:
    """Offer again what readers did not want just then."""
    dismissals.readmit_postponed()


@app.task(name="readers.clear_sessions")
def clear_sessions() -> None:
    """Keep no session that has run out."""
    readers.clear_sessions()


@app.task(name="readers.remove_forgotten_guests")
def remove_forgotten_guests() -> None:
    """Keep no library of a guest who does not come back."""
    readers.remove_forgotten_guests()
