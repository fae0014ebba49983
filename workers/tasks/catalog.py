"""The catalog; see `catalog.services.enrichment` and `catalog.curation.csv_edits`."""

from celery.exceptions import SoftTimeLimitExceeded

from catalog.curation import csv_edits
from catalog.services import enrichment
from workers.app import app


@app.task(name=enrichment.TASK)
def enrich_batch(batch_id: str) -> None:
    """Look up the books of one batch at Open Library.

    The task is not retried: books that failed are due again later, and an interrupted batch is
    free again when its claim runs out.
    """
    try:
        enrichment.run_batch(batch_id=batch_id)
    except SoftTimeLimitExceeded:
        enrichment.release_batch(batch_id=batch_id)


@app.task(name="catalog.queue_enrichment")
def queue_enrichment() -> None:
    """Queue batches of books that are due, if too few are under way."""
    enrichment.queue_batches()


@app.task(name="catalog.remove_old_files")
def remove_old_files() -> None:
    """Delete curators' uploads after a day."""
    csv_edits.remove_old()
