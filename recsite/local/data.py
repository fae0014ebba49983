"""Chooses the books and ratings of the site, and has Spark build releases from them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from recsite.local.archive import Archive, fetch
from recsite.local.datasets import Dataset
from recsite.local.home import ROOT, Home
from recsite.local.process import LocalError, spawn

Say = Callable[[str], None]
FULL_SET = "goodbooks-10k"
STARTER_SHELF = "starter shelf"
REPORTED = re.compile(r"\s*Release (\S+) is in ")  # the last line of spark.build


class BuildFailed(LocalError):
    """Spark could not build a release."""

    def __init__(self) -> None:
        super().__init__("No release was built; the lines above say why.")


def first(home: Home, kept: Dataset | None) -> Dataset:
    """What a site opens with: the dataset in use, else the starter shelf."""
    if kept and Path(kept.folder).is_dir():
        return kept
    return starter_shelf(home)


def full_set(home: Home, environment: Mapping[str, str], *, say: Say) -> Dataset:
    """The folder in BOOKFOLD_DATA, else the official archive; raises `NotFetched`."""
    if environment.get("BOOKFOLD_DATA"):
        return named(environment["BOOKFOLD_DATA"])
    say("Looking for the goodbooks-10k archive …")
    folder = fetch(Archive.from_environment(), home.data, say=say)
    return Dataset(str(folder), FULL_SET, simulated=False)


def named(folder: str) -> Dataset:
    """A folder; its `dataset.json`, if any, has its name and whether its readers are simulated."""
    path = Path(folder).expanduser().resolve()
    facts = path / "dataset.json"
    try:
        values = json.loads(facts.read_text()) if facts.is_file() else {}
        return Dataset(str(path), values.get("name", path.name), values.get("simulated") is True)
    except (AttributeError, ValueError) as error:
        raise LocalError(f"{facts} can't be read as JSON; repair or remove it.") from error


def starter_shelf(home: Home) -> Dataset:
    """Write the starter shelf as a folder in the format of goodbooks-10k."""
    folder = home.data / "starter"
    home.data.mkdir(exist_ok=True)
    if _run("catalog.starter", str(folder)):
        raise LocalError("The starter shelf could not be written; the lines above say why.")
    return Dataset(str(folder), STARTER_SHELF, simulated=True)


def ratings_file(dataset: Dataset) -> Path:
    folder = Path(dataset.folder)
    plain = folder / "ratings.csv"
    return plain if plain.is_file() else folder / "ratings.csv.gz"


def build(dataset: Dataset, store: str) -> None:
    """Have Spark build a release from the dataset's ratings, and put it in use."""
    if _run("spark.build", *_build_options(dataset, store)):
        raise BuildFailed


def build_unpromoted(
    dataset: Dataset, store: str, *, say: Say, own: Path | None = None, progress: Path | None = None
) -> str:
    """Have Spark build a release without putting it in use; return its version.

    `own` is an export of the site's own readers, who are added to those of the dataset; `progress`
    is a file that tells how far the build is. Another build may write to the store meanwhile, so
    the version is read from Spark's output.
    """
    options = [*_build_options(dataset, store), "--no-promote"]
    for name, path in (("--own", own), ("--progress", progress)):
        options += [name, str(path)] if path else []
    version = None
    with _start("spark.build", *options, output=subprocess.PIPE) as process:
        for line in process.stdout or ():
            text = line.decode(errors="replace").rstrip()
            say(text)
            if match := REPORTED.match(text):
                version = match[1]
    if process.returncode or version is None:
        raise BuildFailed
    return version


def _build_options(dataset: Dataset, store: str) -> list[str]:
    options = ["--ratings", str(ratings_file(dataset)), "--store", store, "--dataset", dataset.name]
    return [*options, "--simulated"] if dataset.simulated else options


def _run(module: str, *arguments: str) -> int:
    """Run a module to its end, with its output on this terminal."""
    return _start(module, *arguments, output=sys.stdout.fileno()).wait()


def _start(module: str, *arguments: str, output: int) -> subprocess.Popen[bytes]:
    """Start a module, which ends when this process does."""
    command = [sys.executable, "-m", module, *arguments]
    return spawn(command, env=os.environ, cwd=ROOT, output=output)
