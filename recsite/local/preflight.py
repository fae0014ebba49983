"""What must be so before anything is started; each refusal is one sentence."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from recsite.local import install
from recsite.local.home import ROOT, Home
from recsite.local.process import LocalError, wait_until

LEAST_FREE_BYTES = 1 << 30
DEFAULT_PORT = 8000
FreeBytes = Callable[[Path], int]


def free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


def check_python(version: str = sys.version) -> None:
    if reason := install.refusal(version):
        raise LocalError(reason)


def check_space(home: Home, free: FreeBytes = free_bytes) -> None:
    available = free(home.path)
    if available < LEAST_FREE_BYTES:
        raise LocalError(
            f"Only {available >> 20} MB are free where {home.path} lies; free at least "
            f"{LEAST_FREE_BYTES >> 20} MB, or set BOOKFOLD_HOME to a folder on another disk."
        )


def check_data(environment: Mapping[str, str]) -> None:
    """BOOKFOLD_DATA must name a goodbooks folder where it is set."""
    named = environment.get("BOOKFOLD_DATA")
    if not named:
        return
    folder = Path(named).expanduser()
    for file in ("books.csv", "ratings.csv"):
        if not any((folder / name).is_file() for name in (file, f"{file}.gz")):
            raise LocalError(
                f"BOOKFOLD_DATA names {folder}, where there is no {file} or {file}.gz; name a "
                "goodbooks folder, or leave the variable out."
            )


def port_of(environment: Mapping[str, str]) -> int:
    text = environment.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def check_port(host: str, port: int, *, patience: float = 0.0) -> None:
    """The port must be free, or become so while what was killed still ends."""
    wait_until(lambda: _try_port(host, port) is None, seconds=patience)
    if error := _try_port(host, port):
        raise LocalError(_port_refusal(host, port, error)) from error


def _try_port(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def _port_refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program; stop that, or set PORT to a free one."
    if error.errno == errno.EACCES:
        return f"This account may not open port {port}; set PORT to one above 1023."
    return f"{host} port {port} can't be opened ({error.strerror}); set BIND and PORT to others."


def check_java(environment: Mapping[str, str] = os.environ) -> None:
    """Ask the Spark job, which shares no code with the site, whether it has a Java to run on."""
    command = [sys.executable, "-m", "spark.java"]
    asked = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise LocalError(asked.stderr.strip())
