"""Housekeeping of readers, see `recommender.services.readers`."""

from recommender.services import readers
from workers.app import app


@app.task(name="readers.remove_forgotten_guests")
def remove_forgotten_guests() -> None:
    """Keep no library of a guest who does not come back."""
    readers.remove_forgotten_guests()
