"""Runs commands on the site in BOOKFOLD_HOME, whether it is running or not."""

import os
from collections.abc import Callable

from recsite.local import preflight
from recsite.local.embedded import attached
from recsite.local.home import Home, home_of, read_dotenv
from recsite.local.prepare import run_with_django, say
from recsite.local.process import LocalError


def run_attached(work: Callable[[Home], None]) -> int:
    """Do work that needs the site's services and Spark; print errors as one sentence."""
    try:
        read_dotenv()
        preflight.check_data(os.environ)
        preflight.check_java()
        home = home_of(os.environ)
        with attached(home) as environment:
            os.environ.update(environment)
            preflight.check_space(home)
            return run_with_django(home, work)
    except LocalError as error:
        say(str(error))
    return 1
