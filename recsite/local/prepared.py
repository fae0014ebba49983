"""What the site was last prepared with, as it is kept in BOOKFOLD_HOME."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from recsite.local.home import Home, write_private


@dataclass(frozen=True, slots=True)
class Dataset:
    """A goodbooks-shaped folder that the site uses."""

    folder: str
    name: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The dataset in use, and what there is to try with it."""

    dataset: Dataset
    sample_reader: int | None
    demo_email: str
    demo_password: str

    def write(self, home: Home) -> None:
        write_private(home.prepared_file, json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, home: Home) -> Self | None:
        """What was written last; None where the site was never prepared to the end."""
        if not home.prepared_file.exists():
            return None
        values = json.loads(home.prepared_file.read_text())
        return cls(**values | {"dataset": Dataset(**values["dataset"])})
