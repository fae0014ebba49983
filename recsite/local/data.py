"""Which books and ratings the site starts with."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from recsite.local.archive import Archive, NotFetched, fetch
from recsite.local.home import ROOT, Home
from recsite.local.prepared import Dataset
from recsite.local.process import LocalError, spawn

Say = Callable[[str], None]
FULL_SET = "goodbooks-10k"
STARTER_SHELF = "starter shelf"


def choose(
    home: Home, kept: Dataset | None, environment: Mapping[str, str], *, say: Say
) -> Dataset:
    """The folder BOOKFOLD_DATA names, else what is kept already, else the official archive.

    Where that can't be had, the starter shelf takes its place, and that is said.
    """
    if environment.get("BOOKFOLD_DATA"):
        return named(environment["BOOKFOLD_DATA"])
    if kept and Path(kept.folder).is_dir():
        return kept
    try:
        return full_set(home, environment, say=say)
    except NotFetched as error:
        say(
            f"{error}: using the starter shelf, well-known books with SIMULATED readers; "
            "`make goodbooks` brings the full set later."
        )
        return starter_shelf(home)


def full_set(home: Home, environment: Mapping[str, str], *, say: Say) -> Dataset:
    """The folder BOOKFOLD_DATA names, else the official archive; raises `NotFetched`."""
    if environment.get("BOOKFOLD_DATA"):
        return named(environment["BOOKFOLD_DATA"])
    say("Looking for the goodbooks-10k archive …")
    folder = fetch(Archive.from_environment(), home.data, say=say)
    return Dataset(str(folder), FULL_SET, simulated=False)


def named(folder: str) -> Dataset:
    path = Path(folder).expanduser().resolve()
    return Dataset(str(path), path.name, simulated=False)


def starter_shelf(home: Home) -> Dataset:
    """Write the starter shelf out as a goodbooks-shaped folder."""
    folder = home.data / "starter"
    home.data.mkdir(exist_ok=True)
    if _run("catalog.starter", str(folder)):
        raise LocalError("The starter shelf could not be written; the lines above say why.")
    return Dataset(str(folder), STARTER_SHELF, simulated=True)


def ratings_file(dataset: Dataset) -> Path:
    folder = Path(dataset.folder)
    plain = folder / "ratings.csv"
    return plain if plain.is_file() else folder / "ratings.csv.gz"


def build(dataset: Dataset, store: str, *, promote: bool = True) -> None:
    """Have Spark build a release from the dataset's ratings; its progress is shown."""
    options = ["--ratings", str(ratings_file(dataset)), "--store", store, "--dataset", dataset.name]
    if dataset.simulated:
        options.append("--simulated")
    if not promote:
        options.append("--no-promote")
    if _run("spark.build", *options):
        raise LocalError("No release was built; the lines above say why.")


def _run(module: str, *arguments: str) -> int:
    """Run a module to its end, on this screen; it ends too if this process is killed."""
    command = [sys.executable, "-m", module, *arguments]
    return spawn(command, env=os.environ, cwd=ROOT, output=sys.stdout.fileno()).wait()
