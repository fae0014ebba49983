"""`make goodbooks`: loads the full set of books and ratings, whether the site is running or not.

The release is built first and put in use last, so that a running site recommends all the time;
its processes open the new release by themselves.
"""

import os
import sys

from django.core.management import call_command

from recsite.local import data
from recsite.local.archive import NotFetched
from recsite.local.attach import run_attached
from recsite.local.home import Home
from recsite.local.prepare import finish, load, releases, say
from recsite.local.prepared import Prepared
from recsite.local.process import LocalError


def load_full_set(home: Home) -> None:
    try:
        dataset = data.full_set(home, os.environ, say=say)
    except NotFetched as error:
        raise LocalError(
            f"{error}; try again when online, or set BOOKFOLD_DATA to a folder of goodbooks-10k."
        ) from error
    say("[1/3] Building a release")
    version = data.build_unpromoted(dataset, os.environ.get("RELEASE_STORE") or home.store, say=say)
    check_gate(version)
    say("[2/3] Loading the catalog")
    load(dataset)
    say("[3/3] Putting the release in use")
    call_command("releases", promote=version)
    finish(home, dataset, Prepared.read(home))


def check_gate(version: str) -> None:
    """Raise `LocalError`, with the old release still in use, if the gate refused the new one."""
    built = [row for row in releases() if row["version"] == version and "gate" in row]
    if built and built[0]["gate"].get("passed") is False:
        raise LocalError(
            f"{version} was built, but the old release stays in use: "
            f"{built[0]['gate'].get('reason')}. "
            f"`.venv/bin/python manage.py releases --promote {version}` uses it all the same."
        )


def main() -> int:
    return run_attached(load_full_set)


if __name__ == "__main__":
    sys.exit(main())
