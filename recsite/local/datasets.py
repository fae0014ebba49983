"""The dataset that the site was prepared with and the one to come, as files in BOOKFOLD_HOME."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from recsite.local.home import Home, write_private

#: How the loader reads a data set. Raised when it reads one differently, so that sites load theirs
#: again at their next start.
LOADER_VERSION = 2


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder in the format of goodbooks-10k."""

    folder: str
    name: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The dataset in use, and what `make run` suggests to try."""

    dataset: Dataset
    sample_reader: int | None
    demo_email: str
    demo_password: str
    loader_version: int = LOADER_VERSION

    def write(self, home: Home) -> None:
        values = asdict(self)
        folder = Path(self.dataset.folder)
        if folder.is_relative_to(home.path):  # so that a copy of the whole has its own
            values["dataset"]["folder"] = str(folder.relative_to(home.path))
        write_private(home.prepared_file, json.dumps(values, indent=2))

    @classmethod
    def read(cls, home: Home) -> Self | None:
        """The last values; None if the site was never completely prepared."""
        if not home.prepared_file.exists():
            return None
        values = json.loads(home.prepared_file.read_text())
        values = {"loader_version": 1} | values
        dataset = values["dataset"] | {"folder": str(home.path / values["dataset"]["folder"])}
        return cls(**values | {"dataset": Dataset(**dataset)})


@dataclass(frozen=True, slots=True)
class NextDataset:
    """The set that is to come, and what of it is there.

    Attributes
    ----------
    dataset
        The set; None while the full set is still to be downloaded.
    version
        Its release, once it is built; "" before.
    is_loaded
        Whether the catalog has its books.
    """

    dataset: Dataset | None = None
    version: str = ""
    is_loaded: bool = False

    def write(self, home: Home) -> None:
        write_private(home.next_file, json.dumps(asdict(self)))

    @classmethod
    def read(cls, home: Home) -> Self | None:
        """What is to come; None if nothing is."""
        if not home.next_file.exists():
            return None
        values: dict[str, Any] = json.loads(home.next_file.read_text())
        dataset = Dataset(**values["dataset"]) if values["dataset"] else None
        return cls(**values | {"dataset": dataset})
