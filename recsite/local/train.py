"""`make train`: builds a release that also learns from the site's own readers.

The ratings of those who agreed are exported into a temporary folder, and the release is put in use
unless it was measured to be worse than the one before.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command

from recsite.local import data
from recsite.local.attach import run_attached
from recsite.local.datasets import Prepared
from recsite.local.home import Home
from recsite.local.next_dataset import check_gate
from recsite.local.prepare import say
from recsite.local.process import LocalError


def train(home: Home) -> None:
    """Export the ratings of readers who agreed, build with them, and switch if it is no worse."""
    prepared = Prepared.read(home)
    if prepared is None:
        raise LocalError("There is no site here yet; `make run` creates one.")
    store = os.environ.get("RELEASE_STORE") or home.store
    with TemporaryDirectory(prefix="bookfold-own-") as folder:
        say("[1/3] Exporting the ratings of readers who agreed")
        call_command("export_ratings", folder)
        say("[2/3] Building a release")
        version = data.build_unpromoted(prepared.dataset, store, say=say, own=Path(folder))
    check_gate(version)
    say("[3/3] Putting the release in use")
    call_command("releases", promote=version)


def main() -> int:
    return run_attached(train)


if __name__ == "__main__":
    sys.exit(main())
