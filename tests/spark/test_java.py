import subprocess
from pathlib import Path

import pytest

from spark.java import SHIM, NoJava, find_java, main


def fake_java(home: Path, version: str) -> Path:
    """A home folder whose ``java`` says that it has this version."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2026-01-01' >&2\n")
    java.chmod(0o755)
    return home


def test_java_home_comes_first(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", "21.0.1")
    other = fake_java(tmp_path / "other", "17.0.2")
    java = find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin")})
    assert java.environment == {"JAVA_HOME": str(home)}


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_392"])
def test_an_old_java_is_passed_over(tmp_path: Path, version: str) -> None:
    home = fake_java(tmp_path / "home", version)
    other = fake_java(tmp_path / "other", "17.0.2")
    java = find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin")})
    assert java.environment == {"JAVA_HOME": str(other)}


def test_a_java_home_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    other = fake_java(tmp_path / "other", "17.0.2")
    java = find_java({"JAVA_HOME": str(tmp_path / "absent"), "PATH": str(other / "bin")})
    assert java.environment == {"JAVA_HOME": str(other)}


def test_without_any_the_package_s_own_java_runs_behind_the_shim(tmp_path: Path) -> None:
    java = find_java({"PATH": str(tmp_path)})
    assert java.environment["JAVA_HOME"] == str(SHIM)
    ran = subprocess.run(
        [SHIM / "bin" / "java", "--add-modules=jdk.incubator.vector", "-Da=b c", "-version"],
        env=java.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'version "21' in ran.stderr


def test_no_java_at_all_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark.java.find_spec", lambda _name: None)
    with pytest.raises(NoJava, match="JAVA_HOME"):
        find_java({"PATH": str(tmp_path)})


def test_as_a_command_it_says_what_it_found_or_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = fake_java(tmp_path / "home", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert main() == 0
    assert capsys.readouterr().out == f"JAVA_HOME ({home})\n"

    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("spark.java.find_spec", lambda _name: None)
    assert main() == 1
    assert capsys.readouterr().err.startswith("Spark needs Java 17 or newer: install it")
