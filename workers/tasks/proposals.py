"""Books that the catalog lacks, see `recommender.services.proposals` and `waiting`."""

from celery.exceptions import SoftTimeLimitExceeded

from recommender.services import proposals, waiting
from workers.app import app


@app.task(name=proposals.TASK, soft_time_limit=proposals.STUCK_AFTER.seconds)
def search(proposal_id: str) -> None:
    """Ask Open Library for a book; somebody waits at a page, so what fails is told, not retried."""
    try:
        proposals.search(proposal_id=proposal_id)
    except SoftTimeLimitExceeded:
        proposals.give_up(proposal_id=proposal_id)


@app.task(name=waiting.TASK)
def give_to_waiting(book_id: str) -> None:
    """Give a book that was added to the lines of libraries that wait for it."""
    waiting.give_to_waiting(book_id=int(book_id))
