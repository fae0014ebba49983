"""How gunicorn serves the site; what the command line says goes before."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
# One thread a process for linear algebra: there are several processes, and a reader's list is too
# small to share out. With more, threads that wait for each other take most of the time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

wsgi_app = "recsite.wsgi"
workers = 2
worker_class = "gthread"
threads = 4
graceful_timeout = 8  # seconds, below the ten after which containers are killed
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a disk may stall
control_socket_disable = True

#: Where the processes add up their Prometheus counters.
SHARED = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Any) -> None:
    """Begin with an empty folder for the counters, where they are asked for."""
    from django.conf import settings  # noqa: PLC0415  # a bad setting ends the start in a sentence

    if settings.METRICS and SHARED not in os.environ:
        server.counters = os.environ[SHARED] = tempfile.mkdtemp(prefix="bookfold-metrics-")


def child_exit(_server: Any, worker: Any) -> None:
    """Forget what only a living process has."""
    if SHARED in os.environ:
        from prometheus_client import multiprocess  # noqa: PLC0415

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    if folder := getattr(server, "counters", None):
        shutil.rmtree(folder, ignore_errors=True)
