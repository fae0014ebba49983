"""Installs the pinned requirements into `.venv`; runs on a bare Python, before there is anything.

`python3.11 -m recsite.local.install [site|all]`: what `make run` needs, or that and what the
tests need. It installs again only when a file of requirements has changed.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SITE = ("requirements.txt", "spark/requirements.txt")
ALL = (*SITE, "tests/requirements.txt")
OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 3 << 30


class InstallError(Exception):
    """What keeps the requirements from being installed, as one sentence."""


def install(files: tuple[str, ...]) -> None:
    """Make `.venv` what the files say, unless it is so already."""
    if PYTHON.exists() and all(is_installed(name) for name in files):
        return
    if shutil.disk_usage(ROOT).free < LEAST_FREE_BYTES:
        raise InstallError(
            f"Less than {LEAST_FREE_BYTES >> 30} GB are free where {ROOT} lies; free some, then "
            "start again."
        )
    if not PYTHON.exists() or not has_pip(PYTHON):
        make_venv()
    say(f"Installing {', '.join(files)} into .venv …")
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--no-deps"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore"]
    for name in files:
        command += ["-r", str(ROOT / name)]
    if run(command):
        raise InstallError(
            "The requirements could not be installed; the lines above say why (without a network "
            "they can't be)."
        )
    for name in files:
        stamp_of(name).write_text(digest(name))


def make_venv() -> None:
    """Make `.venv`; without the ensurepip module, which Debian keeps apart, by the system's pip."""
    say("Making .venv …")
    if not run([sys.executable, "-m", "venv", "--clear", str(VENV)], quiet=True):
        return
    is_made = not run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
    bootstrap = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "pip"]
    if not is_made or run(bootstrap, quiet=True):
        raise InstallError(
            f"A virtual environment can't be made in {ROOT}: install the package python3-venv "
            "(as root: apt-get install python3-venv), and see that the folder can be written."
        )


def has_pip(python: Path) -> bool:
    return not run([python, "-m", "pip", "--version"], quiet=True)


def is_installed(name: str) -> bool:
    stamp = stamp_of(name)
    return stamp.exists() and stamp.read_text() == digest(name)


def stamp_of(name: str) -> Path:
    """Where it is noted what a file of requirements was when it was last installed."""
    return VENV / f".installed-{name.replace('/', '-')}"


def digest(name: str) -> str:
    """A hash that changes with the file and with the Python that it is installed for."""
    return hashlib.sha256(sys.version.encode() + (ROOT / name).read_bytes()).hexdigest()


def run(command: "Sequence[str | Path]", *, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=ROOT, check=False, stdout=output, stderr=output).returncode


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    if sys.version_info[:2] < OLDEST_PYTHON:
        say(f"Bookfold needs Python 3.11 or newer, and {sys.executable} is older; install it.")
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
