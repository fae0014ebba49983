"""Imports of shelves and files; see `recommender.services.imports` and `import_worker`."""

from typing import Any

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded

from recommender.services import import_worker, imports, pruning, refresh
from recommender.services.hold import MAX_ATTEMPTS
from workers.app import app


@app.task(bind=True, name=imports.TASK, max_retries=MAX_ATTEMPTS)
def run_import(self: "Task[Any, Any]", job_id: str) -> None:
    """Pull, match and recommend: too slow for a page to wait for it."""
    try:
        import_worker.run_import(job_id=job_id, task_id=str(self.request.id))
    except import_worker.TryLater as error:
        raise self.retry(exc=error, countdown=error.seconds) from error
    except SoftTimeLimitExceeded:
        import_worker.give_up(job_id=job_id, task_id=str(self.request.id))


@app.task(name="imports.requeue_stalled")
def requeue_stalled() -> None:
    """Queue jobs again whose worker died or whose message was lost."""
    import_worker.requeue_stalled()


@app.task(name="imports.start_due_refreshes")
def start_due_refreshes() -> None:
    """Start the refreshes of linked shelves that are due; each pull is a task of its own."""
    refresh.start_due()


@app.task(name=refresh.REFRESH_ALL)
def refresh_all(asked_by: str) -> None:
    """Pull every linked shelf on an operator's request; a second run is stopped by the cooldown."""
    refresh.start_all()


@app.task(name="imports.expire_previews")
def expire_previews() -> None:
    """Cancel files that their readers have not confirmed for a week."""
    imports.expire_previews()


@app.task(name="imports.prune_rows")
def prune_rows() -> None:
    """Delete old rows of imports."""
    pruning.prune_rows()
