"""Prepares database, catalog and model for the site, once the services run.

`make run` starts this as a process of its own, so that its memory is free when the site runs. A
site in containers starts it with `--installed`: it has its static files, takes the full set of
books at once, and nobody is to find a demo account there.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from recsite.local import data
from recsite.local.archive import NotFetched
from recsite.local.datasets import LOADER_VERSION, Dataset, NextDataset, Prepared
from recsite.local.home import Home, home_of
from recsite.local.preflight import check_java
from recsite.local.process import LocalError
from recsite.local.standins.readers import sample_readers
from recsite.preparation import FILE


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def command_output(command: str, **options: object) -> str:
    output = io.StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue()


def prepare(home: Home, *, installed: bool = False) -> None:
    """Prepare step by step, and say which; `installed` is a site in a container."""
    say("[1/5] Database: running migrations")
    call_command("migrate", interactive=False, verbosity=1)
    say("[2/5] Static files")
    if not installed:
        call_command("collectstatic", interactive=False, verbosity=0)
    say("[3/5] Data")
    before = Prepared.read(home)
    kept = before.dataset if before else None
    dataset = set_of_installed(home, kept) if installed else data.first(home, kept)
    say(f"{dataset.name}: {dataset.folder}")
    lacks_release = not has_release(dataset, before)
    if lacks_release:
        check_java()
    say("[4/5] Catalog")
    if is_loaded(dataset, before):
        say("already loaded")
    else:
        load(dataset)
    say("[5/5] Model")
    if lacks_release:
        build(dataset, os.environ.get("RELEASE_STORE") or home.store)
    else:
        say("the store already has a release of these ratings")
    if installed:
        command_output("releases")
        Prepared(dataset, None, "", "").write(home)
    else:
        finish(home, dataset, before)
        plan(home, dataset, before, os.environ)


def set_of_installed(home: Home, kept: Dataset | None) -> Dataset:
    """The folder in BOOKFOLD_DATA, else the dataset in use, else the full set if it can be had."""
    if kept and not os.environ.get("BOOKFOLD_DATA"):
        return data.first(home, kept)
    try:
        return data.full_set(home, os.environ, say=say)
    except NotFetched as error:
        say(f"{error}: using the starter shelf, well-known books with SIMULATED readers.")
        return data.starter_shelf(home)


def plan(
    home: Home, dataset: Dataset, before: Prepared | None, environment: Mapping[str, str]
) -> None:
    """Note which set is to come while the site serves this one (`recsite.local.next_dataset`).

    It is the folder in BOOKFOLD_DATA, and for a new site the full set. What was on its way when
    the site ended goes on.
    """
    coming = NextDataset.read(home)
    if environment.get("BOOKFOLD_DATA"):
        wanted = data.named(environment["BOOKFOLD_DATA"])
        if wanted == dataset:
            home.next_file.unlink(missing_ok=True)
        elif coming is None or coming.dataset != wanted:
            NextDataset(wanted).write(home)
    elif before is None and coming is None:
        NextDataset().write(home)
    if NextDataset.read(home) is None:
        (home.path / FILE).unlink(missing_ok=True)  # of a set that is no longer to come


def finish(home: Home, dataset: Dataset, before: Prepared | None) -> None:
    """Record the release in use, and what `make run` suggests to try."""
    command_output("releases")
    email, password = command_output("create_demo_user").split()
    if before and before.dataset == dataset:
        sample = before.sample_reader
    else:
        readers = sample_readers(dataset.folder, 1)
        sample = readers[0].user_id if readers else None
    Prepared(dataset, sample, email, password).write(home)


def is_loaded(dataset: Dataset, before: Prepared | None) -> bool:
    """Whether the catalog has the dataset, as the loader reads it today."""
    if before is None or (before.dataset, before.loader_version) != (dataset, LOADER_VERSION):
        return False
    return bool(apps.get_model("catalog", "Book")._default_manager.exists())


def load(dataset: Dataset) -> None:
    call_command("load_goodbooks", dataset.folder, simulated=dataset.simulated, list=10)


def build(dataset: Dataset, store: str) -> None:
    """Build a release; if the gate refuses it, go on with an older one if there is one."""
    known = {row["version"] for row in releases()}
    try:
        data.build(dataset, store)
    except data.BuildFailed:
        found = [row for row in releases() if "gate" in row]
        in_use = [row for row in found if row["in_use"]]
        refused = [
            row
            for row in found
            if row["version"] not in known and row["gate"].get("passed") is False
        ]
        if not in_use or not refused:
            raise
        version = refused[-1]["version"]
        say(
            f"The site continues with {in_use[0]['version']} ({in_use[0]['dataset']}); "
            f"`.venv/bin/python manage.py releases --promote {version}` uses the new one all the "
            "same."
        )


def has_release(dataset: Dataset, before: Prepared | None) -> bool:
    """Whether there is a release in use that fits this dataset.

    Once the site was prepared with the dataset, any release that somebody put in use counts. Before
    that, the release must have the dataset's name.
    """
    readable = [row for row in releases() if row["in_use"] and "dataset" in row]
    if before is not None:
        return bool(readable) and before.dataset == dataset
    return [row["dataset"] for row in readable] == [dataset.name]


def releases() -> list[dict[str, Any]]:
    """The output of `manage.py releases --json`."""
    answer: list[dict[str, Any]] = json.loads(command_output("releases", json=True))
    return answer


def run_with_django(home: Home, work: Callable[[Home], None]) -> int:
    """Set up Django and do the work; print errors as one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    try:
        django.setup()
        work(home)
    except (LocalError, CommandError) as error:
        say(str(error))
        return 1
    except ImproperlyConfigured as error:
        say(f"Bookfold cannot start: {error}")
        return 1
    except OSError as error:
        say(f"{error.filename or home.path}: {error.strerror}. Nothing is lost; start again.")
        return 1
    return 0


def main() -> int:
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    work = partial(prepare, installed="--installed" in sys.argv)
    return run_with_django(home_of(os.environ), work)


if __name__ == "__main__":
    sys.exit(main())
