"""How many threads the processes of a site compute with."""

import os
import subprocess
import sys

import pytest

from tests.services import ROOT

COUNT = "; import numpy, os, scipy.linalg; print(len(os.listdir('/proc/self/task')))"


@pytest.mark.parametrize("start", ["exec(open('gunicorn.conf.py').read())", "import workers.app"])
def test_a_process_of_the_site_computes_with_one_thread(start: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name[:5] != "OPENB"}
    told = subprocess.run(
        [sys.executable, "-c", start + COUNT],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "1"
