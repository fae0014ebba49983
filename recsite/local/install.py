"""Installs the pinned requirements into `.venv`; runs on a bare Python, before there is anything.

`python3 -m recsite.local.install [site|all]`: what `make run` needs, or that and what the tests
need. It installs again only when a file of requirements or the Python of `.venv` has changed.
"""

# Lets a Python that is too old read as far as the sentence that says so.
from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SITE = ("requirements.txt", "spark/requirements.txt")
ALL = (*SITE, "tests/requirements.txt")
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
LEAST_FREE_BYTES = 3 << 30


class InstallError(Exception):
    """What keeps the requirements from being installed, as one sentence."""


def install(files: tuple[str, ...]) -> None:
    """Make `.venv` what the files say, unless it is so already."""
    python = describe(PYTHON)
    if python and all(is_installed(name, python) for name in files):
        return
    if shutil.disk_usage(ROOT).free < LEAST_FREE_BYTES:
        raise InstallError(
            f"Less than {LEAST_FREE_BYTES >> 30} GB are free where {ROOT} lies; free some, then "
            "start again."
        )
    pip = (find_pip() if python and not refusal(python) else None) or make_venv()
    say(f"Installing {', '.join(files)} into .venv …")
    options = ["--no-deps", "--require-hashes"]
    options += ["--disable-pip-version-check", "--root-user-action=ignore"]
    for name in files:
        options += ["-r", str(ROOT / name)]
    if run([*pip, "install", *options]):
        raise InstallError(
            "The requirements could not be installed; the lines above say why (without a network "
            "they can't be)."
        )
    for name in files:
        stamp_of(name).write_text(digest(name, describe(PYTHON)))


def make_venv() -> list[str]:
    """Make `.venv`, and return the command of a pip that installs into it."""
    say("Making .venv …")
    can_bring_pip = find_spec("ensurepip") is not None  # Debian keeps it apart
    options = ["--clear"] if can_bring_pip else ["--clear", "--without-pip"]
    if run([sys.executable, "-m", "venv", *options, str(VENV)]):
        raise InstallError(
            f"A virtual environment can't be made in {ROOT}; the lines above say why."
        )
    pip = find_pip()
    if not pip:
        raise InstallError(
            f"{sys.executable} can't put pip into a virtual environment: install what it lacks "
            "(on Debian and Ubuntu, as root: apt-get install python3-venv), then start again."
        )
    return pip


def find_pip() -> list[str] | None:
    """The command of a pip that installs into `.venv`: its own, else the system's."""
    own = [str(PYTHON), "-m", "pip"]
    systems = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    return next((pip for pip in (own, systems) if answer([*pip, "--version"])), None)


def describe(python: Path) -> str:
    """The full version of a Python; empty where it does not run."""
    return answer([str(python), "-c", "import sys; print(sys.version)"])


def is_installed(name: str, python: str) -> bool:
    stamp = stamp_of(name)
    return stamp.exists() and stamp.read_text() == digest(name, python)


def stamp_of(name: str) -> Path:
    """Where it is noted what a file of requirements was when it was last installed."""
    return VENV / f".installed-{name.replace('/', '-')}"


def digest(name: str, python: str) -> str:
    """A hash that changes with the file and with the Python that it is installed for."""
    return hashlib.sha256(python.encode() + (ROOT / name).read_bytes()).hexdigest()


def refusal(version: str) -> str | None:
    """Why a Python of this version can't be used, as one sentence."""
    number = version.split(maxsplit=1)[0]
    if OLDEST_PYTHON <= tuple(int(part) for part in number.split(".")[:2]) <= NEWEST_PYTHON:
        return None
    oldest, newest = (".".join(map(str, python)) for python in (OLDEST_PYTHON, NEWEST_PYTHON))
    return (
        f"Bookfold needs Python {oldest} to {newest}, and this is {number}: install one of them, "
        f"or name it (make run PYTHON=/path/to/python{newest})."
    )


def run(command: Sequence[str | Path]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def answer(command: Sequence[str | Path]) -> str:
    """What a command prints; empty where it can't be run or fails."""
    try:
        ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ran.stdout.strip()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    reason = refusal(sys.version)
    if reason:
        say(reason)
        return 1
    try:
        install(ALL if sys.argv[1:] == ["all"] else SITE)
    except InstallError as error:
        say(str(error))
    except OSError as error:
        say(f"{error.filename or ROOT}: {error.strerror}; put it right, then start again.")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
