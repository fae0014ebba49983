"""Releases of the model, see `recommender.services.releases`."""

from recommender.services import releases
from workers.app import app


@app.task(name="releases.record_latest")
def record_latest() -> None:
    """Note the release that the store names as latest, for the admin and for saved lists."""
    releases.record_latest()
