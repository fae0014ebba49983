"""Digests and clean-up; see `recommender.services.digests` and `readers`."""

from recommender.services import digests, dismissals, readers
from workers.app import app


@app.task(name="readers.queue_digests")
def queue_digests() -> None:
    """Queue a digest for each reader who is due one; each email is a task of its own."""
    digests.queue_due()


@app.task(name=digests.TASK)
def send_digest(reader_id: str) -> None:
    """Email one reader."""
    digests.send(reader_id=int(reader_id))


@app.task(name="readers.readmit_postponed")
def readmit_postponed() -> None:
    """Undo dismissals with “Not now” after 90 days."""
    dismissals.readmit_postponed()


@app.task(name="readers.clear_sessions")
def clear_sessions() -> None:
    """Delete expired sessions and counts of tries."""
    readers.clear_sessions()


@app.task(name="readers.remove_forgotten_guests")
def remove_forgotten_guests() -> None:
    """Delete guests who have not come back."""
    readers.remove_forgotten_guests()
