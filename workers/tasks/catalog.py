"""Upkeep of the catalog, see `catalog.services.enrichment` and `curated_csv`."""

from celery.exceptions import SoftTimeLimitExceeded

from catalog.curation import csv_edits
from catalog.services import enrichment
from workers.app import app


@app.task(name=enrichment.TASK)
def enrich_batch(batch_id: str) -> None:
    """Ask Open Library for the books of one batch.

    No retry of its own: what fails is due again later, and a batch that is cut off is free again
    when its claim runs out.
    """
    try:
        enrichment.run_batch(batch_id=batch_id)
    except SoftTimeLimitExceeded:
        enrichment.release_batch(batch_id=batch_id)


@app.task(name="catalog.queue_enrichment")
def queue_enrichment() -> None:
    """Begin anew with books that are due, wherever nothing is under way."""
    enrichment.queue_batches()


@app.task(name="catalog.remove_old_files")
def remove_old_files() -> None:
    """Keep no file of changes that its curator has forgotten."""
    csv_edits.remove_old()
