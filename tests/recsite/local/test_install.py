"""The installer that runs on a bare Python, on a checkout of its own."""

import sys
from pathlib import Path

import pytest

from recsite.local import install
from recsite.local.process import free_port


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


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["install", *arguments])
    return install.main()


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


@pytest.mark.services
def test_without_a_network_it_ends_in_a_sentence(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / "requirements.txt").write_text("a-package-that-is-nowhere==1\n")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert run("site", monkeypatch=monkeypatch) == 1
    last = capfd.readouterr().out.splitlines()[-1]
    assert last.startswith("The requirements could not be installed; the lines above say why")


def test_an_old_python_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert run("site", monkeypatch=monkeypatch) == 1
    assert capsys.readouterr().out.startswith("Bookfold needs Python 3.11 or newer")


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
