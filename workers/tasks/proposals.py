"""Books that the catalog lacks; see `recommender.services.proposals` and `waiting`."""

from celery.exceptions import SoftTimeLimitExceeded

from recommender.services import proposals, waiting
from workers.app import app


@app.task(name=proposals.TASK, soft_time_limit=proposals.STUCK_AFTER.seconds)
def search(proposal_id: str) -> None:
    """Search Open Library for a book; not retried, as somebody waits at a page for the outcome."""
    try:
        proposals.search(proposal_id=proposal_id)
    except SoftTimeLimitExceeded:
        proposals.give_up(proposal_id=proposal_id)


@app.task(name=waiting.TASK)
def give_to_waiting(book_id: str) -> None:
    """Match an added book to the entries of other libraries that wait for it."""
    waiting.give_to_waiting(book_id=int(book_id))
