"""`make goodbooks`: loads the full set of books and ratings, whether the site is running or not.

The release is built first and put in use last, so that a running site recommends all the time;
its processes open the new release by themselves.
"""

import os
import sys

from recsite.local import data
from recsite.local.archive import NotFetched
from recsite.local.attach import run_attached
from recsite.local.datasets import Dataset
from recsite.local.home import Home
from recsite.local.next_dataset import bring
from recsite.local.prepare import say
from recsite.local.process import LocalError


def load_full_set(home: Home) -> None:
    """Raises `LocalError` if the set can't be had, or its release is worse than the one in use."""

    def get() -> Dataset:
        try:
            return data.full_set(home, os.environ, say=say)
        except NotFetched as error:
            raise LocalError(
                f"{error}; try again when online, or set BOOKFOLD_DATA to a folder of "
                "goodbooks-10k."
            ) from error

    bring(home, get, data.FULL_SET)


def main() -> int:
    return run_attached(load_full_set)


if __name__ == "__main__":
    sys.exit(main())
