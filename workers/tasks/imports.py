"""Imports of shelves and files, see `recommender.services.imports`."""

from typing import Any

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded

from recommender.services import imports, refresh
from recommender.services.hold import MAX_ATTEMPTS
from workers.app import app


@app.task(bind=True, name=imports.TASK, max_retries=MAX_ATTEMPTS)
def run_import(self: "Task[Any, Any]", job_id: str) -> None:
    """Pull, match and recommend; the source is slow, so no page can wait for it."""
    try:
        imports.run_import(job_id=job_id, task_id=str(self.request.id))
    except imports.TryLater as error:
        raise self.retry(exc=error, countdown=error.seconds) from error
    except SoftTimeLimitExceeded:
        imports.give_up(job_id=job_id, task_id=str(self.request.id))


@app.task(name="imports.requeue_stalled")
def requeue_stalled() -> None:
    """Bring back jobs whose worker died or whose message was lost."""
    imports.requeue_stalled()


@app.task(name="imports.start_due_refreshes")
def start_due_refreshes() -> None:
    """Look again at the shelves of readers who want that; the pulls are tasks of their own."""
    refresh.start_due()


@app.task(name=refresh.REFRESH_ALL)
def refresh_all(asked_by: str) -> None:
    """Pull every linked shelf, as an operator asked; a second run meets the pause of each shelf."""
    refresh.start_all()


@app.task(name="imports.expire_previews")
def expire_previews() -> None:
    """Keep no rows of a file that its reader has forgotten."""
    imports.expire_previews()
