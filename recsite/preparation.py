"""What `make run` tells of the set of books that it prepares while the site already serves another.

It writes a file, which pages and health checks read: that a set is on its way is no row of the
database, and must be known when a process has been killed.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

FILE = "preparation.json"
PREPARED = "prepared.json"


@dataclass(frozen=True, slots=True)
class Preparation:
    """A set of books on its way into the site.

    Attributes
    ----------
    dataset
        Its name.
    stage
        What is done at the moment, as a phrase.
    percent
        Of the whole, from 0 to 99.
    seconds_left
        About how long it still takes; None while that can't be told.
    trouble
        Why it has ended without success, as a sentence; empty while it goes on.
    """

    dataset: str
    stage: str
    percent: int = 0
    seconds_left: int | None = None
    trouble: str = ""

    @property
    def minutes_left(self) -> int | None:
        """Full minutes, at least one; None while that can't be told."""
        return None if self.seconds_left is None else max(1, round(self.seconds_left / 60))

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def preparation() -> Preparation | None:
    """What is on its way, or has failed to come; None if nothing is."""
    try:
        return Preparation(**json.loads((settings.BOOKFOLD_HOME / FILE).read_text()))
    except (OSError, TypeError, ValueError):
        return None


def sample_reader() -> str:
    """The number of a reader of the stand-in for Goodreads to try the site with; "" if none."""
    return settings.SAMPLE_READER or _sample_of(settings.BOOKFOLD_HOME / PREPARED)


def _sample_of(file: Path) -> str:
    try:
        return str(json.loads(file.read_text())["sample_reader"] or "")
    except (KeyError, OSError, TypeError, ValueError):
        return ""


def check() -> str:
    """For `/health/ready`, which stays ready: what is on its way."""
    coming = preparation()
    if coming is None:
        return "all there"
    if coming.trouble:
        return f"{coming.dataset} did not come: {coming.trouble}"
    left = f", about {coming.minutes_left} min left" if coming.minutes_left else ""
    return f"{coming.dataset} is on its way: {coming.stage}, {coming.percent} %{left}"
