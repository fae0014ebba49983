"""The installer that runs on a bare Python, on a checkout of its own."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from recsite.local import install
from recsite.local.home import ROOT
from recsite.local.process import free_port

MAKE = shutil.which("make") or "make"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that requires nothing."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    for name in install.ALL:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# nothing\n")
    return tmp_path


@pytest.fixture
def without_ensurepip(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Debian without python3-venv. The system's pip installs then, which is quick to find."""
    monkeypatch.setattr(install, "find_spec", lambda _name: None)


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["install", *arguments])
    return install.main()


def script(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def make(*arguments: str, path: Path) -> str:
    """What the Makefile prints where only the programs of one folder are on the PATH."""
    command = [MAKE, "--silent", *arguments]
    made = subprocess.run(
        command, cwd=ROOT, env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )
    return made.stdout.strip()


def python_of_make(path: Path) -> str:
    return make("--eval=shown: ; @echo $(PYTHON)", "shown", path=path)


@pytest.mark.services
def test_it_installs_only_when_something_changed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("all", monkeypatch=monkeypatch) == 0
    assert (checkout / ".venv" / "bin" / "pip").exists()
    assert "Installing requirements.txt, spark/requirements.txt, tests" in capfd.readouterr().out

    assert run("all", monkeypatch=monkeypatch) == 0
    assert run("site", monkeypatch=monkeypatch) == 0
    assert capfd.readouterr().out == ""

    (checkout / "tests" / "requirements.txt").write_text("# something else\n")
    assert run("site", monkeypatch=monkeypatch) == 0
    assert capfd.readouterr().out == ""
    assert run("all", monkeypatch=monkeypatch) == 0
    assert "Installing" in capfd.readouterr().out


@pytest.mark.usefixtures("without_ensurepip")
@pytest.mark.services
def test_without_a_network_it_ends_in_a_sentence(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pin = f"a-package-that-is-nowhere==1 --hash=sha256:{'0' * 64}\n"
    (checkout / "requirements.txt").write_text(pin)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert run("site", monkeypatch=monkeypatch) == 1
    last = capfd.readouterr().out.splitlines()[-1]
    assert last.startswith("The requirements could not be installed; the lines above say why")


@pytest.mark.usefixtures("without_ensurepip")
@pytest.mark.services
def test_a_pin_without_a_hash_is_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / "requirements.txt").write_text("six==1.17.0\n")
    assert run("site", monkeypatch=monkeypatch) == 1
    assert "Hashes are required" in capfd.readouterr().err
    assert not (checkout / ".venv" / ".installed-requirements.txt").exists()


@pytest.mark.parametrize("version", ["3.9.2 (main)", "3.15.0 (main)"])
def test_a_python_that_is_not_supported_is_refused(
    version: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version", version)
    assert run("site", monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        f"Bookfold needs Python 3.11 to 3.14, and this is {version.split(maxsplit=1)[0]}: "
    )
    assert said.count("\n") == 1


def test_the_supported_pythons_are_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (major, oldest), (_, newest) = install.OLDEST_PYTHON, install.NEWEST_PYTHON
    assert project["requires-python"] == f">={major}.{oldest},<{major}.{newest + 1}"
    names = [f"python{major}.{minor}" for minor in range(newest, oldest - 1, -1)]
    assert f"for name in {' '.join(names)};" in (ROOT / "Makefile").read_text()


@pytest.mark.usefixtures("without_ensurepip")
@pytest.mark.services
def test_an_environment_of_a_python_that_is_not_supported_is_made_anew(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(checkout / ".venv" / "bin" / "python", "echo 3.10.13")
    assert run("site", monkeypatch=monkeypatch) == 0
    assert install.describe(install.PYTHON) == sys.version


@pytest.mark.usefixtures("without_ensurepip")
@pytest.mark.services
def test_without_ensurepip_the_pip_of_the_system_installs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("site", monkeypatch=monkeypatch) == 0
    assert not (checkout / ".venv" / "bin" / "pip").exists()


@pytest.mark.usefixtures("without_ensurepip")
def test_without_ensurepip_and_pip_it_names_the_package_that_lacks(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    without_pip = f'[ "$2" = pip ] && exit 1; exec {sys.executable} "$@"'
    monkeypatch.setattr(sys, "executable", script(checkout / "python3", without_pip))
    assert run("site", monkeypatch=monkeypatch) == 1
    assert "apt-get install python3-venv" in capfd.readouterr().out.splitlines()[-1]


def test_make_takes_the_newest_python_that_can_make_an_environment(tmp_path: Path) -> None:
    script(tmp_path / "python3.14", "exit 127")  # as pyenv has for what is not switched on
    script(tmp_path / "python3.13", "exit 0")
    script(tmp_path / "python3.11", "exit 0")
    assert python_of_make(tmp_path) == "python3.13"
    (tmp_path / "python3.13").unlink()
    assert python_of_make(tmp_path) == "python3.11"


def test_make_takes_python3_where_no_supported_one_is(tmp_path: Path) -> None:
    script(tmp_path / "python3", "exit 0")
    assert python_of_make(tmp_path) == str(tmp_path / "python3")


def test_make_says_what_is_missing_where_there_is_no_python(tmp_path: Path) -> None:
    assert make("install", path=tmp_path) == (
        "Bookfold needs Python 3.11 to 3.14; install one of them."
    )


def test_a_full_disk_is_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "LEAST_FREE_BYTES", 1 << 60)
    assert run("site", monkeypatch=monkeypatch) == 1
    assert "GB are free" in capsys.readouterr().out
    assert not (checkout / ".venv").exists()


def test_a_checkout_that_cannot_be_written_is_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".venv").write_text("a file where the folder should be")
    assert run("site", monkeypatch=monkeypatch) == 1
    assert "can't be made" in capsys.readouterr().out
