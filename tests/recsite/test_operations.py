"""docs/OPERATIONS.md tells of every periodic task, and of none that is gone."""

import re

from django.conf import settings

from tests.services import ROOT
from workers.app import app

ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \|(.*)\|$", re.MULTILINE)


def rows() -> dict[str, list[str]]:
    """The table of periodic tasks: what stands beside each name."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()
    table = text.partition("## Periodic tasks")[2].partition("\n## ")[0]
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in ROW.findall(table)}


def test_every_periodic_task_is_told_of_with_all_there_is_to_say() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    told = rows()
    assert told.keys() == scheduled
    assert all(cell for cells in told.values() for cell in cells)


def test_every_periodic_task_is_one() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= app.tasks.keys()
