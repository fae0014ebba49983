"""`make goodbooks`: the full set of books and ratings, into a site that runs or stands still.

The release is built first and put in use last, so that a running site recommends all the time;
its processes take the new release up by themselves.
"""

import os
import sys

from django.core.management import call_command

from recsite.local import data, preflight
from recsite.local.archive import NotFetched
from recsite.local.embedded import attached
from recsite.local.home import Home, home_of, read_dotenv
from recsite.local.prepare import finish, load, run_with_django, say
from recsite.local.prepared import Prepared
from recsite.local.process import LocalError


def bring(home: Home) -> None:
    try:
        dataset = data.full_set(home, os.environ, say=say)
    except NotFetched as error:
        raise LocalError(
            f"{error}; try again with a network, or set BOOKFOLD_DATA to a goodbooks folder."
        ) from error
    say("[1/3] Building a release")
    data.build(dataset, os.environ.get("RELEASE_STORE") or home.store, promote=False)
    say("[2/3] Loading the catalog")
    load(dataset)
    say("[3/3] Putting the release in use")
    call_command("releases", promote="newest")
    finish(home, dataset, Prepared.read(home))


def main() -> int:
    try:
        read_dotenv()
        preflight.check_data(os.environ)
        preflight.check_java()
        home = home_of(os.environ)
        with attached(home) as environment:
            os.environ.update(environment)
            preflight.check_space(home)
            return run_with_django(home, bring)
    except LocalError as error:
        say(str(error))
    return 1


if __name__ == "__main__":
    sys.exit(main())
